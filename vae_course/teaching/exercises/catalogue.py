"""Reads the catalogue: one .toml file for each notebook, and in it a table for each exercise.

    [squared_error]
    solution = "autoencoder.squared_error"
    inputs = ["normal(6), normal(6)", "normal(5), normal(5)"]
    hints = ["One image goes in and one number comes out.", ...]
    let = { D = "x - x_hat" }
    'mean(D ** 2)' = "This is the mean over the pixels ..."

Inputs are expressions in the functions below. A mistake is an expression in the exercise's arguments, the
names of `let`, and the functions of jax.numpy and of the lecture; beside it stands what to say. `draws` says
what the exercise makes of a draw {z}: each wrong draw of draws.toml is one more mistake.

An exercise with a pencil asks for a number, right if it is `within` so much:

    [gain_of_half]
    number = "64 / 2 * log(2)"
    within = 0.1
    unit = "nats"
    hints = ["How many pixels are there?", ...]
    '64 * log(2)' = "The factor 1/2 is missing ..."
"""

import tomllib
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from vae_course import (
    autoencoder,
    data,
    elbo,
    gaussian,
    likelihoods,
    losses,
    map_latents,
    marginal,
    models,
    samples,
    training,
)
from vae_course.teaching.exercises.checker import Exercise, Function, required_arguments
from vae_course.teaching.exercises.general import Mistake
from vae_course.teaching.exercises.pencil import Number

ROOMS = {room.__name__.split(".")[-1]: room for room in (autoencoder, data, elbo, gaussian, map_latents)}
ROOMS |= {"likelihoods": likelihoods, "losses": losses, "marginal": marginal, "models": models}
ROOMS |= {"samples": samples, "training": training}
SCOPE = {**vars(jnp), "jax": jax, "logsumexp": logsumexp}
SCOPE |= {name: value for room in ROOMS.values() for name, value in vars(room).items()}


def read(notebook: str) -> list[Exercise]:
    """The exercises of a notebook, in the order of its file."""
    return [_exercise(name, table) for name, table in _table(notebook).items()]


def _table(name):
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))


def _exercise(name, table):
    """The exercise that a table of the catalogue describes."""
    hints = [" ".join(hint.split()) for hint in table.pop("hints")]
    let, draws = table.pop("let", {}), table.pop("draws", "")
    if "number" in table:
        code, within, unit = table.pop("number"), table.pop("within"), table.pop("unit", "")
        gives, mistakes = _compiled("", code, let), _mistakes("", table, let)
        return Number(name, code, gives, within, unit, mistakes, hints)
    solution, cases = eval(table.pop("solution"), ROOMS), table.pop("inputs")
    settings = {name: table.pop(name) for name in ("rtol", "gradients") if name in table}
    wrong_draws = {draws.replace("{z}", z): says for z, says in _table("draws").items()} if draws else {}
    let = {"eps": "jax.random.normal(key, m.shape)", **let} if draws else let
    mistakes = _mistakes(", ".join(required_arguments(solution)), wrong_draws | table, let)
    return Function(solution, lambda: _inputs(cases), mistakes, hints, **settings)


def _mistakes(arguments, table, let):
    return [Mistake(" ".join(says.split()), _compiled(arguments, code, let)) for code, says in table.items()]


def _compiled(arguments, code, let):
    for name, value in reversed(let.items()):
        code = f"(lambda {name}: ({code}))({value})"
    return eval(f"lambda {arguments}: ({code})", SCOPE if arguments else {**SCOPE, **vars(np)})


def _inputs(cases):
    """The seeded tuples that the expressions give. Made with numpy, they cost no compilation."""
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.normal(size=shape)

    def uniform(low, high, n):
        return rng.uniform(low, high, size=n)

    def network(kind, k, d, **size):
        """A network with weights from numpy."""
        model = eqx.filter_eval_shape(
            getattr(models, kind), key=jax.random.key(0), latents=k, pixels=d, **size
        )
        is_empty = lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct)  # noqa: E731
        return _to_jax(jax.tree.map(lambda leaf: normal(*leaf.shape) if is_empty(leaf) else leaf, model))

    def deep():
        """A decoder of 3 latents and 5 pixels, and an image that leaves [0, 1]."""
        return models.GaussianDecoder(network("Decoder", 3, 5, width=4), sigma=0.3), uniform(-0.5, 1.5, 5)

    def flat():
        """The same with 2 latents and 6 pixels."""
        return models.GaussianDecoder(network("LinearDecoder", 2, 6), sigma=1.7), uniform(-0.5, 1.5, 6)

    def vae(k, d):
        """A VAE whose encoder's outputs are moderate, and an image that leaves [0, 1]."""
        encoder = network("GaussianEncoder", k, d, width=4)
        encoder = jax.tree.map(lambda leaf: 0.7 * leaf if eqx.is_array(leaf) else leaf, encoder)
        decoder = models.GaussianDecoder(network("Decoder", k, d, width=4), sigma=0.3)
        return models.VAE(encoder, decoder), uniform(-0.5, 1.5, d)

    def log_density(values, area):
        """A log density on a grid: its exponentials, times `area`, add up to one."""
        return values - np.log(np.exp(values).sum() * area)

    scope = locals() | {"array": np.array, "key": jax.random.key, "bowl": bowl, "wave": wave}
    return [_to_jax(eval(f"({case},)", scope)) for case in cases]


def _to_jax(tree):
    return jax.tree.map(lambda leaf: jnp.float32(leaf) if isinstance(leaf, np.ndarray) else leaf, tree)


def bowl(z):
    """A function to average over z, as is `wave`. Named, because a check may print its name."""
    return jnp.sum(z**2) / 2


def wave(z):
    """See `bowl`."""
    return jnp.sum(jnp.sin(z)) + z[0] * z[1] / 2
