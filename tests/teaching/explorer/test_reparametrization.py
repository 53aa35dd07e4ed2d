"""`Reparametrization`: the mean of f over the draws and its gradient, against JAX in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.teaching.explorer import Reparametrization
from vae_course.teaching.explorer.reparametrization import DRAWS, _hill

EPS = np.random.default_rng(3).standard_normal(30)


def wave(z):
    return jnp.sin(2 * z) + 0.1 * z**2


@pytest.fixture(scope="module")
def js(script):
    return script("reparametrization.js")


def table(f):
    sent = Reparametrization(f=f, eps=EPS)._f
    values, slopes = (np.frombuffer(sent[name], np.float32).tolist() for name in ("values", "slopes"))
    return {**sent, "values": values, "slopes": slopes}


@pytest.mark.parametrize("f", [_hill, wave])
@pytest.mark.parametrize(("m", "s"), [(-0.5, 0.8), (2.5, 1.6), (-2.5, 0.2)])
def test_the_gradient_is_that_of_the_mean_over_these_draws(js, f, m, s):
    with jax.enable_x64(True):
        mean = lambda m, s: jax.vmap(f)(m + s * jnp.asarray(EPS)).mean()  # noqa: E731
        expected = [mean(m, s), *jax.grad(mean, argnums=(0, 1))(m, s)]
    found = js("estimates", table(f), EPS.tolist(), m, s)
    np.testing.assert_allclose([found["mean"], found["byM"], found["byS"]], expected, atol=2e-4)


def test_many_draws_estimate_the_closed_form(js):
    """E_q of the hill is exp(-(m - 1)^2 / 2(1 + s^2)) / sqrt(1 + s^2): its slopes, by the draws' scatter."""
    eps = np.random.default_rng(4).standard_normal(20_000)
    closed = lambda m, s: jnp.exp(-((m - 1) ** 2) / (2 * (1 + s**2))) / jnp.sqrt(1 + s**2)  # noqa: E731
    expected = [closed(0.3, 0.9), *jax.grad(closed, argnums=(0, 1))(0.3, 0.9)]
    found = js("estimates", table(_hill), eps.tolist(), 0.3, 0.9)
    np.testing.assert_allclose([found["mean"], found["byM"], found["byS"]], expected, atol=0.02)


def test_the_sentence_says_the_mean_and_both_slopes(js):
    answers = {"m": -0.5, "s": 0.8, "count": 40, "mean": 0.36, "byM": 0.401, "byS": -0.0724}
    minus = "\N{MINUS SIGN}"
    words = (
        f"m = {minus}0.50, s = 0.80: the mean of f over these 40 draws is 0.360. Its gradient is 0.401 with "
    )
    assert js("describe", answers) == f"{words}respect to m, {minus}0.072 with respect to s."
    assert js("describe", {"m": 0, "s": 1, "count": 40}).endswith(
        "the 40 draws z = m + s ε have moved, and no ε has."
    )


def test_the_draws_are_the_same_each_time():
    first, second = Reparametrization(), Reparametrization(m=1, s=0.3)
    assert first._eps == second._eps
    assert len(first._eps) == 4 * DRAWS


def test_m_and_s_are_traits():
    slider = Reparametrization(m=1, s=0.3)
    slider.set_state({"m": -1.25, "s": 1})
    assert (slider.m, slider.s) == (-1.25, 1.0)
    for name, wrong in (("s", 0), ("s", -1), ("m", 3), ("m", np.nan), ("s", "wide")):
        with pytest.raises((TypeError, ValueError), match=f"`{name}` must be"):
            setattr(slider, name, wrong)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"f": 3}, "`f` must be a function of one number z, or None, got int"),
        ({"f": lambda z: z[0]}, "`f` must be a function of one number z that JAX can differentiate"),
        ({"f": lambda z: jnp.log(z)}, r"`f\(z\)` must be finite numbers.*got NaN"),
        ({"eps": np.zeros((3, 2))}, r"`eps` must .*got shape \(3, 2\)"),
        ({"eps": []}, "`eps` must "),
        ({"m": 9}, "`m` must be from -2.5 to 2.5, got 9"),
        ({"s": 0.0}, "`s` must be from 0.2 to 1.6, got 0"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(change, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        Reparametrization(**change)


def test_the_still_picture_joins_each_eps_to_its_z():
    figure = Reparametrization(m=1.0, s=0.5, eps=EPS)._figure()
    ends = np.array([line.get_xdata() for line in figure.axes[0].lines[: len(EPS)]])
    np.testing.assert_allclose(ends, np.stack([EPS, 1 + 0.5 * EPS], axis=1), rtol=1e-5)
    mean = float(jax.vmap(_hill)(1 + 0.5 * jnp.asarray(EPS)).mean())
    assert f"mean {mean:.2f}" in [text.get_text() for text in figure.axes[1].texts]
    assert len(Reparametrization(f=None)._figure().axes) == 1


def test_in_a_browser_m_follows_a_drag_and_s_its_slider(shown):
    page = shown(Reparametrization(m=0.0, s=1.0))
    chart = page.locator("canvas.chart").first.bounding_box()
    page.mouse.move(chart["x"] + chart["width"] / 2, chart["y"] + 150)
    page.mouse.down()
    page.mouse.move(chart["x"] + chart["width"] * 0.7, chart["y"] + 150, steps=5)
    page.mouse.up()
    m = page.evaluate("model.get('m')")
    assert 1.7 < m < 2.3  # a fifth of the ten units across, without the margins
    page.get_by_role("slider", name="its standard deviation").press("End")
    page.wait_for_timeout(100)
    assert page.evaluate("model.get('s')") == 1.6
    assert (
        page.locator(".sentence")
        .inner_text()
        .startswith(f"m = {m:.2f}, s = 1.60: the mean of f over these 40")
    )


def test_in_a_browser_without_f_there_is_one_picture(shown):
    page = shown(Reparametrization(f=None))
    page.wait_for_timeout(100)
    assert page.locator("canvas.chart").count() == 1
    assert page.locator(".sentence").inner_text().startswith("m = \N{MINUS SIGN}0.50, s = 0.80: the 40 draws")
