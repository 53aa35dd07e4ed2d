"""`ImageExplorer`: pick or draw an image, see its landscape over the latent plane, drag z, read numbers.

Everything shown comes from pure functions of the image, of z and of the controls; Python calls them at
each move. Only the decoded image needs no Python: see latent.py.
"""

import threading
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from ipywidgets import HTML, Button, VBox
from jax.typing import ArrayLike

from vae_course.arguments import named, numbers, text
from vae_course.explorer.callbacks import Callbacks, move
from vae_course.explorer.latent import LatentExplorer
from vae_course.explorer.layout import figures_html, laid_out, sentence_html
from vae_course.explorer.pad import DigitPad
from vae_course.explorer.sliders import FRAME
from vae_course.explorer.sources import Paper, Rows
from vae_course.models import Decoder, LinearDecoder

NOTHING = "Nothing is drawn yet: draw a digit on the paper."


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
        self._source = Paper(X) if isinstance(X, DigitPad) else Rows(X, self.explorer._labels, image)
        self.explorer.z = np.asarray(Z)[image]
        self._title = text("title", title)
        functions = {"landscape": landscape, "readout": readout}
        functions |= {name: f for name, f in (("samples", samples), ("gaussian", gaussian)) if f is not None}
        buttons = {} if buttons is None else named("buttons", buttons)
        functions |= {f'buttons["{name}"]': f for name, f in buttons.items()}
        self._callbacks = Callbacks(functions, controls)

        self.image, self.controls = self._source.widget, controls
        self.buttons = {name: Button(description=name, layout={"width": "auto"}) for name in buttons}
        self._pictures, self._sentence = HTML(), HTML()
        head = laid_out(self._title, self.image, controls, self.buttons, self._pictures)
        super().__init__([*head, self.explorer, self._sentence], layout=FRAME)
        self.add_class("image-explorer")

        self._lock, self._drawing = threading.RLock(), False
        self._seen = self._drawn = self.error = None  # seen: what the landscape was drawn for
        self._redraw()
        for widget, trait in [(self.image, self._source.trait), (self.explorer, "z")]:
            widget.observe(self._redraw, trait)
        for control in controls.values():
            control.observe(self._redraw, "value")
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self._press(name))

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
                picked = self._source.picked()
                if picked is not None:
                    self._move(f'buttons["{name}"]', picked.x)
            except Exception as error:
                trouble = error
            finally:
                self._drawing = False
            self._redraw(trouble=trouble)

    def _move(self, button, x):
        z, values = self._callbacks.ask(button, x)
        z = numbers("z", z, (2,))
        move(self.controls, values)
        self.explorer.z = z

    def _draw(self, trouble):
        picked = self._source.picked()
        try:
            pictures, sentence = self._shown(picked)
            row, self.error = figures_html(pictures), trouble
            if trouble:
                sentence = f"The button moved nothing: {type(trouble).__name__}: {trouble}. {sentence}"
        except Exception as error:  # a callback's error would end in a log that nobody reads
            self.error, row = error, figures_html(picked.pictures)
            self.explorer.show_samples(None)
            self.explorer.show_gaussian(None)
            settings = [f", {name} = {control.value!r}" for name, control in self.controls.items()]
            z1, z2 = self.explorer.z
            place = f"{picked.name}, z = ({z1:.3g}, {z2:.3g}){''.join(settings)}"
            sentence = f"Nothing is shown at {place}: {type(error).__name__}: {error}"
        self._pictures.value = row
        self._sentence.value = sentence_html(sentence, "alert" if self.error else "status")

    def _shown(self, picked):
        """Show everything on the plane, and return {caption: image} and the sentence."""
        if picked is None:
            self._seen = self._drawn = None
            self.explorer.show_background(None)
            self.explorer.show_samples(None)
            self.explorer.show_gaussian(None)
            return {}, NOTHING
        self._draw_landscape(picked)
        x, z = picked.x, jnp.asarray(self.explorer.z, jnp.float32)
        self.explorer.show_samples(*self._callbacks.ask("samples", x, z) or (None,))
        self.explorer.show_gaussian(*self._callbacks.ask("gaussian", x, z) or (None,))
        more, sentence = self._callbacks.ask("readout", x, z)
        return {**picked.pictures, **more}, sentence

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
