"""`TrainingFilm`: the training of a VAE by its checkpoints, computed once and played in the browser."""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from jax.typing import ArrayLike
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from traitlets import Bool, Bytes, Enum, Int, List, validate

from vae_course.data import SIDE
from vae_course.elbo import quadrature_elbo
from vae_course.marginal import DecodedGrid, LatentGrid, latent_grid, log_marginals
from vae_course.models import VAE, Decoder, GaussianEncoder, LinearDecoder, apply
from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats, network
from vae_course.teaching.explorer.plane import digits_of, images_of, square_around
from vae_course.teaching.explorer.sliders import still_bar
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT

FLOOR = 15.0  # nats below the top; everything lower has one colour
CELLS, CLOSE_CELLS, PARTS = 64, 48, 3  # of a posterior's two pictures, per axis; points per cell and axis
IMAGES = 9  # decoded per axis of the plane
CLOSE = 4.0  # standard deviations to each side in a close-up
SMALLEST = 0.2  # half the width of a close-up, at least
SHOWN = 60.0  # nats that the still picture's curves and bars show, at most
NAMES = ("training image", "held-out image")


class TrainingFilm(Instrument):
    """Training as a film: the codes move, one image's posterior and q change, the ELBO rises to log p(x).

    `vaes` are T checkpoints, each a `VAE` with two latents and 64 pixels, and `steps` (T,) the training steps
    after which they were kept, in rising order. `X` (N, 64) are the images whose codes, the encoder's means,
    are drawn, and `labels` (N,) their digits; `train` and `held_out` (64,) are one image of each kind.
    Images hold ink from 0 to 1. For each checkpoint and both images the exact posterior, q, the ELBO (a
    quadrature) and log p(x), in nats, are computed here, once; the film plays without Python.

    `film.step` is the training step of the checkpoint shown, one of `steps`; `film.playing` whether the film
    runs; `film.image` whose posterior is shown: "training image", "held-out image" or "none". All are what
    the reader sets, in both directions. Raises `TypeError` or `ValueError`, naming the argument that does not
    fit.
    """

    _esm = bundle("film")
    _css = css("film")

    step = Int(0).tag(sync=True)
    playing = Bool(False).tag(sync=True)
    image = Enum([*NAMES, "none"], NAMES[0]).tag(sync=True)
    _steps = List().tag(sync=True)
    _labels = Bytes().tag(sync=True)  # uint8
    _extent = List().tag(sync=True)  # of the plane
    _floor = List([-FLOOR, 0.0]).tag(sync=True)  # nats at the bytes 0 and 255 of a picture
    # float32, checkpoint after checkpoint; "2" is the training image, then the held-out one
    _images = Bytes().tag(sync=True)  # (2, 64), without checkpoints
    _codes = Bytes().tag(sync=True)  # (T, N, 2)
    _q = Bytes().tag(sync=True)  # (T, 2, 4): m1, m2, s1, s2
    _bounds = Bytes().tag(sync=True)  # (T, 2, 2): the ELBO and log p(x)
    _sigma = Bytes().tag(sync=True)  # (T,)
    _squares = Bytes().tag(sync=True)  # (T, 2, 4): the extents of the close-ups
    # uint8, checkpoint after checkpoint; row 0 is the lowest z2
    _posteriors = Bytes().tag(sync=True)  # (T, 2, 64, 64): log p(z given x) below its top
    _close_ups = Bytes().tag(sync=True)  # (T, 2, 48, 48)
    _decoded = Bytes().tag(sync=True)  # (T, 9, 9, 64): ink

    def __init__(
        self,
        vaes: Sequence[VAE],
        steps: Sequence[int],
        X: ArrayLike,
        labels: ArrayLike,
        train: ArrayLike,
        held_out: ArrayLike,
        *,
        title: str = "Training as a film: the bound rises, and the gap opens",
    ):
        vaes = _checkpoints(vaes)
        steps = _rising(steps, len(vaes))
        X = images_of("X", X)
        labels = digits_of("labels", labels, len(X))
        pair = jnp.concatenate([_image("train", train), _image("held_out", held_out)])
        codes, q = map(np.stack, zip(*(_encoded(vae, X, pair) for vae in vaes), strict=True))
        extent = square_around(codes, np.array([[-3.0, -3.0], [3.0, 3.0]]))
        frames = [_frame(vae.decoder, pair, of_pair, extent) for vae, of_pair in zip(vaes, q, strict=True)]
        film = Frame(*map(np.stack, zip(*frames, strict=True)))
        self._bound = film.bounds
        super().__init__(
            title=title,
            alt=f"The codes of {len(X):,} images on the plane, and the ELBO and log p(x) of a training image"
            f" and a held-out image, at {len(vaes)} checkpoints of the training",
            step=steps[0],
            _steps=steps,
            _labels=labels.tobytes(),
            _extent=extent,
            _images=floats(pair),
            _codes=floats(codes),
            _q=floats(q),
            _bounds=floats(film.bounds),
            _sigma=floats([vae.decoder.sigma for vae in vaes]),
            _squares=floats(film.squares),
            _posteriors=film.posteriors.tobytes(),
            _close_ups=film.close_ups.tobytes(),
            _decoded=film.decoded.tobytes(),
        )

    @validate("step")
    def _check_step(self, proposal):
        if proposal["value"] not in self._steps:
            raise ValueError(f"`step` must be one of {self._steps}, got {proposal['value']}")
        return proposal["value"]

    def _figure(self) -> Figure:
        from vae_course.teaching.figures import draw_codes  # imports pyplot

        figure = Figure(figsize=(7.4, 4), layout="constrained")
        cells = figure.add_gridspec(3, 2, width_ratios=[1, 1.2], height_ratios=[2.5, 1, 1])
        plane, curves = figure.add_subplot(cells[:, 0]), figure.add_subplot(cells[0, 1])
        codes = np.frombuffer(self._codes, np.float32).reshape(len(self._steps), -1, 2)
        draw_codes(plane, codes[-1], np.frombuffer(self._labels, np.uint8))
        plane.set(
            xlim=self._extent[:2], ylim=self._extent[2:], title=f"The codes at step {self._steps[-1]:,}"
        )
        self._draw_curves(curves)
        shown = self._bound[self._bound > self._bound.max() - SHOWN]
        for i, name in enumerate(NAMES):
            ax, title = figure.add_subplot(cells[1 + i, 1]), f"{name.capitalize()}: {{words}}"
            still_bar(ax, *self._bound[-1, i], shown.min() - 1, shown.max() + 1, title)
            ax.title.set_fontsize(8.5)
            if i == 0:
                ax.set(xlabel="", xticklabels=[])
        return figure

    def _draw_curves(self, ax: Axes):
        """log p(x) and the ELBO of both images over the checkpoints, the gap shaded."""
        at = np.arange(len(self._steps))
        for (elbo, log_p), style, face in zip(
            self._bound.transpose(1, 2, 0), ("-", "--"), ("full", "none"), strict=True
        ):
            ax.fill_between(at, elbo, log_p, color=EXACT, alpha=0.15, linewidth=0)
            for curve, color in ((log_p, EXACT), (elbo, APPROXIMATION)):
                ax.plot(at, curve, style, marker="o", ms=3.5, fillstyle=face, color=color, linewidth=1.4)
        shown = at[:: len(at) // 5 + 1]
        ax.set_xticks(shown, [f"{self._steps[i]:,}" for i in shown])
        low, high = max(self._bound.min(), self._bound.max() - SHOWN), self._bound.max()
        ax.set(xlabel="training step", ylabel="nats", ylim=(low - 2, high + 2))
        handles = [Line2D([], [], color=color, lw=2) for color in (EXACT, APPROXIMATION)]
        for style, face in (("-", DATA), ("--", "white")):
            handles.append(Line2D([], [], color=DATA, linestyle=style, marker="o", mfc=face, ms=4, lw=1.2))
        words = ["log p(x)", "ELBO", "training", "held out"]
        above = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "columnspacing": 1.2}
        ax.legend(handles, words, fontsize=8.5, ncols=4, handlelength=2, **above)


class Frame(NamedTuple):
    """What is shown of one checkpoint besides the codes and q; first the training image, then the other."""

    posteriors: np.ndarray  # (2, 64, 64), as bytes from `FLOOR` nats below the top to the top
    close_ups: np.ndarray  # (2, 48, 48), likewise
    squares: np.ndarray  # (2, 4), the extents of the close-ups
    decoded: np.ndarray  # (81, 64), ink as bytes
    bounds: np.ndarray  # (2, 2), the ELBO and log p(x)


def _encoded(vae, X, pair):
    """The codes of X (N, 2), and q of both images of the pair, (2, 4)."""
    M, S = apply(vae.encoder, jnp.concatenate([X, pair]))
    return np.asarray(M[: len(X)]), np.concatenate([M[len(X) :], S[len(X) :]], axis=1)


def _frame(model, pair, q, extent):
    M, S = jnp.asarray(q[:, :2]), jnp.asarray(q[:, 2:])
    heats, mean, sd, elbos, images = _seen(
        model, pair, M, S, _grid(extent, CELLS * PARTS), _grid(extent, IMAGES)
    )
    squares = [_close_up(*of_one) for of_one in zip(M, S, mean, sd, strict=True)]
    grids = [_grid(square, CLOSE_CELLS * PARTS) for square in squares]
    close_ups = [_cells(model, x, grid) for x, grid in zip(pair, grids, strict=True)]
    log_p = log_marginals(model, pair).log_p
    ink = (255 * np.asarray(images).clip(0, 1)).round().astype(np.uint8)
    return Frame(_shades(heats), _shades(close_ups), squares, ink, np.stack([elbos, log_p], axis=1))


@eqx.filter_jit  # once for all checkpoints: the model is an argument
def _seen(model, pair, M, S, grid, places):
    decoded = DecodedGrid(model, grid)
    heats = jax.vmap(lambda x: _of_cells(decoded.log_joint(x)))(pair)
    elbos = jax.vmap(quadrature_elbo, (None, 0, 0, 0))(model, pair, M, S)
    mean, sd = jax.vmap(decoded.mean)(pair), jax.vmap(decoded.sd)(pair)
    return heats, mean, sd, elbos, jax.vmap(model)(places.points)


@eqx.filter_jit
def _cells(model, x, grid):
    return _of_cells(DecodedGrid(model, grid).log_joint(x))


def _of_cells(log_joint):
    """The log of each cell's mass, up to a constant: no peak is lost between the cells' middles."""
    n = len(log_joint) // PARTS
    return logsumexp(log_joint.reshape(n, PARTS, n, PARTS), axis=(1, 3))


def _grid(extent, n) -> LatentGrid:
    """n x n cells over a square."""
    left, right, bottom, top = extent
    return latent_grid(n, float(right - left) / 2, jnp.array([left + right, bottom + top]) / 2)


def _close_up(m, s, mean, sd):
    """The square around q and the posterior, four standard deviations of each to each side."""
    low, high = (f(m + k * s, mean + k * sd) for f, k in ((np.minimum, -CLOSE), (np.maximum, CLOSE)))
    centre, half = (low + high) / 2, max(float((high - low).max()) / 2, SMALLEST)
    return np.array([centre[0] - half, centre[0] + half, centre[1] - half, centre[1] + half])


def _shades(heats):
    """Nats below each picture's top as bytes: 0 is `FLOOR` or more below, 255 the top."""
    heats = np.asarray(heats)
    below = heats.max(axis=(1, 2), keepdims=True) - heats
    return (255 * (1 - below / FLOOR).clip(0, 1)).round().astype(np.uint8)


# What Python accepts.


def _checkpoints(vaes):
    """A list of VAEs that the browser can show."""
    if not isinstance(vaes, list | tuple) or not all(isinstance(vae, VAE) for vae in vaes):
        raise TypeError(f"`vaes` must be a list of VAEs, got {vaes!r:.80}")
    if not vaes:
        raise ValueError("`vaes` must hold at least one checkpoint, got none")
    for vae in vaes:
        network("vaes", vae.encoder, GaussianEncoder)
        network("vaes", vae.decoder.decoder, Decoder, LinearDecoder)
        if not np.isfinite(vae.decoder.sigma):
            raise ValueError(f"`vaes` must have finite sigmas, got {vae.decoder.sigma}")
    return vaes


def _rising(steps, count):
    """One training step for each checkpoint."""
    given = numbers("steps", steps, (count,))
    if not (given == given.round()).all() or given[0] < 0 or not (np.diff(given) > 0).all():
        raise ValueError(f"`steps` must be whole numbers that rise, from 0 on, got {given.tolist()}")
    return given.astype(int).tolist()


def _image(name, image):
    """One image, as a row."""
    return images_of(name, numbers(name, image, (SIDE**2,))[None])
