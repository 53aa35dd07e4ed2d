"""Run a function that a learner wrote, whatever it does, and put what came out into words.

The words hold no addresses, so they are the same on every run.
"""

import inspect
import io
import re
import textwrap
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np


class Answer(NamedTuple):
    """What a function did with one set of inputs."""

    raw: Any = None  # what it returned, None if it raised
    seen: Any = None  # what is compared: `raw`, or the exercise's view of the function
    error: BaseException | None = None  # what it raised, or what the view of it raised
    changed: bool = False  # whether it wrote into its inputs


def run(f: Callable, inputs: tuple, view: Callable | None, library: Callable) -> Answer:
    """Call f on inputs. The view is taken only when what came back has the shapes of the library's answer."""
    given = jax.tree.map(lambda leaf: leaf, inputs)  # new lists and dicts, in case f writes into them
    raw = None
    try:
        raw = seen = f(*given)
        if view and raw is not ... and shapes(raw) == shapes(library(*inputs)):
            seen = view(f, *inputs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Answer(raw, error=error)
    (before, tree), (after, tree_after) = jax.tree.flatten(inputs), jax.tree.flatten(given)
    changed = tree != tree_after or any(a is not b for a, b in zip(before, after, strict=True))
    return Answer(raw, seen, changed=changed)


def run_traced(f: Callable, inputs: tuple) -> Answer:
    """f inside jit and vmap, and its gradient. Arrays are traced; numbers and functions are closed over."""
    arrays, rest = eqx.partition(inputs, eqx.is_array)
    floats, others = eqx.partition(arrays, eqx.is_inexact_array)

    def call(floats, others):
        return f(*eqx.combine(floats, others, rest))

    def total(floats):
        return sum(jnp.sum(leaf) for leaf in jax.tree.leaves(call(floats, others)))

    twice = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), (floats, others))
    try:
        with redirect_stdout(io.StringIO()):  # a print would show JAX's placeholders
            jax.eval_shape(call, floats, others)  # what jit does first; compiling would only take time
            value, gradient = jax.vmap(call)(*twice), jax.grad(total)(floats)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Answer(error=error)
    return Answer(raw=jax.tree.map(lambda leaf: leaf[0], value), seen=gradient)


def shapes(tree: Any) -> tuple:
    """A pytree's structure and the shapes of its leaves."""
    leaves, structure = jax.tree.flatten(tree)
    return structure, [getattr(leaf, "shape", ()) for leaf in leaves]


def has_dots(answer: Answer) -> bool:
    """Whether the dots of the stub are still in the function."""
    if answer.error is not None:
        return "ellipsis" in message(answer.error).lower()  # x + ... raises
    return any(leaf is ... for leaf in jax.tree.leaves(answer.raw))


def arguments(f: Callable) -> str:
    """The names of f's arguments, as "(x, x_hat)"."""
    return f"({', '.join(inspect.signature(f).parameters)})"


def brief(value: Any) -> str:
    """A value on one line, its middle left out where it is long."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {brief(part)}" for name, part in value.items()) + "}"
    if isinstance(value, bool | int | float):
        return f"{value:.6g}"
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        return "a key"
    if isinstance(value, jax.Array | np.ndarray | np.generic):
        text = np.array2string(np.asarray(value), precision=4, threshold=8, edgeitems=3, separator=", ")
        return " ".join(text.split())
    return getattr(value, "__name__", type(value).__name__)


def outline(value: Any) -> str:
    """The structure of a pytree, as "{'b': array, 'w': array}"."""
    structure = str(jax.tree.structure(value)).removeprefix("PyTreeDef(").removesuffix(")")
    if structure == "*":
        return "one array" if isinstance(value, jax.Array) else type(value).__name__
    return structure.replace("*", "array")


def message(error: BaseException) -> str:
    """The error's type and what it says, shortened."""
    try:
        text = str(error)
    except Exception:
        text = "its message cannot be read"
    text = re.sub("0x[0-9a-f]+", "0x...", text)
    return textwrap.shorten(f"{type(error).__name__}: {text}".rstrip(": "), 300, placeholder=" ...")


def location(error: BaseException, f: Callable) -> str:
    """The last line of the learner's own cell that the error passed through, with its number."""
    code = getattr(inspect.unwrap(f), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if code and frame.filename == code.co_filename]
    return f"\nin line {own[-1].lineno} of your cell: {own[-1].line}" if own else ""
