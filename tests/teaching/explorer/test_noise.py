"""`NoiseSlider`: sigma, its best value and what half the error is worth, against scipy."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from vae_course.teaching.explorer import NoiseSlider

RESIDUALS = 0.2 * np.random.default_rng(0).standard_normal((50, 64))
ERROR = float(np.mean(RESIDUALS**2))
BEST = math.sqrt(ERROR)
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"


@pytest.fixture(scope="module")
def js(script):
    return script("noise.js")


def log_likelihood(sigma, residuals=RESIDUALS):
    """The mean over the images of the log density of all pixels."""
    return stats.norm.logpdf(residuals, scale=sigma).sum(axis=1).mean()


def test_the_curve_is_the_mean_log_likelihood_of_the_images(js):
    sigmas = [0.05, 0.2, 0.7]
    expected = [log_likelihood(sigma) for sigma in sigmas]
    assert js.at(sigmas, "logLikelihood", ERROR, 64) == pytest.approx(expected, rel=1e-9)


def test_the_top_is_where_a_search_finds_it(js):
    found = optimize.minimize_scalar(lambda sigma: -log_likelihood(sigma), bounds=(0.01, 2), method="bounded")
    top = js("topOf", 64, ERROR)
    assert top["sigma"] == pytest.approx(found.x, rel=1e-4)
    assert top["nats"] == pytest.approx(-found.fun, abs=1e-6)


def test_half_the_error_is_worth_22_nats(js):
    top, halved = js.at([ERROR, ERROR / 2], "topOf", 64)
    assert halved["sigma"] == pytest.approx(top["sigma"] / math.sqrt(2))
    assert halved["nats"] - top["nats"] == pytest.approx(
        log_likelihood(BEST / 2**0.5, RESIDUALS / 2**0.5) - log_likelihood(BEST)
    )
    words = js("describe", {"sigma": 0.3, "error": 0.04, "pixels": 64, "half": True})
    assert words.endswith(
        f"moves the best {SIGMA} from 0.200 to 0.141, by a factor of √2, and is worth 22.2 nats."
    )


def test_the_sentence_has_the_numbers_with_a_true_minus(js):
    sigma = 0.6
    value = -64 * (math.log(sigma) + math.log(2 * math.pi) / 2 + 0.04 / (2 * sigma**2))
    words = js("describe", {"sigma": sigma, "error": 0.04, "pixels": 64, "half": False})
    assert value < 0
    assert f"{SIGMA} = 0.600: log p(x given z) is \N{MINUS SIGN}{-value:.1f} nats per image." in words
    assert f"at {SIGMA} = 0.200, the root mean square of the residuals." in words


def test_the_histogram_is_a_density():
    sent = NoiseSlider(RESIDUALS)._histogram
    heights, edges = np.histogram(RESIDUALS, 81, (-5 * BEST, 5 * BEST), density=True)
    np.testing.assert_allclose(np.frombuffer(sent["heights"], np.float32), heights, rtol=1e-5)
    assert (sent["low"], sent["width"]) == pytest.approx((edges[0], edges[1] - edges[0]))


def test_what_the_reader_sets_is_a_trait():
    slider = NoiseSlider(RESIDUALS)
    assert slider.sigma == pytest.approx(2 * BEST)
    slider.sigma = np.float32(0.25)
    slider.half = True
    slider.set_state({"sigma": 0.5})
    assert slider.sigma == 0.5


@pytest.mark.parametrize("sigma", [0, -1, BEST / 3, 5, np.nan, "wide", None, [1, 2]], ids=str)
def test_a_sigma_that_is_none_is_refused_by_name(sigma):
    with pytest.raises((TypeError, ValueError), match="`sigma` must be"):
        NoiseSlider(RESIDUALS).sigma = sigma


@pytest.mark.parametrize(
    ("residuals", "complaint"),
    [
        (RESIDUALS[0], r"shape \(any, any\), got shape \(64,\)"),
        (RESIDUALS[:0], r"got shape \(0, 64\)"),
        (np.where(RESIDUALS > 0.3, np.nan, RESIDUALS), "got NaN or infinity"),
        (np.zeros((3, 64)), "must not all be zero"),
        (None, "`residuals` must be finite numbers"),
    ],
)
def test_residuals_that_do_not_fit_are_refused(residuals, complaint):
    with pytest.raises((TypeError, ValueError), match=f"`residuals`.*{complaint}|{complaint}"):
        NoiseSlider(residuals)


def test_the_still_picture_has_both_tops_and_their_distance():
    figure = NoiseSlider(RESIDUALS)._figure()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "22.2 nats" in texts
    assert f"best {BEST:.3g}" in texts
    for line, best in zip(figure.axes[0].lines[:4:2], (BEST, BEST / 2**0.5), strict=True):
        sigmas, nats = line.get_data()
        assert sigmas[np.argmax(nats)] == pytest.approx(best, rel=0.02)
    assert "sigma = 0.2" in NoiseSlider(RESIDUALS).still()


def test_in_a_browser_sigma_follows_the_slider_and_a_press_in_the_curve(shown):
    page = shown(NoiseSlider(RESIDUALS))
    box = page.get_by_role("slider", name="standard deviation").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    middle = math.sqrt(BEST / 2 * 4 * BEST)
    assert page.evaluate("model.get('sigma')") == pytest.approx(middle, rel=0.03)
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('sigma')") == pytest.approx(middle, rel=0.04)
    chart = page.locator("canvas.chart").first.bounding_box()
    page.mouse.move(chart["x"] + 60, chart["y"] + 80)
    page.mouse.down()
    page.mouse.move(chart["x"] + chart["width"] + 50, chart["y"] + 80, steps=4)
    page.mouse.up()
    assert page.evaluate("model.get('sigma')") == pytest.approx(4 * BEST, rel=1e-3)
    page.get_by_label("half the squared error").check()
    page.wait_for_function("document.querySelector('.sentence').textContent.includes('22.2 nats')")
    assert page.evaluate("model.get('half')") is True
