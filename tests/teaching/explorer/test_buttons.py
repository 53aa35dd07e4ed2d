"""The buttons of an `ImageExplorer`, and its pad, from Python's side."""

import base64
import html
import io
import re
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ipywidgets import Dropdown, FloatSlider, IntSlider
from PIL import Image

from vae_course.models import Decoder
from vae_course.teaching.explorer import DigitPad, ImageExplorer

Z = np.random.RandomState(1).standard_normal((12, 2)).astype(np.float32)
LABELS = np.arange(12) % 10
X = np.random.RandomState(2).uniform(size=(12, 64)).astype(np.float32)
LINE, ARC = [[(16, 4), (16, 28)]], [[(22, 4), (8, 12), (22, 28)]]


@cache
def decoder():
    return Decoder(key=jax.random.key(0), width=8)


def landscape(x):
    return np.full((4, 4), float(x.sum())) + np.eye(4), (-4, 4, -4, 4), f"ink {x.sum():.4f}"


def readout(x, z, *, s1, s2):
    return {}, f"z = ({z[0]:.2f}, {z[1]:.2f}), s = ({s1:.2f}, {s2:.2f})"


def gaussian(x, z, *, s1, s2):
    return z, (s1, s2), "q"


def fitted(x):
    return x[:2], {"s1": x[2] / 2 + 0.1, "s2": jnp.float32(0.25)}


def make(images=X, **changes):
    arguments = {"landscape": landscape, "readout": readout, "gaussian": gaussian, "title": "t"}
    arguments |= {name: FloatSlider(value=0.5, min=0.01, max=1, step=0.01) for name in ("s1", "s2")}
    arguments |= {"buttons": {"best <Gaussian>": fitted}} | changes
    return ImageExplorer(decoder(), Z, LABELS, images, **arguments)


def said(explorer):
    return html.unescape(re.sub("<[^>]*>", "", explorer._sentence.value))


def press(explorer):
    next(iter(explorer.buttons.values())).click()


def test_a_press_moves_the_handle_and_the_controls_together():
    explorer = make()
    explorer.image.value = 3
    press(explorer)
    np.testing.assert_allclose(explorer.explorer.z, X[3, :2])
    np.testing.assert_allclose(explorer.controls["s1"].value, round(float(X[3, 2] / 2 + 0.1), 2))
    assert explorer.controls["s2"].value == 0.25
    np.testing.assert_allclose(explorer.explorer._gaussian["m"], X[3, :2])
    np.testing.assert_allclose(explorer.explorer._gaussian["s"], [explorer.controls["s1"].value, 0.25])
    s1 = explorer.controls["s1"].value
    assert said(explorer) == f"z = ({X[3, 0]:.2f}, {X[3, 1]:.2f}), s = ({s1:.2f}, 0.25)"
    assert explorer.error is None


def test_a_press_is_one_drawing_and_one_message(monkeypatch):
    asked, sent = [], []

    def counted(x, z, *, s1, s2):
        asked.append((z.tolist(), s1, s2))
        return readout(x, z, s1=s1, s2=s2)

    explorer = make(readout=counted)
    asked.clear()
    monkeypatch.setattr(type(explorer.explorer), "send_state", lambda self, key=None: sent.append(set(key)))
    press(explorer)
    assert len(asked) == 1
    assert len(sent) == 1
    assert sent[0] >= {"z", "_gaussian"}
    explorer.controls["s1"].value = 0.9  # and it hears the controls again
    assert len(asked) == 2


def test_a_button_may_ask_for_a_control_and_move_none():
    explorer = make(buttons={"home": lambda x, *, s1: ((s1, -s1), {})})
    press(explorer)
    assert explorer.explorer.z == (0.5, -0.5)
    assert explorer.controls["s1"].value == 0.5


@pytest.mark.parametrize("s1", [0.012, 0.994, 1.0, 1.003, 0.01, 0.29])
def test_a_slider_stands_where_the_browser_would_put_it(s1):
    """On its scale, 0.01, 0.02, ... 1: anything else comes back from there, rounded, and is drawn again."""
    explorer = make(buttons={"b": lambda x: ((0, 0), {"s1": s1})})
    press(explorer)
    assert explorer.error is None
    assert explorer.controls["s1"].value == pytest.approx(min(round(s1, 2), 1), abs=1e-12)


def test_a_slider_that_comes_back_with_another_last_digit_is_not_drawn_again():
    asked = []

    def counted(x, z, *, s1, s2):
        asked.append(s1)
        return readout(x, z, s1=s1, s2=s2)

    explorer = make(readout=counted)
    explorer.controls["s1"].set_state({"value": 0.5000000000000001})
    assert len(asked) == 1
    explorer.controls["s1"].set_state({"value": 0.51})
    assert asked == [0.5, 0.51]


def test_other_controls_take_what_they_are_given():
    def readout(x, z, *, n, kind):
        return {}, f"{n} {kind}"

    controls = {"n": IntSlider(value=1, max=9), "kind": Dropdown(options=["a", "b"])}
    buttons = {"b": lambda x: ((0, 0), {"n": jnp.asarray(4), "kind": "b"})}
    explorer = ImageExplorer(
        decoder(), Z, LABELS, X, landscape=landscape, readout=readout, title="t", buttons=buttons, **controls
    )
    press(explorer)
    assert said(explorer) == "4 b"


def test_buttons_say_what_they_do():
    explorer = make(buttons={"best": fitted, "the encoder's answer": fitted})
    assert [button.description for button in explorer.buttons.values()] == ["best", "the encoder's answer"]
    assert make(buttons=None).buttons == {}


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (lambda x: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda x: (1, 2), '`buttons["b"]` must return (z, {control: value}), got (int, int)'),
        (lambda x: (1, 2, 3), "must return (z, {control: value}), got a tuple of 3"),
        (lambda x: None, "must return (z, {control: value}), got NoneType"),
        (lambda x: ((np.nan, 0), {"s1": 0.1}), "`z` must be finite numbers of shape (2,), got NaN"),
        (lambda x: ((0, 0, 0), {}), "`z` must be finite numbers of shape (2,), got shape (3,)"),
        (lambda x: ((0, 0), {"s3": 1}), "ValueError: there is no control 's3', only s1, s2"),
        (lambda x: ((0, 0), {"s1": 0}), "ValueError: s1 has no value 0"),
        (lambda x: ((0, 0), {"s1": np.nan}), "ValueError: s1 has no value nan"),
        (lambda x: ((0, 0), {"s1": 0.3, "s2": 5}), "ValueError: s2 has no value 5"),
        (lambda x: ((0, 0), {"s1": "wide"}), "ValueError: s1 has no value wide"),
    ],
)
def test_a_button_that_fails_moves_nothing_and_says_so(function, complaint):
    explorer = make(buttons={"b": function})
    z, before = explorer.explorer.z, said(explorer)
    press(explorer)
    assert said(explorer).startswith("The button moved nothing: ")
    assert complaint in said(explorer)
    assert said(explorer).endswith(before)  # which still holds
    assert 'role="alert"' in explorer._sentence.value
    assert explorer.error is not None
    assert explorer.explorer.z == z
    assert explorer.controls["s1"].value == 0.5
    assert explorer.explorer._gaussian["s"] == [0.5, 0.5]
    explorer.controls["s2"].value = 0.75
    assert explorer.error is None
    assert not said(explorer).startswith("The button")


@pytest.mark.parametrize(
    ("buttons", "complaint"),
    [
        ({"b": 3}, '`buttons["b"]` must be a function, got int'),
        ([fitted], "`buttons` must be a dictionary"),
        ({}, "`buttons` must be a dictionary"),
        ({1: fitted}, "`buttons` must be a dictionary"),
    ],
)
def test_buttons_that_do_not_fit_are_refused_by_name(buttons, complaint):
    with pytest.raises(TypeError, match=re.escape(complaint)):
        make(buttons=buttons)


def test_on_a_pad_x_is_what_is_drawn():
    pad = DigitPad(strokes=LINE)
    explorer = make(pad)
    assert explorer.image is pad
    assert explorer.explorer._background["label"] == f"ink {pad.image.sum():.4f}"
    alts = re.findall(r'<img alt="([^"]+)"', explorer._pictures.value)
    assert alts == ["your digit in 32 x 32 points", "x, the ink in each block of 4 x 4"]
    sources = re.findall(r'base64,([^"]+)"', explorer._pictures.value)
    assert [Image.open(io.BytesIO(base64.b64decode(png))).size for png in sources] == [(128, 128)] * 2
    pad.strokes = ARC
    press(explorer)
    np.testing.assert_allclose(explorer.explorer.z, pad.image[:2])
    assert explorer.error is None


def test_each_change_of_the_drawing_is_drawn_once():
    asked = []

    def at_its_ink(x):
        asked.append(x)
        return *landscape(x), x[27:29]

    pad = DigitPad(strokes=LINE)
    explorer = make(pad, landscape=at_its_ink)
    pad.strokes = ARC
    assert len(asked) == 2
    np.testing.assert_array_equal(asked[1], pad.image)
    np.testing.assert_allclose(explorer.explorer.z, pad.image[27:29])
    explorer.explorer.z = (1, 1)
    assert len(asked) == 2
    assert explorer.explorer.z == (1, 1)


def test_on_an_empty_pad_nothing_is_asked_and_nothing_is_left():
    def refuses_paper(x):
        assert x.max() > 0
        return landscape(x)

    pad = DigitPad()
    explorer = make(pad, landscape=refuses_paper, samples=lambda x, z: (Z, None, "samples"))
    pad.strokes = ARC
    drawn = said(explorer)
    assert explorer.explorer._samples
    for strokes in (), ARC, ():
        pad.strokes = strokes
        press(explorer)
        assert explorer.error is None
    assert said(explorer) == "Nothing is drawn yet: draw a digit on the paper."
    shown = explorer.explorer
    assert shown._background is shown._samples is shown._gaussian is None
    assert "<img" not in explorer._pictures.value
    explorer.controls["s1"].value = 0.5
    shown.z = tuple(Z[0].tolist())
    pad.strokes = ARC
    for control in explorer.controls.values():
        control.value = 0.5
    assert said(explorer) == drawn
    assert shown._background["label"] == f"ink {pad.image.sum():.4f}"


def test_an_error_on_a_pad_is_told_in_words():
    pad = DigitPad(strokes=LINE)
    explorer = make(pad, landscape=lambda x: 1 / 0)
    assert said(explorer).startswith("Nothing is shown at your digit, z = (")
    pad.strokes = ()
    assert explorer.error is None
    assert 'role="status"' in explorer._sentence.value
