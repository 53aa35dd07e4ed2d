"""What the sliders of 02, 04 and 05 share in Python: a number in its range, and pieces of still pictures."""

from matplotlib.axes import Axes
from traitlets import TraitType

from vae_course.teaching.arguments import numbers
from vae_course.teaching.pictures import HANDLE


class Ranged(TraitType):
    """A float in its range, which the instrument knows: `_ranges[name]`."""

    def validate(self, obj, value):
        """The float, from anything that is one: a number of Python, numpy or JAX."""
        value = float(numbers(self.name, value, ()))
        low, high = obj._ranges[self.name]
        if not low <= value <= high:
            raise ValueError(f"`{self.name}` must be from {low:.4g} to {high:.4g}, got {value:.4g}")
        return value


def still_dot(ax: Axes, x: float, y: float, words: str, side: str = "left") -> None:
    """The reader's place on a curve, with what it is called; the words lie on its left or on its right."""
    ax.plot(x, y, "o", color=HANDLE, markersize=8, markeredgecolor="white", zorder=4)
    note(ax, x, y, words, HANDLE, (-8, 0) if side == "left" else (8, 0))


def still_gap(ax: Axes, x: float, low: float, high: float, words: str, colour: str) -> None:
    """An arrow from one height to another, and what lies between them."""
    ax.annotate("", (x, high), (x, low), arrowprops={"arrowstyle": "<->", "color": colour, "lw": 1.6})
    note(ax, x, (low + high) / 2, words, colour, (6, 0))


def note(ax: Axes, x: float, y: float, words: str, colour: str, offset: tuple[float, float]) -> None:
    """Words beside a place, `offset` points away: on its left where that is negative."""
    side = "right" if offset[0] < 0 else "left" if offset[0] > 0 else "center"
    ax.annotate(words, (x, y), offset, textcoords="offset points", color=colour, ha=side, va="center")
