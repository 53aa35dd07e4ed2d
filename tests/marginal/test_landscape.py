"""Landscapes, against the ellipse of a linear decoder and a landscape that is its own mirror."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.marginal import DecodedGrid, close_up, hills, landscapes, latent_grid
from vae_course.models import Decoder, GaussianDecoder, LinearDecoder


@pytest.fixture(scope="module")
def linear():
    return GaussianDecoder(LinearDecoder(key=jax.random.key(0), pixels=6), sigma=0.3)


@pytest.fixture(scope="module")
def mirrored():
    """A decoder that draws the same for z and -z: all its offsets are zero, and its last layer is even."""
    decoder = Decoder(key=jax.random.key(1), pixels=6, width=4)
    bend = jax.tree.map(lambda leaf: leaf, decoder)
    even = eqx.tree_at(lambda tree: tree.mlp.activation, bend, lambda h: jnp.cos(3 * h) - 1)
    no_offset = eqx.tree_at(lambda tree: tree.mlp.layers[0].bias, even, jnp.zeros(4))
    return GaussianDecoder(no_offset, sigma=0.05)


def test_a_linear_decoder_has_one_hill_whose_area_is_that_of_its_ellipse(linear):
    W = np.asarray(linear.decoder.linear.weight, np.float64)
    b, precision = np.asarray(linear.decoder.linear.bias), W.T @ W / 0.3**2 + np.eye(2)
    X = np.asarray(jax.random.uniform(jax.random.key(2), (3, 6)))
    tops = np.linalg.solve(precision, W.T @ (X - b).T / 0.3**2).T
    away = np.array([0.3, -0.2])
    plane = DecodedGrid(linear, latent_grid(400, 3.0))
    found = landscapes(plane, jnp.asarray(X), jnp.asarray(tops + away, jnp.float32))
    ellipse = 2 * np.pi * 3 / np.sqrt(np.linalg.det(precision))  # where the quadratic form is at most 2 x 3
    np.testing.assert_allclose(found.area, ellipse, rtol=0.01)
    np.testing.assert_allclose(found.missing, away @ precision @ away / 2, atol=1e-3)
    np.testing.assert_array_equal(found.hills, 1)


def test_what_is_drawn_alike_at_z_and_minus_z_has_a_hill_at_each(mirrored):
    z = jnp.array([[0.9, 0.5]])
    x = jax.vmap(mirrored)(z)
    np.testing.assert_allclose(mirrored(-z[0]), x[0], atol=1e-6)
    plane = DecodedGrid(mirrored, latent_grid(200, 1.5))
    pieces = hills(np.asarray(plane.log_joint(x[0])) - float(landscapes(plane, x, z).tops[0]))
    assert pieces.max() % 2 == 0
    np.testing.assert_array_equal(pieces[::-1, ::-1] > 0, pieces > 0)


def test_a_ridge_is_one_piece_and_depth_ends_a_hill():
    below = np.full((5, 5), -20.0)
    below[1, 1:4] = below[2, 3] = -4.9
    below[4, 0], below[3, 1] = -1, -5.1
    np.testing.assert_array_equal(hills(below)[1, 1:4], 1)
    assert hills(below)[2, 3] == 1
    assert hills(below)[4, 0] == 2
    assert hills(below).max() == 2


def test_a_close_up_holds_the_hill_and_the_point_and_is_cut_at_its_depth(linear):
    plane, x, z = DecodedGrid(linear, latent_grid(200, 3.0)), jnp.full(6, 0.4), jnp.array([1.5, -1.0])
    heights, (left, right, bottom, top) = close_up(plane, x, z, depth=9.0, n=50)
    assert heights.shape == (50, 50)
    assert heights.min() == -9
    assert -0.1 < heights.max() <= 0
    assert left < z[0] < right
    assert bottom < z[1] < top
    np.testing.assert_allclose(right - left, top - bottom, rtol=1e-5)
    high = np.asarray(plane.grid.points)[
        np.asarray(plane.log_joint(x)).reshape(-1) > plane.log_joint(x).max() - 9
    ]
    assert (high.min(axis=0) > [left, bottom]).all()
    assert (high.max(axis=0) < [right, top]).all()
