"""Landscapes and Gaussians for `ImageExplorer`, on a linear decoder, whose posterior is known."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.data import load_digits
from vae_course.marginal import DecodedGrid, fit_ppca, latent_grid, linear_posterior
from vae_course.teaching.explorer import landscapes


@pytest.fixture(scope="module")
def X():
    return load_digits().test_images[:6]


@pytest.fixture(scope="module")
def plane():
    return DecodedGrid(fit_ppca(load_digits().train_images, 2), latent_grid(100))


@pytest.fixture(scope="module")
def posterior(plane):
    def mean_and_sd(x):
        m, covariance = linear_posterior(plane.model, x)
        return m, jnp.sqrt(jnp.diag(covariance))

    return eqx.filter_jit(mean_and_sd)


def expected(m, s, extent, n, floor=15.0):
    """log N(m, diag s^2) in nats below its top, rows z2, at the middles of n cells per axis."""
    ends = np.reshape(extent, (2, 2))
    z1, z2 = (low + (np.arange(n) + 0.5) * (high - low) / n for low, high in ends)
    heights = -(((z1[None, :] - m[0]) / s[0]) ** 2 + ((z2[:, None] - m[1]) / s[1]) ** 2) / 2
    return np.maximum(heights - heights.max(), -floor)


def test_the_whole_plane_shows_the_posterior_and_the_handle_its_mode(plane, posterior, X):
    values, extent, label, z0 = landscapes._landscape(plane, floor=7.0)(X[1])
    assert extent == plane.grid.extent == (-5.0, 5.0, -5.0, 5.0)
    assert "nats" in label
    m, s = posterior(X[1])
    np.testing.assert_allclose(values, expected(m, s, extent, 100, floor=7.0), atol=0.02)
    np.testing.assert_allclose(z0, m, atol=5e-3)


def test_a_close_up_is_centred_on_the_posterior_and_four_standard_deviations_wide(plane, posterior, X):
    values, extent = landscapes._close_up(plane, X[2])
    m, s = posterior(X[2])
    left, right, bottom, top = extent
    np.testing.assert_allclose([(left + right) / 2, (bottom + top) / 2], m, atol=1e-3)
    assert (right - left) / 2 == pytest.approx(4 * float(s.max()), rel=1e-2)
    assert right - left == pytest.approx(top - bottom)
    np.testing.assert_allclose(landscapes.below_top(values), expected(m, s, extent, 64), atol=0.02)


def test_views_are_the_plane_and_the_close_up_of_each_image(plane, X):
    (first, _), (near, _) = landscapes.views(plane, X[:2])
    assert first[1] == plane.grid.extent
    assert np.sum(np.exp(first[0])) * 0.01 == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_array_equal(near[0], landscapes._close_up(plane, X[0])[0])


def test_a_close_up_also_shows_a_gaussian_beside_the_posterior(plane, posterior, X):
    m, _ = posterior(X[2])
    beside = m + jnp.array([3.0, 0.0]), jnp.array([0.5, 0.1])
    left, right, bottom, top = landscapes._close_up(plane, X[2], beside)[1]
    assert left < m[0]
    assert right == pytest.approx(float(m[0]) + 5.0, abs=0.01)
    assert right - left == pytest.approx(top - bottom)


def test_a_sharp_posterior_is_shown_in_a_square_that_is_not_too_small(plane, X):
    sharp = eqx.tree_at(lambda plane: plane.model.raw_sigma, plane, jnp.log(0.01))
    left, right, *_ = landscapes._close_up(sharp, X[0])[1]
    assert right - left == pytest.approx(2 * landscapes.SMALLEST, rel=1e-4)


def test_zoom_chooses_between_the_close_up_and_the_plane(plane, posterior, X):
    callback = landscapes.zooming_landscape(plane)
    near, far = callback(X[0], zoom=True), callback(X[0], zoom=False)
    assert near[1] == landscapes._close_up(plane, X[0])[1]
    assert near[0].shape == (64, 64)
    assert far[1] == plane.grid.extent
    assert far[0].shape == (100, 100)
    for _, _, _, z0 in near, far:
        np.testing.assert_allclose(z0, posterior(X[0])[0], atol=5e-3)


def test_the_handle_may_start_beside_the_mode_inside_the_close_up(plane, posterior, X):
    m, s = posterior(X[0])
    for zoom in True, False:
        z0 = landscapes.zooming_landscape(plane, on_mode=False)(X[0], zoom=zoom)[3]
        np.testing.assert_allclose(z0, m + 0.6 * 4 * s.max(), atol=0.01)


def test_values_are_found_by_the_image(X):
    log_p = landscapes.by_image(X, np.arange(len(X)))
    assert [log_p(x) for x in X[::-1]] == [5, 4, 3, 2, 1, 0]
    with pytest.raises(ValueError, match="zip"):
        landscapes.by_image(X, np.arange(3))


def test_a_button_sets_what_the_sliders_can_reach(plane):
    press = landscapes._gaussian_button(lambda x: (jnp.array([1.0, 2.0]), jnp.array([0.1, 1e-6])))
    m, values = press(None)
    assert m.tolist() == [1.0, 2.0]
    assert values == pytest.approx({"s1": 0.1, "s2": landscapes._sd_sliders()["s2"].base ** -2.5})


def test_a_gaussian_is_fitted_by_hand_and_by_buttons(plane, posterior, X):
    explorer = landscapes.fit_by_hand(
        plane,
        jax.random.normal(jax.random.key(0), (len(X), 2)),
        np.arange(len(X)),
        X,
        {"posterior": posterior},
        lambda x, z, *, s1, s2: ({}, f"{s1:.3f} {s2:.3f}"),
        "By hand",
        s=0.1,
    )
    m, s = posterior(X[0])
    assert explorer.explorer._extent == pytest.approx(landscapes._close_up(plane, X[0])[1], abs=1e-3)
    assert np.linalg.norm(explorer.explorer.z - np.asarray(m)) > float(s.max())
    assert explorer.explorer._gaussian["s"] == pytest.approx([0.1, 0.1], rel=0.03)
    explorer.buttons["posterior"].click()
    assert explorer.error is None
    np.testing.assert_allclose(explorer.explorer.z, m, atol=1e-6)
    np.testing.assert_allclose(explorer.explorer._gaussian["s"], s, rtol=0.03)  # half a step of a slider


def test_an_explorer_without_zoom_shows_the_whole_plane(plane, X):
    codes = np.zeros((len(X), 2))
    explorer = landscapes.explore(
        plane, codes, np.arange(len(X)), X, zoom=False, readout=lambda x, z: ({}, "here"), title="All"
    )
    assert explorer.error is None
    assert list(explorer.controls) == []
    assert tuple(explorer.explorer._extent) == plane.grid.extent
