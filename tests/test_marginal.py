"""log p(x) and the posterior on a grid: against closed forms, scipy and float64."""

import time
import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from scipy.special import logsumexp

from vae_course import marginal
from vae_course.data import load_digits
from vae_course.models import Decoder, GaussianDecoder
from vae_course.objectives import log_joint

DIGITS = load_digits()
X = DIGITS.test_images[:6]
PPCA = marginal.fit_ppca(DIGITS.train_images, 2)


def curved(seed=0, sigma=0.2, **size):
    """A decoder with a strongly bent sheet: its first layer is blown up."""
    decoder = Decoder(key=jax.random.key(seed), **size)
    decoder = eqx.tree_at(lambda d: d.mlp.layers[0].weight, decoder, replace_fn=lambda W: 2 * W)
    return GaussianDecoder(decoder, sigma=sigma)


MODEL = curved()


def in_float64(model, images, n, half_width=5.0):
    """log p(x) by a plain sum in numpy: the direct difference, no matrix product, no chunks."""
    axis = (np.arange(n) + 0.5) * (2 * half_width / n) - half_width
    Z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    decoded = np.asarray(jax.vmap(model)(jnp.asarray(Z, jnp.float32)), np.float64)
    sigma, d = float(model.sigma), images.shape[1]
    results = []
    for x in np.asarray(images, np.float64):
        log_likelihood = -((x - decoded) ** 2).sum(axis=1) / (2 * sigma**2) - d / 2 * np.log(
            2 * np.pi * sigma**2
        )
        log_prior = -(Z**2).sum(axis=1) / 2 - np.log(2 * np.pi)
        results.append(logsumexp(log_likelihood + log_prior) + 2 * np.log(2 * half_width / n))
    return np.array(results)


def test_the_grid_covers_its_square_once():
    grid = marginal.latent_grid(7, 2.0, jnp.array([1.0, -1.0]))
    assert grid.points.shape == (49, 2)
    np.testing.assert_allclose(49 * jnp.exp(grid.log_cell), 16.0, rtol=1e-6)
    np.testing.assert_allclose(grid.points.mean(axis=0), [1, -1], atol=1e-6)
    np.testing.assert_allclose(grid.points[1] - grid.points[0], [4 / 7, 0], atol=1e-6)  # z1 runs fastest
    np.testing.assert_allclose(grid.axes[:, 0], grid.points[0], atol=1e-7)


@pytest.mark.parametrize(("half_width", "outside"), [(5.0, 1.1465e-6), (1.0, 0.53394)])
def test_the_prior_inside_is_what_the_docstring_says(half_width, outside):
    grid = marginal.latent_grid(400, half_width)
    log_prior = -jnp.sum(grid.points**2, axis=1) / 2 - jnp.log(2 * jnp.pi)
    inside = np.exp(np.asarray(log_prior + grid.log_cell, np.float64)).sum()
    np.testing.assert_allclose(1 - inside, outside, rtol=0.15)


def test_a_linear_decoder_agrees_with_its_closed_form():
    expected = jax.vmap(marginal.linear_log_marginal, (None, 0))(PPCA, X)
    np.testing.assert_allclose(marginal.log_marginal(PPCA, X, marginal.latent_grid(100)), expected, atol=1e-4)


# A part of one chunk, one and a part of another; and a square that the prior does not end in.
@pytest.mark.parametrize(("n", "half_width"), [(64, 5.0), (101, 5.0), (40, 1.0)])
def test_it_is_the_plain_sum_in_float64(n, half_width):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = marginal.log_marginal(MODEL, X, marginal.latent_grid(n, half_width))
    np.testing.assert_allclose(got, in_float64(MODEL, X, n, half_width), atol=1e-3)


@pytest.mark.parametrize(("sigma", "error"), [(0.1, 2e-3), (0.02, 0.1), (0.002, 10.0)])
def test_what_the_matrix_product_costs_in_float32(sigma, error):
    model = eqx.tree_at(lambda m: m.log_sigma, MODEL, jnp.log(sigma))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = marginal.log_marginal(model, X, marginal.latent_grid(60))
    np.testing.assert_allclose(got, in_float64(model, X, 60), atol=error)


def test_refining_the_grid_changes_nothing():
    coarse, fine = (marginal.log_marginal(MODEL, X, marginal.latent_grid(n)) for n in (300, 600))
    np.testing.assert_allclose(coarse, fine, atol=1e-2)


def test_one_image_at_a_time_gives_the_same():
    grid = marginal.latent_grid(300)
    one = [eqx.filter_jit(marginal.log_marginal_one)(MODEL, x, grid) for x in X]
    np.testing.assert_allclose(one, marginal.log_marginal(MODEL, X, grid), atol=1e-3)


def test_the_posterior_integrates_to_one_and_is_the_joint_over_the_marginal():
    grid = marginal.latent_grid(300)
    log_density = marginal.log_posterior(MODEL, X[0], grid)
    np.testing.assert_allclose(
        np.exp(np.asarray(log_density + grid.log_cell, np.float64)).sum(), 1, rtol=1e-4
    )
    i = int(log_density.argmax())
    expected = log_joint(MODEL, X[0], grid.points[i]) - marginal.log_marginal(MODEL, X[:1], grid)[0]
    np.testing.assert_allclose(log_density.ravel()[i], expected, atol=1e-3)


def test_the_posterior_of_a_linear_decoder():
    grid = marginal.latent_grid(200)
    for x in X:
        m, covariance = marginal.linear_posterior(PPCA, x)
        log_density = marginal.log_posterior(PPCA, x, grid)
        np.testing.assert_allclose(marginal.posterior_mean(log_density, grid), m, atol=1e-4)
        np.testing.assert_allclose(
            marginal.posterior_sd(log_density, grid), np.sqrt(np.diag(covariance)), rtol=1e-4
        )


def test_the_gradient_is_the_posterior_average_of_the_joints_gradients():
    grid, model = marginal.latent_grid(20), curved(width=8)
    left = eqx.filter_jit(eqx.filter_grad(marginal.log_marginal_one))(model, X[0], grid)
    log_joints = np.asarray(marginal.log_joint_on_grid(model, X[0], grid), np.float64).ravel()
    share = np.exp(log_joints - logsumexp(log_joints))
    push = eqx.filter_jit(eqx.filter_vmap(eqx.filter_grad(log_joint), in_axes=(None, None, 0)))
    pushes = push(model, X[0], grid.points)
    right = jax.tree.map(lambda push: np.tensordot(share, np.asarray(push, np.float64), 1), pushes)
    left, right = (
        ravel_pytree(eqx.filter(tree, lambda leaf: hasattr(leaf, "shape")))[0] for tree in (left, right)
    )
    np.testing.assert_allclose(left, right, rtol=1e-3, atol=2e-4 * float(jnp.abs(left).max()))


def test_the_grid_is_decoded_once_for_all_images_of_a_batch():
    grid = marginal.latent_grid(10)
    batch = jax.vmap(marginal.log_marginal_one, (None, 0, None))
    text = str(jax.make_jaxpr(lambda X: batch(MODEL, X, grid))(X))
    assert "f32[100,128]" in text  # the hidden units of 100 points
    assert "[6,100,128]" not in text
    assert "[6,100,64]" not in text  # nor a difference of every image from every point


def test_a_grid_that_is_too_coarse_warns_once_with_the_number_of_images():
    model = curved(sigma=0.02)
    own = jax.vmap(model)(jnp.array([[0.1, 0.2], [-1.0, 0.5], [0.7, -0.9]]))  # posteriors far from the edge
    with pytest.warns(UserWarning, match=r"too coarse for [123] of 3 images.*larger `n`") as caught:
        marginal.log_marginal(model, own, marginal.latent_grid(30))
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(UserWarning, match="too coarse for 1 of 1 images") as caught:
        marginal.log_posterior(model, own[0], marginal.latent_grid(30))
    assert [warning.filename for warning in caught] == [__file__]


def test_a_grid_that_cuts_mass_off_warns():
    with pytest.warns(UserWarning, match=r"cuts off the posterior of \d of 6 images.*larger `half_width`"):
        marginal.log_marginal(PPCA, X, marginal.latent_grid(100, 0.5))


def test_a_fine_grid_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        marginal.log_marginal(PPCA, X, marginal.latent_grid(100))
        marginal.log_posterior(PPCA, X[0], marginal.latent_grid(100))


def test_a_sigma_at_its_floor_stays_finite():
    model = eqx.tree_at(lambda m: m.log_sigma, MODEL, jnp.array(-100.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isfinite(marginal.log_marginal(model, X, marginal.latent_grid(50))).all()


def test_another_grid_compiles_nothing_and_300_images_take_under_two_seconds():
    images = DIGITS.test_images
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        marginal.log_marginal(MODEL, images, marginal.latent_grid(20)).block_until_ready()
        start = time.perf_counter()
        marginal.log_marginal(MODEL, images, marginal.latent_grid(200)).block_until_ready()
    assert time.perf_counter() - start < 2


GRID, WIDE = marginal.latent_grid(4), GaussianDecoder(Decoder(key=jax.random.key(0), latents=3))
NAN = eqx.tree_at(lambda m: m.decoder.mlp.layers[0].bias, MODEL, replace_fn=lambda b: b * jnp.nan)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: marginal.latent_grid(1), ValueError, "`n` must be .* at least 2 points an axis, got 1"),
        (lambda: marginal.latent_grid(10, 0.0), ValueError, "`half_width` must be a positive"),
        (lambda: marginal.latent_grid(10, float("inf")), ValueError, "`half_width` must be a positive"),
        (lambda: marginal.latent_grid(2.5), TypeError, "parameter 'n'"),
        (lambda: marginal.latent_grid(5, 1.0, jnp.zeros(3)), TypeError, "parameter 'centre'"),
        (lambda: marginal.log_marginal(WIDE, X, GRID), ValueError, "`model` must have 2 latents.*has 3"),
        (lambda: marginal.log_posterior(WIDE, X[0], GRID), ValueError, "`model` must have 2 latents"),
        (lambda: marginal.log_marginal_one(WIDE, X[0], GRID), ValueError, "`model` must have 2 latents"),
        (
            lambda: marginal.log_marginal(MODEL, X[:, :60], GRID),
            ValueError,
            "`X` must have 64 pixels.*got 60",
        ),
        (lambda: marginal.log_marginal(MODEL, 16 * X, GRID), ValueError, "`X` must hold pixels from 0"),
        (lambda: marginal.log_marginal(MODEL, jnp.nan * X, GRID), ValueError, "`X` must hold pixels from 0"),
        (lambda: marginal.log_marginal(MODEL, X[:0], GRID), ValueError, "`X` must hold at least one image"),
        (lambda: marginal.log_posterior(MODEL, X[0] - 1, GRID), ValueError, "`x` must hold pixels from 0"),
        (lambda: marginal.log_marginal(MODEL, X[0], GRID), TypeError, "parameter 'X'"),
        (lambda: marginal.log_marginal(MODEL.decoder, X, GRID), TypeError, "parameter 'model'"),
        (lambda: marginal.log_marginal(NAN, X, GRID), FloatingPointError, "not finite.*weights of `model`"),
        (lambda: marginal.log_posterior(NAN, X[0], GRID), FloatingPointError, "not finite"),
    ],
)
def test_bad_arguments_are_named(call, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        call()
