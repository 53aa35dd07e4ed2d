"""The networks: shapes, ranges, one example in, and errors that say what was needed."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.models import (
    VAE,
    Decoder,
    Encoder,
    GaussianDecoder,
    GaussianEncoder,
    LinearDecoder,
    LinearEncoder,
    gaussian_head,
)


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global KEY, IMAGES, CODES
    KEY = jax.random.key(0)
    IMAGES = jax.random.uniform(jax.random.key(1), (5, 64))
    CODES = 3 * jax.random.normal(jax.random.key(2), (5, 2))


@pytest.mark.parametrize(
    ("model", "batch", "shape"),
    [
        (lambda: Decoder(key=KEY), lambda: CODES, (5, 64)),
        (lambda: Encoder(key=KEY), lambda: IMAGES, (5, 2)),
        (lambda: LinearDecoder(key=KEY), lambda: CODES, (5, 64)),
        (lambda: LinearEncoder(key=KEY), lambda: IMAGES, (5, 2)),
        (lambda: Decoder(key=KEY, pixels=6, width=3), lambda: CODES, (5, 6)),
        (lambda: Encoder(key=KEY, latents=7), lambda: IMAGES, (5, 7)),
        (lambda: LinearDecoder(key=KEY, pixels=6), lambda: CODES, (5, 6)),
        (lambda: LinearEncoder(key=KEY, latents=7), lambda: IMAGES, (5, 7)),
    ],
)
def test_one_example_at_a_time_and_vmap_makes_the_batch(model, batch, shape):
    model, batch = model(), batch()
    together = jax.vmap(model)(batch)
    assert together.shape == shape
    np.testing.assert_allclose(together, jnp.stack([model(one) for one in batch]), rtol=1e-5, atol=1e-6)


def test_the_decoder_is_the_network_that_its_docstring_describes():
    model = Decoder(key=KEY)
    hidden = CODES[0]
    for layer in model.mlp.layers[:-1]:
        hidden = np.tanh(np.asarray(layer.weight) @ hidden + np.asarray(layer.bias))
    last = model.mlp.layers[-1]
    expected = 1 / (1 + np.exp(-(np.asarray(last.weight) @ hidden + np.asarray(last.bias))))
    np.testing.assert_allclose(model(CODES[0]), expected, rtol=1e-4)
    assert [layer.weight.shape for layer in model.mlp.layers] == [(128, 2), (128, 128), (64, 128)]


def test_the_decoders_pixels_lie_between_paper_and_ink():
    pixels = jax.vmap(Decoder(key=KEY))(10 * CODES)
    assert ((pixels > 0) & (pixels < 1)).all()


@pytest.mark.parametrize("kind", [LinearDecoder, LinearEncoder])
def test_the_linear_models_are_a_matrix_and_an_offset(kind):
    model = kind(key=KEY)
    x = CODES[0] if isinstance(model, LinearDecoder) else IMAGES[0]
    expected = np.asarray(model.linear.weight) @ np.asarray(x) + np.asarray(model.linear.bias)
    np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-5)


def test_another_key_gives_another_network():
    assert (Decoder(key=KEY)(CODES[0]) != Decoder(key=jax.random.key(9))(CODES[0])).any()
    np.testing.assert_array_equal(Decoder(key=KEY)(CODES[0]), Decoder(key=jax.random.key(0))(CODES[0]))


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (Decoder, 3, r"`z` must have shape \(2,\), got \(3,\)"),
        (LinearDecoder, 3, r"`z` must have shape \(2,\), got \(3,\)"),
        (Encoder, 63, r"`x` must have shape \(64,\), got \(63,\)"),
        (LinearEncoder, 63, r"`x` must have shape \(64,\), got \(63,\)"),
    ],
)
def test_a_wrong_size_is_told_what_was_needed_and_what_came(kind, given, told):
    with pytest.raises(ValueError, match=told):
        kind(key=KEY)(jnp.zeros(given))


@pytest.mark.parametrize("network", [Decoder, Encoder, LinearDecoder, LinearEncoder])
@pytest.mark.parametrize(
    ("given", "came"),
    [(np.zeros(2, np.float32), "numpy"), (None, "None"), (0.5, "0.5"), ("CODES", r"f32\[5,2\]")],
)
def test_a_wrong_input_is_told_that_one_example_was_needed(network, given, came):
    name = "x" if "Encoder" in network.__name__ else "z"
    with pytest.raises(TypeError, match=f"parameter '{name}'\\.\nActual value: .*{came}"):
        network(key=KEY)(CODES if isinstance(given, str) else given)


@pytest.mark.parametrize("network", [Decoder, Encoder, LinearDecoder, LinearEncoder])
def test_a_number_instead_of_a_key_is_told_so(network):
    with pytest.raises(TypeError, match="parameter 'key'"):
        network(key=0)


def test_a_gaussian_decoder_has_the_sigma_it_was_given_and_the_decoder_as_its_mean():
    decoder = Decoder(key=KEY)
    model = GaussianDecoder(decoder, sigma=0.25)
    np.testing.assert_allclose(model.sigma, 0.25, rtol=1e-6)
    np.testing.assert_array_equal(model(CODES[0]), decoder(CODES[0]))
    sharper = eqx.tree_at(lambda m: m.raw_sigma, model, jnp.array(-100.0))
    np.testing.assert_allclose(sharper.sigma, 1 / 1600, rtol=1e-6)


@pytest.mark.parametrize("sigma", [0, -0.1, 1 / 1600, float("nan")])
def test_a_sigma_at_or_under_the_floor_is_refused(sigma):
    with pytest.raises(ValueError, match=r"`sigma` must be a finite number above 0\.000625"):
        GaussianDecoder(Decoder(key=KEY), sigma=sigma)


def test_a_gaussian_decoder_wants_a_decoder():
    with pytest.raises(TypeError, match="`decoder` must be a Decoder or a LinearDecoder, got Encoder"):
        GaussianDecoder(Encoder(key=KEY))


def test_the_head_is_the_mean_and_then_the_log_of_the_standard_deviation():
    m, s = gaussian_head(jnp.array([3.0, -2.0, np.log(3.0), -80.0]))
    np.testing.assert_array_equal(m, [3, -2])
    np.testing.assert_allclose(s, [3, np.exp(-80.0)], rtol=1e-5)
    assert (s > 0).all()


@pytest.mark.parametrize("n", [1, 5])
def test_a_head_of_an_odd_number_is_refused(n):
    with pytest.raises(ValueError, match=f"`h` must hold an even number of numbers, m and log s, got {n}"):
        gaussian_head(jnp.zeros(n))


@pytest.mark.parametrize("latents", [2, 5])
def test_a_gaussian_encoder_is_the_network_that_its_docstring_describes(latents):
    encoder = GaussianEncoder(key=KEY, latents=latents)
    M, S = jax.vmap(encoder)(IMAGES)
    assert M.shape == S.shape == (5, latents)
    assert (S > 0).all()
    hidden = IMAGES[0]
    for layer in encoder.mlp.layers[:-1]:
        hidden = np.tanh(np.asarray(layer.weight) @ hidden + np.asarray(layer.bias))
    last = encoder.mlp.layers[-1]
    out = np.asarray(last.weight) @ hidden + np.asarray(last.bias)
    np.testing.assert_allclose(M[0], out[:latents], atol=1e-5)
    np.testing.assert_allclose(S[0], np.exp(out[latents:]), rtol=1e-4)


def test_a_gaussian_encoder_says_what_was_needed():
    with pytest.raises(ValueError, match=r"`x` must have shape \(64,\), got \(63,\)"):
        GaussianEncoder(key=KEY)(jnp.zeros(63))
    with pytest.raises(TypeError, match="parameter 'x'"):
        GaussianEncoder(key=KEY)(IMAGES)
    with pytest.raises(TypeError, match="parameter 'key'"):
        GaussianEncoder(key=0)


def test_a_vae_is_both_networks_and_says_which_one_is_wrong():
    encoder, decoder = GaussianEncoder(key=KEY), GaussianDecoder(Decoder(key=KEY))
    vae = VAE(encoder, decoder)
    assert vae.encoder is encoder
    assert vae.decoder is decoder
    with pytest.raises(TypeError, match="`encoder` must be a GaussianEncoder, got Encoder"):
        VAE(Encoder(key=KEY), decoder)
    with pytest.raises(TypeError, match="`decoder` must be a GaussianDecoder, got Decoder"):
        VAE(encoder, Decoder(key=KEY))
