"""The course's style, and how a figure is shown: with words for who cannot see it."""

import base64
import html
import io
from functools import wraps
from pathlib import Path

import matplotlib
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from vae_course.arguments import text

# Okabe and Ito's colours, told apart by colour-blind readers; one role each.
DATA = "#000000"
PRIOR = "#7F7F7F"
EXACT = "#0072B2"
APPROXIMATION = "#D55E00"
# Ten for the classes, dark enough to read as text on white; a class is always written as its digit, too.
DIGITS = (
    "#000000",
    "#0072B2",
    "#D55E00",
    "#007A5A",
    "#A14A80",
    "#8A6D00",
    "#4B8FBF",
    "#7F3B08",
    "#6A3FA0",
    "#7F7F7F",
)
STYLE = Path(__file__).with_name("course.mplstyle")


def styled(draw):
    """Run a drawing function under the course's style sheet, leaving the reader's own settings alone."""

    @wraps(draw)
    def wrapper(*args, **kwargs):
        with matplotlib.rc_context(fname=STYLE):
            return draw(*args, **kwargs)

    return wrapper


@styled
def show(figure: Figure, *, alt: str) -> None:
    """Display `figure`, with `alt` saying in words what it shows."""
    text("alt", alt)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    display({"text/html": img_tag(small_png(buffer.getvalue()), alt), "text/plain": alt}, raw=True)


def img_tag(png: bytes, alt: str) -> str:
    """The HTML of a picture with its alternative text: JupyterLab gives a bare image/png none."""
    source = base64.b64encode(png).decode()
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{source}">'


def small_png(png: bytes) -> bytes:
    """The same picture in at most 256 colours, less than half the size."""
    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def label(
    ax: Axes, x: float, y: float, text: str, color: str, *, offset: tuple[float, float] = (4, 0)
) -> None:
    """Write a name beside its line instead of in a legend, `offset` points away from (x, y)."""
    ax.annotate(text, (x, y), offset, textcoords="offset points", color=color, va="center", fontsize=9)
