"""`PosteriorExplorer`: an image, its exact posterior on the latent plane, and a Gaussian q laid on it."""

from collections.abc import Iterable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from matplotlib.figure import Figure
from traitlets import Bool, Bytes, Dict, Float, Int, List, Unicode, validate

from vae_course.elbo import quadrature_elbo
from vae_course.marginal import DecodedGrid, for_each, latent_grid, log_likelihoods, log_marginals
from vae_course.marginal import close_up as close_up_with
from vae_course.models import GaussianDecoder, GaussianEncoder, apply
from vae_course.teaching.arguments import numbers
from vae_course.teaching.explorer.ink import image_of_strokes
from vae_course.teaching.explorer.instrument import Instrument, bundle, css, floats, network, plain_script
from vae_course.teaching.explorer.plane import (
    Point,
    StandardDeviations,
    corners,
    digits_of,
    heat_of,
    images_of,
    square_around,
    still_gaussian,
    still_handle,
    still_heat,
    still_samples,
)
from vae_course.teaching.explorer.sliders import still_bar
from vae_course.teaching.explorer.strokes import Strokes
from vae_course.teaching.pictures import APPROXIMATION, EXACT, PRIOR

PARTS = ("evidence", "mean", "q", "encoder", "prior samples", "q samples", "encoder samples", "draw")
FLOOR = 15.0  # nats below the top; everything lower has one colour
CELLS = 128  # per axis, of a still picture of the whole plane
PRIORS_SQUARE = np.array([[-3.0, -3.0], [3.0, 3.0]])  # where nearly all of the prior lies
SAMPLES = 100  # of the prior, in a still picture
BAR = 30.0  # nats that the bar shows below log p(x)


class PosteriorExplorer(Instrument):
    """Pick an image or draw one: its exact posterior on the plane, with z under a handle and q laid on it.

    `model` is a `GaussianDecoder` with two latents and 64 pixels, `images` (N, 64) ink from 0 to 1 in the
    order of the slider that picks one, `labels` (N,) their digits, `encoder` a `GaussianEncoder`.
    `codes` (N, 2) is where each image's digit stands on the plane: unless given, the encoder's means or,
    without an encoder, the posteriors' modes. `parts` names what is shown besides log p(x, z):

        "evidence"         the picture is the posterior, and log p(x) stands beside it as a bar
        "mean"             the image decoded at the posterior's mean
        "q"                the reader's q = N(m, diag s^2), its ELBO and KL: m is the handle, s stands on
                           sliders and on handles at two standard deviations; buttons for the best q
                           and for the encoder's answer
        "encoder"          the encoder's q, as a dashed ellipse
        "prior samples"    draws as dots sized by weight, and their estimate of log p(x)
        "q samples", "encoder samples"    draws from the reader's q and from the encoder's, likewise
        "draw"             paper for an image of the reader's own

    Everything is computed in the browser, in nats. `explorer.z` (or `.m`, the same point), `.s`, `.image`,
    `.strokes` and `.zoom` are what the reader has set, in both directions; `.x` (64,) is the image shown.
    `z` is where the handle starts: on the posterior's mode unless given, or beside it when q is to be fitted.
    Raises `TypeError` or `ValueError`, naming the argument that does not fit.
    """

    _esm = bundle("posterior")
    _css = css("pad")

    z = Point((0.0, 0.0)).tag(sync=True)
    s = StandardDeviations((0.3, 0.3)).tag(sync=True)
    image = Int(0).tag(sync=True)
    strokes = Strokes(()).tag(sync=True)
    zoom = Bool(True).tag(sync=True)
    _model = Dict().tag(sync=True)
    _sigma = Float().tag(sync=True)
    _encoder = Dict(None, allow_none=True).tag(sync=True)
    _images = Bytes().tag(sync=True)  # float32, image after image
    _labels = Bytes().tag(sync=True)  # uint8
    _codes = Bytes().tag(sync=True)  # float32: z1, z2, z1, z2, ...
    _parts = List().tag(sync=True)
    _extent = List().tag(sync=True)
    _placed = Bool().tag(sync=True)  # whether z was given
    _worker = Unicode(plain_script("inference")).tag(sync=True)

    def __init__(
        self,
        model: GaussianDecoder,
        images: ArrayLike,
        labels: ArrayLike,
        encoder: GaussianEncoder | None = None,
        *,
        parts: Iterable[str] = ("evidence",),
        codes: ArrayLike | None = None,
        image: int = 0,
        strokes: Iterable = (),
        z: ArrayLike | None = None,
        s: ArrayLike = (0.3, 0.3),
        zoom: bool = True,
        title: str = "The exact posterior of an image",
    ):
        if not isinstance(model, GaussianDecoder):
            raise TypeError(f"`model` must be a GaussianDecoder, got {type(model).__name__}")
        sent = network("model", model.decoder, type(model.decoder))
        if not np.isfinite(model.sigma):
            raise ValueError(f"`model` must have a finite sigma, got {model.sigma}")
        sent_encoder = None if encoder is None else network("encoder", encoder, GaussianEncoder)
        X = images_of("images", images)
        labels, parts = digits_of("labels", labels, len(X)), _known(parts, encoder)
        self._exact, self._encode, self._X = DecodedGrid(model, latent_grid(200)), encoder, X
        if codes is None:
            X_ = jnp.asarray(X)
            codes = for_each(self._exact.mode, X_) if encoder is None else apply(encoder, X_)[0]
        codes, placed = numbers("codes", codes, (len(X), 2)), z is not None
        _number_of("image", image, len(X))
        if z is None and strokes and "evidence" in parts:  # as the browser places it
            z = _mode(self._exact, image_of_strokes(strokes))
        super().__init__(
            title=title,
            alt=_in_words(len(X), parts),
            z=codes[image] if z is None else z,
            s=s,
            image=image,
            strokes=strokes,
            zoom=zoom,
            _model=sent,
            _sigma=float(model.sigma),
            _encoder=sent_encoder,
            _images=floats(X),
            _labels=labels.tobytes(),
            _codes=floats(codes),
            _parts=parts,
            _extent=square_around(codes, PRIORS_SQUARE if "evidence" in parts else 1.3 * codes),
            _placed=placed,
        )

    @property
    def m(self) -> tuple[float, float]:
        """The mean of the reader's q: the point under the handle, `z`."""
        return self.z

    @m.setter
    def m(self, value):
        self.z = value

    @property
    def x(self):
        """The image shown, (64,): the reader's own if one is drawn."""
        return image_of_strokes(self.strokes) if self.strokes else jnp.asarray(self._X[self.image])

    @validate("image")
    def _check_image(self, proposal):
        return _number_of("image", proposal["value"], len(self._X))

    def _figure(self) -> Figure:
        from vae_course.teaching.figures import draw_codes, draw_digit  # imports pyplot

        x, z, heat = self.x, jnp.asarray(self.z), self._landscape()
        figure = Figure(figsize=(7.4, 3.8))
        cells = figure.add_gridspec(2, 3, width_ratios=[3, 1, 1], height_ratios=[3, 1])
        plane, shown, decoded = map(figure.add_subplot, (cells[:, 0], cells[0, 1], cells[0, 2]))
        still_heat(plane, heat)
        codes, labels = np.frombuffer(self._codes, np.float32), np.frombuffer(self._labels, np.uint8)
        draw_codes(plane, codes.reshape(-1, 2), labels, rim=True)
        plane.set(xlim=heat["extent"][:2], ylim=heat["extent"][2:], title=heat["label"])
        if "encoder" in self._parts:
            still_gaussian(plane, *self._encode(x), "the encoder's q", APPROXIMATION, dashed=True)
        if "q" in self._parts:
            still_gaussian(plane, self.z, self.s, "q", APPROXIMATION)
        at = np.clip(self.z, heat["extent"][::2], heat["extent"][1::2])
        if "prior samples" in self._parts:
            still_samples(plane, *_prior_samples(self._exact.model, x), PRIOR)
            still_handle(plane, at, size=30)  # around the spot, so as not to hide what hits it
        else:
            still_handle(plane, at)
        draw_digit(shown, x)
        draw_digit(decoded, self._exact.model(z))
        shown.set_title("the image x")
        decoded.set_title("decoded\nat the ring")
        if "evidence" in self._parts:
            self._draw_bar(figure.add_subplot(cells[1, 1:]), x)
        return figure

    def _landscape(self) -> dict:
        """The picture behind the still plane: nats below the top, of a close-up or of the whole plane."""
        from vae_course.teaching.figures import close_up

        if self.zoom:
            values, extent = close_up(self._exact, self.x)
            (left, bottom), (right, top) = corners(extent)
            if "q" in self._parts and not (left < self.z[0] < right and bottom < self.z[1] < top):
                values, extent = close_up_with(self._exact, self.x, jnp.asarray(self.z))
            if "encoder" in self._parts:
                values, extent = self._widened(values, extent)
        else:
            left, right, bottom, top = extent = self._extent
            middle = jnp.array([(left + right) / 2, (bottom + top) / 2])
            grid = latent_grid(CELLS, (right - left) / 2, middle)
            values = _heights(self._exact.model, grid, self.x)
        what = "log p(x, z), nats below its top"
        what = "log p(z given x), nats below its mode" if "evidence" in self._parts else what
        values = np.asarray(values)
        return heat_of(np.maximum(values - values.max(), -FLOOR), extent, what)

    def _widened(self, values, extent):
        """The close-up, drawn again where the encoder's q does not lie within it."""
        m, s = map(np.asarray, self._encode(self.x))
        low, high = np.reshape(extent, (2, 2)).T
        if (m - 2.4 * s > low).all() and (m + 2.4 * s < high).all():
            return values, extent
        low, high = np.minimum(low, m - 2.4 * s), np.maximum(high, m + 2.4 * s)
        grid = latent_grid(CELLS, float(max(high - low)) / 2, jnp.asarray((low + high) / 2))
        return _heights(self._exact.model, grid, self.x), grid.extent

    def _draw_bar(self, ax, x):
        """log p(x), in two parts if there is a q."""
        log_p = float(log_marginals(self._exact.model, x[None]).log_p[0])
        low, bound, q = log_p - BAR, log_p, None
        if "q" in self._parts:
            q = jnp.asarray(self.z), jnp.asarray(self.s)
        elif "encoder" in self._parts:
            q = self._encode(x)
        if q is not None:
            bound = float(quadrature_elbo(self._exact.model, x, *q))
        high = log_p + 0.1 * BAR
        if q is not None:
            return still_bar(ax, bound, log_p, low, high, f"ELBO {bound:.1f} + KL {log_p - bound:.1f}")
        ax.barh(0, log_p - low, left=low, color=EXACT)
        ax.set(xlim=(low, high), yticks=[], xlabel="nats")
        ax.set_title(f"log p(x) = {log_p:.1f}")


@eqx.filter_jit
def _prior_samples(model, x):
    """Draws from the prior, and the share of each in the sum of all p(x given z)."""
    Z = jax.random.normal(jax.random.key(1), (SAMPLES, 2))
    return Z, jax.nn.softmax(log_likelihoods(jax.vmap(model)(Z), model.sigma, x))


_mode = eqx.filter_jit(lambda plane, x: plane.mode(x))


@eqx.filter_jit
def _heights(model, grid, x):
    return DecodedGrid(model, grid).log_joint(x)


def _known(parts, encoder):
    """The parts as a list, if all are known and what they need is there."""
    if isinstance(parts, str):
        raise TypeError(f"`parts` must be several names, such as ({parts!r},), got a string")
    parts = list(parts)
    if unknown := sorted(set(parts).difference(PARTS)):
        raise ValueError(f"`parts` must be among {', '.join(map(repr, PARTS))}, got {unknown[0]!r}")
    for part, needed in {"q": "evidence", "q samples": "q"}.items():
        if part in parts and needed not in parts:
            raise ValueError(f"`parts` with {part!r} need {needed!r}, too, got {parts}")
    if encoder is None and (named := [part for part in parts if part.startswith("encoder")]):
        raise ValueError(f"`encoder` must be given, because `parts` has {named[0]!r}")
    return parts


def _number_of(name, value, count):
    """The number of one of `count` images."""
    if value not in range(count):
        raise ValueError(f"`{name}` must be a number from 0 to {count - 1}, got {value!r}")
    return value


def _in_words(count, parts):
    what = "log p(z given x)" if "evidence" in parts else "log p(x, z)"
    words = f"The latent plane with the digits of {count:,} images, and behind them {what} for one of them"
    return f"{words}; beside it that image and what is decoded at the ring"
