"""What the instruments share in Python: a number in its range, and pieces of still pictures."""

from matplotlib.axes import Axes
from traitlets import TraitType

from vae_course.teaching.arguments import numbers
from vae_course.teaching.pictures import APPROXIMATION, EXACT, HANDLE

MINUS = "\N{MINUS SIGN}"


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


def still_bar(ax: Axes, elbo: float, log_p: float, low: float, high: float, title: str = "{words}") -> None:
    """log p(x) = ELBO + KL as one bar of two parts, in nats; it comes from the left of `low`, and is cut.

    `title` is what stands above, with the sum in place of {words}.
    """
    ax.barh(0, max(elbo - low, 0), left=low, color=APPROXIMATION, linewidth=0)
    start = max(elbo, low)
    ax.barh(0, log_p - start, left=start, color="white", edgecolor=EXACT, hatch="////", linewidth=0)
    for share, width in ((0.012, 3), (0.03, 2.2), (0.046, 1.5)):  # as in the browser's drawBar
        ax.axvline(low + share * (high - low), color="white", linewidth=width)
    ax.axvline(log_p, color=EXACT, linewidth=2.5)
    middle = {"ha": "center", "va": "center", "fontsize": 9.5, "fontweight": "bold"}
    if elbo - low > 0.2 * (high - low):
        ax.text((low + elbo) / 2, 0, "ELBO", color="white", **middle)
    if log_p - start > 0.08 * (high - low):
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        ax.text((start + log_p) / 2, 0, "KL", color=EXACT, bbox=box, **middle)
    elif start - low > 0.6 * (high - low):  # named from within the ELBO's part
        place = ((start + log_p) / 2, 0), (start - 0.07 * (high - low), 0)
        ax.annotate("KL", *place, color="white", arrowprops={"arrowstyle": "->", "color": EXACT}, **middle)
    log_p, elbo, kl = (f"{nats:z.2f}".replace("-", MINUS) for nats in (log_p, elbo, log_p - elbo))
    ax.set(xlim=(low, high), yticks=[], xlabel="nats")
    ax.spines["left"].set_visible(False)
    words = f"log p(x) = ELBO + KL: {log_p} = {elbo} + {kl}"
    ax.set_title(title.format(words=words), loc="left")
