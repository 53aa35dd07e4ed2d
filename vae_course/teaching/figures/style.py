"""The course's style, and how a figure is shown: sharp, and with alternative text for who cannot see it."""

import io
from collections.abc import Sequence
from functools import wraps
from pathlib import Path

import font_source_sans_pro
import matplotlib
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter
from matplotlib.transforms import Bbox

from vae_course.teaching.pictures import COLOURS, FEW, img_tag, small_png

STYLE = Path(__file__).with_name("course.mplstyle")
TITLE = 12  # points
DPI = 110  # the browser's pixels an inch
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
def _png(figure: Figure, sharpness: float) -> bytes:
    """The figure as a small PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI * sharpness)
    images = [image for ax in figure.findobj(Axes) for image in ax.get_images()]
    grey = all(image.get_cmap().name.startswith("gray") for image in images)
    return small_png(buffer.getvalue(), colours=FEW if grey else COLOURS)


def figure_html(figure: Figure, alt: str, *, sharpness: float = 2) -> str:
    """The figure as HTML, with `alt` saying in words what it shows, `sharpness` as in `img_tag`."""
    png = _png(figure, sharpness)  # which lays it out
    return img_tag(png, alt, paper=_paper(figure), sharpness=sharpness)


def _paper(figure):
    """Where digits, heat pictures and their scales are: left, top, right, bottom as shares of the figure."""
    width, height = figure.bbox.size
    found = []
    for ax in figure.findobj(Axes):
        images = [image for image in ax.get_images() if ax.get_visible()]
        if images:
            whole = Bbox.union([image.get_window_extent() for image in images])
            found.append(Bbox.intersection(whole, ax.get_window_extent()))
        found += [image.colorbar.ax.get_window_extent() for image in images if image.colorbar]
    # An inset lies in a hole already.
    outer = [box for box in found if not any(other is not box and _holds(other, box) for other in found)]
    return [(b.x0 / width, 1 - b.y1 / height, b.x1 / width, 1 - b.y0 / height) for b in outer]


def _holds(box, other):
    return box.padded(1).count_contains(other.corners()) == 4


def show(figure: Figure, *, alt: str, sharpness: float = 2) -> None:
    """Display `figure`, with `alt` saying in words what it shows, `sharpness` as in `img_tag`."""
    html = figure_html(figure, alt, sharpness=sharpness)
    display({"text/html": html, "text/plain": alt}, raw=True)


def entitle(figure: Figure, title: str) -> Figure:
    """The figure with its point in words above all panels; without words, as it was."""
    if title:
        figure.suptitle(title, x=0.008, ha="left", fontsize=TITLE, fontweight="bold", wrap=True)
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


def keep_apart(words: Sequence[Text], *, least: float = 12.5) -> None:
    """Move the names at the ends of lines up and down until they are `least` points from one another."""
    if not words:
        return
    ax = words[0].axes
    ax.get_ylim()  # brings the limits up to date
    points = 72 / ax.figure.dpi
    heights = np.array([points * ax.transData.transform(word.xy)[1] for word in words])
    order = np.argsort(heights, kind="stable")
    steps = least * np.arange(len(words))
    # As near as can be to where they belong: the mean over each run of names that would touch.
    wanted, runs = heights[order] - steps, []
    for height in wanted:
        runs.append([height])
        while len(runs) > 1 and np.mean(runs[-2]) > np.mean(runs[-1]):
            runs[-2:] = [runs[-2] + runs[-1]]
    placed = steps + np.concatenate([np.full(len(run), np.mean(run)) for run in runs])
    for which, height in zip(order, placed, strict=True):
        across, _ = words[which].get_position()
        words[which].set_position((across, height - heights[which]))


def few_ticks(ax: Axes) -> None:
    """At most six ticks on an axis; on a logarithmic one powers of ten or of two, as plain numbers."""
    for axis in (ax.xaxis, ax.yaxis):
        if axis.get_scale() == "linear":
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
            axis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
        elif axis.get_scale() == "log":
            axis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
            axis.set_minor_formatter(NullFormatter())


def _plain(value):
    """A number as prose has it: 10,000 and 0.01, and 10 to some power where that were too long."""
    value = float(f"{value:.6g}")  # 0.3, where the tick is at 0.30000000000000004
    if value and not 1e-4 < abs(value) < 1e6:
        power = np.log10(abs(value))
        return f"$10^{{{power:.0f}}}$" if power == round(power) and value > 0 else f"{value:g}"
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")
