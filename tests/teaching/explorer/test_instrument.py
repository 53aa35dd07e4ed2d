"""`Instrument` from Python's side."""

import base64
import html
import io
import re

import numpy as np
import pytest
from ipywidgets import HTML, Dropdown, FloatSlider
from PIL import Image

from vae_course.teaching.explorer import Instrument
from vae_course.teaching.pictures import image_png

VIEW = "application/vnd.jupyter.widget-view+json"


def shade(ink, sign):
    if ink > 0.9:
        raise ZeroDivisionError("the ink is <out>")
    return np.full((2, 2), ink), f"{sign}{ink:.1f} & no more"


@pytest.fixture
def instrument():
    controls = {"ink": FloatSlider(value=0.2, max=1), "sign": Dropdown(options="+-", description="the sign")}
    return Instrument(shade, title="Shades <of> grey", alt='A "grey" square', **controls)


def control(instrument, name):
    return instrument._controls[name]


def shown(instrument):
    """The grey level on the screen, from the page's own HTML."""
    source = re.search(r'src="data:image/png;base64,([^"]+)"', instrument._picture.value)[1]
    return int(np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))[0, 0])


def said(instrument):
    return html.unescape(re.sub("<[^>]*>", "", instrument._sentence.value))


def test_it_draws_at_once_and_again_at_each_change(instrument):
    assert (shown(instrument), said(instrument)) == (204, "+0.2 & no more")
    control(instrument, "ink").value = 0.6
    assert (shown(instrument), said(instrument)) == (102, "+0.6 & no more")
    control(instrument, "sign").value = "-"
    assert (shown(instrument), said(instrument)) == (102, "-0.6 & no more")
    assert instrument.error is None


def test_the_picture_has_its_description(instrument):
    assert html.unescape(re.search(r'alt="([^"]+)"', instrument._picture.value)[1]) == 'A "grey" square'


def test_every_control_has_a_visible_description(instrument):
    assert [control(instrument, name).description for name in ("ink", "sign")] == ["ink", "the sign"]


def test_an_error_is_told_in_words_and_passes(instrument):
    control(instrument, "ink").value = 0.95
    assert shown(instrument) == 204
    assert said(instrument) == (
        "Nothing new is drawn at ink = 0.95, sign = '+': ZeroDivisionError: the ink is <out>"
    )
    assert isinstance(instrument.error, ZeroDivisionError)
    control(instrument, "ink").value = 0.4
    assert instrument.error is None
    assert said(instrument) == "+0.4 & no more"


@pytest.mark.parametrize(
    ("drawn", "complaint"),
    [
        (None, "`draw` must return a pair (image, sentence), got NoneType"),
        (np.zeros((8, 8)), "`draw` must return a pair (image, sentence)"),
        ((np.zeros((8, 8)), 3), "`draw` must return a pair (image, sentence)"),
        ((np.zeros(7), "seven"), "`image` must be (rows, columns)"),
        ((np.full((8, 8), np.nan), "nothing"), "`image` must hold finite numbers"),
        ((b"GIF89a", "a GIF"), "the bytes of a PNG"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_draw_that_returns_something_else_is_told_in_words(drawn, complaint):
    instrument = Instrument(lambda: drawn, title="t", alt="a")
    assert complaint in said(instrument)


def test_bytes_of_a_png_are_shown_as_they_are():
    instrument = Instrument(lambda: (image_png(np.ones((2, 2))), "black"), title="t", alt="a")
    assert shown(instrument) == 0


def test_what_is_no_control_is_refused_by_name():
    with pytest.raises(TypeError, match="`ink` must be an ipywidgets control, got float"):
        Instrument(shade, title="t", alt="a", ink=0.5)
    with pytest.raises(TypeError, match="`draw` must be a function of the controls' values, got ndarray"):
        Instrument(np.zeros(3), title="t", alt="a")


def test_without_widgets_there_is_a_picture_with_its_description(instrument):
    data = instrument._repr_mimebundle_()
    assert data["text/plain"] == "Instrument: Shades <of> grey"
    assert VIEW in data
    assert data["text/html"] in instrument._picture.value
    assert 'alt="A &quot;grey&quot; square"' in data["text/html"]
    assert isinstance(instrument._picture, HTML)
