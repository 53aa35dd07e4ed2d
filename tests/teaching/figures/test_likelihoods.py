"""What a likelihood draws, and the area under a cross-entropy."""

import numpy as np
import pytest

from vae_course.teaching import figures

IMAGES = np.random.RandomState(0).uniform(size=(6, 64))


def test_each_row_has_its_decoded_images_and_further_right_their_draws():
    figure = figures.decoded_and_drawn({"a": (IMAGES[:3], IMAGES[3:]), "b": (IMAGES[3:], IMAGES[:3])})
    (ax,) = figure.axes
    places = [tuple(picture.get_extent()[::3]) for picture in ax.get_images()]
    found = {place: np.ravel(p.get_array()) for place, p in zip(places, ax.get_images(), strict=True)}
    rows = sorted({top for _, top in places})
    for row, images in zip(rows, (IMAGES, np.roll(IMAGES, 3, axis=0)), strict=True):
        columns = sorted(left for left, top in places if top == row)
        for left, image in zip(columns, images, strict=True):
            np.testing.assert_array_equal(found[left, row], image)
    gaps = np.diff(columns)
    assert np.argmax(gaps) == 2
    assert gaps[2] > 2 * gaps[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


@pytest.mark.parametrize("rows", [{}, {"a": (IMAGES[:, :9], IMAGES)}])
def test_rows_that_do_not_fit_are_refused(rows):
    with pytest.raises((TypeError, ValueError), match=r"`rows`|`a`"):
        figures.decoded_and_drawn(rows)


def test_the_curves_and_their_area_which_is_never_that_of_a_density():
    left, right = figures.cross_entropy_area(title="the point").axes
    areas = []
    for line in left.lines:
        x, heights = line.get_data()
        areas.append(np.trapezoid(heights, x))
    p, area = right.lines[0].get_data()
    np.testing.assert_allclose(areas, np.interp([0.02, 0.5, 0.8], p, area), atol=1e-3)
    assert area.max() == pytest.approx(0.5, abs=1e-4)
    assert area[[0, -1]].max() < 0.1
    assert list(right.lines[1].get_ydata()) == [1, 1]
