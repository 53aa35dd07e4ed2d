"""The latents of all images together, and other priors, against scipy, scikit-learn and a linear decoder."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from vae_course import aggregate, elbo, gaussian, marginal, models
from vae_course.marginal import DecodedGrid, latent_grid

W = np.array([[0.12, 0.03], [-0.04, 0.08], [0.05, 0.05], [0.0, -0.09]])
OFFSET, SIGMA = np.array([0.5, 0.52, 0.47, 0.5]), 0.04


@pytest.fixture(scope="module")
def plane():
    linear = models.LinearDecoder(key=jax.random.key(0), latents=2, pixels=4)
    where = lambda model: (model.linear.weight, model.linear.bias)  # noqa: E731
    linear = eqx.tree_at(where, linear, (jnp.float32(W), jnp.float32(OFFSET)))
    return DecodedGrid(models.GaussianDecoder(linear, sigma=SIGMA), latent_grid(120, 4.5))


def images(count):
    """Draws from the linear model itself."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(count, 2)) @ W.T + OFFSET + SIGMA * rng.normal(size=(count, 4))
    return jnp.float32(X)


def test_the_aggregate_of_a_linear_decoder_is_the_mixture_of_its_gaussian_posteriors(plane):
    X = images(5)
    M = W.T @ W + SIGMA**2 * np.eye(2)
    means = np.linalg.solve(M, W.T @ (np.asarray(X, float) - OFFSET).T).T
    posteriors = [multivariate_normal(mean, SIGMA**2 * np.linalg.inv(M)) for mean in means]
    points = np.asarray(plane.grid.points, float)
    expected = logsumexp([each.logpdf(points) for each in posteriors], axis=0) - np.log(5)
    found = np.asarray(aggregate.aggregated_posterior(plane, X)).ravel()
    near = expected > expected.max() - 10
    np.testing.assert_allclose(found[near], expected[near], atol=2e-3)


def test_for_the_models_own_images_the_aggregate_is_the_prior(plane):
    cell = jnp.exp(plane.grid.log_cell_area)
    log_prior = plane.log_priors.reshape(120, 120)
    kls = [
        elbo.kl_on_grid(aggregate.aggregated_posterior(plane, images(n)), log_prior, cell) for n in (30, 4000)
    ]
    assert kls[0] > 0.1  # of a few images it is not
    assert 0 <= kls[1] < 0.01


def test_the_mean_of_gaussians_is_scikit_learns_mixture():
    rng = np.random.default_rng(1)
    M, SD, Z = rng.normal(size=(7, 2)), rng.uniform(0.05, 1.5, (7, 2)), rng.normal(size=(50, 2))
    theirs = GaussianMixture(7, covariance_type="diag")
    theirs.weights_, theirs.means_, theirs.covariances_ = np.full(7, 1 / 7), M, SD**2
    theirs.precisions_cholesky_ = 1 / SD
    ours = aggregate.aggregated_gaussians(*map(jnp.float32, (Z, M, SD)))
    np.testing.assert_allclose(ours, theirs.score_samples(Z), rtol=1e-4, atol=1e-4)


def test_what_a_draw_tells_about_its_image_is_between_zero_and_log_n():
    rng = np.random.default_rng(2)
    grid = latent_grid(300, 5.0)
    log_prior = jax.vmap(gaussian.log_density)(grid.points).reshape(300, 300)
    for width, tells in ((1.0, (0.0, 1.2)), (0.05, (0.97 * np.log(6), np.log(6) + 1e-3))):
        M, SD = jnp.float32(1.2 * rng.normal(size=(6, 2))), jnp.full((6, 2), width)
        log_q = aggregate.aggregated_gaussians(grid.points, M, SD).reshape(300, 300)
        together = elbo.kl_on_grid(log_q, log_prior, jnp.exp(grid.log_cell_area))
        found = jax.vmap(gaussian.kl_to_prior)(M, SD).mean() - together
        assert tells[0] <= found <= tells[1]


def test_a_change_of_prior_is_the_linear_models_closed_form(plane):
    X, mean, covariance = images(20), np.array([0.4, -0.2]), np.array([[0.6, 0.2], [0.2, 0.5]])
    log_new = multivariate_normal(mean, covariance).logpdf(np.asarray(plane.grid.points, float))
    noise = SIGMA**2 * np.eye(4)
    before = multivariate_normal(OFFSET, W @ W.T + noise).logpdf(np.asarray(X, float))
    after = multivariate_normal(OFFSET + W @ mean, W @ covariance @ W.T + noise).logpdf(np.asarray(X, float))
    found = aggregate.change_of_prior(plane, X, jnp.float32(log_new))
    np.testing.assert_allclose(found, after - before, atol=2e-3)
    np.testing.assert_allclose(aggregate.change_of_prior(plane, X, plane.log_priors), 0, atol=1e-5)
    with pytest.raises(ValueError, match="`X`"):
        aggregate.change_of_prior(plane, X[:, :3], plane.log_priors)


def test_one_far_gaussian_leaves_the_origin_a_hole():
    Z = jnp.array([[0.0, 0.0], [3.0, 3.0], [3.4, 3.0]])
    found = aggregate.in_hole(Z, jnp.array([[3.0, 3.0]]), jnp.full((1, 2), 0.2))
    assert found.tolist() == [True, False, False]
    # log q / p of N(0, 0.9^2 I) is 0.21 - 0.117 r^2: a third at r = 3.3, a tenth at r = 4.6.
    near_and_far = jnp.array([[3.3, 0.0], [4.5, 0.0], [4.75, 0.0]])
    assert aggregate.in_hole(near_and_far, jnp.zeros((1, 2)), jnp.full((1, 2), 0.9)).tolist() == [
        False,
        False,
        True,
    ]


def test_one_in_ten_reconstructions_of_held_out_images_is_bad():
    keys = jax.random.split(jax.random.key(3), 4)
    decoder = models.GaussianDecoder(models.Decoder(key=keys[0], width=8))
    vae = models.VAE(models.GaussianEncoder(key=keys[1], width=8), decoder)
    X, held_out = (jax.random.uniform(key, (200, 64)) for key in keys[2:])
    bad = aggregate.is_bad(vae, models.apply(vae.encoder, held_out)[0], X, held_out)
    assert bad.sum() == 20


def test_the_bound_of_k_draws_is_scipys_and_rises_with_k():
    log_w = np.random.default_rng(4).normal(size=(400, 16)) * 3 - 900
    bounds = []
    for K in (1, 4, 16):
        groups = log_w.reshape(-1, K)
        expected = (logsumexp(groups, axis=1) - np.log(K)).mean()
        bounds.append(float(marginal.importance_bound(jnp.float32(groups))))
        np.testing.assert_allclose(bounds[-1], expected, atol=1e-3)
    assert bounds[0] < bounds[1] < bounds[2] < logsumexp(log_w) - np.log(log_w.size)
    np.testing.assert_allclose(marginal.importance_bound(jnp.full((3, 5), -7.0)), -7, atol=1e-5)  # exact q
