"""`RescalingSlider`: codes times c, against scipy's densities and the decoder itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from vae_course.models import Decoder, Encoder, LinearDecoder
from vae_course.teaching.explorer import RescalingSlider
from vae_course.teaching.explorer.instrument import network

Z = 0.6 * np.random.default_rng(1).standard_normal((40, 2))
LABELS = np.arange(40) % 10


@pytest.fixture(scope="module")
def js(script):
    return script("rescaling.js")


def test_log_p_of_z_is_the_mean_log_density_of_the_codes(js):
    cs = [0.02, 0.5, 1, 2]
    expected = [stats.norm.logpdf(c * Z).sum(axis=1).mean() for c in cs]
    squared = float((Z**2).sum(axis=1).mean())
    assert js.at(cs, "logPrior", squared) == pytest.approx(expected, rel=1e-9)


def test_the_share_within_radius_1(js):
    shares = js.at([0.1, 1, 2], "shareWithin", Z.ravel().tolist())
    assert shares == [np.mean(np.linalg.norm(c * Z, axis=1) <= 1) for c in (0.1, 1, 2)]
    assert 0 < shares[2] < shares[1] < 1


@pytest.mark.parametrize("kind", [Decoder, LinearDecoder])
def test_no_decoded_image_changes(js, kind):
    """W / c is all that has changed, and with it the decoder draws from c z what it drew from z."""
    decoder = kind(key=jax.random.key(0))
    sent = network("decoder", decoder, kind)
    weights = np.frombuffer(sent["weights"], np.float32)
    rescaled = js("rescaled", {**sent, "weights": weights.tolist()}, 0.3)["weights"]
    first = decoder.mlp.layers[0] if kind is Decoder else decoder.linear
    count = first.weight.size
    np.testing.assert_array_equal(rescaled[count:], weights[count:])
    W = jnp.asarray(rescaled[:count]).reshape(first.weight.shape)
    z = jnp.asarray(Z[0])
    np.testing.assert_allclose(W @ (0.3 * z), first.weight @ z, atol=1e-6)


def test_the_sentence_counts(js):
    now = {"c": 0.5, "squared": 2.0, "nats": 31.39, "within": 0.925}
    words = js("describe", now)
    before, here = (2 * stats.norm.logpdf(0) - c**2 for c in (1, 0.5))
    assert f"log p(z) is {here:.2f} ({before:.2f} at c = 1)".replace("-", "\N{MINUS SIGN}") in words
    assert f"together {31.39 + here:.2f} nats" in words
    normal = stats.chi2(2).cdf(1)  # of |z|^2 for z from N(0, I)
    assert words.endswith(f"of the codes lie within radius 1; for N(0, I) it is {normal:.0%}.")


def test_the_log_likelihood_is_a_number_or_one_for_each_code():
    each = np.linspace(20, 40, 40)
    assert RescalingSlider(Z, LABELS, each)._nats == pytest.approx(30)
    assert RescalingSlider(Z, LABELS, 30.0)._nats == 30


def test_c_is_a_trait():
    slider = RescalingSlider(Z, LABELS, 30.0, c=0.25)
    slider.set_state({"c": 2})
    assert slider.c == 2.0
    with pytest.raises(ValueError, match=r"`c` must be from 0\.01562 to 2, got 0"):
        slider.c = 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"codes": np.zeros((40, 3))}, r"`codes` must .*got shape \(40, 3\)"),
        ({"codes": np.zeros((40, 2))}, "`codes` must not all be zero"),
        ({"codes": np.full((40, 2), np.nan)}, "`codes` must .*got NaN"),
        ({"labels": LABELS[1:]}, r"`labels` must .*got shape \(39,\)"),
        ({"log_likelihood": np.zeros(39)}, r"`log_likelihood` must .*got shape \(39,\)"),
        ({"log_likelihood": np.inf}, "`log_likelihood` must .*got NaN or infinity"),
        ({"decoder": "d"}, "`decoder` must be a Decoder or a LinearDecoder, got str"),
        ({"c": 3}, "`c` must be from"),
        ({"title": ""}, "`title` must be words"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(change, complaint):
    arguments = {"codes": Z, "labels": LABELS, "log_likelihood": 30.0} | change
    with pytest.raises((TypeError, ValueError), match=complaint):
        RescalingSlider(**arguments)


def test_an_encoder_is_no_decoder():
    with pytest.raises(TypeError, match="`decoder` must be a Decoder"):
        RescalingSlider(Z, LABELS, 30.0, decoder=Encoder(key=jax.random.key(0)))


def test_the_still_picture_draws_the_codes_times_c():
    plane, change = RescalingSlider(Z, LABELS, 30.0, c=0.5)._figure().axes
    offsets = np.concatenate([collection.get_offsets() for collection in plane.collections])
    assert np.abs(offsets).max() == pytest.approx(0.5 * np.abs(Z).max(), rel=1e-5)
    gain = stats.norm.logpdf(0.5 * Z).sum(axis=1).mean() - stats.norm.logpdf(Z).sum(axis=1).mean()
    assert change.lines[-1].get_ydata()[0] == pytest.approx(gain, rel=1e-5)


def test_in_a_browser_the_codes_move_and_the_images_stay(shown):
    """Pixels of a decoded image before and after; the least a screen can show is one grey of 255."""
    page = shown(RescalingSlider(Z, LABELS, 30.0, decoder=Decoder(key=jax.random.key(0))))
    canvas = "document.querySelector('figure canvas')"
    pixels = f"[...{canvas}.getContext('2d').getImageData(0, 0, 8, 8).data]"
    page.wait_for_timeout(100)
    before, words = page.evaluate(pixels), page.locator(".sentence").inner_text()
    slider = page.get_by_role("slider", name="what the codes are multiplied by")
    for key, c in (("Home", 2.0**-6), ("End", 2.0)):
        slider.press(key)
        page.wait_for_timeout(100)
        assert page.evaluate("model.get('c')") == c
        np.testing.assert_allclose(page.evaluate(pixels), before, atol=1)
    assert len(set(before)) > 10
    assert page.locator(".sentence").inner_text() != words
