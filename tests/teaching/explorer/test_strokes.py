"""What a drawing may be in Python: the trait that widgets keep it in, and the image made of it."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from traitlets import HasTraits

from vae_course.teaching.explorer.ink import _bitmap_of, _count_blocks, image_of_strokes
from vae_course.teaching.explorer.strokes import THREE, Strokes

LINE = [[(16, 4), (16, 28)]]


class Drawing(HasTraits):
    strokes = Strokes(())


@pytest.mark.parametrize("stroke", [LINE[0], np.array(LINE[0]), tuple(LINE[0]), [[16, 4], [16, 28]]])
def test_strokes_are_pairs_of_floats_whatever_was_assigned(stroke):
    assert Drawing().strokes == ()
    assert Drawing(strokes=[stroke]).strokes == (((16.0, 4.0), (16.0, 28.0)),)
    assert Drawing(strokes=THREE).strokes == THREE


def test_an_image_is_counted_from_the_bitmap():
    image = image_of_strokes(THREE)
    assert isinstance(image, jax.Array)
    assert image.dtype == jnp.float32
    np.testing.assert_array_equal(image, _count_blocks(_bitmap_of(THREE)).ravel() / 16)
    assert image_of_strokes([]).tolist() == [0] * 64


@pytest.mark.parametrize(
    ("strokes", "complaint"),
    [
        ("3", "`strokes` must be a list of strokes, got str"),
        (None, "`strokes` must be a list of strokes, got NoneType"),
        (3, "`strokes` must be a list of strokes, got int"),
        ([(1, 2)], "`strokes[0]` must be finite numbers of shape (any, 2), got shape (2,)"),
        ([[]], "`strokes[0]` must be finite numbers of shape (any, 2), got shape (0,)"),
        ([LINE[0], [(1, np.nan)]], "`strokes[1]` must be finite numbers of shape (any, 2), got NaN"),
        ([[(1, 2, 3)]], "`strokes[0]` must be finite numbers of shape (any, 2), got shape (1, 3)"),
        ([[(1, 33)]], "`strokes[0]` must lie on the paper, from 0 to 32, got 1 to 33"),
        ([[(-1, 3)]], "`strokes[0]` must lie on the paper, from 0 to 32, got -1 to 3"),
    ],
    ids=str,
)
def test_what_is_no_drawing_is_refused_by_name(strokes, complaint):
    drawing = Drawing(strokes=LINE)
    with pytest.raises((TypeError, ValueError), match=re.escape(complaint)):
        drawing.strokes = strokes
    assert drawing.strokes[0][0] == (16, 4)
    with pytest.raises((TypeError, ValueError), match=re.escape(complaint)):
        image_of_strokes(strokes)
