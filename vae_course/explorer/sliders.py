"""`Instrument`: controls, a picture and a sentence, all from one pure function of the controls.

For whatever must ask Python at each change; the latent explorer, which need not, is in latent.py.
"""

import html

import numpy as np
from ipywidgets import HTML, VBox
from ipywidgets.widgets.widget_description import DescriptionWidget

from vae_course.explorer.pictures import image_png
from vae_course.figures import img_tag

PNG_SIGNATURE = b"\x89PNG"
BLANK = np.zeros((8, 8))
FRAME = {"border": "1px solid #d5d5d5", "padding": "12px 18px", "max_width": "800px"}
PAPER = "display: inline-block; line-height: 0; margin-top: 8px; border: 1px solid #555"


class Instrument(VBox):
    """A box of controls that draws `draw(**values)` anew whenever a control is moved.

    `draw` returns (image, sentence): the image a 2-D array in [0, 1], 1 being ink, or the bytes of a PNG;
    the sentence says in words what it shows. It is called once here, which also compiles what is jitted;
    after that on another thread, so it may use JAX, numpy and pillow, but not matplotlib. `title` stands
    above the controls, `alt` describes the picture to who cannot see it. Each further keyword is an
    ipywidgets control; its description, or else its name, is written beside it.

    If `draw` raises or returns something else, the sentence says so in words, the last picture stays, and
    `instrument.error` holds the exception; otherwise it is None.

    >>> from ipywidgets import FloatSlider
    >>> def draw(ink):
    ...     return np.full((8, 8), ink), f"Every pixel holds {ink:.0%} ink."
    >>> Instrument(draw, title="Grey", alt="A grey square", ink=FloatSlider(value=0.5, max=1))
    Instrument: Grey
    """

    def __init__(self, draw, *, title: str, alt: str, **controls):
        if not callable(draw):
            raise TypeError(f"`draw` must be a function of the controls' values, got {type(draw).__name__}")
        for name, control in controls.items():
            if not isinstance(control, DescriptionWidget) or not control.has_trait("value"):
                raise TypeError(f"`{name}` must be an ipywidgets control, got {type(control).__name__}")
            control.description = control.description or name
            control.observe(self._redraw, "value")
        longest = max((len(control.description) for control in controls.values()), default=0)
        for control in controls.values():
            control.style.description_width = f"{longest}ch"
            control.layout.width = "min(40em, 98%)"
        self._draw, self._title, self._alt, self._controls = draw, title, alt, controls
        self._picture, self._sentence = HTML(), HTML()
        heading = HTML(f'<strong style="font-size: 15px">{html.escape(title)}</strong>')
        super().__init__([heading, *controls.values(), self._picture, self._sentence], layout=FRAME)
        self.add_class("instrument")
        self._show(image_png(BLANK))
        self._redraw()

    def _redraw(self, change=None):
        values = {name: control.value for name, control in self._controls.items()}
        try:
            drawn = self._draw(**values)
            if not (isinstance(drawn, tuple) and len(drawn) == 2 and isinstance(drawn[1], str)):
                raise TypeError(f"`draw` must return a pair (image, sentence), got {type(drawn).__name__}")
            image, sentence = drawn
            self._show(image if isinstance(image, bytes) else image_png(image))
            self._say(sentence)
            self.error = None
        except Exception as error:  # a callback's error would end in a log that nobody reads
            self.error = error
            settings = ", ".join(f"{name} = {value!r}" for name, value in values.items())
            self._say(f"Nothing new is drawn at {settings}: {type(error).__name__}: {error}", "alert")

    def _show(self, png):
        if not png.startswith(PNG_SIGNATURE):
            raise ValueError(
                "`draw` must return an array or the bytes of a PNG as its image, got other bytes"
            )
        self._png = png
        self._picture.value = f'<div style="{PAPER}">{img_tag(png, self._alt)}</div>'

    def _say(self, sentence, role="status"):
        self._sentence.value = (
            f'<span class="{role}" role="{role}" style="font-size: 15px">{html.escape(sentence)}</span>'
        )

    def __repr__(self):
        return f"Instrument: {self._title}"

    def _repr_mimebundle_(self, **kwargs):
        data = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": img_tag(self._png, self._alt)}
