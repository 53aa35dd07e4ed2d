"""Mistakes that anybody makes anywhere, tried in every exercise."""

import inspect
import itertools
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import NamedTuple

import jax
import jax.numpy as jnp


class Mistake(NamedTuple):
    """A mistake: what to say about it, and a function that makes it."""

    says: str
    gives: Callable


TRANSFORMED = {
    "The sign is flipped: this is minus what was asked for.": jnp.negative,
    "This is twice what was asked for: is there a factor 2 too many, or a 1/2 missing?": lambda y: 2 * y,
    "This is half of what was asked for: is there a factor 1/2 too many, or a 2 missing?": lambda y: y / 2,
    "This is exp of what was asked for: leave out the exp, or take the log.": jnp.exp,
    "This is the log of what was asked for: leave out the log, or take exp.": jnp.log,
    "This is the square of what was asked for: leave out the square, or take the root.": jnp.square,
    "This is the square root of what was asked for: leave out the root, or square it.": jnp.sqrt,
    "Rows and columns are swapped: transpose with .T.": jnp.transpose,
}


def mistakes(library: Callable, names: list[str], inputs: tuple) -> Iterator[Mistake]:
    """The general mistakes of an exercise with such arguments: what the library gives, transformed."""

    def changed(change):
        return lambda *inputs: jax.tree.map(lambda y: change(y, inputs), library(*inputs))

    for says, change in TRANSFORMED.items():
        yield Mistake(says, changed(lambda y, _, change=change: change(y)))
    if isinstance(library(*inputs), tuple):
        yield Mistake("These are the right parts in the wrong order.", lambda *inputs: library(*inputs)[::-1])
    for i, axis in ((i, axis) for i, value in enumerate(inputs) for axis in range(getattr(value, "ndim", 0))):
        size = f"{names[i]}.shape[{axis}], here {inputs[i].shape[axis]}"
        yield Mistake(
            f"It is too small by a factor of {size}: a mean was taken where a sum was asked for.",
            changed(lambda y, inputs, i=i, axis=axis: y / inputs[i].shape[axis]),
        )
        yield Mistake(
            f"It is too large by a factor of {size}: a sum was taken where a mean was asked for.",
            changed(lambda y, inputs, i=i, axis=axis: y * inputs[i].shape[axis]),
        )


def with_other_sizes(f: Callable, sizes: set[int]) -> Iterator[tuple[str, Callable]]:
    """Words, and f with `sizes` in place of the whole numbers that it takes from the notebook, and of 64."""
    f = inspect.unwrap(f)
    if not isinstance(f, FunctionType):
        return
    taken = {name: f.__globals__.get(name) for name in sorted(_names(f.__code__))}
    old = {name: size for name, size in taken.items() if type(size) is int}
    old |= {64: 64} if 64 in f.__code__.co_consts else {}
    for new in itertools.product(sorted(sizes), repeat=len(old)) if 0 < len(old) < 4 else ():
        swap = dict(zip(old, new, strict=False))
        constants = tuple(swap.get(c, c) if type(c) is int else c for c in f.__code__.co_consts)
        code = f.__code__.replace(co_consts=constants)
        scope = {**f.__globals__, **{str(k): swap[k] for k in swap}}
        uses = [f"{old[k]}, the notebook's {'d' if k == 64 else k}, where {swap[k]} is needed" for k in swap]
        says = f"It uses {' and '.join(uses)}. Take sizes from the arguments: len(x), for example."
        yield says, FunctionType(code, scope, f.__name__, f.__defaults__, f.__closure__)


def _names(code):
    """The global names that a function reads, also inside the functions that it defines."""
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)
