"""MAP on the latents, against scipy, closed forms for linear decoders, and exact arithmetic."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from vae_course import map_latents
from vae_course.map_latents import (
    bad_limit,
    best_sigma,
    fit_latents,
    fit_with_points,
    log_joint,
    log_joint_of_set,
    log_likelihood,
    log_likelihood_of_each,
    log_prior,
    over_time,
    rescale,
    residual_correlations,
    standardised,
)
from vae_course.models import Decoder, GaussianDecoder, LinearDecoder, apply


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global KEY, MODEL, LINEAR, X, Z
    KEY = jax.random.key(0)
    MODEL = GaussianDecoder(Decoder(key=KEY, pixels=6, width=5), sigma=0.2)
    LINEAR = GaussianDecoder(LinearDecoder(key=KEY, pixels=6), sigma=0.3)
    X = jax.random.uniform(jax.random.key(1), (4, 6))
    Z = 2 * jax.random.normal(jax.random.key(2), (9, 2))


def test_the_terms_of_the_joint_against_scipy():
    for model in (MODEL, LINEAR):
        for x, z in zip(X, Z, strict=False):
            noise = scipy.stats.norm(np.asarray(model(z), np.float64), float(model.sigma))
            likelihood, prior = noise.logpdf(x).sum(), scipy.stats.norm.logpdf(np.asarray(z)).sum()
            np.testing.assert_allclose(log_likelihood(model, x, z), likelihood, rtol=1e-4)
            np.testing.assert_allclose(log_prior(z), prior, rtol=1e-5)
            np.testing.assert_allclose(log_joint(model, x, z), likelihood + prior, rtol=1e-4)


def test_the_best_sigma_is_where_the_likelihood_is_largest():
    X_hat = apply(MODEL, Z[:4])
    residuals = np.asarray(X, np.float64) - np.asarray(X_hat, np.float64)

    def minus_likelihood(raw_sigma):
        return -scipy.stats.norm(0, np.exp(raw_sigma)).logpdf(residuals).sum(axis=1).mean()

    found = scipy.optimize.minimize_scalar(minus_likelihood, bounds=(-4, 2), options={"xatol": 1e-9})
    sigma = float(best_sigma(X, X_hat))
    np.testing.assert_allclose(sigma, np.exp(found.x), rtol=1e-5)
    np.testing.assert_allclose(-3 * (np.log(2 * np.pi * sigma**2) + 1), -found.fun, rtol=1e-5)


def test_images_drawn_exactly_leave_no_noise():
    assert best_sigma(X, X) == 0


def test_linear_map_shrinks_the_singular_values():
    """With 1/2 lambda |W|^2 added, the optimum is U (S - sigma^2 sqrt(lambda))+ V^T, in float64."""
    rng = np.random.default_rng(0)
    n, d, k, sigma, penalty = 12, 6, 3, 0.7, 9.0
    U, _, Vt = np.linalg.svd(rng.normal(size=(n, d)), full_matrices=False)
    singular_values = np.array([6.0, 3.0, 1.2, 0.8, 0.3, 0.1])
    kept = np.maximum(singular_values - sigma**2 * np.sqrt(penalty), 0)
    assert (kept > 0).sum() == 2  # the third latent is not worth its penalty
    with jax.enable_x64(True):
        images = jnp.asarray(U * singular_values @ Vt)
        model = GaussianDecoder(LinearDecoder(key=KEY, latents=k, pixels=d), sigma=sigma)
        weights = lambda model: (model.decoder.linear.weight, model.decoder.linear.bias)  # noqa: E731

        @jax.jit
        @jax.value_and_grad
        def loss(flat):
            W, latents = flat[: d * k].reshape(d, k), flat[d * k :].reshape(n, k)
            linear = eqx.tree_at(weights, model, (W, jnp.zeros(d)))
            joints = jax.vmap(log_joint, in_axes=(None, 0, 0))(linear, images, latents)
            return -joints.sum() + penalty / 2 * (W**2).sum()

        def numbers(flat):
            value, slopes = loss(jnp.asarray(flat))
            return float(value), np.asarray(slopes)

        options = {"maxiter": 10_000, "ftol": 0, "gtol": 1e-10, "maxcor": 30}
        found = scipy.optimize.minimize(
            numbers, rng.normal(size=(d + n) * k), jac=True, method="L-BFGS-B", options=options
        )
        W, latents = found.x[: d * k].reshape(d, k), found.x[d * k :].reshape(n, k)
    np.testing.assert_allclose(latents @ W.T, U * kept @ Vt, atol=2e-8)


@pytest.mark.parametrize("c", [0.5, 2.0**-10, 8.0])
@pytest.mark.parametrize("seed", range(3))
def test_rescaling_leaves_each_image_as_it_was_and_scales_the_prior(c, seed):
    model = GaussianDecoder(Decoder(key=jax.random.key(seed), width=32))
    first = lambda model: (model.decoder.mlp.layers[0].weight, model.decoder.mlp.layers[0].bias)  # noqa: E731
    latents = jax.random.normal(jax.random.key(seed + 10), (20, 2))
    W, b, scaled = rescale(*first(model), latents, c)
    twin = eqx.tree_at(first, model, (W, b))
    np.testing.assert_array_equal(apply(twin, scaled), apply(model, latents))  # a power of two is exact
    penalty, new_penalty = (0.5 * np.asarray(part, np.float64) ** 2 for part in (latents, scaled))
    np.testing.assert_array_equal(new_penalty, c**2 * penalty)
    at_zero = log_prior(jnp.zeros(2))
    np.testing.assert_allclose(
        at_zero - jax.vmap(log_prior)(scaled), new_penalty.sum(axis=1), rtol=1e-5, atol=1e-6
    )


def test_latents_of_a_linear_decoder_are_where_the_closed_form_says():
    W, b = np.asarray(LINEAR.decoder.linear.weight, np.float64), np.asarray(LINEAR.decoder.linear.bias)
    M = W.T @ W + float(LINEAR.sigma) ** 2 * np.eye(2)
    expected = np.linalg.solve(M, W.T @ (np.asarray(X) - b).T).T
    found = fit_latents(LINEAR, X, Z, steps=1000)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_each_image_starts_at_the_candidates_that_explain_it_best_and_never_ends_lower():
    joint = np.array([[log_joint(MODEL, x, z) for z in Z] for x in X])
    standing = fit_latents(MODEL, X, Z, starts=1, steps=1, learning_rate=1e-30)
    np.testing.assert_array_equal(standing, Z[joint.argmax(axis=1)])
    wild = fit_latents(MODEL, X, Z, starts=2, steps=3, learning_rate=50.0)
    ends = np.array([log_joint(MODEL, x, z) for x, z in zip(X, wild, strict=True)])
    assert (ends >= joint.max(axis=1) - 1e-4).all()


def test_several_starts_find_a_top_that_one_misses():
    rough = jax.tree.map(lambda leaf: 4 * leaf if eqx.is_array(leaf) else leaf, MODEL.decoder)
    model = GaussianDecoder(rough, sigma=0.2)
    images = jax.random.uniform(jax.random.key(3), (20, 6))
    height = jax.vmap(log_joint, in_axes=(None, 0, 0))
    one, all_ = (height(model, images, fit_latents(model, images, Z, starts=n, steps=300)) for n in (1, 9))
    assert (all_ >= one - 1e-3).all()
    assert (all_ > one + 0.5).any()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: best_sigma(jnp.ones((0, 3)), jnp.ones((0, 3))), r"`X` must hold at least one number"),
        (
            lambda: rescale(jnp.ones((3, 2)), jnp.ones(3), Z, 0.0),
            r"`c` must be a finite number above 0, got 0\.0",
        ),
        (lambda: rescale(jnp.ones((3, 2)), jnp.ones(3), Z, -2), r"`c` must be a finite .* got -2"),
        (
            lambda: rescale(jnp.ones((3, 2)), jnp.ones(3), Z, float("nan")),
            r"`c` must be a finite number above 0",
        ),
        (lambda: fit_latents(MODEL, X[:, :5], Z), r"`X` must have 6 pixels per image, got shape \(4, 5\)"),
        (lambda: fit_latents(MODEL, X[:0], Z), r"`X` must have 6 pixels per image, got shape \(0, 6\)"),
        (lambda: fit_latents(MODEL, X + 1, Z), r"`X` must hold pixels from 0 .*, got 1\."),
        (lambda: fit_latents(MODEL, X * jnp.nan, Z), r"`X` must hold pixels from 0 .*, got nan"),
        (lambda: fit_latents(MODEL, X, Z[:0]), r"`starts` must be a whole number from 1 to 0, got 4"),
        (lambda: fit_latents(MODEL, X, Z / 0), r"`candidates` must hold finite numbers"),
        (lambda: fit_latents(MODEL, X, Z[:, :1]), r"`z` must have shape \(2,\), got \(1,\)"),
        (lambda: fit_latents(MODEL, X, Z, starts=0), r"`starts` must be a whole number from 1 to 9, got 0"),
        (lambda: fit_latents(MODEL, X, Z, starts=10), r"`starts` must be a whole number from 1 to 9, got 10"),
        (lambda: fit_latents(MODEL, X, Z, steps=0), r"`steps` must be a whole number of at least 1, got 0"),
        (lambda: fit_latents(MODEL, X, Z, learning_rate=0.0), r"`learning_rate` must be a finite"),
    ],
)
def test_what_does_not_fit_is_told_in_words(call, told):
    with pytest.raises(ValueError, match=told):
        call()


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: best_sigma(X, X[:, :5]), "X_hat"),
        (lambda: best_sigma(X[0], X[0]), "X"),
        (lambda: rescale(jnp.ones((3, 2)), jnp.ones(4), Z, 0.5), "b"),
        (lambda: rescale(jnp.ones((3, 2)), jnp.ones(3), Z[:, :1], 0.5), "Z"),
        (lambda: rescale(jnp.ones((3, 2)), jnp.ones(3), Z, None), "c"),
        (lambda: fit_latents(MODEL.decoder, X, Z), "model"),
        (lambda: fit_latents(MODEL, X[0], Z), "X"),
        (lambda: fit_latents(MODEL, X, Z[0]), "candidates"),
        (lambda: fit_latents(MODEL, X, Z, starts=1.5), "starts"),
        (lambda: log_likelihood(MODEL, X, Z[0]), "x"),
        (lambda: log_prior(Z), "z"),
        (lambda: log_joint(lambda z: z, X[0], Z[0]), "model"),
    ],
)
def test_what_is_of_another_kind_is_named(call, named):
    with pytest.raises(TypeError, match=f"parameter '{named}'"):
        call()


def test_standardised_brings_the_codes_to_mean_0_and_sd_1_and_changes_no_image():
    model, codes = GaussianDecoder(Decoder(key=KEY)), 3 * jax.random.normal(KEY, (40, 2)) + 1
    same = standardised(model, codes)
    new_codes = (codes - codes.mean(axis=0)[None]) / codes.std(axis=0)[None]
    np.testing.assert_allclose(apply(same, new_codes), apply(model, codes), atol=1e-5)
    assert same.sigma == model.sigma


def test_an_image_of_another_size_is_told_so():
    with pytest.raises(ValueError, match=r"`x` must have shape \(6,\), got \(5,\)"):
        log_likelihood(MODEL, X[0, :5], jnp.zeros(2))


@pytest.mark.parametrize("sigma", [0.2, 3.0])
def test_candidates_are_ranked_by_the_joint_prior_and_all(sigma):
    """With much noise the prior decides, with little the image."""
    model = GaussianDecoder(MODEL.decoder, sigma=sigma)
    joint = np.array([[log_joint(model, x, z) for z in Z] for x in X])
    ranked = map_latents._best_candidates(model, X, Z, len(Z))
    np.testing.assert_array_equal(ranked, np.argsort(-joint, axis=1))


def test_the_joint_of_the_set_is_the_sum_over_images_against_scipy():
    latents = Z[: len(X)]
    noise = scipy.stats.norm(np.asarray(apply(MODEL, latents), np.float64), float(MODEL.sigma))
    expected = noise.logpdf(X).sum() + scipy.stats.norm.logpdf(np.asarray(latents)).sum()
    np.testing.assert_allclose(log_joint_of_set(MODEL, X, latents), expected, rtol=1e-4)
    each = log_likelihood_of_each(MODEL, X, latents)
    np.testing.assert_allclose(each, noise.logpdf(X).sum(axis=1), rtol=1e-4)


def joint_loss(model_and_Z, examples, key=None):
    (model, latents), (numbers, images) = model_and_Z, examples
    return -log_joint_of_set(model, images, latents[numbers]) / len(images)


def test_points_are_trained_with_the_decoder_from_each_seed_and_seen_at_the_best_sigma():
    images = jax.random.uniform(jax.random.key(4), (12, 64))
    options = {"steps": 30, "width": 5, "marks": (10, 30)}
    runs = fit_with_points(joint_loss, images, **options)
    again = fit_with_points(joint_loss, images, seeds=[1], **options)[0]
    np.testing.assert_allclose(again.model[1], runs[1].model[1], rtol=1e-3, atol=1e-4)
    assert len({float(run.losses[0]) for run in runs}) == 3
    assert all(run.losses[-1] < run.losses[0] for run in runs)
    seen = over_time(runs, images, images[:5])
    assert seen.nats.shape == seen.sigma.shape == (3, 2, 2)
    model, latents = runs[2].at_marks[1]
    residuals = np.asarray(images - apply(model, latents), np.float64)
    np.testing.assert_allclose(seen.sigma[2, 1, 0], np.sqrt((residuals**2).mean()), rtol=1e-5)
    likelihoods = scipy.stats.norm(0, seen.sigma[2, 1, 0]).logpdf(residuals).sum(axis=1)
    np.testing.assert_allclose(seen.nats[2, 1, 0], likelihoods.mean(), rtol=1e-4)
    np.testing.assert_allclose(
        map_latents._at_best_sigma(model, images, latents).sigma, seen.sigma[2, 1, 0], rtol=1e-5
    )


def test_a_step_of_a_few_examples_moves_the_latents_of_these_alone():
    images = jax.random.uniform(jax.random.key(4), (40, 64))
    before = map_latents._free_points(0, 40, 5)[0][1]
    after = fit_with_points(joint_loss, images, steps=1, width=5, seeds=[0], batch_size=3)[0].model[1]
    assert 1 <= np.any(before != after, axis=1).sum() <= 3


def test_correlations_of_residuals_against_numpy():
    model = GaussianDecoder(Decoder(key=KEY, pixels=9, width=5))
    latents = jnp.array([[0.0, 0.0], [0.1, 0.0], [3.0, 3.0], [3.0, 3.2]])
    images = jax.random.uniform(jax.random.key(5), (4, 9))
    residuals = np.asarray(images - apply(model, latents), np.float64)

    def together(a, b):
        return (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())

    cube = residuals.reshape(4, 3, 3)
    below, near, other = residual_correlations(model, images, latents)
    np.testing.assert_allclose(below, together(cube[:, 1:], cube[:, :-1]), rtol=1e-3)
    np.testing.assert_allclose(near, together(residuals, residuals[[1, 0, 3, 2]]), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(other, together(residuals, residuals[[3, 0, 1, 2]]), rtol=1e-3, atol=1e-5)


def test_nine_in_ten_decoded_held_out_images_lie_within_the_limit():
    model = GaussianDecoder(Decoder(key=KEY, pixels=6, width=5), sigma=0.2)
    images, held_out = (jax.random.uniform(jax.random.key(i), (n, 6)) for i, n in ((6, 30), (7, 20)))
    latents = jax.random.normal(KEY, (30, 2))
    decoded = np.asarray(apply(model, fit_latents(model, held_out, latents)), np.float64)
    distances = ((decoded[:, None] - np.asarray(images)) ** 2).sum(axis=2).min(axis=1)
    np.testing.assert_allclose(
        bad_limit(model, images, latents, held_out), np.quantile(distances, 0.9), rtol=1e-3
    )
