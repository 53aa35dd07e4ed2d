"""`Instrument`: controls, a picture and a sentence, all from one pure function of the controls.

For whatever must ask Python at each change; the latent explorer, which need not, is in latent.py.
"""

import numpy as np
from ipywidgets import HTML, VBox

from vae_course.teaching.explorer.page import FRAME, PAPER, align, check, heading, sentence, settings
from vae_course.teaching.pictures import image_png, img_tag

PNG_SIGNATURE = b"\x89PNG"
BLANK = np.zeros((8, 8))


class Instrument(VBox):
    """A box of controls that draws `draw(**values)` anew whenever a control is moved.

    `draw` returns (image, sentence): the image a 2-D array in [0, 1], 1 being ink, or the bytes of a PNG;
    the sentence says in words what it shows. It is called once here, which also compiles what is jitted;
    after that on another thread, so it may use JAX, numpy and pillow, but not matplotlib. `title` stands
    above the controls, `alt` describes the picture for readers who cannot see it. Each further keyword is an
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
        check(controls)
        align([*controls.values()], "min(40em, 98%)")
        self._draw, self._title, self._alt, self._controls = draw, title, alt, controls
        self._picture, self._sentence = HTML(), HTML()
        children = [heading(title), *controls.values(), self._picture, self._sentence]
        super().__init__(children, layout=FRAME)
        self.add_class("instrument")
        for control in controls.values():
            control.observe(self._redraw, "value")
        self._show(image_png(BLANK))
        self._redraw()

    def _redraw(self, change=None):
        try:
            drawn = self._draw(**{name: control.value for name, control in self._controls.items()})
            if not (isinstance(drawn, tuple) and len(drawn) == 2 and isinstance(drawn[1], str)):
                raise TypeError(f"`draw` must return a pair (image, sentence), got {type(drawn).__name__}")
            image, words = drawn
            self._show(image if isinstance(image, bytes) else image_png(image))
            self.error = None
        except Exception as error:  # a callback's error would end in a log that nobody reads
            self.error, place = error, ", ".join(settings(self._controls))
            words = f"Nothing new is drawn at {place}: {type(error).__name__}: {error}"
        self._sentence.value = sentence(words, self.error)

    def _show(self, png):
        if not png.startswith(PNG_SIGNATURE):
            raise ValueError(
                "`draw` must return an array or the bytes of a PNG as its image, got other bytes"
            )
        self._png = png
        self._picture.value = f'<div style="margin-top: 8px; {PAPER}">{img_tag(png, self._alt)}</div>'

    def __repr__(self):
        return f"Instrument: {self._title}"

    def _repr_mimebundle_(self, **kwargs):
        data = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": img_tag(self._png, self._alt)}
