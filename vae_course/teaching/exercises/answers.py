"""Run a function that a learner wrote, whatever it does, and say in words what came out.

The words contain no addresses, so they are the same on every run.
"""

import inspect
import io
import re
import signal
import textwrap
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager, redirect_stdout
from types import CoroutineType, GeneratorType
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vae_course.teaching.exercises import laws

SECONDS = 20  # after which an answer is given up
MAX_LINES = 5  # of what a learner prints


class TimeUp(BaseException):
    """The learner's function has had its time. Not an `Exception`, so that few answers swallow it."""


class Answer(NamedTuple):
    """What a function did with one set of inputs."""

    value: Any = None  # what it returned, None if it raised
    error: BaseException | None = None  # what it raised
    changed: bool = False  # whether it wrote into its inputs
    repeats: bool = True  # whether it gives the same when called again
    draws: np.ndarray | None = None  # what it gives over many keys, if it is random
    untraceable: BaseException | None = None  # what it raised inside `jax.vmap`


class Watched:
    """A function whose prints are caught, and that may take 20 seconds in all its calls together.

    Where others keep the computer busy, so that it gets less than 20 seconds of computing, it may take 60.
    """

    def __init__(self, f: Callable):
        self.f, self.printed = f, None  # of the first call: later ones may be traced
        self.left = np.array([SECONDS, SECONDS, 3 * SECONDS], float)

    def __call__(self, *inputs):  # noqa: D102
        begin, out = _clocks(), _Printed()
        try:
            with redirect_stdout(out), _time_limit(self.left):
                return self.f(*inputs)
        finally:
            self.left -= _clocks() - begin
            self.printed = out.getvalue() if self.printed is None else self.printed


class _Printed(io.StringIO):
    def write(self, text):
        return super().write(text) if self.tell() < 10_000 else len(text)


def _clocks():
    return np.array([time.monotonic(), time.process_time(), time.monotonic()])


@contextmanager
def _time_limit(left):
    """Raise TimeUp when time is up. Without such signals (Windows, another thread) there is no limit."""
    end = _clocks() + left

    def stop(*_):
        late = _clocks() > end
        if late[:2].all() or late[2]:
            raise TimeUp

    stop()
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    handler = signal.signal(signal.SIGALRM, stop)
    first = max(left[0], 0.1)
    rest, _ = signal.setitimer(signal.ITIMER_REAL, first, 1)  # again each second, in case it is swallowed
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, rest)
        signal.signal(signal.SIGALRM, handler)


def run(f: Callable, inputs: tuple) -> Answer:
    """Call f once on inputs."""
    given = jax.tree.map(lambda leaf: leaf, inputs)  # new lists and dicts, in case f writes into them
    try:
        value = f(*given)
    except (KeyboardInterrupt, TimeUp):
        raise
    except BaseException as error:
        return Answer(error=error)
    if inspect.iscoroutine(value) or inspect.isgenerator(value):
        value.close()  # or Python and JAX warn about it
        value = type(value)
    (before, tree), (after, tree_after) = jax.tree.flatten(inputs), jax.tree.flatten(given)
    changed = tree != tree_after or any(a is not b for a, b in zip(before, after, strict=True))
    return Answer(value, changed=changed)


def run_random(f: Callable, inputs: tuple, n_keys: int) -> Answer:
    """Call f, whose last input is a key, twice with that key and then with many others."""
    answer, again = run(f, inputs), run(f, inputs)
    leaves = jax.tree.leaves(answer.value)
    if not leaves or not all(isinstance(leaf, jax.Array | np.ndarray | np.number | float) for leaf in leaves):
        return answer
    if not close(answer.value, again.value, 1e-4, 1e-5):
        return answer._replace(repeats=False)
    untraceable = None
    try:
        rows = laws.draws(f, inputs, n_keys)
    except (KeyboardInterrupt, TimeUp):
        raise
    except BaseException as error:
        rows, untraceable = laws.draws_one_by_one(f, inputs), error
    return answer._replace(draws=rows, untraceable=untraceable)


def run_traced(f: Callable, inputs: tuple, random: bool) -> tuple[Any, Any]:
    """What f gives inside vmap, and its gradient; if it is random, the gradient for each of many keys.

    Arrays are traced; numbers and functions are closed over. Raises what f raises.
    """
    arrays, rest = eqx.partition(inputs, eqx.is_array)
    floats, others = eqx.partition(arrays, eqx.is_inexact_array)

    def call(floats, others):
        return f(*eqx.combine(floats, others, rest))

    def total(floats, others):  # each entry with a weight of its own, so that nothing cancels
        leaves = jax.tree.leaves(call(floats, others))
        return sum(jnp.sum(leaf * np.cos(np.arange(leaf.size)).reshape(leaf.shape)) for leaf in leaves)

    jax.eval_shape(call, floats, others)  # what jit does first; compiling would only take time
    twice = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), (floats, others))
    value = jax.tree.map(lambda leaf: leaf[0], jax.vmap(call)(*twice))
    if not random:
        return value, jax.grad(total)(floats, others)
    gradient = lambda *given: jax.grad(total)(floats, (*others[:-1], given[-1]))  # noqa: E731
    return value, laws.draws(gradient, inputs, laws.FEW)


def close(a: Any, b: Any, rtol: float, atol: float) -> bool:
    """Whether two pytrees have one structure, the same shapes, and nearly the same numbers."""
    if shapes(a) != shapes(b):
        return False
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    try:
        return all(np.allclose(p, q, rtol, atol, equal_nan=True) for p, q in pairs)
    except (TypeError, ValueError):  # a string, say
        return False


def shapes(tree: Any) -> tuple:
    """A pytree's structure and the shapes of its leaves."""
    leaves, structure = jax.tree.flatten(tree)
    return structure, [getattr(leaf, "shape", ()) for leaf in leaves]


def has_dots(answer: Answer) -> bool:
    """Whether the dots of the stub are still in the function."""
    if answer.error is not None:
        return "ellipsis" in message(answer.error).lower()  # x + ... raises
    return any(leaf is ... for leaf in jax.tree.leaves(answer.value))


def misfit(f: Any, names: list[str], inputs: tuple) -> str:
    """Why f cannot be called with these inputs; "" if it can."""
    arguments = ", ".join(names)
    if not callable(f):
        return f"It is {kind(f)}; it should be a function of ({arguments})."
    try:
        signature = inspect.signature(f)
        signature.bind(*inputs)
    except ValueError:  # some built-in functions have no signature
        return ""
    except TypeError:
        plain = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
        by_name = any(each.kind is each.KEYWORD_ONLY for each in plain)
        advice = " What comes after a * can only be passed by name: leave out the *." if by_name else ""
        return f"It should take ({arguments}), not {inspect.Signature(plain)}.{advice}"
    return ""


def about_type(leaf: Any) -> str:
    """What kind of thing was returned in place of a JAX array of floats, and what to do about it."""
    if isinstance(leaf, np.ndarray | np.generic):
        return "a numpy array. Use jnp instead of np, so that jax.grad can see through it."
    if isinstance(leaf, float):
        return "a Python float. Leave out float() and .item(), so that jax.grad can see through it."
    if isinstance(leaf, jax.Array):
        return f"an array of {leaf.dtype}; it should be one of floats."
    return f"{kind(leaf)}; it should be a JAX array."


def kind(value: Any) -> str:
    """What kind of thing a value is, in words."""
    if isinstance(value, str):
        return f"a string, {textwrap.shorten(repr(value), 50)}"
    if value is CoroutineType:
        return "a coroutine, because the function is `async` (leave out the `async`)"
    if value is GeneratorType:
        return "a generator, because of a `yield` or of round brackets around a `for`"
    if inspect.isroutine(value):
        return f"the function {value.__name__}, which is not called"
    if isinstance(value, bool | int | float | complex | np.generic):
        return f"the {type(value).__name__} {value!s:.50}"
    if isinstance(value, jax.Array | np.ndarray):
        return f"an array of {value.dtype}, of shape {value.shape}"
    if value is None:
        return "None"
    return f"an object of type {type(value).__name__}"


def brief(value: Any) -> str:
    """A value on one line, its middle left out where it is long."""
    if isinstance(value, dict | tuple | list):
        return _nested(value, brief)
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

    def show(part):
        if isinstance(part, dict | tuple | list):
            return _nested(part, show)
        return "array" if isinstance(part, jax.Array) else type(part).__name__

    return "one array" if isinstance(value, jax.Array) else show(value)


def _nested(value, show):
    named = "" if type(value) in (dict, tuple, list) else type(value).__name__
    if isinstance(value, dict):
        return named + "{" + ", ".join(f"{name!r}: {show(part)}" for name, part in value.items()) + "}"
    inside = ", ".join(map(show, value))
    return named + (f"[{inside}]" if isinstance(value, list) else f"({inside})")


def shown(printed: str) -> str:
    """The first lines of what a learner's function printed, and how many more there are."""
    lines = printed.rstrip().splitlines()
    kept = [textwrap.shorten(line, 100, placeholder=" ...") for line in lines[:MAX_LINES]]
    more = [f"... and {len(lines) - MAX_LINES} more lines"] if len(lines) > MAX_LINES else []
    return "\n".join(["It printed:", *kept, *more]) if lines else ""


def message(error: BaseException) -> str:
    """The error's type and what it says, shortened."""
    try:
        text = str(error)
    except Exception:
        text = "its message cannot be shown"
    text = re.sub("0x[0-9a-f]+", "0x...", text)
    return textwrap.shorten(f"{type(error).__name__}: {text}".rstrip(": "), 300, placeholder=" ...")


def location(error: BaseException, f: Callable) -> str:
    """The last line of the learner's own cell that the error passed through, with its number."""
    code = getattr(inspect.unwrap(f), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if code and frame.filename == code.co_filename]
    own = own if "site-packages" not in str(code) else []  # np.sum, say, is not the learner's
    return f"\nin line {own[-1].lineno} of your cell: {own[-1].line}" if own else ""
