"""`DigitPad` from Python's side, and pad.js, the very file that the browser runs, without a browser."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.teaching.explorer import DigitPad
from vae_course.teaching.explorer.ink import bitmap_of, count_blocks

VIEW = "application/vnd.jupyter.widget-view+json"
LINE = [[(16, 4), (16, 28)]]


def test_a_new_pad_is_empty():
    pad = DigitPad()
    assert pad.empty
    assert pad.strokes == ()
    assert not pad.bitmap.any()
    assert pad.image.tolist() == [0] * 64


@pytest.mark.parametrize("stroke", [LINE[0], np.array(LINE[0]), tuple(LINE[0]), [[16, 4], [16, 28]]])
def test_strokes_are_pairs_of_floats_whatever_was_assigned(stroke):
    pad = DigitPad(strokes=[stroke])
    assert pad.strokes == (((16.0, 4.0), (16.0, 28.0)),)
    assert not pad.empty


def test_the_image_is_counted_from_the_bitmap():
    pad = DigitPad(strokes=DigitPad.THREE)
    assert (pad.bitmap == bitmap_of(DigitPad.THREE)).all()
    assert isinstance(pad.image, jax.Array)
    assert pad.image.dtype == jnp.float32
    np.testing.assert_array_equal(pad.image, count_blocks(pad.bitmap).ravel() / 16)


def test_strokes_that_come_from_the_browser_reach_observers():
    pad, seen = DigitPad(), []
    pad.observe(lambda change: seen.append(change.new), "strokes")
    pad.set_state({"strokes": [[[1, 2], [3, 4.5]], [[5, 6]]]})
    pad.set_state({"strokes": []})
    assert seen == [(((1.0, 2.0), (3.0, 4.5)), ((5.0, 6.0),)), ()]
    assert pad.empty


def test_what_the_browser_sent_is_not_sent_back(monkeypatch):
    """An answer to each message would overwrite what was drawn in the meantime."""
    pad, sent = DigitPad(), []
    monkeypatch.setattr(DigitPad, "send_state", lambda self, key=None: sent.append(key))
    pad.set_state({"strokes": [[[1, 2], [3, 4.5]]]})
    assert sent == []
    pad.strokes = LINE
    assert sent == ["strokes"]


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
    pad = DigitPad(strokes=LINE)
    with pytest.raises((TypeError, ValueError), match=re.escape(complaint)):
        pad.strokes = strokes
    assert pad.strokes[0][0] == (16, 4)


def test_without_widgets_there_is_a_picture_with_its_description():
    for pad, alt in (
        (DigitPad(), "Paper with nothing drawn yet."),
        (DigitPad(strokes=LINE), "The digit that was drawn, in 32 x 32 points."),
    ):
        data, _ = pad._repr_mimebundle_()
        assert data["text/plain"] == "DigitPad: draw a digit on 32 x 32 points"
        assert VIEW in data
        assert f'<img alt="{alt}" src="data:image/png' in data["text/html"]


@pytest.fixture(scope="module")
def js(script):
    return script("pad.js")


@pytest.mark.parametrize(
    ("place", "kept"), [([3.14159, 2.71], [3.1, 2.7]), ([-5, 40], [0, 32]), ([32.04, -0.01], [32, 0])]
)
def test_the_pen_stays_on_the_paper(js, place, kept):
    assert js("onPaper", 32, place) == kept


def test_a_stroke_grows_where_the_pen_moves(js):
    assert js("extended", [[[1, 1]], [[5, 5]]], [6, 5]) == [[[1, 1]], [[5, 5], [6, 5]]]
    assert js("extended", [[[5, 5]]], [5.2, 5.2]) == [[[5, 5]]]  # it has hardly moved


def test_the_pad_says_what_is_on_it(js):
    assert js("describe", [], None) == "Nothing is drawn yet."
    assert js("describe", [[[1, 1]]], None) == "Drawn in 1 stroke."
    text = js("describe", [[[1, 1]], [[2, 2]]], {"place": [16, 4.5], "down": True})
    assert text == "Drawn in 2 strokes; the pen is down at 16 across, 4.5 down."
