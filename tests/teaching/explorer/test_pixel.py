"""`OnePixel` from Python's side, pixel.js by node against scipy, and its page in a browser."""

import re

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import norm

from vae_course.teaching.explorer import OnePixel
from vae_course.teaching.explorer.pixel import GRID, STEP, _stroke

SIGMA = 0.12
MINUS = "\N{MINUS SIGN}"
WORLD = {"low": GRID[0], "step": STEP, "d": _stroke(GRID).tolist(), "sigma": SIGMA}
RANGES = {"m": [-3.5, 3.5], "s": [0.02, 1.2]}
INK = [-0.2, 0.05, 0.5, 0.97, 1.3]
GAUSSIANS = [(0.0, 0.5), (-0.2, 0.1), (1.3, 0.02), (-3.5, 1.0), (3.5, 1.2)]
HILLS = [-4, -2, -0.2, 0, 0.6, 1.4, 2, 4]  # where `quad` is to look closely


def log_joint(x, z, d=_stroke, sigma=SIGMA):
    return norm.logpdf(z) + norm.logpdf(x, d(z), sigma)


def integral(f):
    return quad(f, -12, 12, points=HILLS, limit=500, epsabs=1e-10)[0]


def log_p(x):
    return np.log(integral(lambda z: np.exp(log_joint(x, z))))


@pytest.fixture(scope="module")
def js(script):
    return script("pixel.js")


@pytest.fixture(scope="module")
def slices(js):
    return dict(zip(INK, js.at(INK, "logJoints", WORLD), strict=True))


def test_log_p_is_the_area_of_the_slice(js, slices):
    found = js.at(list(slices.values()), "logEvidence", WORLD)
    np.testing.assert_allclose(found, [log_p(x) for x in INK], atol=1e-6)
    assert max(found) > 0  # a density may be above one


def test_log_p_of_a_linear_decoder_is_the_closed_form(js):
    world = WORLD | {"d": (0.3 + 0.4 * GRID).tolist()}
    found = js.at(js.at(INK, "logJoints", world), "logEvidence", world)
    np.testing.assert_allclose(found, norm.logpdf(INK, 0.3, np.hypot(0.4, SIGMA)), atol=1e-9)


def test_the_sharpest_sigma_that_is_allowed_is_exact_still(js):
    sigma = 0.012001  # the steepest step of the decoder between two points
    OnePixel(lambda z: 0.3 + 1.2 * z, sigma)
    world = WORLD | {"d": (0.3 + 1.2 * GRID).tolist(), "sigma": sigma}
    found = js.at(js.at(INK, "logJoints", world), "logEvidence", world)
    np.testing.assert_allclose(found, norm.logpdf(INK, 0.3, np.hypot(1.2, sigma)), atol=1e-6)


def test_the_mode_is_the_top_of_the_slice(js, slices):
    for x, found in zip(INK, js.at(list(slices.values()), "mode", WORLD), strict=True):
        start = GRID[np.argmax(log_joint(x, GRID))]
        top = minimize_scalar(lambda z, x=x: -log_joint(x, z), bracket=(start - 0.02, start + 0.02))
        assert found == pytest.approx(top.x, abs=2e-4)


@pytest.mark.parametrize("x", INK)
def test_elbo_and_kl_are_the_integrals_and_add_up(js, slices, x):
    found = js.at([{"m": m, "s": s} for m, s in GAUSSIANS], "bound", WORLD, slices[x])
    log_p_x = log_p(x)
    for (m, s), bound in zip(GAUSSIANS, found, strict=True):

        def of_q(f, m=m, s=s):
            ends = m - 10 * s, m + 10 * s
            return quad(lambda z: norm.pdf(z, m, s) * f(z, norm.logpdf(z, m, s)), *ends, limit=500)[0]

        elbo = of_q(lambda z, log_q: log_joint(x, z) - log_q)
        kl = of_q(lambda z, log_q: log_q - log_joint(x, z) + log_p_x)
        assert bound["elbo"] == pytest.approx(elbo, abs=1e-4)
        assert bound["kl"] == pytest.approx(kl, abs=1e-4)


@pytest.mark.parametrize("x", INK)
def test_the_best_gaussian_has_the_highest_elbo(js, slices, x):
    z, weights = np.polynomial.hermite_e.hermegauss(200)
    weights = weights / weights.sum()

    def elbo(q):  # by Gauss-Hermite, where the file sums over a grid
        m, s = q[0], np.exp(q[1])
        return weights @ log_joint(x, m + s * z) + q[1] + 0.5 * np.log(2 * np.pi * np.e)

    starts = [(m, np.log(s)) for m in (-1.5, -0.3, 0.6, 1.4, 2) for s in (0.1, 0.5)]
    best = max(-minimize(lambda q: -elbo(q), start, method="Nelder-Mead").fun for start in starts)
    q = js("bestGaussian", WORLD, slices[x], RANGES)
    assert elbo((q["m"], np.log(q["s"]))) == pytest.approx(best, abs=1e-3)


def test_the_best_gaussian_stays_in_its_ranges(js, slices):
    ranges = {"m": [1.0, 3.5], "s": [0.3, 0.4]}
    q = js("bestGaussian", WORLD, slices[0.5], ranges)
    assert 1 <= q["m"] <= 3.5
    assert q["s"] == 0.3  # the hill is narrower


def test_the_picture_is_the_joint(js):
    shown, ink = [-4, 4], [-0.5, 1.5]
    heat = js("heatOf", WORLD, shown, ink)
    values = np.array(heat["values"]).reshape(-1, heat["columns"])
    z = np.linspace(*shown, values.shape[1])
    x = ink[0] + 2 * (np.arange(len(values))[:, None] + 0.5) / len(values)
    np.testing.assert_allclose(values, np.exp(log_joint(x, z)), atol=1e-5)
    assert heat["high"] == pytest.approx(values.max())


ANSWERS = {"x": 0.5, "logP": -0.4761, "mode": -0.148, "q": {"m": 0, "s": 0.5}, "elbo": -2.66, "kl": 2.18}


BOUND = "q = N(0.00, 0.50²); ELBO = -2.66, KL = 2.18, log p(x) = -0.48 nats."


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (["area"], "At x = 0.50: p(x) = 0.621, log p(x) = -0.48 nats."),
        (["area", "top", "posterior"], "At x = 0.50: p(x) = 0.621, log p(x) = -0.48 nats; MAP: z = -0.15."),
        (["posterior"], "At x = 0.50."),
        (["posterior", "q", "bar"], f"At x = 0.50: {BOUND}"),
    ],
)
def test_the_sentence_says_what_is_switched_on(js, parts, sentence):
    assert js("describe", parts, ANSWERS, 2) == sentence.replace("-", MINUS)


def test_a_density_above_one_is_explained(js):
    sentence = js("describe", ["area"], ANSWERS | {"logP": 0.0733}, 2)
    assert sentence == (
        "At x = 0.50: p(x) = 1.08 (above 1: a density, not a probability), log p(x) = 0.07 nats."
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"decoder": 3}, "`decoder` must be a function of an array of z, got int"),
        ({"decoder": lambda z: 1.0}, r"`decoder\(z\)` must be finite numbers of shape \(2001,\), got shape"),
        ({"decoder": lambda z: z * np.nan}, r"`decoder\(z\)` must .*got NaN"),
        ({"decoder": lambda z: None}, r"`decoder\(z\)` must"),
        ({"sigma": 0}, "`sigma` must be positive, and at least 0.00953 for this decoder, got 0"),
        ({"sigma": 0.001}, "`sigma` must be positive, and at least 0.00953"),
        ({"sigma": np.nan}, "`sigma` must be finite"),
        ({"sigma": "wide"}, "`sigma` must be finite"),
        ({"parts": ()}, "`parts` must be at least one of"),
        ({"parts": "area"}, "`parts` must be a sequence"),
        ({"parts": ("area", "arae")}, r"`parts` must be at least one of .*, got \['arae'\]"),
        ({"parts": ("bar",)}, "`parts` must have 'q' if it has 'bar'"),
        ({"x": 9}, "`x` must be from -0.42 to 1.42, got 9"),
        ({"m": np.inf}, "`m` must be finite"),
        ({"s": 0}, "`s` must be from 0.02 to 1.2, got 0"),
        ({"title": ""}, "`title` must be words"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(arguments, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        OnePixel(**arguments)


def test_what_the_reader_sets_is_read_and_assigned():
    pixel = OnePixel(x=jnp.array(0.3))
    pixel.set_state({"x": 0.75, "m": -1, "s": 0.2})
    assert (pixel.x, pixel.m, pixel.s) == (0.75, -1.0, 0.2)
    with pytest.raises(ValueError, match="`s` must be from"):
        pixel.s = 2
    assert pixel.s == 0.2


def test_the_decoder_is_evaluated_once_on_the_grid():
    calls = []
    pixel = OnePixel(lambda z: calls.append(z) or jnp.tanh(z))
    assert len(calls) == 1
    np.testing.assert_allclose(np.frombuffer(pixel._curve, np.float32), np.tanh(GRID), atol=1e-6)


def test_the_still_picture_shows_the_parts_and_says_so():
    pixel = OnePixel(parts=("area", "top", "q", "bar"), x=0.05, m=-1, s=0.4)
    joint, cut, bar = pixel._figure().axes
    shown = np.exp(log_joint(0.05, GRID))
    np.testing.assert_allclose(cut.lines[0].get_ydata(), shown, atol=1e-5)
    (area,) = [text.get_text() for text in cut.texts if "area" in text.get_text()]
    assert float(area.split("=")[-1]) == pytest.approx(np.exp(log_p(0.05)), rel=1e-2)
    assert joint.get_ylim() == pytest.approx((-0.42, 1.42), abs=1e-3)
    ends = [patch.get_x() + patch.get_width() for patch in bar.patches]
    assert ends[1] == pytest.approx(log_p(0.05), abs=1e-4)
    alt = re.search('alt="([^"]+)"', pixel.still())[1]
    assert "p(x), is shaded" in alt
    assert "posterior" not in alt


# The page, as the reader has it.


def number(words, name):
    return float(re.search(f"{name} = ({MINUS}?[0-9.]+)", words)[1].replace(MINUS, "-"))


def test_one_drags_x_and_q_and_the_numbers_follow(shown):
    page = shown(OnePixel(parts=("posterior", "q", "bar")))
    state = lambda name: page.evaluate(f"model.get('{name}')")  # noqa: E731
    rest = lambda: page.wait_for_timeout(60)  # noqa: E731
    joint = page.locator(".joint canvas").bounding_box()
    page.mouse.move(joint["x"] + 100, joint["y"] + 60)
    page.mouse.down()
    page.mouse.move(joint["x"] + 100, joint["y"] + 40)
    page.mouse.up()
    rest()
    dragged = state("x")
    assert 0.9 < dragged < 1.3
    page.keyboard.press("ArrowUp")  # the knob that was dragged has the focus
    assert state("x") == pytest.approx(dragged + 0.01)
    page.get_by_role("button", name="best Gaussian").click()
    rest()
    best = page.locator(".sentence").inner_text()
    assert number(best, r"log p\(x\)") == pytest.approx(log_p(state("x")), abs=0.006)
    m = page.locator("[data-name=m]")
    box = m.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 9)
    page.mouse.up()
    rest()
    moved = page.locator(".sentence").inner_text()
    assert number(moved, "ELBO") < number(best, "ELBO")
    assert number(moved, r"log p\(x\)") == number(best, r"log p\(x\)")
    page.locator("[data-name=s]").focus()
    before = state("s")
    page.keyboard.press("PageUp")
    assert state("s") == pytest.approx(before + 0.1)
    page.evaluate("model.set('m', -2)")  # as Python does
    rest()
    assert m.get_attribute("aria-valuetext") == f"{MINUS}2.00"
    assert page.locator(".check").is_hidden()


def test_without_q_there_is_no_knob_and_no_bar_for_it(shown):
    page = shown(OnePixel())
    assert page.locator("[role=slider]").count() == 1
    names = page.eval_on_selector_all("canvas", "all => all.map(one => one.getAttribute('aria-label'))")
    assert "the slice at the chosen x" in names[0]
    assert names[1] == "The slice of the joint at x, over the latent z"
    assert page.locator(".bar").is_hidden()
    assert page.get_by_role("button").count() == 0
    assert page.evaluate("document.querySelector('.vae-instrument').offsetHeight") < 560
    page.get_by_label("divide the slice by its area").check()
