"""log p(x) on a grid that refines itself: against closed forms and plain sums on much finer grids."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

from vae_course import marginal
from vae_course.data import load_digits
from vae_course.marginal import log_marginals
from vae_course.models import Decoder, GaussianDecoder, LinearDecoder


@cache
def X():
    return load_digits().test_images[:5]


@cache
def ppca():
    return marginal.fit_ppca(load_digits().train_images, 2)


@cache
def curved(sigma):
    """A sheet that turns sharply here and is flat there."""
    decoder = Decoder(key=jax.random.key(3), width=32)
    where = lambda d: (d.mlp.layers[0].weight, d.mlp.layers[-1].weight)  # noqa: E731
    W, V = where(decoder)
    return GaussianDecoder(eqx.tree_at(where, decoder, (3 * W, 4 * V)), sigma=sigma)


@cache
def own_images(sigma):
    """Images that the decoder can draw, so that their posteriors are as narrow as they get, and digits."""
    Z = jnp.array([[0.013, 0.021], [-1.317, 0.527], [0.711, -0.923]])
    return jnp.concatenate([jax.vmap(curved(sigma))(Z), X()[:2]])


def plain_sum(model, x, n, half_width=5.0, centre=(0.0, 0.0)):
    """log of the sum over n x n cells in float64, in strips."""
    axis = (np.arange(n) + 0.5) * (2 * half_width / n) - half_width
    strips = []
    for z2 in np.split(axis, 8):
        Z = np.stack(np.meshgrid(axis, z2), axis=-1).reshape(-1, 2) + np.array(centre)
        decoded = np.asarray(jax.jit(jax.vmap(model))(jnp.asarray(Z, jnp.float32)), np.float64)
        errors = ((np.asarray(x, np.float64) - decoded) ** 2).sum(axis=1)
        strips.append(logsumexp(-errors / (2 * float(model.sigma) ** 2) - (Z**2).sum(axis=1) / 2))
    constant = 32 * np.log(2 * np.pi * float(model.sigma) ** 2) + np.log(2 * np.pi)
    return logsumexp(strips) - constant + 2 * np.log(2 * half_width / n)


def test_a_linear_decoder_agrees_with_its_closed_form_and_says_how_far_off_it_may_be():
    images = load_digits().test_images[:40]
    expected = np.asarray(jax.vmap(marginal.linear_log_marginal, (None, 0))(ppca(), images))
    found = log_marginals(ppca(), images)
    np.testing.assert_allclose(found.log_p, expected, atol=1e-3)
    assert (found.off_by < 0.02).all()


@pytest.mark.parametrize(
    ("sigma", "n", "half_width", "centre"),
    [
        (0.2, 400, 5.0, (0, 0)),
        (0.05, 800, 5.0, (0, 0)),
        (0.02, 600, 0.6, (0.013, 0.021)),  # around the only peak of the first image
        (0.005, 600, 0.1, (0.013, 0.021)),
    ],
)
def test_it_is_the_plain_sum_on_a_much_finer_grid_however_sharp_the_decoder(sigma, n, half_width, centre):
    model, images = curved(sigma), own_images(sigma)
    found = log_marginals(model, images)
    off = abs(found.log_p[0] - plain_sum(model, images[0], n, half_width, centre))
    assert off <= found.off_by[0] + 2e-3
    assert off < 0.02 + 1e-5 / sigma**2
    coarse = marginal.for_each(marginal.DecodedGrid(model, marginal.latent_grid(100)).log_marginal, images)
    assert sigma == 0.2 or np.abs(coarse - found.log_p).max() > 0.5  # or there would be nothing to refine


def test_the_square_grows_as_far_as_the_posterior_reaches():
    """A linear decoder whose codes are far out: the closed form says what a square of 5 would cut off."""
    far = eqx.tree_at(lambda m: m.decoder.linear.bias, ppca(), replace_fn=lambda b: 0 * b)
    far = eqx.tree_at(lambda m: m.decoder.linear.weight, far, replace_fn=lambda W: W / 3)
    images = jnp.clip(7.0 * jnp.abs(far.decoder.linear.weight[:, 0])[None] + 0 * X()[:1], 0, 1)
    m, _ = marginal.linear_posterior(far, images[0])
    expected = float(marginal.linear_log_marginal(far, images[0]))
    cut_off = marginal.DecodedGrid(far, marginal.latent_grid(400, float(jnp.abs(m).max()))).log_marginal
    assert float(cut_off(images[0])) < expected - 0.1
    np.testing.assert_allclose(log_marginals(far, images).log_p, expected, atol=1e-3)


def test_a_little_mass_beyond_the_square_is_not_lost():
    """Beyond the first square lies one hundredth: as much as the tolerance, and yet the square grows."""
    weight = jnp.zeros((64, 2)).at[:, 0].set(0.05)
    linear = eqx.tree_at(
        lambda d: (d.linear.weight, d.linear.bias),
        LinearDecoder(key=jax.random.key(0)),
        (weight, jnp.zeros(64)),
    )
    model = GaussianDecoder(linear, sigma=0.2)
    x = jnp.full(64, 0.25)  # z1 about 4, of standard deviation 0.45
    expected = float(marginal.linear_log_marginal(model, x))
    found = log_marginals(model, x[None])
    np.testing.assert_allclose(found.log_p, expected, atol=2e-4)


def test_a_smaller_tolerance_is_kept():
    model, images = curved(0.1), own_images(0.1)
    rough, fine = (log_marginals(model, images, tolerance=tolerance) for tolerance in (1.0, 1e-4))
    assert fine.off_by.max() < 1e-4 + 1e-5 / 0.1**2 + 1e-6
    assert (np.abs(rough.log_p - fine.log_p) <= 1.0).all()


def test_however_rough_the_tolerance_cells_are_as_fine_as_the_noise():
    """Else the sum could stand still for two cuts before either has met the peak."""
    model, images = curved(0.02), own_images(0.02)
    rough = log_marginals(model, images, tolerance=1e4).log_p
    np.testing.assert_allclose(rough, log_marginals(model, images).log_p, atol=0.3)


def test_one_image_or_many_give_the_same():
    model, images = curved(0.1), own_images(0.1)
    together = log_marginals(model, images).log_p
    np.testing.assert_allclose([log_marginals(model, x[None]).log_p[0] for x in images], together, atol=2e-3)


def test_a_sigma_at_its_floor_stays_finite_and_owns_up_to_rounding():
    model = eqx.tree_at(lambda m: m.raw_sigma, curved(0.2), jnp.array(-100.0))
    found = log_marginals(model, X()[:1], tolerance=5.0)
    assert np.isfinite(found.log_p).all()
    assert found.off_by[0] > 5


def nan():
    return eqx.tree_at(lambda m: m.raw_sigma, curved(0.2), jnp.array(jnp.nan))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (
            lambda: log_marginals(GaussianDecoder(Decoder(key=jax.random.key(0), latents=3)), X()),
            ValueError,
            "`model` must have 2 latents.*got 3",
        ),
        (lambda: log_marginals(ppca(), X()[:, :60]), ValueError, r"`X` must have 64 pixels.*\(5, 60\)"),
        (lambda: log_marginals(ppca(), 16 * X()), ValueError, "`X` must hold pixels from 0"),
        (lambda: log_marginals(ppca(), jnp.nan * X()), ValueError, "`X` must hold pixels from 0"),
        (lambda: log_marginals(ppca(), X()[:0]), ValueError, r"`X` must .*\(0, 64\)"),
        (lambda: log_marginals(ppca(), X()[0]), TypeError, "parameter 'X'"),
        (lambda: log_marginals(ppca().decoder, X()), TypeError, "parameter 'model'"),
        (lambda: log_marginals(ppca(), X(), tolerance=0.0), ValueError, "`tolerance` must be .* above 0"),
        (lambda: log_marginals(nan(), X()), FloatingPointError, "not finite.*weights of `model`"),
    ],
)
def test_bad_arguments_are_named(call, error, says):
    with pytest.raises(error, match=f"(?s){says}"):
        call()


def test_means_for_lists_of_decoders_have_a_row_for_each():
    sets, models = (X()[:2], X()[2:5]), [ppca(), curved(0.2)]
    expected = [[log_marginals(model, images).log_p.mean() for images in sets] for model in models]
    np.testing.assert_allclose(marginal.mean_log_marginals(models[1], *sets), expected[1], atol=0.01)
    nested = marginal.mean_log_marginals([models, models[::-1]], *sets)
    np.testing.assert_allclose(nested, [expected, expected[::-1]], atol=0.01)
