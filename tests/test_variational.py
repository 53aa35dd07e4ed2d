"""The ELBO, its gap and the best Gaussian: against numpy, scipy and the closed forms of a linear decoder."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from vae_course import marginal, variational
from vae_course.data import load_digits
from vae_course.models import Decoder, GaussianDecoder
from vae_course.objectives import elbo_sample

DIGITS = load_digits()


def curved(sigma=0.2):
    """A small decoder with a bent sheet: its first and its last layer are blown up."""
    decoder = Decoder(key=jax.random.key(0), width=32)
    for i, factor in ((0, 2), (-1, 4)):
        where = lambda decoder, i=i: decoder.mlp.layers[i].weight  # noqa: E731
        decoder = eqx.tree_at(where, decoder, replace_fn=lambda W, factor=factor: factor * W)
    return GaussianDecoder(decoder, sigma=sigma)


MODEL = curved()
X = jnp.concatenate([jax.vmap(MODEL)(jnp.array([[-1.0, 0.5], [0.7, -0.9]])), DIGITS.test_images[:2]])
GRID = marginal.latent_grid(400)
LOG_P = marginal.log_marginal(MODEL, X, GRID)
HEIGHTS = [marginal.log_posterior(MODEL, x, GRID) for x in X]
MEANS = jnp.stack([marginal.posterior_mean(height, GRID) for height in HEIGHTS])
SDS = jnp.stack([marginal.posterior_sd(height, GRID) for height in HEIGHTS])
# The posterior's mean and spread, a q beside it and narrower, one wider, and the same q for all images.
QS = [
    (MEANS, SDS),
    (MEANS + SDS, 0.5 * SDS),
    (MEANS, 1.5 * SDS),
    (jnp.tile(jnp.array([0.5, -0.3]), (4, 1)), jnp.tile(jnp.array([0.3, 0.5]), (4, 1))),
]


def in_float64(model, x, m, s, n=200):
    """The average over q of log p(x, z) - log q(z), by a plain sum in numpy over +- 7 s."""
    eps = np.stack(np.meshgrid(*[np.linspace(-7, 7, n)] * 2), axis=-1).reshape(-1, 2)
    m, s = np.asarray(m, np.float64), np.asarray(s, np.float64)
    Z = m + s * eps
    decoded = np.asarray(jax.vmap(model)(jnp.asarray(Z, jnp.float32)), np.float64)
    log_likelihood = norm(decoded, float(model.sigma)).logpdf(np.asarray(x, np.float64)).sum(axis=1)
    log_ratio = log_likelihood + norm.logpdf(Z).sum(axis=1) - norm(m, s).logpdf(Z).sum(axis=1)
    weights = np.exp(-(eps**2).sum(axis=1) / 2)
    return weights @ log_ratio / weights.sum()


@pytest.mark.parametrize("q", range(len(QS)))
def test_the_exact_elbo_is_the_sum_in_float64(q):
    M, S = QS[q]
    expected = [in_float64(MODEL, x, m, s) for x, m, s in zip(X, M, S, strict=True)]
    np.testing.assert_allclose(variational.exact_elbos(MODEL, X, M, S), expected, atol=1e-3)


@pytest.mark.parametrize("q", range(len(QS)))
def test_log_p_is_the_elbo_and_the_kl_to_the_posterior(q):
    M, S = QS[q]
    elbos = variational.exact_elbos(MODEL, X, M, S)
    for i in range(len(X)):
        log_q = variational.gaussian_on_grid(M[i], S[i], GRID.points)
        gap = variational.kl_on_grid(log_q, HEIGHTS[i], jnp.exp(GRID.log_cell))
        np.testing.assert_allclose(elbos[i] + gap, LOG_P[i], atol=1e-3)
        assert gap > 0.05  # or there would be nothing to see


def test_the_gaussian_on_the_grid_is_scipys_with_rows_z2():
    grid, m, s = marginal.latent_grid(20, 2.0), np.array([0.5, -1.0]), np.array([0.3, 0.9])
    z1, z2 = np.meshgrid(*np.asarray(grid.axes))
    expected = multivariate_normal(m, np.diag(s**2)).logpdf(np.stack([z1, z2], axis=-1))
    got = variational.gaussian_on_grid(jnp.float32(m), jnp.float32(s), grid.points)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_the_kl_on_a_grid_is_the_one_of_two_gaussians():
    grid = marginal.latent_grid(100)
    m, s, n, t = np.array([[0.5, -1.0], [0.3, 0.9], [-0.2, 0.4], [0.8, 0.5]])
    expected = (np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5).sum()
    log_q, log_p = (
        variational.gaussian_on_grid(jnp.float32(a), jnp.float32(b), grid.points) for a, b in ((m, s), (n, t))
    )
    got = variational.kl_on_grid(log_q, log_p, jnp.exp(grid.log_cell))
    np.testing.assert_allclose(got, expected, rtol=1e-4)
    assert abs(variational.kl_on_grid(log_q, log_q, jnp.exp(grid.log_cell))) < 1e-6


def test_where_q_is_zero_the_kl_counts_nothing_and_where_only_p_is_it_is_infinite():
    half, nothing = jnp.log(0.5), -jnp.inf
    log_q, log_p = jnp.array([[half, half], [nothing, nothing]]), jnp.array([[0.0, 0.0], [0.0, nothing]])
    np.testing.assert_allclose(variational.kl_on_grid(log_q, log_p, 1.0), np.log(0.5), rtol=1e-6)
    assert variational.kl_on_grid(log_p, log_q, 1.0) == jnp.inf


def linear(angle):
    """A linear decoder with orthogonal columns of two lengths, its latents rotated by an angle; and from
    numpy its posteriors and log p(x)."""
    X = jnp.asarray(np.asarray(DIGITS.test_images[:3], np.float64))
    model = marginal.fit_ppca(jnp.asarray(np.asarray(DIGITS.train_images, np.float64)), 2)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = jnp.asarray(np.diag([1.0, 0.3]) @ rotation)
    model = eqx.tree_at(lambda m: m.decoder.linear.weight, model, replace_fn=lambda W: W @ turn)
    W, b = (np.asarray(a, np.float64) for a in (model.decoder.linear.weight, model.decoder.linear.bias))
    variance = float(model.sigma) ** 2
    precision = np.eye(2) + W.T @ W / variance
    means = np.linalg.solve(precision, W.T @ (np.asarray(X, np.float64) - b).T / variance).T
    log_p = multivariate_normal(b, W @ W.T + variance * np.eye(64)).logpdf(np.asarray(X))
    best = jnp.tile(jnp.asarray(np.diag(precision) ** -0.5), (3, 1))
    return model, X, jnp.asarray(means), best, precision, log_p


@eqx.filter_jit
def weights(model, x, m, s, n=100):
    keys = jax.random.split(jax.random.key(0), n)
    return jax.vmap(lambda key: elbo_sample(model, x, m, s, key))(keys)


@pytest.mark.parametrize(
    ("double", "elbo_error", "weight_error"), [(True, 1e-11, 1e-11), (False, 1e-4, 1e-3)]
)
def test_with_the_exact_posterior_the_bound_is_tight_and_every_draw_weighs_the_same(
    double, elbo_error, weight_error
):
    with jax.enable_x64(double):
        model, X, M, S, _, log_p = linear(0.0)
        np.testing.assert_allclose(variational.exact_elbos(model, X, M, S), log_p, atol=elbo_error, rtol=0)
        for i in range(3):
            same = np.full(100, log_p[i])
            np.testing.assert_allclose(weights(model, X[i], M[i], S[i]), same, atol=weight_error, rtol=0)


@pytest.mark.parametrize(("angle", "smallest"), [(0.0, 0.0), (0.3, 0.1), (np.pi / 4, 0.3)])
def test_the_mean_field_gap_is_zero_on_the_principal_axes_and_positive_off_them(angle, smallest):
    with jax.enable_x64(True):
        model, X, means, best, precision, log_p = linear(angle)
        expected = (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1]) / 2
        assert abs(expected) < 1e-10 if angle == 0 else expected > smallest
        gaps = log_p - np.asarray(variational.exact_elbos(model, X, means, best))
        np.testing.assert_allclose(gaps, expected, atol=1e-10)
        M, S = variational.fit_gaussians(model, X, means + 0.3, jnp.full((3, 2), 0.3))
        np.testing.assert_allclose(M, means, atol=5e-3)
        np.testing.assert_allclose(S, best, rtol=2e-2)
        found = log_p - np.asarray(variational.exact_elbos(model, X, M, S))
        assert (found > expected - 1e-10).all()  # no diagonal Gaussian is better
        assert (found < expected + 1e-3).all()


def test_the_gap_splits_into_two_parts_and_neither_is_negative():
    peaks = jnp.stack([GRID.points[height.argmax()] for height in HEIGHTS])
    starts = [(peaks, jnp.full((4, 2), 0.1)), *QS]
    ends = [variational.fit_gaussians(MODEL, X, *start) for start in starts]
    before = np.stack([variational.exact_elbos(MODEL, X, *start) for start in starts])
    after = np.stack([variational.exact_elbos(MODEL, X, *end) for end in ends])
    assert (after >= before - 1e-2).all()  # uphill, from wherever it starts
    best = after.max(axis=0)
    assert (LOG_P - best >= -1e-3).all()  # the approximation gap
    assert (best[None] - before >= -1e-3).all()  # the amortization gap, of an encoder that says `start`
    assert (best - before[0] > 0.05).all()


def test_the_importance_weighted_bound_rises_with_its_samples_and_stays_below():
    x, m, s = X[0], QS[2][0][0], QS[2][1][0]
    means, errors = [], []
    for K in (1, 8, 64):
        keys = jax.random.split(jax.random.key(K), 500)
        bound = jax.jit(jax.vmap(lambda key, K=K: marginal.log_marginal_importance(MODEL, x, m, s, key, K)))
        bounds = np.asarray(bound(keys), np.float64)
        means.append(bounds.mean())
        errors.append(bounds.std() / np.sqrt(500))
    means, errors = np.array(means), np.array(errors)
    assert abs(means[0] - float(variational.exact_elbo(MODEL, x, m, s))) < 4 * errors[0]  # K = 1: the ELBO
    assert (np.diff(means) > -3 * np.hypot(errors[1:], errors[:-1])).all()
    assert means[-1] > means[0] + 3 * np.hypot(errors[0], errors[-1])
    assert (means - 3 * errors <= float(LOG_P[0])).all()


def test_one_sample_is_the_elbos_and_copies_of_it_change_nothing():
    x, (M, S) = X[1], QS[2]
    key = jax.random.key(3)
    one = eqx.filter_jit(elbo_sample)(MODEL, x, M[1], S[1], jax.random.split(key, 1)[0])
    bound = eqx.filter_jit(marginal.log_marginal_importance)(MODEL, x, M[1], S[1], key, 1)
    np.testing.assert_allclose(bound, one, rtol=1e-5)
    np.testing.assert_allclose(marginal.log_mean_exp(jnp.tile(one, 50)), one, rtol=1e-5)


WIDE = GaussianDecoder(Decoder(key=jax.random.key(0), latents=5, width=8))
M, S, m, s, x = *QS[0], MEANS[0], SDS[0], X[0]
NO_SPREAD, NAN = S.at[1, 0].set(0.0), M.at[jnp.array([0, 3])].set(jnp.nan)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: variational.exact_elbo(MODEL, x, m, 0 * s), ValueError, "`s` must be positive"),
        (lambda: variational.exact_elbo(MODEL, x, m, -s), ValueError, "`s` must be positive"),
        (lambda: variational.exact_elbo(MODEL, x, m * jnp.nan, s), ValueError, "`m` must be finite"),
        (lambda: variational.exact_elbo(MODEL, x, jnp.ones(3), s), TypeError, "parameter 's'"),
        (lambda: variational.exact_elbo(MODEL, x, jnp.ones(3), jnp.ones(3)), ValueError, "`m` must have 2"),
        (lambda: variational.exact_elbo(MODEL, x, m, s, 0), ValueError, "`nodes` must be at least 1, got 0"),
        (lambda: variational.exact_elbo(MODEL, x, m, s, 2.0), TypeError, "parameter 'nodes'"),
        (
            lambda: variational.exact_elbo(WIDE, x, jnp.zeros(5), jnp.ones(5)),
            ValueError,
            "`nodes` must be fewer: 20 for each of 5 latents are 3200000",
        ),
        (lambda: variational.exact_elbo(MODEL, x[:9], m, s), ValueError, "`x` must have 64 pixels"),
        (lambda: variational.exact_elbo(MODEL, x + 1, m, s), ValueError, "`x` must hold pixels from 0"),
        (lambda: variational.exact_elbos(MODEL, X, NAN, S), ValueError, "`M` must hold finite.* 2 of 4"),
        (lambda: variational.exact_elbos(MODEL, X, M, NO_SPREAD), ValueError, "`S` must .*positive.* 1 of 4"),
        (lambda: variational.exact_elbos(MODEL, X, M, -S), ValueError, "`S` must .*positive.* 4 of 4"),
        (lambda: variational.exact_elbos(MODEL, X, M, S * jnp.nan), ValueError, "`S` must .* 4 of 4"),
        (lambda: variational.exact_elbos(WIDE, X, M, S), ValueError, "`M` must have 5 columns.*got 2"),
        (lambda: variational.exact_elbos(MODEL, X, M[:3], S), TypeError, "parameter 'M'"),
        (lambda: variational.exact_elbos(MODEL, 2 + X, M, S), ValueError, "`X` must hold pixels"),
        (lambda: variational.exact_elbos(MODEL, X[:0], M[:0], S[:0]), ValueError, "`X` must hold at least"),
        (lambda: variational.fit_gaussian(MODEL, x, m, 0 * s), ValueError, "`s` must be positive"),
        (lambda: variational.fit_gaussian(MODEL, x, m, s, steps=0), ValueError, "`steps` must be at least 1"),
        (lambda: variational.fit_gaussian(MODEL, x, m, s, nodes=0), ValueError, "`nodes` must be at least 1"),
        (lambda: variational.fit_gaussian(MODEL, x, m, s, learning_rate=0.0), ValueError, "`learning_rate`"),
        (lambda: variational.fit_gaussians(MODEL, X, NAN, S), ValueError, "`M` must hold finite.* 2 of 4"),
        (lambda: variational.fit_gaussians(MODEL, X, M, NO_SPREAD), ValueError, "`S` must .* 1 of 4"),
        (
            lambda: variational.kl_on_grid(jnp.zeros((2, 2)), jnp.zeros((3, 3)), 1.0),
            TypeError,
            "parameter 'log_p'",
        ),
        (lambda: variational.gaussian_on_grid(m, jnp.ones(3), GRID.points), TypeError, "parameter 's'"),
    ],
)
def test_bad_arguments_are_named(call, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        call()
