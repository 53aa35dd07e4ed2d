"""Other likelihoods, against scipy, scikit-learn, quadrature, and sums over all images there are."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from sklearn.metrics import log_loss

from vae_course import elbo, likelihoods, losses
from vae_course.map_latents import log_likelihood
from vae_course.marginal import log_marginals
from vae_course.models import VAE, Decoder, GaussianDecoder, GaussianEncoder, apply

CERTAIN = 1e-4  # six nats and more from 1/2, and log p is still exact in float32


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global KEY, MODEL, VAES, X, BINARY, P
    KEY = jax.random.key(0)
    VAES = [small_vae(5, key) for key in jax.random.split(KEY, 2)]
    MODEL, X = VAES[0].decoder, jax.random.uniform(KEY, (4, 5))
    BINARY = jnp.array(list(itertools.product([0.0, 1.0], repeat=5)))  # all 32 images
    P = jnp.array([CERTAIN, 0.03, 0.3, 0.499, 0.5, 0.502, 0.8, 1 - CERTAIN])


def small_vae(pixels, key):
    decoder = GaussianDecoder(Decoder(key=key, pixels=pixels, width=8), sigma=0.3)
    return VAE(GaussianEncoder(key=key, pixels=pixels, width=8), decoder)


def test_log_bernoulli_against_scipy_and_scikit_learn():
    for x in (P > 0.4, P < 0.1, P > 2):
        found = likelihoods.log_bernoulli(x.astype(float), P)
        p = np.asarray(P, np.float64)
        np.testing.assert_allclose(found, scipy.stats.bernoulli(p).logpmf(x).sum(), rtol=1e-5)
        np.testing.assert_allclose(found, -log_loss(x, p, normalize=False, labels=[0, 1]), rtol=1e-5)


def test_on_a_grey_image_it_is_minus_the_cross_entropy():
    x, p = np.asarray(X[0], np.float64), np.asarray(X[1], np.float64)
    drawn = scipy.stats.bernoulli(p)  # the cross-entropy is an average over black-and-white images
    np.testing.assert_allclose(
        likelihoods.log_bernoulli(X[0], X[1]),
        (x * drawn.logpmf(1) + (1 - x) * drawn.logpmf(0)).sum(),
        rtol=1e-5,
    )


def test_certain_pixels_give_no_nan_neither_in_value_nor_in_gradient():
    x, p = jnp.array([0.0, 1.0, 1.0]), jnp.array([0.0, 1.0, 0.0])
    value, slope = jax.value_and_grad(likelihoods.log_bernoulli, argnums=1)(x, p)
    np.testing.assert_allclose(value, np.log(1e-6), rtol=1e-4)
    assert np.isfinite(slope).all()


def test_the_areas_against_quadrature():
    expected = [scipy.integrate.quad(lambda x, p=p: p**x * (1 - p) ** (1 - x), 0, 1)[0] for p in P.tolist()]
    np.testing.assert_allclose(likelihoods.cross_entropy_areas(P), expected, rtol=1e-4)
    assert float(likelihoods.cross_entropy_areas(jnp.array([0.5]))[0]) == 0.5


@pytest.mark.parametrize("z", [(0.0, 0.0), (3.0, -1.0)])
def test_divided_by_its_area_it_is_a_density_and_so_are_its_draws(z):
    model, z = small_vae(1, KEY).decoder, jnp.array(z)
    x = jnp.linspace(0, 1, 1001)
    log_density = jax.vmap(likelihoods.continuous_bernoulli, (None, 0, None))(model, x[:, None], z)
    below = scipy.integrate.cumulative_simpson(np.exp(np.asarray(log_density, np.float64)), x=x, initial=0)
    np.testing.assert_allclose(below[-1], 1, atol=1e-4)
    keys = jax.random.split(KEY, 4000)
    draws = jax.vmap(likelihoods.draw_continuous_bernoulli, (None, None, 0))(model, z, keys)
    shares = [np.mean(draws < quantile) for quantile in (0.2, 0.5, 0.9)]
    np.testing.assert_allclose(shares, below[[200, 500, 900]], atol=4 * 0.5 / 4000**0.5)


def test_draws_have_the_mean_that_is_decoded_and_their_own_kind_of_noise():
    keys, z = jax.random.split(KEY, 4000), jnp.array([0.4, -1.0])
    for draw, noise in (
        (likelihoods.draw_gaussian, np.full(5, 0.3)),
        (likelihoods.draw_bernoulli, np.sqrt(MODEL(z) * (1 - MODEL(z)))),
    ):
        images = np.asarray(jax.vmap(draw, (None, None, 0))(MODEL, z, keys))
        np.testing.assert_allclose(images.mean(axis=0), MODEL(z), atol=0.04)
        np.testing.assert_allclose(images.std(axis=0), noise, atol=0.03)
    assert set(images.ravel()) == {0.0, 1.0}


def test_the_scores_of_the_gaussian_are_those_of_the_lecture():
    found = likelihoods.mean_scores(log_likelihood, VAES, X)
    for i, vae in enumerate(VAES):
        bounds = elbo.quadrature_elbos(vae.decoder, X, *apply(vae.encoder, X))
        np.testing.assert_allclose(found.elbo[i], bounds.mean(), atol=1e-4)
        np.testing.assert_allclose(found.log_p[i], log_marginals(vae.decoder, X).log_p.mean(), atol=2e-3)


def test_all_black_and_white_images_together_have_probability_one():
    probabilities = [
        np.exp(likelihoods.mean_scores(likelihoods.bernoulli, VAES[:1], x[None]).log_p[0]) for x in BINARY
    ]
    np.testing.assert_allclose(sum(probabilities), 1, atol=1e-4)


def test_the_bounds_of_bernoulli_are_averages_over_the_encoders_draws():
    found = likelihoods.mean_scores(likelihoods.bernoulli, VAES, BINARY[7:8])
    rng = np.random.default_rng(0)
    for i, vae in enumerate(VAES):
        m, s = (np.asarray(part, np.float64) for part in vae.encoder(BINARY[7]))
        Z = m + s * rng.normal(size=(20_000, 2))
        p = np.asarray(apply(vae.decoder, jnp.float32(Z)), np.float64)
        log_w = scipy.stats.bernoulli.logpmf(np.asarray(BINARY[7], int), p).sum(axis=1)
        log_w += (scipy.stats.norm.logpdf(Z) - scipy.stats.norm.logpdf(Z, m, s)).sum(axis=1)
        np.testing.assert_allclose(found.elbo[i], log_w.mean(), atol=5 * log_w.std() / 20_000**0.5)
        kl = (scipy.stats.norm.logpdf(Z, m, s) - scipy.stats.norm.logpdf(Z)).sum(axis=1)
        np.testing.assert_allclose(found.kl[i], kl.mean(), atol=5 * kl.std() / 20_000**0.5)
        assert found.elbo[i] < found.log_p[i]


def test_with_the_gaussian_it_trains_on_the_loss_of_the_lecture_and_a_fixed_sigma_stays():
    loss = likelihoods._loss(log_likelihood)
    np.testing.assert_allclose(loss(VAES[0], X[0], KEY), losses.vae_loss(VAES[0], X[0], KEY), rtol=1e-6)
    images = jax.random.uniform(KEY, (130, 64))
    (learned,) = likelihoods.train(log_likelihood, images, steps=2)
    fixed = likelihoods.train(likelihoods.fixed_sigma, images, [1.0, 4.0], steps=2)
    assert [len(three) for three in (learned, *fixed)] == [3, 3, 3]
    for three, sigma in ((fixed[0], 1.0), (fixed[1], 4.0)):
        np.testing.assert_allclose([vae.decoder.sigma for vae in three], sigma, rtol=1e-6)
    assert all(abs(vae.decoder.sigma - 0.3) > 1e-4 for vae in learned)
    first = [np.asarray(vae.decoder.decoder.mlp.layers[0].weight) for vae in (*fixed[0], *fixed[1])]
    assert abs(first[0] - first[1]).max() > 0.1  # another start
    assert abs(first[0] - first[3]).max() < 0.1  # the same start, another sigma


def test_counting_the_ink_from_0_to_16_shifts_a_density_by_a_constant():
    z = jnp.array([0.2, 0.1])
    noise = scipy.stats.norm(16 * np.asarray(MODEL(z), np.float64), 16 * 0.3)
    shift = noise.logpdf(16 * np.asarray(X[0])).sum() - float(likelihoods.fixed_sigma(MODEL, X[0], z))
    np.testing.assert_allclose(shift, -5 * np.log(16), rtol=1e-4)
