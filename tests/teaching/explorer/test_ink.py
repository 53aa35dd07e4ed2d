"""From strokes to 8 x 8 counts. The judge is the data set itself: its images, its ink, its labels."""

import re

import numpy as np
import pytest

from vae_course.data import load_digits
from vae_course.teaching.explorer.ink import INK, WIDE, _bitmap_of, _count_blocks
from vae_course.teaching.explorer.strokes import THREE


@pytest.fixture(scope="module")
def images():
    return np.asarray(load_digits().train_images)


@pytest.fixture(scope="module")
def labels():
    return np.asarray(load_digits().train_labels)


def arc(x, y, rx, ry, first, last):
    """Part of an ellipse, in degrees from the right, clockwise on the screen."""
    t = np.radians(np.linspace(first, last, 20))
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], axis=1)


# As one writes them at school, with a thin pen; not made by looking at what comes out.
WRITTEN = {
    0: [arc(16, 16, 6, 10, -90, 270)],
    1: [[(12, 10), (17, 5), (17, 27)]],
    2: [[*arc(15, 11, 6, 6, -170, 30), (9, 26), (22, 26)]],
    3: THREE,
    4: [[(14, 5), (9, 18), (23, 18)], [(19, 11), (18, 27)]],
    5: [[(11, 6), (10, 15), *arc(14, 20, 6.5, 6, -130, 140)], [(11, 6), (21, 6)]],
    6: [[(18, 5), (13, 12), (10, 20), *arc(15.5, 21, 5.5, 5.5, 180, -180)]],
    7: [[(9, 7), (22, 6), (14, 27)], [(12, 17), (21, 16)]],
    9: [[*arc(16, 11, 5, 5, 0, -360), (21, 11), (20, 20), (17, 28)]],
}
LINE = [[(16, 4), (16, 28)]]


def image(strokes):
    return _count_blocks(_bitmap_of(strokes)).ravel() / 16


def extent(bitmap, axis):
    """The first and the last column (axis 0) or row (axis 1) with ink."""
    return tuple(np.flatnonzero(bitmap.any(axis=axis))[[0, -1]])


@pytest.mark.parametrize("digit", WRITTEN)
def test_a_written_digit_lies_among_the_images_of_that_digit(digit, images, labels):
    distances = ((images - image(WRITTEN[digit])) ** 2).sum(axis=1)
    near = np.argsort(distances)[:5]
    print(f"{digit}: nearest images are of {labels[near]}, at {distances[near].round(1)}")
    assert (labels[near] == digit).all()
    assert distances[near[0]] < 3  # two images of the data set that are neighbours: about 1


def test_the_ink_is_the_mean_of_the_data(images):
    assert pytest.approx(16 * images.sum(axis=1).mean(), abs=1) == INK
    for strokes in WRITTEN.values():
        assert _bitmap_of(strokes).sum() == INK


def test_the_data_are_as_wide_as_the_box(images):
    """The median width, with the block at either end counted as far as it is inked."""
    columns = 4 * images.reshape(-1, 8, 8).max(axis=1)  # points inked across, of 4
    inked = columns > 0
    first, last = inked.argmax(axis=1), 7 - inked[:, ::-1].argmax(axis=1)
    rows = np.arange(len(columns))
    widths = 4 * (last - first - 1) + columns[rows, first] + columns[rows, last]
    assert pytest.approx(np.median(widths), abs=1) == WIDE


@pytest.mark.parametrize("digit", WRITTEN)
def test_it_fills_the_height_and_stands_in_the_middle(digit):
    bitmap = _bitmap_of(WRITTEN[digit])
    assert extent(bitmap, axis=1) == (0, 31)
    left, right = extent(bitmap, axis=0)
    assert abs(left + right - 31) <= 1
    assert right - left + 1 <= WIDE + 4  # taking the slant out makes some wider


@pytest.mark.parametrize("digit", WRITTEN)
def test_where_it_is_written_and_how_large_does_not_matter(digit):
    strokes = [np.asarray(stroke) for stroke in WRITTEN[digit]]
    others = [[0.4 * stroke + [2, 15] for stroke in strokes]]
    if digit != 1:  # a narrow one stays narrow
        others.append([stroke * [0.8, 1] for stroke in strokes])
    for other in others:
        assert (_bitmap_of(other) != _bitmap_of(strokes)).sum() <= 12


def test_slant_is_taken_out():
    slanted = _bitmap_of([[(22, 4), (10, 28)]])
    assert (slanted != _bitmap_of(LINE)).sum() <= 24  # of 626: two pens of slightly different thickness


def test_a_straight_line_stays_slender_and_upright():
    left, right = extent(_bitmap_of(LINE), axis=0)
    assert right - left + 1 < 14
    assert image(LINE).reshape(8, 8)[:, 3:5].min() > 0.6


def test_down_is_down():
    """A 6 has its ink at the bottom, a 9 at the top."""
    six, nine = (image(WRITTEN[digit]).reshape(8, 8) for digit in (6, 9))
    assert six[4:].sum() > six[:4].sum()
    assert nine[:4].sum() > nine[4:].sum()


@pytest.mark.parametrize(
    "strokes", [[[(3, 3)]], [[(0, 9), (32, 9)]], [[(5, 5), (5, 5)]], [[(1, 2)], [(30, 2)]]]
)
def test_what_is_no_digit_still_gives_an_image(strokes):
    bitmap = _bitmap_of(strokes)
    assert bitmap.sum() == INK
    assert np.isfinite(image(strokes)).all()


def test_no_strokes_no_ink():
    assert _bitmap_of(()).shape == (32, 32)
    assert _bitmap_of(()).sum() == image(()).sum() == 0


def test_counts_agree_with_counting():
    bitmap = np.random.RandomState(0).rand(32, 32) < 0.4
    expected = [[bitmap[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].sum() for j in range(8)] for i in range(8)]
    counts = _count_blocks(bitmap)
    assert counts.tolist() == expected
    assert counts.sum() == bitmap.sum()


def test_whole_blocks_come_back():
    """A bitmap made of an 8 x 8 pattern of full blocks."""
    pattern = np.random.RandomState(1).rand(8, 8) < 0.5
    assert (_count_blocks(pattern.repeat(4, axis=0).repeat(4, axis=1)) == 16 * pattern).all()


@pytest.mark.parametrize(
    ("bitmap", "complaint"),
    [
        (np.zeros((8, 8)), "`bitmap` must be finite numbers of shape (32, 32), got shape (8, 8)"),
        (np.full((32, 32), 0.5), "`bitmap` must hold 0 and 1 only, got 0.5 to 0.5"),
        (np.full((32, 32), np.nan), "`bitmap` must be finite"),
    ],
)
def test_what_is_no_bitmap_is_refused(bitmap, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        _count_blocks(bitmap)
