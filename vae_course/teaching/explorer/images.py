"""`ImageExplorer`: pick or draw an image, see its landscape over the latent plane, drag z, read numbers.

Everything shown comes from pure functions of the image, of z and of the controls; Python calls them at
each move. Only the decoded image needs no Python: see latent.py.
"""

import html
import threading
from collections import namedtuple
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from ipywidgets import HTML, Box, Button, IntSlider, VBox
from jax.typing import ArrayLike

from vae_course.data import SIDE
from vae_course.models import Decoder, LinearDecoder
from vae_course.teaching.arguments import named, numbers, text
from vae_course.teaching.explorer.callbacks import Callbacks, move
from vae_course.teaching.explorer.ink import bitmap_of
from vae_course.teaching.explorer.latent import LatentExplorer
from vae_course.teaching.explorer.pad import DigitPad, image_of
from vae_course.teaching.explorer.page import FRAME, PAPER, align, check, heading, sentence, settings
from vae_course.teaching.pictures import image_png, img_tag

NOTHING = "Nothing is drawn yet: draw a digit on the paper."
ROW = "display: flex; flex-wrap: wrap; gap: 8px 16px; font-size: 14px; line-height: 1.4"
WIDTH = 128  # of each picture, in screen pixels


# The image x (64,), what tells it from others, its name in words, and {caption: image} to be shown.
Picked = namedtuple("Picked", "x key name pictures")


class ImageExplorer(VBox):
    """An image that the reader picks or draws, and a `LatentExplorer` over its landscape.

    `decoder`, `Z` (N, 2) and `labels` (N,) are as in `LatentExplorer`. `X` is either (N, 64), the N >= 2
    images that the codes Z belong to, ink from 0 to 1, in the order in which a slider walks through them,
    beginning at number `image`; or it is a `DigitPad`, and x is what is drawn there. `title` stands above.
    Each further keyword is an ipywidgets control (a slider for S, a checkbox "zoom", ...); its description,
    or else its name, is written beside it.

    `landscape(x)` returns (values, extent, label), as `LatentExplorer.show_background` takes them, and the
    plane is drawn as far as `extent` goes. A fourth element z0 moves the handle there when the image has
    changed; without it z stays where it is. Called when the image or one of landscape's own controls moves.
    `readout(x, z)` returns (pictures, sentence): {caption: image}, shown beside x, and words with numbers.
    `samples(x, z)`, if given, returns (points, weights, label) for `show_samples`, or None, and
    `gaussian(x, z)` likewise (m, s, label) for `show_gaussian`. These are called at every move.
    `buttons` is {what is written on it: function(x)}: a press asks it for (z, {name of a control: value}),
    and moves the handle there and those controls to the nearest step of their scale, as one move.

    x (64,) and z (2,) are JAX arrays of float32. A function that names a control among its arguments is
    handed its value by keyword: `landscape(x, *, zoom)`, `readout(x, z, *, S)`; a control that none names is
    an error. They run on another thread: JAX, numpy and pillow, but not matplotlib. All but the buttons' are
    called once here, which also compiles what is jitted; on an empty pad none is called, then or later.

    If one of them raises or returns something else, the sentence says so in words, whatever belonged to
    earlier values is removed, and `error` holds the exception; otherwise it is None. `explorer` is the
    `LatentExplorer` (its z is where the handle is), `image` the slider or the pad; `controls` and `buttons`
    hold the widgets by name.

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
        X: ArrayLike | DigitPad,
        *,
        landscape: Callable,
        readout: Callable,
        title: str,
        samples: Callable | None = None,
        gaussian: Callable | None = None,
        buttons: dict[str, Callable] | None = None,
        image: int = 0,
        **controls,
    ):
        self.explorer = LatentExplorer(decoder, Z, labels)
        self.image = X if isinstance(X, DigitPad) else self._slider(X, image)
        self.explorer.z = np.asarray(Z)[image]
        self._title = text("title", title)
        functions = {"landscape": landscape, "readout": readout}
        functions |= {name: f for name, f in (("samples", samples), ("gaussian", gaussian)) if f is not None}
        buttons = {} if buttons is None else named("buttons", buttons)
        functions |= {f'buttons["{name}"]': f for name, f in buttons.items()}
        check(controls)
        self._callbacks = Callbacks(functions, controls)

        self.controls = controls
        self.buttons = {name: Button(description=name, layout={"width": "auto"}) for name in buttons}
        self._pictures, self._sentence = HTML(), HTML()
        children = [heading(title), self._columns(), self.explorer, self._sentence]
        super().__init__(children, layout=FRAME)
        self.add_class("image-explorer")
        self._lock, self._drawing = threading.RLock(), False
        self._seen = self._drawn = self.error = None  # seen: what the landscape was drawn for
        self._redraw()
        for widget, trait in [(self.image, "strokes" if self.image is X else "value"), (self.explorer, "z")]:
            widget.observe(self._redraw, trait)
        for control in controls.values():
            control.observe(self._redraw, "value")
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self._press(name))

    def _slider(self, X, image):
        self._X = numbers("X", X, (len(self.explorer._labels), SIDE**2)).astype(np.float32)
        last, low, high = len(self._X) - 1, self._X.min(), self._X.max()
        if last < 1 or not (low >= 0 and high <= 1):
            needed = "`X` must be at least 2 images with ink from 0 to 1"
            raise ValueError(f"{needed}, got {last + 1} with {low:.3g} to {high:.3g}")
        if image not in range(last + 1):
            raise ValueError(f"`image` must be a number from 0 to {last}, got {image!r}")
        return IntSlider(value=image, max=last, description="image number")

    def _picked(self):
        """The image that the slider stands at or the pad holds; None when nothing is drawn."""
        if not isinstance(self.image, DigitPad):
            i = self.image.value
            x, label = jnp.asarray(self._X[i]), self.explorer._labels[i]
            return Picked(x, i, f"image {i}", {f"x, image {i}: a{'n' * (label == 8)} {label}": x})
        strokes = self.image.strokes  # what is drawn now: the reader may go on drawing
        if not strokes:
            return None
        bitmap = bitmap_of(strokes)
        x = image_of(bitmap)
        pictures = {"your digit in 32 x 32 points": bitmap, "x, the ink in each block of 4 x 4": x}
        return Picked(x, strokes, "your digit", pictures)

    def _columns(self):
        """The image's widget, the controls and the buttons beside the pictures; narrow, above them."""
        moved, pictures = [*self.controls.values()], self._pictures
        row = [Box([*self.buttons.values()], layout={"flex_flow": "row wrap"})] if self.buttons else []
        if isinstance(self.image, DigitPad):  # as high as all the others together
            left, right, width = [self.image], [pictures, *moved, *row], "min(300px, 100%)"
            pictures.layout.min_height = "180px"  # nothing jumps when the pad is cleared
        else:
            moved = [self.image, *moved]
            left, right, width = [*moved, *row], [pictures], "min(360px, 100%)"
        align(moved, "98%")
        # The right column is wide enough for two pictures, or goes below.
        right = VBox(right, layout={"flex": "1 1 272px", "margin": "0 8px"})
        return Box([VBox(left, layout={"width": width}), right], layout={"flex_flow": "row wrap"})

    def _redraw(self, change=None, trouble=None):
        """Draw everything anew from the values as they are now, whatever has changed."""
        floats = change and isinstance(change["old"], float) and isinstance(change["new"], float)
        if floats and abs(change["new"] - change["old"]) < 1e-9:
            return  # a button set a slider, and the browser sends its own last digit
        with self._lock:  # a cell may move something while the browser does
            if self._drawing:
                return  # the handle went to z0, by the drawing that is under way
            self._drawing = True
            try:
                with self.explorer.hold_sync():  # one message, so that the page never shows half of it
                    self._draw(trouble)
            finally:
                self._drawing = False

    def _press(self, name):
        """Move the handle and the controls to where the button says, as one move."""
        with self._lock, self.explorer.hold_sync():
            self._drawing, trouble = True, None  # no drawing between one and the next
            try:
                picked = self._picked()
                if picked is not None:
                    z, values = self._callbacks.ask(f'buttons["{name}"]', picked.x)
                    z = numbers("z", z, (2,))
                    move(self.controls, values)
                    self.explorer.z = z
            except Exception as error:
                trouble = error
            finally:
                self._drawing = False
            self._redraw(trouble=trouble)

    def _draw(self, trouble):
        picked = self._picked()
        try:
            pictures, words = self._shown(picked)
            row, self.error = _figures(pictures), trouble
            if trouble:
                words = f"The button moved nothing: {type(trouble).__name__}: {trouble}. {words}"
        except Exception as error:  # a callback's error would end in a log that nobody reads
            self.error, row = error, _figures(picked.pictures)
            self._show_over_codes(None, None)
            z1, z2 = self.explorer.z
            place = ", ".join([picked.name, f"z = ({z1:.3g}, {z2:.3g})", *settings(self.controls)])
            words = f"Nothing is shown at {place}: {type(error).__name__}: {error}"
        self._pictures.value = row
        self._sentence.value = sentence(words, self.error)

    def _shown(self, picked):
        """Show everything on the plane, and return {caption: image} and the sentence."""
        if picked is None:
            self._seen = self._drawn = None
            self.explorer.show_background(None)
            self._show_over_codes(None, None)
            return {}, NOTHING
        self._draw_landscape(picked)
        x, z = picked.x, jnp.asarray(self.explorer.z, jnp.float32)
        self._show_over_codes(*(self._callbacks.ask(name, x, z) for name in ("samples", "gaussian")))
        more, words = self._callbacks.ask("readout", x, z)
        return {**picked.pictures, **more}, words

    def _show_over_codes(self, samples, gaussian):
        self.explorer.show_samples(*samples or (None,))
        self.explorer.show_gaussian(*gaussian or (None,))

    def _draw_landscape(self, picked):
        seen = (picked.key, self._callbacks.values("landscape"))
        if seen == self._seen:
            return
        self._seen = None
        self.explorer.show_background(None)
        values, extent, label, *z0 = self._callbacks.ask("landscape", picked.x)
        self.explorer.show_background(values, extent, label)
        self.explorer.show_plane(extent)
        if z0 and picked.key != self._drawn:
            self.explorer.z = z0[0]
        self._seen, self._drawn = seen, picked.key

    def __repr__(self):
        return f"ImageExplorer: {self._title}"

    def _repr_mimebundle_(self, **kwargs):
        data = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self._pictures.value + self.explorer.still()}


def _figures(pictures: dict) -> str:
    """{caption: image} as a row of pictures of one width, each over its caption."""
    figures = ""
    for caption, image in pictures.items():
        side = round(np.size(image) ** 0.5)
        picture = img_tag(image_png(image, WIDTH // min(max(side, 1), WIDTH)), caption)
        figures += f'<figure style="margin: 2px 0 0"><span style="{PAPER}">{picture}</span>'
        figures += f'<figcaption style="max-width: {WIDTH}px">{html.escape(caption)}</figcaption></figure>'
    return f'<div style="{ROW}">{figures}</div>'
