"""The ELBO, its gap and the best Gaussian: against numpy, scipy and the closed forms of a linear decoder."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from vae_course import elbo, marginal
from vae_course.data import load_digits
from vae_course.elbo import elbo_analytic_kl, elbo_estimate
from vae_course.map_latents import log_joint
from vae_course.models import VAE, Decoder, GaussianDecoder, GaussianEncoder, LinearDecoder


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global LINEAR, Q_M, Q_S, KEY
    global DIGITS, MODEL, X, GRID, LOG_P, HEIGHTS, MEANS, SDS, MODES, QS, WIDE, M, S, m, s, x, NO_SD, NAN
    DIGITS = load_digits()
    MODEL = curved()
    X = jnp.concatenate([jax.vmap(MODEL)(jnp.array([[-1.0, 0.5], [0.7, -0.9]])), DIGITS.test_images[:2]])
    GRID = marginal.latent_grid(400)
    plane = marginal.DecodedGrid(MODEL, GRID)
    LOG_P, HEIGHTS, MEANS, SDS, MODES = (
        marginal.for_each(question, X)
        for question in (plane.log_marginal, plane.log_posterior, plane.mean, plane.sd, plane.mode)
    )
    # The posterior's own mean and sd, a q beside it and narrower, one wider, and the same q for all images.
    QS = [
        (MEANS, SDS),
        (MEANS + SDS, 0.5 * SDS),
        (MEANS, 1.5 * SDS),
        (jnp.tile(jnp.array([0.5, -0.3]), (4, 1)), jnp.tile(jnp.array([0.3, 0.5]), (4, 1))),
    ]

    LINEAR = GaussianDecoder(LinearDecoder(key=jax.random.key(4)), sigma=0.6)
    Q_M, Q_S, KEY = jnp.array([0.4, -1.1]), jnp.array([0.3, 0.7]), jax.random.key(5)
    WIDE = GaussianDecoder(Decoder(key=jax.random.key(0), latents=5, width=8))
    M, S, m, s, x = *QS[0], MEANS[0], SDS[0], X[0]
    NO_SD, NAN = S.at[1, 0].set(0.0), M.at[jnp.array([0, 3])].set(jnp.nan)


def curved(sigma=0.2):
    """A small decoder with a bent sheet: its first and its last layer are blown up."""
    decoder = Decoder(key=jax.random.key(0), width=32)
    for i, factor in ((0, 2), (-1, 4)):
        where = lambda decoder, i=i: decoder.mlp.layers[i].weight  # noqa: E731
        decoder = eqx.tree_at(where, decoder, replace_fn=lambda W, factor=factor: factor * W)
    return GaussianDecoder(decoder, sigma=sigma)


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


@pytest.mark.parametrize("q", range(4))
def test_the_quadrature_elbo_is_the_sum_in_float64(q):
    M, S = QS[q]
    expected = [in_float64(MODEL, x, m, s) for x, m, s in zip(X, M, S, strict=True)]
    np.testing.assert_allclose(elbo.quadrature_elbos(MODEL, X, M, S), expected, atol=1e-3)


@pytest.mark.parametrize("q", range(4))
def test_log_p_is_the_elbo_and_the_kl_to_the_posterior(q):
    M, S = QS[q]
    elbos = elbo.quadrature_elbos(MODEL, X, M, S)
    for i in range(len(X)):
        log_q = on_grid(M[i], S[i], GRID)
        gap = elbo.kl_on_grid(log_q, HEIGHTS[i], jnp.exp(GRID.log_cell_area))
        np.testing.assert_allclose(elbos[i] + gap, LOG_P[i], atol=1e-3)
        assert gap > 0.05  # or there would be nothing to see


def on_grid(m, s, grid):
    """log N(z; m, diag s^2) by scipy at the points of a grid, rows z2."""
    density = multivariate_normal(np.asarray(m, np.float64), np.diag(np.asarray(s, np.float64) ** 2))
    n = grid.axes.shape[1]
    return jnp.asarray(density.logpdf(np.asarray(grid.points)).reshape(n, n), jnp.float32)


@pytest.mark.parametrize("q", range(4))
def test_the_kl_to_the_posterior_on_a_grid_around_q_is_log_p_less_the_elbo(q):
    M, S = QS[q]
    expected = LOG_P - elbo.quadrature_elbos(MODEL, X, M, S)
    np.testing.assert_allclose(elbo.kl_to_posteriors(MODEL, X, M, S, LOG_P), expected, atol=2e-3)


def test_the_grid_around_a_gaussian_has_rows_z2_and_holds_all_of_it():
    m, s = jnp.array([0.5, -1.0]), jnp.array([0.1, 0.3])
    log_q, log_joints, cell_area = elbo.around_gaussian(MODEL, X[0], m, s)
    steps = np.linspace(-6, 6, 41)[:-1] + 0.15
    z1, z2 = np.meshgrid(0.5 + 0.1 * steps, -1.0 + 0.3 * steps)
    expected = norm(0.5, 0.1).logpdf(z1) + norm(-1.0, 0.3).logpdf(z2)
    np.testing.assert_allclose(log_q, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(jnp.exp(log_q).sum() * cell_area, 1, rtol=1e-4)
    z = jnp.array([z1[7, 30], z2[7, 30]], jnp.float32)
    np.testing.assert_allclose(log_joints[7, 30], log_joint(MODEL, X[0], z), rtol=1e-3)


def test_the_kl_on_a_grid_is_the_one_of_two_gaussians():
    grid = marginal.latent_grid(100)
    m, s, n, t = np.array([[0.5, -1.0], [0.3, 0.9], [-0.2, 0.4], [0.8, 0.5]])
    expected = (np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5).sum()
    log_q, log_p = (on_grid(a, b, grid) for a, b in ((m, s), (n, t)))
    got = elbo.kl_on_grid(log_q, log_p, jnp.exp(grid.log_cell_area))
    np.testing.assert_allclose(got, expected, rtol=1e-4)
    assert abs(elbo.kl_on_grid(log_q, log_q, jnp.exp(grid.log_cell_area))) < 1e-6


def test_where_q_is_zero_the_kl_counts_nothing_and_where_only_p_is_it_is_infinite():
    half, nothing = jnp.log(0.5), -jnp.inf
    log_q, log_p = jnp.array([[half, half], [nothing, nothing]]), jnp.array([[0.0, 0.0], [0.0, nothing]])
    np.testing.assert_allclose(elbo.kl_on_grid(log_q, log_p, 1.0), np.log(0.5), rtol=1e-6)
    assert elbo.kl_on_grid(log_p, log_q, 1.0) == jnp.inf


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
    return jax.vmap(lambda key: elbo_estimate(model, x, m, s, key))(keys)


@pytest.mark.parametrize(
    ("double", "elbo_error", "weight_error"), [(True, 1e-11, 1e-11), (False, 1e-4, 1e-3)]
)
def test_with_the_exact_posterior_the_bound_is_tight_and_every_draw_weighs_the_same(
    double, elbo_error, weight_error
):
    with jax.enable_x64(double):
        model, X, M, S, _, log_p = linear(0.0)
        np.testing.assert_allclose(elbo.quadrature_elbos(model, X, M, S), log_p, atol=elbo_error, rtol=0)
        for i in range(3):
            same = np.full(100, log_p[i])
            np.testing.assert_allclose(weights(model, X[i], M[i], S[i]), same, atol=weight_error, rtol=0)


@pytest.mark.parametrize(("angle", "smallest"), [(0.0, 0.0), (0.3, 0.1), (np.pi / 4, 0.3)])
def test_the_mean_field_gap_is_zero_on_the_principal_axes_and_positive_off_them(angle, smallest):
    with jax.enable_x64(True):
        model, X, means, best, precision, log_p = linear(angle)
        expected = (np.log(np.diag(precision)).sum() - np.linalg.slogdet(precision)[1]) / 2
        assert abs(expected) < 1e-10 if angle == 0 else expected > smallest
        gaps = log_p - np.asarray(elbo.quadrature_elbos(model, X, means, best))
        np.testing.assert_allclose(gaps, expected, atol=1e-10)
        M, S = elbo.fit_gaussians(model, X, means + 0.3, jnp.full((3, 2), 0.3))
        np.testing.assert_allclose(M, means, atol=5e-3)
        np.testing.assert_allclose(S, best, rtol=2e-2)
        found = log_p - np.asarray(elbo.quadrature_elbos(model, X, M, S))
        assert (found > expected - 1e-10).all()  # no diagonal Gaussian is better
        assert (found < expected + 1e-3).all()


def test_the_gap_splits_into_two_parts_and_neither_is_negative():
    starts = [(MODES, jnp.full((4, 2), 0.1)), *QS]
    ends = [elbo.fit_gaussians(MODEL, X, *start) for start in starts]
    before = np.stack([elbo.quadrature_elbos(MODEL, X, *start) for start in starts])
    after = np.stack([elbo.quadrature_elbos(MODEL, X, *end) for end in ends])
    assert (after >= before - 1e-2).all()  # uphill, from wherever it starts
    best = after.max(axis=0)
    assert (LOG_P - best >= -1e-3).all()  # the approximation gap
    assert (best[None] - before >= -1e-3).all()  # the amortization gap, of an encoder that says `start`
    assert (best - before[0] > 0.05).all()


def test_gaps_are_what_the_best_gaussian_lacks_and_what_the_given_one_lacks_of_it():
    M, S = MEANS + SDS, 0.5 * SDS
    found = elbo.gaps(MODEL, X, M, S, LOG_P)
    given = np.asarray(elbo.quadrature_elbos(MODEL, X, M, S))
    np.testing.assert_allclose(found.approximation + found.amortization, LOG_P - given, atol=1e-4)
    best = elbo.best_gaussians(MODEL, X)
    from_modes = LOG_P - elbo.quadrature_elbos(MODEL, X, *best)
    assert (found.approximation <= from_modes + 1e-4).all()
    assert (found.approximation >= -2e-3).all()
    assert (found.approximation <= found.local + 1e-4).all()
    assert (found.amortization > 0.1).all()
    np.testing.assert_allclose(best[0], MODES, atol=0.2)
    np.testing.assert_allclose(found.off, (abs(M - best[0]) / S).max(axis=1), rtol=1e-3)
    np.testing.assert_allclose(found.width, (S / best[1]).mean(axis=1), rtol=1e-3)


def test_the_importance_weighted_bound_rises_with_its_samples_and_stays_below():
    x, m, s = X[0], QS[2][0][0], QS[2][1][0]
    keys = jax.random.split(jax.random.key(0), 500)
    log_w = jax.jit(jax.vmap(lambda key: marginal.log_weights(MODEL, x, m, s, key, 64)))(keys)
    sizes = (1, 8, 64)
    bounds = np.asarray(jax.vmap(lambda log_w: marginal.estimates(log_w, sizes))(log_w), np.float64)
    means, errors = bounds.mean(axis=0), bounds.std(axis=0) / np.sqrt(500)
    assert abs(means[0] - float(elbo.quadrature_elbo(MODEL, x, m, s))) < 4 * errors[0]  # K = 1: the ELBO
    assert (np.diff(means) > -3 * np.hypot(errors[1:], errors[:-1])).all()
    assert means[-1] > means[0] + 3 * np.hypot(errors[0], errors[-1])
    assert (means - 3 * errors <= float(LOG_P[0])).all()


@pytest.mark.parametrize("estimate", [elbo_estimate, elbo_analytic_kl])
def test_the_mean_of_the_draws_is_the_elbo_of_a_linear_decoder(estimate):
    keys = jax.random.split(jax.random.key(6), 20_000)
    draws = jax.jit(jax.vmap(lambda key: estimate(LINEAR, X[2], Q_M, Q_S, key)))(keys)
    draws = np.asarray(draws, np.float64)
    W, b = (np.asarray(a, np.float64) for a in (LINEAR.decoder.linear.weight, LINEAR.decoder.linear.bias))
    x, m, s = (np.asarray(a, np.float64) for a in (X[2], Q_M, Q_S))
    error = ((x - W @ m - b) ** 2).sum() + (W**2).sum(axis=0) @ s**2  # on average over q
    reconstruction = -error / (2 * 0.6**2) - 32 * np.log(2 * np.pi * 0.6**2)
    kl = (s**2 + m**2 - 1 - np.log(s**2)).sum() / 2
    assert draws.std() > 0.1
    assert draws.mean() == pytest.approx(reconstruction - kl, abs=4 * draws.std() / np.sqrt(20_000))


def test_one_draw_of_each_against_scipy():
    z = np.asarray(Q_M + Q_S * jax.random.normal(KEY, (2,)), np.float64)
    m, s, x = (np.asarray(a, np.float64) for a in (Q_M, Q_S, X[2]))
    likelihood = norm(np.asarray(LINEAR(jnp.float32(z)), np.float64), 0.6).logpdf(x).sum()
    sampled = norm.logpdf(z).sum() - norm(m, s).logpdf(z).sum()
    exact = -(s**2 + m**2 - 1 - np.log(s**2)).sum() / 2
    np.testing.assert_allclose(elbo_estimate(LINEAR, X[2], Q_M, Q_S, KEY), likelihood + sampled, rtol=1e-5)
    np.testing.assert_allclose(elbo_analytic_kl(LINEAR, X[2], Q_M, Q_S, KEY), likelihood + exact, rtol=1e-5)
    np.testing.assert_allclose(
        elbo_analytic_kl(LINEAR, X[2], Q_M, Q_S, KEY, 3), likelihood + 3 * exact, rtol=1e-5
    )
    np.testing.assert_allclose(elbo_analytic_kl(LINEAR, X[2], Q_M, Q_S, KEY, 0.0), likelihood, rtol=1e-5)


@eqx.filter_jit
@eqx.filter_grad
def slopes(parts, raw_sigma, beta):
    model, m, log_s = parts
    model = eqx.tree_at(lambda model: model.raw_sigma, model, raw_sigma)
    return elbo_analytic_kl(model, X[2], m, jnp.exp(log_s), KEY, beta)


@pytest.mark.parametrize("beta", [0.25, 4.0])
def test_beta_is_a_sigma_in_disguise(beta):
    sharp, blunt = (
        GaussianDecoder(Decoder(key=jax.random.key(3), width=8), sigma=sigma)
        for sigma in (0.2, 0.2 * np.sqrt(beta))
    )
    weighted, plain = (
        jax.tree.leaves(slopes((model, Q_M, jnp.log(Q_S)), model.raw_sigma, jnp.array(beta)))
        for model, beta in ((sharp, beta), (blunt, 1.0))
    )
    for slope, other in zip(weighted, plain, strict=True):  # by every weight, by m and by log s
        np.testing.assert_allclose(slope, beta * other, rtol=1e-3, atol=1e-3 * float(jnp.abs(slope).max()))
    assert sum(float(jnp.abs(slope).max()) > 0.1 for slope in weighted) >= 6


@pytest.mark.parametrize("beta", [-0.1, float("nan"), float("inf"), -1])
def test_beta_must_not_be_negative(beta):
    with pytest.raises(ValueError, match="`beta` must be a finite number of at least 0, got"):
        elbo_analytic_kl(LINEAR, X[2], Q_M, Q_S, KEY, beta)


@pytest.mark.parametrize("estimate", [elbo_estimate, elbo_analytic_kl])
@pytest.mark.parametrize("s", [0.0, -0.3, jnp.nan])
def test_a_spread_must_be_positive(estimate, s):
    with pytest.raises(ValueError, match="`s` must be positive"):
        estimate(LINEAR, X[2], Q_M, Q_S.at[0].set(s), KEY)


@pytest.mark.parametrize("estimate", [elbo_estimate, elbo_analytic_kl])
def test_a_gaussian_over_other_latents_is_told_so(estimate):
    with pytest.raises(ValueError, match=r"`z` must have shape \(2,\), got \(3,\)"):
        estimate(LINEAR, X[2], jnp.zeros(3), jnp.ones(3), KEY)
    with pytest.raises(TypeError, match="parameter 's'"):
        estimate(LINEAR, X[2], Q_M, jnp.ones(3), KEY)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: elbo.quadrature_elbo(MODEL, x, m, 0 * s), ValueError, "`s` must be positive"),
        (lambda: elbo.quadrature_elbo(MODEL, x, m, -s), ValueError, "`s` must be positive"),
        (lambda: elbo.quadrature_elbo(MODEL, x, m * jnp.nan, s), ValueError, "`m` must hold finite"),
        (lambda: elbo.quadrature_elbo(MODEL, x, jnp.ones(3), s), TypeError, "parameter 's'"),
        (lambda: elbo.quadrature_elbo(MODEL, x, jnp.ones(3), jnp.ones(3)), ValueError, "`m` must have 2"),
        (
            lambda: elbo.quadrature_elbo(MODEL, x, m, s, 0),
            ValueError,
            "`nodes` must be a whole number .*, got 0",
        ),
        (lambda: elbo.quadrature_elbo(MODEL, x, m, s, 2.0), TypeError, "parameter 'nodes'"),
        (
            lambda: elbo.quadrature_elbo(WIDE, x, jnp.zeros(5), jnp.ones(5)),
            ValueError,
            "`nodes` must be smaller: 20 for each of 5 latents make 3200000",
        ),
        (lambda: elbo.quadrature_elbo(MODEL, x[:9], m, s), ValueError, "`x` must have 64 pixels"),
        (lambda: elbo.quadrature_elbo(MODEL, x + 1, m, s), ValueError, "`x` must hold pixels from 0"),
        (lambda: elbo.quadrature_elbos(MODEL, X, NAN, S), ValueError, "`M` must hold finite.* 2 of 4"),
        (lambda: elbo.quadrature_elbos(MODEL, X, M, NO_SD), ValueError, "`SD` must .*positive.* 1 of 4"),
        (lambda: elbo.quadrature_elbos(MODEL, X, M, -S), ValueError, "`SD` must .*positive.* 4 of 4"),
        (lambda: elbo.quadrature_elbos(MODEL, X, M, S * jnp.nan), ValueError, "`SD` must .* 4 of 4"),
        (lambda: elbo.quadrature_elbos(WIDE, X, M, S), ValueError, "`M` must have 5 columns.*got 2"),
        (lambda: elbo.quadrature_elbos(MODEL, X, M[:3], S), TypeError, "parameter 'M'"),
        (lambda: elbo.quadrature_elbos(MODEL, 2 + X, M, S), ValueError, "`X` must hold pixels"),
        (lambda: elbo.quadrature_elbos(MODEL, X[:0], M[:0], S[:0]), ValueError, r"`X` must .*\(0, 64\)"),
        (lambda: elbo.fit_gaussian(MODEL, x, m, 0 * s), ValueError, "`s` must be positive"),
        (lambda: elbo.fit_gaussian(MODEL, x, m, s, steps=0), ValueError, "`steps` must be a whole number"),
        (lambda: elbo.fit_gaussian(MODEL, x, m, s, nodes=0), ValueError, "`nodes` must be a whole number"),
        (lambda: elbo.fit_gaussian(MODEL, x, m, s, learning_rate=0.0), ValueError, "`learning_rate`"),
        (lambda: elbo.fit_gaussians(MODEL, X, NAN, S), ValueError, "`M` must hold finite.* 2 of 4"),
        (lambda: elbo.fit_gaussians(MODEL, X, M, NO_SD), ValueError, "`SD` must .* 1 of 4"),
        (lambda: elbo.kl_on_grid(jnp.zeros((2, 2)), jnp.zeros((3, 3)), 1.0), TypeError, "parameter 'log_p'"),
        (lambda: elbo.around_gaussian(MODEL, x, m, jnp.ones(3)), TypeError, "parameter 's'"),
        (lambda: elbo.kl_to_posteriors(MODEL, X, M, S, LOG_P[:2]), TypeError, "parameter 'log_p'"),
    ],
)
def test_bad_arguments_are_named(call, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        call()


def test_the_gaps_of_vaes_add_up_to_what_their_bounds_lack():
    vaes = [VAE(GaussianEncoder(key=jax.random.key(i)), MODEL) for i in range(2)]
    log_p, found = elbo.gaps_of_vaes(vaes, X)
    bounds, truths = np.stack([elbo.bounds_and_truths(vae, X) for vae in vaes], axis=1)
    np.testing.assert_allclose(log_p, np.stack([LOG_P] * 2), atol=0.05)
    np.testing.assert_allclose(truths, log_p, atol=0.1)
    np.testing.assert_allclose(found.approximation + found.amortization, log_p - bounds, atol=1e-3)
    assert found.off.shape == (2, len(X))
