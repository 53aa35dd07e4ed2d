"""ink.js, the very file that the browser runs, held against ink.py.

Both take the 313 points that are nearest to the pen's way. Where a drawing is its own mirror image, points
come in pairs, or in fours, at the same distance; which of them are the last to be inked is left to rounding.
So a drawing without symmetry must give the same bitmap, point by point, and a symmetric one may differ in
four points (two taken, two left), all in different blocks.
"""

import numpy as np
import pytest

from vae_course.teaching.explorer import ink
from vae_course.teaching.explorer.strokes import THREE

turns = np.linspace(0, 2 * np.pi, 41)
SYMMETRIC = {
    "a dot": [[(3, 5)]],
    "a dot twice": [[(5, 5), (5, 5)]],
    "two dots": [[(5, 5)], [(25, 5)]],
    "four dots": [[(4, 4)], [(28, 4)], [(4, 28)], [(28, 28)]],
    "a line down": [[(16, 4), (16, 28)]],
    "a line across": [[(0, 9), (32, 9)]],
    "a slanted line": [[(22, 4), (10, 28)]],
    "a plus": [[(16, 4), (16, 28)], [(4, 16), (28, 16)]],
    "a cross": [[(4, 4), (28, 28)], [(28, 4), (4, 28)]],
    "a circle": [np.stack([16 + 10 * np.cos(turns), 16 + 10 * np.sin(turns)], axis=1).tolist()],
    "a square": [[(4, 4), (28, 4), (28, 28), (4, 28), (4, 4)]],
    "the paper's edges": [[(0, 0), (32, 0)], [(0, 32), (32, 32)]],
}


def scribble(random):
    """One to five strokes of 2 to 60 places, in tenths of a point as the pad has them, some at the edge."""

    def stroke():
        steps = random.normal(0, 1.5, (random.integers(2, 61), 2))
        return np.clip(random.uniform(4, 28, 2) + steps.cumsum(axis=0), 0, 32).round(1).tolist()

    return [stroke() for _ in range(random.integers(1, 6))]


@pytest.fixture(scope="module")
def js(script):
    return script("ink.js")


@pytest.fixture
def both(js, monkeypatch):
    """(bitmaps, images), each as two arrays with a row for each drawing: the browser's and ink.py's."""
    made, bitmap_of = [], ink._bitmap_of

    def kept(strokes):
        made.append(bitmap_of(strokes))
        return made[-1]

    monkeypatch.setattr(ink, "_bitmap_of", kept)  # on the way to each image, and slow

    def compared(drawings):
        there = np.array([ink.image_of_strokes(drawing) for drawing in drawings])
        bitmaps = np.array(js.at(drawings, "bitmapOf")), np.reshape(made, (len(drawings), -1))
        return bitmaps, (np.array(js.at(drawings, "imageOf")), there)

    return compared


def test_the_browser_makes_the_same_image_of_a_drawing(both):
    random = np.random.default_rng(0)
    drawings = [THREE, *(scribble(random) for _ in range(200))]
    for here, there in both(drawings):
        np.testing.assert_array_equal(here, there)


def test_a_drawing_that_is_its_own_mirror_image_differs_at_most_where_points_tie(both):
    random = np.random.default_rng(1)
    lines = [random.integers(0, 33, (1, 2, 2)).tolist() for _ in range(50)]
    bitmaps, images = both([*SYMMETRIC.values(), *lines])
    different = (bitmaps[0] != bitmaps[1]).sum(axis=1)
    print("points that differ:", {name: int(n) for name, n in zip(SYMMETRIC, different, strict=False) if n})
    assert different.max() <= 4
    assert (bitmaps[0].sum(axis=1) == 313).all()
    assert np.abs(images[0] - images[1]).max() <= 1 / 16


def test_no_strokes_no_ink(js):
    assert js("bitmapOf", []) == [0] * 1024
    assert js("imageOf", []) == [0] * 64
