"""The report card of 06: one decoder, trained in six ways, within a common budget and with ten times as much.

`make card` trains and measures every row, which takes minutes, and stores the numbers beside this file.
`load` reads them. `train` and `measure` are what the script calls, so that anyone can have a row again.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from vae_course import checks, losses, progress
from vae_course.data import load_digits
from vae_course.elbo import quadrature_elbos
from vae_course.gaussian import kl_to_prior
from vae_course.map_latents import best_sigma, fit_latents, standardised
from vae_course.marginal import latent_grid, log_marginals
from vae_course.models import VAE, Decoder, Encoder, GaussianDecoder, apply, new_vae
from vae_course.samples import nine_in_ten, sample_quality
from vae_course.training import falling_adam, fit_starts

STORED = Path(__file__).with_suffix(".json")
MODELS = ("AE", "AE, rescaled", "MAP", "grid likelihood", "Monte Carlo", "VAE")
BUDGET, LONGER = 1_000, 10_000  # steps
STARTS = (0, 1, 2)
IMAGES, DRAWS = 300, 1_000  # measured: so many training and held-out images each, and so many new ones
Models = list[VAE] | list[GaussianDecoder]


def train(name: str, steps: int = BUDGET, starts: Iterable[int] = STARTS) -> Models:
    """The models of one row, trained side by side from these starts, each a number from 0 on.

    A start has the same decoder and the same key in every row, and every row has steps of 128 images and
    Adam, whose learning rate falls from 5e-3 to 0 along a cosine. The autoencoder has no sigma, and gets the
    best one for the training images. Raises `ValueError` for a name that is none of `MODELS`, and for starts
    that are none.
    """
    checks.require(name in MODELS, f"`name` must be one of {', '.join(MODELS)}, got {name!r}")
    starts, X = _checked(starts), load_digits().train_images
    networks = [Decoder(key=jax.random.key(start)) for start in starts]
    decoders = [GaussianDecoder(network, sigma=0.3) for network in networks]
    keys = [jax.random.key(200 + start) for start in starts]  # of what a row has beside the decoder
    match name:
        case "MAP":
            Zs = [jax.random.normal(key, (len(X), 2)) for key in keys]
            with_points, examples = list(zip(decoders, Zs, strict=True)), (jnp.arange(len(X)), X)
            return [model for model, _ in _fit(with_points, losses.map_loss, examples, steps, starts)]
        case "grid likelihood":
            return _fit(decoders, _grid_loss(), X, steps, starts)
        case "Monte Carlo":
            return _fit(decoders, _monte_carlo_loss(), X, steps, starts, whole_batch=True)
        case "VAE":
            return _fit(_new_vaes(starts), losses.vae_loss, X, steps, starts)
    pairs = [(Encoder(key=key), network) for key, network in zip(keys, networks, strict=True)]
    trained = _fit(pairs, losses.autoencoder_loss, X, steps, starts)
    return [_with_sigma(encoder, decoder, X, name != "AE") for encoder, decoder in trained]


def train_beta(
    beta: float, steps: int = BUDGET, starts: Iterable[int] = STARTS, *, warm_up: bool = False
) -> list[VAE]:
    """VAEs trained as those of `train`, but with beta times the KL to the prior.

    With `warm_up` the weight rises from 0 to beta over the first half of the steps. Raises `ValueError`
    unless beta is at least 0.
    """
    checks.at_least("beta", beta, 0)
    starts, X = _checked(starts), load_digits().train_images
    # The share of beta that is in force is a number beside the networks, and what moves it is no gradient.
    share = jnp.array(0.0 if warm_up else 1.0)
    pairs, examples = [(vae, share) for vae in _new_vaes(starts)], (X, jnp.full(len(X), float(beta)))
    return [vae for vae, _ in _fit(pairs, _shared_beta_loss, examples, steps, starts)]


def _shared_beta_loss(vae_and_share, example, key):
    (vae, share), (x, beta) = vae_and_share, example
    return losses.beta_vae_loss(vae, (x, beta * jnp.minimum(jax.lax.stop_gradient(share), 1)), key)


def _checked(starts):
    needed = "`starts` must be a list of numbers, at least one, such as [0]"
    checks.require(isinstance(starts, Iterable), f"{needed}, got {starts!r}", TypeError)
    starts = list(starts)
    checks.require(starts, f"{needed}, got none")
    for start in starts:
        checks.whole("starts", start, 0)
    return starts


def _new_vaes(starts):
    return [new_vae(start) for start in starts]


def _fit(models, loss, examples, steps, starts, whole_batch=False):
    checks.whole("steps", steps, 1)
    keys = [jax.random.key(100 + start) for start in starts]
    adam = _share_rises(steps) if loss is _shared_beta_loss else falling_adam(steps)
    options = {"keys": keys, "steps": steps, "batch_size": 128, "optimizer": adam}
    return [run.model for run in fit_starts(models, loss, examples, whole_batch=whole_batch, **options)]


# Kept, so that a second training compiles nothing.
@cache
def _share_rises(steps):
    by_steps = optax.stateless_with_tree_map(lambda share, _: jnp.full_like(share, 2 / steps))
    which = {"networks": falling_adam(steps), "share": by_steps}
    return optax.multi_transform(which, lambda pair: (jax.tree.map(lambda _: "networks", pair[0]), "share"))


@cache
def _grid_loss():
    return losses.grid_loss(latent_grid(40))


@cache
def _monte_carlo_loss():
    return losses.monte_carlo_loss(256)


def _with_sigma(encoder, decoder, X, rescaled):
    """The autoencoder's decoder with the best sigma for X; `rescaled` to codes of standard deviation 1."""
    Z = apply(encoder, X)
    model = GaussianDecoder(decoder, sigma=float(best_sigma(X, apply(decoder, Z))))
    return standardised(model, Z) if rescaled else model


class Row(NamedTuple):
    """What was measured of a row: in nats per image, and for each start; pairs are (train, held out)."""

    log_p: np.ndarray  # (starts, 2): exact log p(x)
    off_by: np.ndarray  # (starts,): by how much the log p(x) of an image may be off, at most
    elbo: np.ndarray | None  # (starts, 2): None where there is no encoder that names a Gaussian
    kl: np.ndarray | None  # (starts, 2): from that Gaussian to the prior
    sigma: np.ndarray  # (starts,)
    bad: np.ndarray  # (starts,): the share of bad images among new ones, where 0.1 would be fair
    rarest: np.ndarray  # (starts,): the share of the digit that comes up least among them
    seconds: float | None = None  # of one start's training, in time of the processor


MEASURES = ("log_p", "elbo", "kl", "sigma", "bad", "rarest")


def held_out(rows: Mapping[Any, Row], name: str) -> np.ndarray:
    """One measure of several rows, for held-out images where it has both: (rows, starts).

    Raises `ValueError` for a name that is no measure, or that not all rows have.
    """
    values = [getattr(row, name) for row in rows.values() if name in MEASURES]
    needed = f"`name` must be a measure that all rows have, one of {', '.join(MEASURES)}"
    checks.require(values and all(value is not None for value in values), f"{needed}, got {name!r}")
    return np.stack([value if value.ndim == 1 else value[:, 1] for value in values])


def measure(models: Models) -> Row:
    """Measure trained models of one kind, on the first 300 training images and the 300 held-out ones.

    New images are bad as in 01 and 02: farther from the training images than nine in ten of the images that
    the decoder draws at the posterior modes of the held-out ones. Raises `ValueError` if there are none.
    """
    needed = "`models` must be a list of trained models, at least one"
    checks.require(isinstance(models, list), f"{needed}, got {type(models).__name__}", TypeError)
    checks.require(models, f"{needed}, got none")
    for model in models:
        checks.kind("models", model, GaussianDecoder, VAE)
    digits = load_digits()
    images = jnp.concatenate([digits.train_images[:IMAGES], digits.test_images])
    found = [_measured(model, images, digits) for model in progress.each(models, "models")]
    return Row(**{name: _together([one[name] for one in found]) for name in found[0]})


COLUMNS = ("train", "held out", "held-out ELBO", "sigma", "bad, %", "rarest digit, %", "seconds")


def cells(row: Row) -> list[str]:
    """A row in words, for a table with `COLUMNS`: from the lowest start to the highest."""
    nats = [_from_to(values, 1) for values in row.log_p.T]  # train, held out
    bound = "" if row.elbo is None else _from_to(row.elbo[:, 1], 1)
    shares = _from_to(100 * row.bad, 0), _from_to(100 * row.rarest, 1)
    seconds = "" if row.seconds is None else f"{row.seconds:.2g}"
    return [*nats, bound, _from_to(row.sigma, 3), *shares, seconds]


def warm_up_cells(card: "Card") -> dict[str, list[np.ndarray]]:
    """With and without warm-up, for each start: KL and log p(x), held out, and L_beta on training images."""
    found = {}
    for (beta, warmed), row in card.warm_ups.items():
        kl, log_p = (held_out({beta: row}, name)[0] for name in ("kl", "log_p"))
        objective = row.elbo[:, 0] - (beta - 1) * row.kl[:, 0]  # type: ignore[index]
        found[f"beta = {beta:g}{', warmed up' * warmed}"] = [kl, log_p, objective]
    return found


def _from_to(values, digits):
    low, high = (
        f"{value:z.{digits}f}".replace("-", "\N{MINUS SIGN}") for value in (values.min(), values.max())
    )
    return low if low == high else f"{low} to {high}"


def _measured(model, images, digits):
    X, decoder, bound = digits.train_images, model, {"elbo": None, "kl": None}
    if isinstance(model, VAE):
        decoder, (M, SD) = model.decoder, apply(model.encoder, images)
        bound["elbo"] = _two_means(quadrature_elbos(decoder, images, M, SD))
        bound["kl"] = _two_means(jax.jit(jax.vmap(kl_to_prior))(M, SD))
    log_p, off_by = log_marginals(decoder, images)
    modes = fit_latents(decoder, digits.test_images, latent_grid(40).points)
    new = apply(decoder, jax.random.normal(jax.random.key(7), (DRAWS, 2)))
    quality = sample_quality(new, X, digits.train_labels, nine_in_ten(apply(decoder, modes), X))
    drawn = {"sigma": decoder.sigma, "bad": quality.bad, "rarest": quality.shares.min()}
    return {"log_p": _two_means(log_p), "off_by": off_by.max()} | bound | drawn


def _together(starts):
    """One number or pair for each start, as an array; None if there is none."""
    return None if starts[0] is None else np.array(starts, float)


def _two_means(values):
    """The means over training and held-out images."""
    return np.asarray(values, float).reshape(2, IMAGES).mean(axis=1)


class Card(NamedTuple):
    """What `make card` stored."""

    rows: dict[tuple[str, int], Row]  # by model and steps
    betas: dict[float, Row]  # by beta, within the common budget
    warm_ups: dict[tuple[float, bool], Row]  # by beta, and whether it was warmed up; ten times the budget
    made: dict  # command, versions, seconds


def load(path: Path = STORED) -> Card:
    """The stored card. Raises `ValueError`, naming the path, for a file that `make card` did not write."""
    try:
        stored = json.loads(path.read_text())
        rows = {(one.pop("model"), one.pop("steps")): _row(**one) for one in stored["rows"]}
        betas = {one.pop("beta"): _row(**one) for one in stored["betas"]}
        warm_ups = {(one.pop("beta"), one.pop("warm_up")): _row(**one) for one in stored["warm_ups"]}
        return Card(rows, betas, warm_ups, stored["made"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} must be a report card that `make card` wrote, got {error!r}") from error


def _row(**numbers: Any) -> Row:
    arrays: dict[str, Any] = {
        name: np.array(each) if isinstance(each, list) else each for name, each in numbers.items()
    }
    return Row(**arrays)
