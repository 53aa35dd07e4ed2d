"""`JensenSlider`: K on a slider. The mean of the logs lies below the log of the mean."""

import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure
from traitlets import Bool, Float, List, TraitType

from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats
from vae_course.teaching.explorer.sliders import note, still_dot, still_gap
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT

GROUPS = 20  # at least, for each K
WIDEST = 3.2  # times p(x): where the weights are cut off in the picture
DRAWN = 300  # averages
ALT = (
    "Importance weights as dots on the bent curve log w over w, the log of their mean above the mean of logs"
)


class OneOf(TraitType):
    """A whole number of those that the instrument knows: `_counts`."""

    def validate(self, obj, value):
        """The number."""
        value = float(numbers(self.name, value, ()))
        if value not in obj._counts:
            raise ValueError(f"`{self.name}` must be one of {obj._counts}, got {value:g}")
        return int(value)


class JensenSlider(Instrument):
    """Jensen's inequality on the importance weights of one image, and how averages close the gap.

    `log_weights` (S,) is log p(x, z) - log q(z) in nats for S draws z of q, at least 40. Averages of K
    weights, in disjoint groups, are dots on the curve log w over w, beside the log of their mean and the
    mean of their logs: an estimate of L_K = E log (1/K sum of K weights), which is the ELBO for K = 1 and
    rises towards log p(x). `log_p` is log p(x) in nats, if it is known; unless given, the log of the mean of
    all weights takes its place, and is labelled as that. `K` is where the reader starts. Weights beyond the
    picture are drawn at its edge, and counted. Without `averages` K stays 1, and all that belongs to a larger
    K is left out. Raises `TypeError` or `ValueError`, naming the argument that does not fit.

    `.K` is what the reader has set, in both directions: 1, 2, 5, 10, ... as long as 20 groups are left.
    """

    _esm = bundle("jensen")
    _css = css("sliders")

    K = OneOf(1).tag(sync=True)
    _counts = List([1]).tag(sync=True)  # what K can be
    _bounds = List().tag(sync=True)  # for each K: L_K, its standard error, the logs of the first averages
    _truth = Float().tag(sync=True)  # log p(x), or the log of the mean weight
    _exact = Bool().tag(sync=True)  # whether it is log p(x)

    def __init__(
        self,
        log_weights: ArrayLike,
        log_p: float | None = None,
        *,
        K: int = 1,
        averages: bool = True,
        title: str = "The mean of the logs lies below the log of the mean",
    ):
        log_weights = numbers("log_weights", log_weights, (None,))
        if len(log_weights) < 2 * GROUPS:
            needed = f"`log_weights` must hold at least {2 * GROUPS}, {GROUPS} groups of 2"
            raise ValueError(f"{needed}, got {len(log_weights)}")
        exact = log_p is not None
        truth = numbers("log_p", log_p, ()) if exact else _log_averages(log_weights, len(log_weights))[0]
        counts = _counts(len(log_weights)) if averages else [1]
        closing = f"L with K weights, which rises towards {'log p(x)' if exact else 'the log of the mean'}"
        super().__init__(
            title=title,
            alt=ALT + (f"; beside it {closing}" if averages else ""),
            _counts=counts,
            K=K,
            _bounds=[_bound(log_weights, count) for count in counts],
            _truth=float(truth),
            _exact=exact,
        )

    def _figure(self) -> Figure:
        exact, log_p = self._exact, self._truth
        truth = "log p(x)" if exact else "log of the mean"
        bounds = [bound["nats"] for bound in self._bounds]
        now = self._bounds[self._counts.index(self.K)]
        here = now["nats"]
        figure = Figure(figsize=(7.4, 3.4))
        curve, *rest = figure.subplots(1, 1 + (len(bounds) > 1), squeeze=False)[0]
        widest = max(0.1, log_p - bounds[0])
        low = -max(2.0, 2.2 * widest)
        w = np.linspace(np.exp(low), WIDEST, 400)
        curve.plot(w, np.log(w), color=DATA, linewidth=1)
        dots = np.frombuffer(now["averages"], np.float32) - log_p
        curve.plot(
            np.exp(dots).clip(0, WIDEST),
            dots.clip(low, np.log(WIDEST)),
            "o",
            color=APPROXIMATION,
            ms=4,
            alpha=0.5,
        )
        curve.axhline(0, color=EXACT, linestyle="--", linewidth=1)
        curve.axhline(here - log_p, color=APPROXIMATION, linestyle="--", linewidth=1)
        note(curve, WIDEST, 0, truth, EXACT, (-2, 8))
        note(curve, WIDEST, here - log_p, "mean of the logs", APPROXIMATION, (-2, -8))
        still_gap(curve, 1.0, here - log_p, 0, f"gap {log_p - here:.2f}", EXACT)
        curve.set(xlim=(0, WIDEST), ylim=(low, np.log(WIDEST) + 0.3), ylabel=f"log w, nats from {truth}")
        what = "weight" if self.K == 1 else f"average of {self.K} weights"
        curve.set(
            xlabel=f"{what}, over {'p(x)' if exact else 'the mean'}",
            title="Jensen's gap" + (f" for K = {self.K}" if rest else ""),
        )
        for closing in rest:
            self._draw_closing(closing, bounds, here, truth, widest)
        return figure

    def _draw_closing(self, closing, bounds, here, truth, widest):
        """L with K weights over K, up to log p(x)."""
        log_p = self._truth
        closing.plot(self._counts, bounds, "-o", color=APPROXIMATION, markersize=4)
        closing.axhline(log_p, color=EXACT, linestyle="--", linewidth=1)
        note(closing, 1, log_p, f"{truth} {log_p:.2f}", EXACT, (2, 8))
        note(closing, 1, bounds[0], f"ELBO {bounds[0]:.2f}", APPROXIMATION, (8, -4))
        still_dot(closing, self.K, here, "" if self.K == 1 else f"L {here:.2f}", "right")
        closing.set(xscale="log", ylim=(bounds[0] - 0.25 * widest, log_p + 0.3 * widest))
        closing.set_xticks(self._counts, self._counts)
        closing.minorticks_off()
        closing.set(xlabel="K", ylabel="nats", title="More weights, a smaller gap")


def _log_averages(log_weights: np.ndarray, K: int) -> np.ndarray:
    """The logs of the averages of K weights each, in disjoint groups; a remainder is left out."""
    groups = log_weights[: len(log_weights) // K * K].reshape(-1, K)
    return np.logaddexp.reduce(groups, axis=1) - np.log(K)


def _bound(log_weights, K):
    """L_K = E log (1/K sum of K weights), estimated by the mean of the logs of averages."""
    logs = _log_averages(log_weights, K)
    error = logs.std(ddof=1) / np.sqrt(len(logs))
    return {"K": K, "nats": float(logs.mean()), "error": float(error), "averages": floats(logs[:DRAWN])}


def _counts(S):
    """1, 2, 5, 10, ... as long as S weights are enough for 20 groups."""
    return [n * 10**power for power in range(9) for n in (1, 2, 5) if n * 10**power * GROUPS <= S]
