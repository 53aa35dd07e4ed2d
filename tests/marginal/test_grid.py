"""A decoded grid and its sums: against closed forms, scipy and float64."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from jax.flatten_util import ravel_pytree
from scipy.special import logsumexp

from vae_course import marginal
from vae_course.data import load_digits
from vae_course.map_latents import log_joint
from vae_course.marginal import DecodedGrid, latent_grid
from vae_course.models import Decoder, GaussianDecoder


@cache
def X():
    return load_digits().test_images[:6]


@cache
def ppca():
    return marginal.fit_ppca(load_digits().train_images, 2)


@cache
def curved(seed=0, sigma=0.2, width=128):
    """A decoder with a strongly bent sheet: its first layer is blown up."""
    decoder = Decoder(key=jax.random.key(seed), width=width)
    decoder = eqx.tree_at(lambda d: d.mlp.layers[0].weight, decoder, replace_fn=lambda W: 2 * W)
    return GaussianDecoder(decoder, sigma=sigma)


def in_float64(model, images, n, half_width=5.0):
    """log p(x) by a plain sum in numpy: the direct difference, no matrix product."""
    axis = (np.arange(n) + 0.5) * (2 * half_width / n) - half_width
    Z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    decoded = np.asarray(jax.vmap(model)(jnp.asarray(Z, jnp.float32)), np.float64)
    sigma, d = float(model.sigma), images.shape[1]
    results = []
    for x in np.asarray(images, np.float64):
        errors = ((x - decoded) ** 2).sum(axis=1)
        log_likelihood = -errors / (2 * sigma**2) - d / 2 * np.log(2 * np.pi * sigma**2)
        log_prior = -(Z**2).sum(axis=1) / 2 - np.log(2 * np.pi)
        results.append(logsumexp(log_likelihood + log_prior) + 2 * np.log(2 * half_width / n))
    return np.array(results)


def test_the_grid_covers_its_square_once():
    grid = latent_grid(7, 2.0, jnp.array([1.0, -1.0]))
    assert grid.points.shape == (49, 2)
    np.testing.assert_allclose(49 * jnp.exp(grid.log_cell_area), 16.0, rtol=1e-6)
    np.testing.assert_allclose(grid.points.mean(axis=0), [1, -1], atol=1e-6)
    np.testing.assert_allclose(grid.points[1] - grid.points[0], [4 / 7, 0], atol=1e-6)  # z1 runs fastest
    np.testing.assert_allclose(grid.axes[:, 0], grid.points[0], atol=1e-7)
    np.testing.assert_allclose(grid.extent, [-1, 3, -3, 1], atol=1e-6)


@pytest.mark.parametrize(("half_width", "outside"), [(5.0, 1.1465e-6), (1.0, 0.53394)])
def test_the_prior_inside_is_what_the_docstring_says(half_width, outside):
    grid = latent_grid(400, half_width)
    log_prior = -jnp.sum(grid.points**2, axis=1) / 2 - jnp.log(2 * jnp.pi)
    inside = np.exp(np.asarray(log_prior + grid.log_cell_area, np.float64)).sum()
    np.testing.assert_allclose(1 - inside, outside, rtol=0.15)


def test_a_linear_decoder_agrees_with_its_closed_form():
    expected = jax.vmap(marginal.linear_log_marginal, (None, 0))(ppca(), X())
    got = marginal.for_each(DecodedGrid(ppca(), latent_grid(100)).log_marginal, X())
    np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("n", "half_width"), [(64, 5.0), (40, 1.0)]
)  # and a square the prior does not end in
def test_the_grid_likelihood_is_the_plain_sum_in_float64(n, half_width):
    grid, f = latent_grid(n, half_width), eqx.filter_jit(marginal.grid_log_likelihood)
    got = [f(curved(), x, grid) for x in X()]
    np.testing.assert_allclose(got, in_float64(curved(), X(), n, half_width), atol=1e-3)


def with_sigma(model, sigma):
    raw = jnp.log(jnp.asarray(sigma - 1 / 1600))
    model = eqx.tree_at(lambda model: model.raw_sigma, model, raw)
    np.testing.assert_allclose(model.sigma, sigma, rtol=1e-4)
    return model


@pytest.mark.parametrize(("sigma", "error"), [(0.1, 2e-3), (0.02, 0.1), (0.002, 10.0)])
def test_what_the_matrix_product_costs_in_float32(sigma, error):
    model = with_sigma(curved(), sigma)
    got = marginal.for_each(DecodedGrid(model, latent_grid(60)).log_marginal, X())
    np.testing.assert_allclose(got, in_float64(model, X(), 60), atol=error)


def test_the_posterior_integrates_to_one_and_is_the_joint_over_the_marginal():
    plane, x = DecodedGrid(curved(), latent_grid(300)), X()[0]
    log_density = plane.log_posterior(x)
    weights = np.exp(np.asarray(log_density + plane.grid.log_cell_area, np.float64))
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-4)
    np.testing.assert_allclose(plane.weights(x), weights.ravel(), atol=1e-6)
    i = int(log_density.argmax())
    expected = log_joint(curved(), x, plane.grid.points[i]) - plane.log_marginal(x)
    np.testing.assert_allclose(log_density.ravel()[i], expected, atol=1e-3)
    by_bayes = marginal.bayes_on_grid(plane.log_joint(x), 0 * log_density, jnp.exp(plane.grid.log_cell_area))
    np.testing.assert_allclose(by_bayes, log_density, atol=1e-3)


def test_mean_sd_and_mode_of_a_linear_decoders_posterior():
    plane = DecodedGrid(ppca(), latent_grid(200))
    for x in X():
        m, covariance = marginal.linear_posterior(ppca(), x)
        np.testing.assert_allclose(plane.mean(x), m, atol=1e-4)
        np.testing.assert_allclose(plane.sd(x), np.sqrt(np.diag(covariance)), rtol=1e-4)
        np.testing.assert_allclose(plane.mode(x), m, atol=5e-3)  # a Gaussian's mode is its mean


def test_the_mode_is_scipys_and_never_lower_than_the_best_point():
    plane = DecodedGrid(curved(), latent_grid(60))
    modes = marginal.for_each(plane.mode, X())
    for x, mode in zip(X(), modes, strict=True):
        best = plane.grid.points[plane.log_joint(x).argmax()]
        height = lambda z, x=x: float(log_joint(curved(), x, jnp.asarray(z, jnp.float32)))  # noqa: E731
        found = scipy.optimize.minimize(lambda z: -height(z), best, method="Nelder-Mead")  # noqa: B023
        assert height(mode) >= height(best)
        np.testing.assert_allclose(height(mode), -found.fun, atol=0.02)
    assert (np.abs(modes[:, None] - plane.grid.points[None]).max(axis=2).min(axis=1) > 1e-4).any()  # polished


def test_the_gradient_is_the_posterior_average_of_the_joints_gradients():
    grid, model, x = latent_grid(20), curved(width=8), X()[0]
    left = eqx.filter_jit(eqx.filter_grad(marginal.grid_log_likelihood))(model, x, grid)
    log_joints = np.asarray(DecodedGrid(model, grid).log_joint(x), np.float64).ravel()
    share = np.exp(log_joints - logsumexp(log_joints))
    push = eqx.filter_jit(eqx.filter_vmap(eqx.filter_grad(log_joint), in_axes=(None, None, 0)))
    pushes = push(model, x, grid.points)
    right = jax.tree.map(lambda push: np.tensordot(share, np.asarray(push, np.float64), 1), pushes)
    left, right = (
        ravel_pytree(eqx.filter(tree, lambda leaf: hasattr(leaf, "shape")))[0] for tree in (left, right)
    )
    np.testing.assert_allclose(left, right, rtol=1e-3, atol=2e-4 * float(jnp.abs(left).max()))


def test_the_grid_is_decoded_once_for_all_images_of_a_batch():
    grid, batch = latent_grid(10), jax.vmap(marginal.grid_log_likelihood, (None, 0, None))
    text = str(jax.make_jaxpr(lambda X: batch(curved(), X, grid))(X()))
    assert "f32[100,128]" in text  # the hidden units of 100 points
    assert "[6,100,128]" not in text
    assert "[6,100,64]" not in text  # nor a difference of every image from every point


@cache
def wide():
    return GaussianDecoder(Decoder(key=jax.random.key(0), latents=3))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: latent_grid(1), ValueError, "`n` must be a whole number of at least 2, got 1"),
        (lambda: latent_grid(10, 0.0), ValueError, "`half_width` must be a finite number above 0, got 0"),
        (lambda: latent_grid(10, float("inf")), ValueError, "`half_width` must be a finite number above 0"),
        (lambda: latent_grid(2.5), TypeError, "parameter 'n'"),
        (lambda: latent_grid(5, 1.0, jnp.zeros(3)), TypeError, "parameter 'centre'"),
        (lambda: DecodedGrid(wide(), latent_grid(4)), ValueError, "`model` must have 2 latents.*got 3"),
        (lambda: DecodedGrid(curved().decoder, latent_grid(4)), TypeError, "parameter 'model'"),
        (
            lambda: marginal.grid_log_likelihood(wide(), X()[0], latent_grid(4)),
            ValueError,
            "`model` must have 2 latents",
        ),
        (lambda: plane4().log_joint(X()[0, :60]), ValueError, r"`x` must have 64 pixels.*\(60,\)"),
        (lambda: plane4().log_posterior(X()[0] - 1), ValueError, "`x` must hold pixels from 0"),
        (lambda: plane4().mode(jnp.nan * X()[0]), ValueError, "`x` must hold pixels from 0"),
        (lambda: plane4().mean(X()), TypeError, "parameter 'x'"),
    ],
)
def test_bad_arguments_are_named(call, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        call()


def plane4():
    return DecodedGrid(curved(), latent_grid(4))
