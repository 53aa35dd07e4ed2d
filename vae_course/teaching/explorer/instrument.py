"""What all instruments share: the browser's files made into one, the course's colours, a still picture.

An instrument is sent to the browser once, with all it needs, and does its computing there. A host of a few
lines, which keeps the traits, can run it on a page without Python.
"""

import re
from pathlib import Path

import anywidget
import numpy as np
from matplotlib.figure import Figure
from traitlets import Bytes, List, Undefined, Unicode

from vae_course.data import SIDE
from vae_course.models import Decoder
from vae_course.teaching.arguments import text
from vae_course.teaching.pictures import APPROXIMATION, DATA, DIGITS, EXACT, HANDLE, PRIOR, heat_colours

STATIC = Path(__file__).with_name("static")
COLOURS = {"data": DATA, "prior": PRIOR, "exact": EXACT, "approximation": APPROXIMATION, "handle": HANDLE}
IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
COMMENT = r"/\*\*(?:(?!\*/)[\s\S])*\*/"
ASIDES = re.compile(rf"^\s*(?:(?://.*|{COMMENT})\n\s*)*|{COMMENT} ?| +// .*$", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function\*?|class) (\w+))", re.MULTILINE)


def bundle(name: str) -> str:
    """A file of `static` and all that it imports as one module: a widget's code cannot import a file."""
    needed = dict.fromkeys(_needed(name))  # in order, each once
    parts = [f"const ${part} = (() => {{\n{_inner(part)}\n}})();" for part in needed]
    return "\n".join([*parts, _linked(_bare(name))])


def plain_script(name: str) -> str:
    """A file of `static` that imports nothing as a script without exports: a worker's code."""
    return EXPORT.sub("", _bare(name))


def _bare(name: str) -> str:
    """A file of `static` without comments and indentation, which the browser does not need."""
    return ASIDES.sub("", (STATIC / f"{name}.js").read_text(encoding="utf-8"))


def _needed(name):
    for _, part in IMPORT.findall(_bare(name)):
        yield from [*_needed(part), part]


def _linked(source):
    return IMPORT.sub(r"const \1 = $\2;", source)


def _inner(name):
    source = _linked(_bare(name))
    return f"{EXPORT.sub('', source)}\nreturn {{ {', '.join(EXPORT.findall(source))} }};"


def css(*names: str) -> str:
    """Style sheets of `static`, under the course's colours, which they share with Python."""
    colours = " ".join(f"--{role}: {colour};" for role, colour in COLOURS.items())
    sheets = [(STATIC / f"{name}.css").read_text(encoding="utf-8") for name in ("instruments", *names)]
    return "\n".join([f".vae-instrument {{ {colours} }}", *sheets])


class Instrument(anywidget.AnyWidget):
    """A widget that computes in the browser. A subclass gives `_esm` and `_figure`."""

    _css = css()

    _title = Unicode().tag(sync=True)
    _alt = Unicode().tag(sync=True)  # what is shown, in words
    _still = Unicode().tag(sync=True)  # the still picture, for a browser that cannot run the instrument
    _digits = List(list(DIGITS)).tag(sync=True)  # the colour of each class
    _colours = Bytes(heat_colours()).tag(sync=True)  # of a heat picture: 256 times red, green, blue

    def __init__(self, *, title: str, alt: str, **traits):
        super().__init__(_title=text("title", title), _alt=alt, **traits)

    def _figure(self) -> Figure:
        """The still picture, drawn by matplotlib."""
        raise NotImplementedError

    def _left_out(self) -> str:
        """What the still picture leaves out, in a sentence without its full stop; nothing, unless given."""
        return ""

    def still(self) -> str:
        """What is shown at the start, as a picture for HTML: on GitHub, in print, where no script runs."""
        from vae_course.teaching.figures import entitle, figure_html, styled  # imports pyplot

        figure = styled(lambda: entitle(self._figure(), self._title))()
        words = ". ".join(filter(None, [self._alt, self._left_out()]))
        return figure_html(figure, f"{words}.", sharpness=1.25)

    @classmethod
    def traits_sent(cls) -> dict:
        """The traits that the browser's half reads, by name."""
        of_any_widget = {*anywidget.AnyWidget.class_traits(sync=True), "_esm", "_css", "_anywidget_id"}
        traits = cls.class_traits(sync=True).items()
        return {name: trait for name, trait in sorted(traits) if name not in of_any_widget}

    @classmethod
    def preset(cls) -> dict:
        """What the browser's half gets from each instrument of the class that is given nothing else."""
        preset = {name: trait.default() for name, trait in cls.traits_sent().items()}
        return {name: value for name, value in preset.items() if value is not Undefined}

    def sent(self) -> dict:
        """What the browser's half reads, by name, as it is now."""
        return {name: getattr(self, name) for name in self.traits_sent()}

    def page(self) -> str:
        """The instrument as it is now, as an HTML page of its own: it opens from disk, without Python."""
        from vae_course.teaching.explorer.page import standalone  # which imports this room

        return standalone(self)

    def __repr__(self):
        return f"{type(self).__name__}: {self._title}"

    def _repr_mimebundle_(self, **kwargs):
        self._still = self.still()
        data, metadata = super()._repr_mimebundle_(**kwargs)
        run_it = "<p><em>A still picture. Run this cell to move things.</em></p>"
        return {**data, "text/html": self._still + run_it}, metadata


def network(name: str, of, *kinds: type) -> dict:
    """The weights of a decoder or an encoder of one of these kinds, as the browser's files take them.

    Raises `TypeError` or `ValueError`, naming the argument `name`, for another class, other numbers than 2
    latents and 64 pixels, and for weights that are not finite.
    """
    if not isinstance(of, kinds):
        needed = " or a ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"`{name}` must be a {needed}, got {type(of).__name__}")
    if (of.latents, of.pixels) != (2, SIDE**2):
        needed = f"2 latents, because the plane has two axes, and {SIDE**2} pixels"
        raise ValueError(f"`{name}` must have {needed}, got {of.latents} and {of.pixels}")
    linears = [of.linear] if hasattr(of, "linear") else of.mlp.layers
    last = "sigmoid" if isinstance(of, Decoder) else "identity"
    parts = [np.asarray(part).ravel() for layer in linears for part in (layer.weight, layer.bias)]
    weights = np.concatenate(parts)
    if not np.isfinite(weights).all():
        raise ValueError(f"`{name}` must have finite weights, got NaN or infinity")
    sizes = [linears[0].in_features, *(layer.out_features for layer in linears)]
    activations = ["tanh"] * (len(linears) - 1) + [last]
    return {"weights": floats(weights), "sizes": sizes, "activations": activations}


def floats(values) -> bytes:
    """Numbers as the bytes of float32, row by row."""
    return np.asarray(values, np.float32).tobytes()
