"""Runs side by side: what several objectives, proposals or answers are worth, one panel for each setting.

Each takes `panels`, {title: {name: numbers}}; a name is written in the last panel in which it stands.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from vae_course.teaching.figures.lines import Line, named_lines
from vae_course.teaching.pictures import APPROXIMATION, EXACT

Panels = Mapping[str, Mapping[str, np.ndarray]]
PARTS = (("train", "-"), ("held out", "--"))


def _last_panel(panels, name):
    return [title for title, rows in panels.items() if name in rows][-1]


def scores_over_steps(panels: Panels, steps: Sequence[int], *, ylabel: str, title: str = "") -> Figure:
    """What two objectives are worth as training goes on: scores (runs, len(steps), 2), train and held out.

    Train is solid, held out dashed; the first objective of a panel is drawn as the approximation, the
    second as exact.
    """

    def lines(panel, name, color, runs):
        for part, (words, style) in enumerate(PARTS):
            for i, run in enumerate(np.asarray(runs)):
                named = i == min(part, len(runs) - 1) and panel == _last_panel(panels, name)
                yield Line(steps, run[:, part], color, f"{name}, {words}" if named else "", style)

    return named_lines(_drawn(panels, lines), xlabel="training step", ylabel=ylabel, title=title)


def held_out_against_train(panels: Panels, *, unit: str, title: str = "") -> Figure:
    """The same scores as paths: held-out images over training images, one path for each run."""

    def lines(panel, name, color, runs):
        at = 0 if color == APPROXIMATION else -1  # where the two names have room
        for i, run in enumerate(np.asarray(runs)):
            named = i == 0 and panel == _last_panel(panels, name)
            yield Line(*run.T, color, name if named else "", at=at)

    return named_lines(
        _drawn(panels, lines),
        xlabel=f"training images, {unit}",
        ylabel=f"held-out images, {unit}",
        title=title,
    )


def errors_by_samples(
    panels: Panels,
    sizes: Sequence[int],
    *,
    looks: Mapping[str, tuple] | None = None,
    at: int = 1,
    title: str = "",
) -> Figure:
    """Mean errors of log p(x), (len(sizes),) or one row for each run, over the samples used; exact is zero.

    `looks` holds {name: (color, style)} for what is not a solid line in the approximation's colour. Names
    are written at point number `at`.
    """

    def lines(panel, name, _, errors):
        for i, row in enumerate(np.atleast_2d(errors)):
            named = i == 0 and panel == _last_panel(panels, name)
            color, style = (looks or {}).get(name, (APPROXIMATION, "-"))
            yield Line(sizes, row, color, name if named else "", style, at)

    drawn = _drawn(panels, lines)
    zero = Line(sizes, np.zeros(len(sizes)), EXACT, "exact", at=0)
    drawn = {panel: [*rows, zero] for panel, rows in drawn.items()}
    axes = {"xlabel": "samples S", "ylabel": "mean error of log p(x), nats"}
    return named_lines(drawn, **axes, xscale="log", yscale="symlog", title=title)


def falling_kl(panels: Panels, steps: Sequence[int], *, title: str = "") -> Figure:
    """KL from q to the posterior as q is fitted, one line for each start: "fits" (starts, len(steps)).

    "best" is one number, the KL of the best q: a dashed line.
    """

    def lines(panel, name, color, kl):
        best, named = name == "best", panel == _last_panel(panels, name)
        for row in np.broadcast_to(kl, (1, len(steps))) if best else np.asarray(kl):
            yield Line(steps, row, color, name if best and named else "", "--" if best else "-")

    axes = {"xlabel": "step", "ylabel": "KL on the grid, nats"}
    return named_lines(_drawn(panels, lines), **axes, yscale="log", title=title)


def sorted_gaps(panels: Panels, *, ylabel: str, title: str = "") -> Figure:
    """Positive gaps of many images, (N,) each, from the smallest to the largest, on a logarithmic axis.

    The first of a panel is drawn as exact, the second as the approximation.
    """

    def lines(panel, name, color, gaps):
        shares = (np.arange(len(gaps)) + 0.5) / len(gaps)
        other, place = (EXACT, 0.6) if color == APPROXIMATION else (APPROXIMATION, 0.53)
        yield Line(shares, np.sort(gaps), other, name, at=int(place * len(gaps)))

    return named_lines(
        _drawn(panels, lines), xlabel="share of images", ylabel=ylabel, yscale="log", title=title
    )


def _drawn(panels, lines):
    """{title: lines of all its names}; the first name of a panel has the approximation's colour."""
    return {
        title: [
            line
            for i, (name, values) in enumerate(rows.items())
            for line in lines(title, name, (APPROXIMATION, EXACT)[i > 0], values)
        ]
        for title, rows in panels.items()
    }
