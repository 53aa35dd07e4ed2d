"""Monte Carlo and importance sampling, against the closed form of probabilistic PCA; and that closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits as read_digits
from sklearn.decomposition import PCA

from vae_course import marginal
from vae_course.data import load_digits
from vae_course.map_latents import log_likelihood
from vae_course.models import Decoder, GaussianDecoder


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global DIGITS, X, PPCA, TRUTH, KEY, MODEL, NARROW
    DIGITS = load_digits()
    X = DIGITS.test_images
    PPCA = {k: marginal.fit_ppca(DIGITS.train_images, k) for k in (2, 8)}
    TRUTH = {k: jax.vmap(marginal.linear_log_marginal, (None, 0))(model, X) for k, model in PPCA.items()}
    KEY, MODEL, NARROW = jax.random.key(0), GaussianDecoder(Decoder(key=jax.random.key(1))), jnp.ones(2)


@pytest.mark.parametrize(("k", "known"), [(2, 0.0057067), (8, 14.209788), (16, 23.929443)])
def test_probabilistic_pca_on_all_digits_in_float64(k, known):
    images = read_digits().data / 16
    with jax.enable_x64(True):
        model = marginal.fit_ppca(jnp.asarray(images), k)
        mean = jax.vmap(marginal.linear_log_marginal, (None, 0))(model, jnp.asarray(images)).mean()
        np.testing.assert_allclose(mean, known, atol=1e-6)
        W, sigma = np.asarray(model.decoder.linear.weight), float(model.sigma)
    eigenvalues = np.linalg.eigvalsh(np.cov(images.T, bias=True))[::-1]
    d, discarded = 64, eigenvalues[k:].mean()
    formula = np.log(eigenvalues[:k]).sum() + (d - k) * np.log(discarded) + d + d * np.log(2 * np.pi)
    np.testing.assert_allclose(mean, -formula / 2, atol=1e-10)
    x = multivariate_normal(images.mean(axis=0), W @ W.T + sigma**2 * np.eye(d))
    np.testing.assert_allclose(mean, x.logpdf(images).mean(), atol=1e-9)


def test_probabilistic_pca_is_scikit_learns_up_to_its_other_covariance():
    images = read_digits().data / 16
    with jax.enable_x64(True):
        model = marginal.fit_ppca(jnp.asarray(images), 2)
        ours = jax.vmap(marginal.linear_log_marginal, (None, 0))(model, jnp.asarray(images)).mean()
        ours = float(ours)
    theirs = PCA(2).fit(images).score(images)
    np.testing.assert_allclose(theirs, 0.00570177, atol=1e-7)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert ours >= theirs  # with 1/N it is the maximum


def test_the_linear_posterior_makes_joint_over_posterior_the_same_everywhere():
    m, covariance = marginal.linear_posterior(PPCA[8], X[0])
    Z = np.asarray(m) + np.random.default_rng(0).normal(size=(20, 8)) * 0.2
    log_joints = [
        float(log_likelihood(PPCA[8], X[0], jnp.float32(z))) + multivariate_normal(np.zeros(8)).logpdf(z)
        for z in Z
    ]
    log_p = log_joints - multivariate_normal(m, np.asarray(covariance, np.float64)).logpdf(Z)
    np.testing.assert_allclose(log_p, TRUTH[8][0], atol=2e-3)


def test_log_mean_exp_is_the_log_of_the_mean():
    values = np.random.default_rng(0).normal(size=50).astype(np.float32)
    np.testing.assert_allclose(
        marginal.log_mean_exp(jnp.array(values)), np.log(np.exp(values).mean()), rtol=1e-5
    )
    np.testing.assert_allclose(
        marginal.log_mean_exp(jnp.array(values - 5000)), np.log(np.exp(values).mean()) - 5000, rtol=1e-6
    )


def test_log_likelihoods_are_the_objectives_one_by_one():
    Z = jax.random.normal(jax.random.key(0), (20, 2))
    model = GaussianDecoder(Decoder(key=jax.random.key(1)), sigma=0.1)
    got = marginal.log_likelihoods(jax.vmap(model)(Z), model.sigma, X[0])
    np.testing.assert_allclose(got, [log_likelihood(model, X[0], z) for z in Z], atol=2e-3)


def errors_of(f, n, seed=0):
    """n estimates for one image, less the truth."""
    return np.asarray(jax.jit(jax.vmap(f))(jax.random.split(jax.random.key(seed), n)), np.float64)


@pytest.mark.parametrize("image", [0, 1, 2])
def test_monte_carlo_is_too_low_and_less_so_with_more_samples(image):
    x, truth = X[image], float(TRUTH[2][image])
    means, worst = [], []
    for S in (4, 32, 256):
        errors = (
            errors_of(lambda key, S=S: marginal.log_marginal_monte_carlo(PPCA[2], x, key, S), 500) - truth
        )
        means.append(errors.mean())
        worst.append(4 * errors.std() / np.sqrt(500))
    assert means[0] < -worst[0]
    assert means[1] < -worst[1]
    assert means[0] + worst[0] < means[1] < means[2] + worst[2]
    assert means[2] == pytest.approx(0, abs=0.2)


def importance(k, x, m, s, S, prior_share=0.0):
    """The estimate of log p(x) from S draws of a proposal, as a function of the key."""

    def f(key):
        return marginal.log_mean_exp(marginal.log_weights(PPCA[k], x, m, s, key, S, prior_share))

    return f


@pytest.mark.parametrize("S", [1, 20])
def test_the_mean_of_the_likelihood_itself_is_unbiased(S):
    x, truth = X[1], float(TRUTH[2][1])
    m, covariance = marginal.linear_posterior(PPCA[2], x)
    s = 1.5 * jnp.sqrt(jnp.diag(covariance))
    shifted = m + 0.3 * s
    f = importance(2, x, shifted, s, S)
    errors = errors_of(f, 4000)
    ratios = np.exp(errors - truth)
    assert ratios.mean() == pytest.approx(1, abs=4 * ratios.std() / np.sqrt(4000))
    assert ratios.std() > 0.05 / S
    assert (errors - truth).mean() < 0  # its log is not


def test_drawn_from_the_posterior_every_weight_is_the_marginal():
    m, covariance = marginal.linear_posterior(PPCA[8], X[0])
    s = jnp.sqrt(jnp.diag(covariance))
    Z = m[None] + s[None] * jax.random.normal(jax.random.key(0), (200, 8))
    weights = jax.vmap(marginal.log_importance_weight, (None, None, 0, None, None))(PPCA[8], X[0], Z, m, s)
    np.testing.assert_allclose(weights, TRUTH[8][0], atol=2e-3)
    one = importance(8, X[0], m, s, 1)(jax.random.key(1))
    np.testing.assert_allclose(one, TRUTH[8][0], atol=2e-3)


def test_the_prior_as_a_proposal_is_plain_monte_carlo():
    model, x, somewhere = PPCA[2], X[0], jnp.array([3.0, -1.0])
    plain = errors_of(lambda key: marginal.log_marginal_monte_carlo(model, x, key, 2000), 50, seed=1)
    standard = errors_of(importance(2, x, jnp.zeros(2), jnp.ones(2), 2000), 50)
    only_prior = errors_of(importance(2, x, somewhere, 0.1 * jnp.ones(2), 2000, prior_share=1.0), 50, seed=2)
    assert standard.mean() == pytest.approx(plain.mean(), abs=0.05)
    assert only_prior.mean() == pytest.approx(plain.mean(), abs=0.05)


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("z", [[0.3, -0.4], [2.0, 1.9]])
def test_the_mixtures_weight_divides_by_the_mean_of_two_densities(share, z):
    m, s, prior = np.array([1.8, 2.0]), np.array([0.3, 0.2]), multivariate_normal(np.zeros(2))
    density = share * prior.pdf(z) + (1 - share) * multivariate_normal(m, np.diag(s**2)).pdf(z)
    log_joint = float(log_likelihood(PPCA[2], X[0], jnp.float32(z))) + prior.logpdf(z)
    found = marginal.log_mixture_weight(PPCA[2], X[0], *map(jnp.float32, (z, m, s)), share)
    np.testing.assert_allclose(found, log_joint - np.log(density), atol=1e-3)


def test_a_mixture_leaves_nothing_out_and_no_weight_is_more_than_twice_the_likelihood():
    x, truth, far = X[1], float(TRUTH[2][1]), jnp.array([4.0, 4.0])
    alone, mixed = (importance(2, x, far, 0.1 * jnp.ones(2), 2000, share) for share in (0.0, 0.5))
    assert errors_of(alone, 20).max() < truth - 5
    assert errors_of(mixed, 20).mean() == pytest.approx(truth, abs=0.2)
    log_w = marginal.log_weights(PPCA[2], x, far, 0.1 * jnp.ones(2), jax.random.key(0), 5000, 0.5)
    highest = log_likelihood(PPCA[2], x, marginal.linear_posterior(PPCA[2], x)[0])
    assert float(log_w.max()) < float(highest) + np.log(2) + 0.1
    half = log_w[1::2] if float(log_w[::2].max()) > float(log_w[1::2].max()) else log_w[::2]
    assert float(half.max()) < truth - 5  # half of the draws come from the Gaussian, far away


def test_estimates_are_means_over_groups():
    values = np.random.default_rng(0).normal(size=12).astype(np.float32)
    found = marginal.estimates(jnp.array(values), (1, 4, 12))
    groups = np.log(np.exp(values).reshape(3, 4).mean(axis=1)).mean()
    np.testing.assert_allclose(found, [values.mean(), groups, np.log(np.exp(values).mean())], rtol=1e-5)


def test_images_share_the_draws_of_one_key_which_are_decoded_once():
    shared = jax.vmap(marginal.log_marginal_monte_carlo, (None, 0, None, None))
    key = jax.random.key(0)
    one = marginal.log_marginal_monte_carlo(PPCA[2], X[3], key, 50)
    np.testing.assert_allclose(shared(PPCA[2], X[:5], key, 50)[3], one, rtol=1e-4)
    model = GaussianDecoder(Decoder(key=jax.random.key(1)))
    text = str(jax.make_jaxpr(lambda X: shared(model, X, key, 50))(X[:5]))
    assert "f32[50,128]" in text
    assert "[5,50,128]" not in text


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (
            lambda: marginal.log_marginal_monte_carlo(MODEL, X[0], KEY, 0),
            ValueError,
            "`n_samples` must .* got 0",
        ),
        (lambda: marginal.log_marginal_monte_carlo(MODEL, X[0], KEY, 2.0), TypeError, "'n_samples'"),
        (
            lambda: marginal.log_marginal_monte_carlo(MODEL, X[0, :9], KEY, 5),
            ValueError,
            "`x` must have 64 pixels",
        ),
        (
            lambda: marginal.log_marginal_monte_carlo(MODEL, 2 - X[0], KEY, 5),
            ValueError,
            "`x` must hold pixels",
        ),
        (
            lambda: marginal.log_weights(MODEL, X[0], NARROW, 0 * NARROW, KEY, 5),
            ValueError,
            "`s` must be pos",
        ),
        (lambda: marginal.log_weights(MODEL, X[0], NARROW, -NARROW, KEY, 5), ValueError, "`s` must be"),
        (lambda: marginal.log_weights(MODEL, X[0], jnp.ones(3), jnp.ones(3), KEY, 5), ValueError, "`m` must"),
        (lambda: marginal.log_weights(MODEL, X[0], NARROW, NARROW, KEY, 0), ValueError, "`n_samples`"),
        (lambda: marginal.log_importance_weight(MODEL, X[0], NARROW, jnp.ones(3), 1.0), TypeError, "'m'"),
        (
            lambda: marginal.estimates(jnp.zeros(12), (5,)),
            ValueError,
            "`sample_sizes` must divide.*12, got 5",
        ),
        (lambda: marginal.estimates(jnp.zeros(12), (0,)), ValueError, "`sample_sizes`.* got 0"),
        (lambda: marginal.log_mean_exp(jnp.zeros((2, 2))), TypeError, "'log_values'"),
        (lambda: marginal.fit_ppca(X, 0), ValueError, "`k` must be .* 1 to 63, got 0"),
        (lambda: marginal.fit_ppca(X, 64), ValueError, "`k` must be"),
        (lambda: marginal.linear_posterior(MODEL, X[0]), TypeError, "`model.decoder` must be a Lin"),
        (lambda: marginal.linear_log_marginal(PPCA[2], X[0, :9]), ValueError, "`x` must have 64 pixels"),
    ],
)
def test_bad_arguments_are_named(call, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        call()
