"""Squeeze and unfold against numpy, and the linear optimum against scikit-learn's PCA."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_digits as read_digits
from sklearn.decomposition import PCA

from vae_course.autoencoder import linear_optimum, new_pairs, reconstruct, squared_error, walk
from vae_course.models import Decoder, Encoder

rng = np.random.default_rng(0)
X, X_HAT = rng.normal(size=(2, 64)).astype(np.float32)


def test_squared_error_is_the_sum_over_the_pixels():
    expected = ((np.asarray(X, np.float64) - np.asarray(X_HAT, np.float64)) ** 2).sum()
    np.testing.assert_allclose(squared_error(jnp.array(X), jnp.array(X_HAT)), expected, rtol=1e-6)
    assert squared_error(jnp.array(X), jnp.array(X)) == 0


def test_reconstruct_is_the_decoder_after_the_encoder():
    encoder, decoder = Encoder(key=jax.random.key(1)), Decoder(key=jax.random.key(2))
    x = jnp.array(X)
    np.testing.assert_array_equal(reconstruct(encoder, decoder, x), decoder(encoder(x)))


def test_each_key_gives_a_pair_of_its_own():
    keys = jax.random.split(jax.random.key(0), 3)
    pairs = new_pairs(Encoder, Decoder, keys)
    weights = [np.asarray(part.mlp.layers[1].weight) for pair in pairs for part in pair]  # all (128, 128)
    assert len(pairs) == 3
    assert len({weight.tobytes() for weight in weights}) == 6


def test_a_walk_starts_and_ends_at_the_reconstructions_and_goes_straight_between_the_codes():
    encoder, decoder = Encoder(key=jax.random.key(1)), Decoder(key=jax.random.key(2))
    x_a, x_b = jnp.array(X), jnp.array(X_HAT)
    for t, x in ((0.0, x_a), (1.0, x_b)):
        np.testing.assert_allclose(walk(encoder, decoder, x_a, x_b, t), decoder(encoder(x)), atol=1e-6)
    z = 0.75 * np.asarray(encoder(x_a), np.float64) + 0.25 * np.asarray(encoder(x_b), np.float64)
    middle = walk(encoder, decoder, x_a, x_b, 0.25)
    np.testing.assert_allclose(middle, decoder(jnp.asarray(z, jnp.float32)), atol=1e-6)


@pytest.mark.parametrize(("k", "known"), [(2, 3.355253), (8, 1.530448), (16, 0.706796)])
def test_linear_optimum_is_what_pca_throws_away(k, known):
    images = read_digits().data / 16  # float64, all 1,797
    pca = PCA(k).fit(images)
    left = ((images - pca.inverse_transform(pca.transform(images))) ** 2).sum(axis=1).mean()
    np.testing.assert_allclose(left, known, rtol=1e-6)
    np.testing.assert_allclose(linear_optimum(jnp.asarray(images, jnp.float32), k), left, rtol=1e-4)


def test_linear_optimum_at_its_two_ends():
    images = jnp.asarray(read_digits().data[:200] / 16, jnp.float32)
    np.testing.assert_allclose(linear_optimum(images, 0), images.var(axis=0).sum(), rtol=1e-4)
    assert abs(linear_optimum(images, 64)) < 1e-5


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: squared_error(jnp.zeros(4), jnp.zeros(5)), "x_hat"),
        (lambda: squared_error(jnp.zeros((2, 4)), jnp.zeros((2, 4))), "x"),
        (lambda: squared_error(jnp.zeros(4), None), "x_hat"),
        (lambda: squared_error(jnp.zeros(4, int), jnp.zeros(4)), "x"),
        (lambda: squared_error(np.zeros(4, np.float32), jnp.zeros(4)), "x"),
        (lambda: reconstruct(3, lambda z: z, jnp.zeros(4)), "encoder"),
        (lambda: reconstruct(lambda x: x, None, jnp.zeros(4)), "decoder"),
        (lambda: reconstruct(lambda x: x, lambda z: z, jnp.zeros((2, 4))), "x"),
        (lambda: reconstruct(lambda x: x, lambda z: z, [0.0]), "x"),
        (lambda: walk(lambda x: x, lambda z: z, jnp.zeros(4), jnp.zeros(5), 0.5), "x_b"),
        (lambda: walk(lambda x: x, lambda z: z, jnp.zeros(4), jnp.zeros(4), "half"), "t"),
        (lambda: linear_optimum(jnp.zeros(4), 1), "X"),
        (lambda: linear_optimum(jnp.zeros((4, 3)), 1.5), "k"),
    ],
)
def test_bad_arguments_are_named(call, named):
    with pytest.raises(TypeError, match=f"parameter '{named}'"):
        call()


@pytest.mark.parametrize("k", [-1, 4])
def test_linear_optimum_needs_a_possible_number_of_latents(k):
    with pytest.raises(ValueError, match=rf"`k` must be a whole number from 0 to 3, got {k}"):
        linear_optimum(jnp.ones((5, 3)), k)
