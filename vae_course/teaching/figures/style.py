"""The course's style, and how a figure is shown: sharp, and with alternative text for who cannot see it."""

import io
from functools import wraps
from pathlib import Path

import font_source_sans_pro
import matplotlib
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from vae_course.teaching.pictures import img_tag, small_png

STYLE = Path(__file__).with_name("course.mplstyle")
HALO = withStroke(linewidth=3, foreground="white")  # keeps words legible where they meet a line
for face in ("SourceSansPro", "SourceSansProBold", "SourceSansProIt"):
    fontManager.addfont(font_source_sans_pro.font_files_ttf[face])


def styled(draw):
    """Run a drawing function under the course's style sheet, leaving the reader's own settings alone."""

    @wraps(draw)
    def wrapper(*args, **kwargs):
        with matplotlib.rc_context(fname=STYLE):
            return draw(*args, **kwargs)

    return wrapper


@styled
def figure_png(figure: Figure) -> bytes:
    """The figure as a small PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return small_png(buffer.getvalue())


def figure_html(figure: Figure, alt: str) -> str:
    """The figure as HTML, with `alt` saying in words what it shows."""
    png = figure_png(figure)  # which lays it out
    return img_tag(png, alt, paper=[*_paper(figure)])


def _paper(figure):
    """Where digits, heat pictures and their scales are: left, top, right, bottom as shares of the figure."""
    width, height = figure.bbox.size
    for ax in figure.findobj(Axes):
        boxes = [image.get_window_extent() for image in ax.get_images()]
        if ax.get_label() == "<colorbar>":
            boxes.append(ax.get_window_extent())
        if boxes and ax.get_visible():
            box = Bbox.intersection(Bbox.union(boxes), ax.get_window_extent())
            yield box.x0 / width, 1 - box.y1 / height, box.x1 / width, 1 - box.y0 / height


def show(figure: Figure, *, alt: str) -> None:
    """Display `figure`, with `alt` saying in words what it shows."""
    display({"text/html": figure_html(figure, alt), "text/plain": alt}, raw=True)


def entitle(figure: Figure, title: str) -> Figure:
    """The figure with its point in words above all panels; without words, as it was."""
    if title:
        figure.suptitle(title, x=0.008, ha="left", fontsize=12, fontweight="bold", wrap=True)
    return figure


def label(
    ax: Axes, x: float, y: float, text: str, color: str, *, offset: tuple[float, float] = (4, 0)
) -> Text:
    """Write a name beside its line instead of in a legend, `offset` points away from (x, y)."""
    return ax.annotate(
        text,
        (x, y),
        offset,
        textcoords="offset points",
        color=color,
        va="center",
        fontsize=10,
        path_effects=[HALO],
    )
