"""Strips and principal directions draw the numbers that they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import StepPatch
from sklearn.decomposition import PCA

from vae_course.teaching import figures

rng = np.random.default_rng(0)


def test_each_distribution_has_its_mean_as_a_line_and_its_shares_as_heights():
    strips = {"model": rng.gamma(9, 0.1, 300), "real": rng.gamma(9, 0.2, 200)}
    (ax,) = figures.distributions(strips, xlabel="distance", real="real", title="a point").axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["model", "real"]
    for line, patch, values in zip(ax.lines, ax.patches, strips.values(), strict=True):
        np.testing.assert_allclose(line.get_xdata(), values.mean())
        assert isinstance(patch, StepPatch)
        heights, edges, baseline = patch.get_data()
        expected = np.histogram(values, edges)[0] / len(values)
        np.testing.assert_allclose(expected, (heights - baseline) / max(heights - baseline) * expected.max())
    assert [to_hex(line.get_color()).upper() for line in ax.lines] == [figures.APPROXIMATION, figures.DATA]


def test_shares_are_areas_and_the_expected_one_fills_its_frame():
    shares = np.array([0.1, 0.4, 0.0, *[0.5 / 7] * 7])
    (ax,) = figures.digit_balance({"model": shares}, expected=0.1).axes
    squares, frames = ax.patches[::2], ax.patches[1::2]
    areas = np.array([square.get_width() * square.get_height() for square in squares])
    frame = {round(frame.get_width() * frame.get_height(), 9) for frame in frames}
    assert len(frame) == 1
    np.testing.assert_allclose(areas, shares / 0.1 * frame.pop(), atol=1e-9)
    middles = [square.get_x() + square.get_width() / 2 for square in squares]
    np.testing.assert_allclose(middles, np.arange(10), atol=1e-9)


def test_directions_are_walked_from_two_deviations_below_the_mean_to_two_above():
    images = np.clip(0.5 + 0.03 * rng.normal(size=(50, 64)), 0, 1)
    pca = PCA(2).fit(images)
    (ax,) = figures.principal_directions(pca, title="a point").axes
    drawn = [np.asarray(picture.get_array()).ravel() for picture in ax.get_images()]
    assert len(drawn) == 2 * (5 + 1)
    for row in range(2):
        *walk, direction = drawn[6 * row : 6 * row + 6]
        along = [(image - pca.mean_) @ pca.components_[row] for image in walk]
        np.testing.assert_allclose(along, np.arange(-2, 3) * pca.explained_variance_[row] ** 0.5, atol=1e-9)
        np.testing.assert_allclose(direction, pca.components_[row])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.distributions({}, xlabel="x"), "strips"),
        (lambda: figures.distributions({"a": np.ones((2, 2))}, xlabel="x"), r"`a` must be"),
        (lambda: figures.digit_balance({"a": np.ones(9)}, expected=0.1), r"`a` must be .*\(10,\), got"),
        (lambda: figures.principal_directions(PCA(2).fit(rng.normal(size=(9, 5)))), r"`mean_` must be"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()
