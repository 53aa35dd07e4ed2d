"""`ImageExplorer`: pick an image, see its landscape over the latent plane, drag z, read numbers about both.

Everything shown comes from pure functions of the image, of z and of the controls; Python calls them at
each move. Only the decoded image needs no Python: see latent.py.
"""

import html
import inspect
import threading
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from ipywidgets import HTML, Box, Checkbox, IntSlider, VBox
from ipywidgets.widgets.widget_description import DescriptionWidget
from jax.typing import ArrayLike

from vae_course.arguments import numbers, text
from vae_course.data import SIDE
from vae_course.explorer.latent import LatentExplorer
from vae_course.explorer.pictures import image_png
from vae_course.explorer.sliders import FRAME
from vae_course.figures import img_tag
from vae_course.models import Decoder, LinearDecoder

ROW = "display: flex; flex-wrap: wrap; gap: 8px 16px; font-size: 14px; line-height: 1.4"
PAPER = "display: inline-block; line-height: 0; border: 1px solid #555"
SCALE = 16  # screen pixels to a pixel
REQUIRED = ("landscape", "readout")
ANSWERS = {  # of how many parts, and which
    "landscape": ((3, 4), "(values, extent, label) or (values, extent, label, z0)"),
    "readout": ((2,), "({caption: image}, sentence)"),
    "samples": ((0, 3), "(points, weights, label) or None"),
    "gaussian": ((0, 3), "(m, s, label) or None"),
}


class ImageExplorer(VBox):
    """A slider through the images X, the image it stands at, and a `LatentExplorer` over its landscape.

    `decoder`, `Z` (N, 2) and `labels` (N,) are as in `LatentExplorer`; `X` (N, 64) holds the N >= 2 images
    that the codes Z belong to, ink from 0 to 1, in the order in which the slider walks through them.
    `image` is the number of the first, `title` stands above. Each further keyword is an ipywidgets control
    (a slider for S, a checkbox "zoom", ...); its description, or else its name, is written beside it.

    `landscape(x)` returns (values, extent, label), as `LatentExplorer.show_background` takes them, and the
    plane is drawn as far as `extent` goes. A fourth element z0 moves the handle there when the image has
    changed; without it z stays where it is. Called when the image or one of landscape's own controls moves.
    `readout(x, z)` returns (pictures, sentence): {caption: image}, shown beside x, and words with numbers.
    `samples(x, z)`, if given, returns (points, weights, label) for `show_samples`, or None, and
    `gaussian(x, z)` likewise (m, s, label) for `show_gaussian`. These are called at every move.

    x (64,) and z (2,) are JAX arrays of float32. A function that names a control among its arguments is
    handed its value by keyword: `landscape(x, *, zoom)`, `readout(x, z, *, S)`; a control that none names is
    an error. They run on another thread: JAX, numpy and pillow, but not matplotlib. Each is called once here,
    which also compiles what is jitted.

    If one of them raises or returns something else, the sentence says so in words, whatever belonged to
    earlier values is removed, and `error` holds the exception; otherwise it is None. `explorer` is the
    `LatentExplorer` (its z is where the handle is), `image` the slider, `controls` the others by name.

    >>> from vae_course.models import Decoder
    >>> def landscape(x):
    ...     return np.outer(np.arange(5), np.ones(5)), (-3, 3, -3, 3), "height"
    >>> def readout(x, z):
    ...     return {"its negative": 1 - x}, f"The ink of x is {x.sum():.0f}, and z_1 is {z[0]:.1f}."
    >>> ImageExplorer(
    ...     Decoder(key=jax.random.key(0)), jnp.zeros((2, 2)), jnp.array([3, 7]), jnp.eye(2, 64),
    ...     landscape=landscape, readout=readout, title="Two images",
    ... )
    ImageExplorer: Two images
    """

    def __init__(
        self,
        decoder: Decoder | LinearDecoder,
        Z: ArrayLike,
        labels: ArrayLike,
        X: ArrayLike,
        *,
        landscape: Callable,
        readout: Callable,
        title: str,
        samples: Callable | None = None,
        gaussian: Callable | None = None,
        image: int = 0,
        **controls,
    ):
        self.explorer = LatentExplorer(decoder, Z, labels)
        self._X = numbers("X", X, (len(self.explorer._labels), SIDE**2)).astype(np.float32)
        if len(self._X) < 2 or not (self._X.min() >= 0 and self._X.max() <= 1):
            raise ValueError(
                f"`X` must be at least 2 images with ink from 0 to 1, got {len(self._X)} "
                f"with {self._X.min():.3g} to {self._X.max():.3g}"
            )
        if image not in range(len(self._X)):
            raise ValueError(f"`image` must be a number from 0 to {len(self._X) - 1}, got {image!r}")
        self.explorer.z = np.asarray(Z)[image]
        self._title = text("title", title)
        functions = {"landscape": landscape, "readout": readout, "samples": samples, "gaussian": gaussian}
        self._functions = {name: f for name, f in functions.items() if f is not None or name in REQUIRED}
        self._asked = {name: _controls_of(name, f, controls) for name, f in self._functions.items()}
        for name in set(controls).difference(*self._asked.values()):
            raise TypeError(f"`{name}` is a control, but no function has an argument of that name")

        self.image = IntSlider(value=image, max=len(self._X) - 1, description="image number")
        self.controls = controls
        for name, control in controls.items():
            control.description = control.description or name
        every = [self.image, *controls.values()]
        longest = max(len(control.description) for control in every if not isinstance(control, Checkbox))
        for control in every:
            control.style.description_width = f"{longest}ch"
            control.layout.width = "98%"
        heading = HTML(f'<strong style="font-size: 15px">{html.escape(title)}</strong>')
        self._pictures, self._sentence = HTML(), HTML()
        column = VBox(every, layout={"width": "min(360px, 100%)"})
        head = Box([column, self._pictures], layout={"flex_flow": "row wrap"})
        super().__init__([heading, head, self.explorer, self._sentence], layout=FRAME)
        self.add_class("image-explorer")

        self._lock, self._drawing = threading.RLock(), False
        self._seen = self._drawn = self.error = None  # seen: what the landscape was drawn for
        self._redraw()
        for control in every:
            control.observe(self._redraw, "value")
        self.explorer.observe(self._redraw, "z")

    def _redraw(self, change=None):
        """Draw everything anew from the values as they are now, whatever has changed."""
        with self._lock:  # a cell may move something while the browser does
            if self._drawing:
                return  # the handle went to z0, by the drawing that is under way
            self._drawing = True
            try:
                with self.explorer.hold_sync():  # one message, so that the page never shows half of it
                    self._draw(self.image.value)
            finally:
                self._drawing = False

    def _draw(self, i):
        x, label = jnp.asarray(self._X[i]), self.explorer._labels[i]
        pictures = {f"x, image {i}: a{'n' * (label == 8)} {label}": x}
        try:
            self._draw_landscape(i, x)
            z = jnp.asarray(self.explorer.z, jnp.float32)
            self.explorer.show_samples(*self._ask("samples", x, z) or (None,))
            self.explorer.show_gaussian(*self._ask("gaussian", x, z) or (None,))
            more, sentence = self._ask("readout", x, z)
            row = _figures({**pictures, **more})
            self.error = None
        except Exception as error:  # a callback's error would end in a log that nobody reads
            self.error, row = error, _figures(pictures)
            self.explorer.show_samples(None)
            self.explorer.show_gaussian(None)
            settings = [f", {name} = {control.value!r}" for name, control in self.controls.items()]
            place = f"image {i}, z = ({self.explorer.z[0]:.3g}, {self.explorer.z[1]:.3g}){''.join(settings)}"
            sentence = f"Nothing is shown at {place}: {type(error).__name__}: {error}"
        self._pictures.value = f'<div style="{ROW}">{row}</div>'
        role = "alert" if self.error else "status"
        self._sentence.value = (
            f'<div class="{role}" role="{role}" style="font-size: 15px; line-height: 1.4">'
            f"{html.escape(sentence)}</div>"
        )

    def _draw_landscape(self, i, x):
        seen = (i, *(self.controls[name].value for name in self._asked["landscape"]))
        if seen == self._seen:
            return
        self._seen = None
        self.explorer.show_background(None)
        values, extent, label, *z0 = self._ask("landscape", x)
        self.explorer.show_background(values, extent, label)
        self.explorer.show_plane(extent)
        if z0 and i != self._drawn:
            self.explorer.z = z0[0]
        self._seen, self._drawn = seen, i

    def _ask(self, name, *arguments):
        if name not in self._functions:
            return None
        values = {control: self.controls[control].value for control in self._asked[name]}
        answer = self._functions[name](*arguments, **values)
        sizes, needed = ANSWERS[name]
        parts = len(answer) if isinstance(answer, tuple) else 0 if answer is None else None
        if parts not in sizes:
            raise TypeError(f"`{name}` must return {needed}, got {_kind(answer)}")
        if name == "readout" and not (isinstance(answer[0], dict) and isinstance(answer[1], str)):
            raise TypeError(f"`readout` must return {needed}, got ({_kind(answer[0])}, {_kind(answer[1])})")
        return answer

    def __repr__(self):
        return f"ImageExplorer: {self._title}"

    def _repr_mimebundle_(self, **kwargs):
        data = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self._pictures.value + self.explorer.still()}


def _kind(answer):
    return f"a tuple of {len(answer)}" if isinstance(answer, tuple) else type(answer).__name__


def _controls_of(name, function, controls):
    """The names of the controls that a function takes by keyword."""
    if not callable(function):
        raise TypeError(f"`{name}` must be a function, got {type(function).__name__}")
    for control, widget in controls.items():
        if not isinstance(widget, DescriptionWidget) or not widget.has_trait("value"):
            raise TypeError(f"`{control}` must be an ipywidgets control, got {type(widget).__name__}")
    return [control for control in controls if control in inspect.signature(function).parameters]


def _figures(pictures):
    return "".join(
        f'<figure style="margin: 2px 0 0"><span style="{PAPER}">{img_tag(image_png(image, SCALE), caption)}'
        f'</span><figcaption style="max-width: {SIDE * SCALE}px">{html.escape(caption)}</figcaption></figure>'
        for caption, image in pictures.items()
    )
