"""The exercise checker. An exercise names a library function, and that function is the solution.

    squared_error = exercises.squared_error.check(squared_error)

runs the learner's function on seeded inputs beside the library's, says what it saw, and hands back the
learner's own function when it is right and the library's otherwise, so that the notebook always goes on.
"""

import inspect
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from vae_course.exercises import answers
from vae_course.exercises.answers import brief


class Outcome(StrEnum):
    """What a check found. The value opens the printed text."""

    NOT_ATTEMPTED = "not attempted yet"
    CORRECT = "correct"
    MISTAKE = "not yet, and this mistake is known"
    WRONG_ARGUMENTS = "wrong arguments"
    RAISED = "raised an error"
    RETURNED_NONE = "returned None"
    WRONG_TYPE = "wrong type"
    WRONG_SHAPE = "wrong shape"
    NOT_FINITE = "not finite"
    DIFFERENT = "different numbers"
    CHANGED_INPUT = "changed its input"
    NOT_TRACEABLE = "right on plain arrays, but not inside jit, vmap and grad"


class Mistake(NamedTuple):
    """A mistake that people make: what to say about it, and a function that makes it."""

    says: str
    gives: Callable


class Exercise:
    """One function to write.

    `inputs()` gives seeded argument tuples on which every mistake in `mistakes` gives something else; made
    with numpy they cost no compilation, so that an untouched stub costs nothing. Where the plain value will
    not do, `view(f, *inputs)` is what is compared: a sampler's mean and spread, say. `rtol` and `atol` are
    as in `numpy.allclose`.
    """

    def __init__(
        self,
        *,
        solution: Callable,
        inputs: Callable[[], Sequence[tuple]],
        mistakes: Sequence[Mistake],
        hints: Sequence[str],
        view: Callable | None = None,
        rtol: float = 1e-4,
        atol: float = 1e-5,
    ):
        self.library, self.inputs, self.view = solution, inputs, view
        self.mistakes, self.hints, self.hints_given = mistakes, hints, 0
        self.rtol, self.atol = rtol, atol
        self.name, self.arguments = solution.__name__, answers.arguments(solution)

    def __repr__(self):
        return f"Exercise: write {self.name}{self.arguments}. It has check, hint and solution."

    def check(self, f: Callable) -> Callable:
        """Say what `f` does, and hand back what the notebook goes on with. Only an interrupt gets out."""
        try:
            outcome, text = self.diagnose(f)
        except Exception as error:  # an answer so odd that looking at it raises
            outcome, text = Outcome.WRONG_TYPE, f"Looking at it raised {answers.message(error)}"
        kept, whose = (f, "your") if outcome is Outcome.CORRECT else (self.library, "the library's")
        space = "\n" if text else ""
        print(
            f"{self.name}: {outcome}.{space}{text}{space or ' '}The notebook goes on with {whose} function."
        )
        return kept

    def hint(self) -> None:
        """Print one hint more each time."""
        if self.hints_given == len(self.hints):
            print(f"No more hints. exercises.{self.name}.solution() shows the library's function.")
            return
        self.hints_given += 1
        print(f"Hint {self.hints_given} of {len(self.hints)}: {self.hints[self.hints_given - 1]}")

    def solution(self) -> None:
        """Print the library function's own source, without its decorators."""
        lines = inspect.getsource(inspect.unwrap(self.library)).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("def "))
        print("\n".join(lines[start:]))

    def diagnose(self, f: Callable) -> tuple[Outcome, str]:
        """What `check` prints: the outcome, and what to say about it."""
        if f is self.library:
            return Outcome.NOT_ATTEMPTED, "This is the library's own function. Run the cell with yours first."
        inputs = self.inputs()
        try:
            inspect.signature(f).bind(*inputs[0])
        except TypeError:
            got = f"one of {answers.arguments(f)}" if callable(f) else type(f).__name__
            return Outcome.WRONG_ARGUMENTS, f"Needed a function of {self.arguments}, got {got}."
        except ValueError:  # some built-in functions have no signature
            pass

        def run(function):  # one answer after the other, so that a mistake is left at the first that differs
            return (answers.run(function, given, self.view, self.library) for given in inputs)

        learner = list(run(f))
        if any(map(answers.has_dots, learner)):
            return Outcome.NOT_ATTEMPTED, ""
        cases = list(zip(inputs, learner, run(self.library), strict=True))
        problems = [problem for case in cases if (problem := self._problem(f, *case))]
        if problems:
            for mistake in self.mistakes:
                if all(map(self._agree, learner, run(mistake.gives))):
                    return Outcome.MISTAKE, mistake.says
            return problems[0]
        for given, answer, _ in cases:
            if problem := self._problem_when_traced(f, given, answer):
                return Outcome.NOT_TRACEABLE, problem
        return Outcome.CORRECT, ""

    def _problem(self, f, inputs, answer, expected):
        raw, wanted = answer.raw, expected.raw
        if answer.error is not None and raw is not None:  # it ran; what raised is the view's vmap through it
            return Outcome.NOT_TRACEABLE, _about_tracing(answer.error, f)
        if answer.error is not None:
            return Outcome.RAISED, answers.message(answer.error) + answers.location(answer.error, f)
        if raw is None:
            return Outcome.RETURNED_NONE, "Is a `return` missing?"
        if jax.tree.structure(raw) != jax.tree.structure(wanted):
            return Outcome.WRONG_SHAPE, f"Needed {answers.outline(wanted)}, got {answers.outline(raw)}."
        for leaf, want in zip(jax.tree.leaves(raw), jax.tree.leaves(wanted), strict=True):
            if not (isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jnp.floating)):
                return Outcome.WRONG_TYPE, self._about_type(leaf, want)
            if leaf.shape != want.shape:
                return Outcome.WRONG_SHAPE, f"Needed shape {want.shape}, got {leaf.shape}."
            if not jnp.isfinite(leaf).all():
                return (
                    Outcome.NOT_FINITE,
                    "It holds nan or inf. Look for a log, root or division that meets 0.",
                )
        if not self._close(answer.seen, expected.seen):
            names = self.arguments.strip("()").split(", ")
            given = ", ".join(f"{name} = {brief(value)}" for name, value in zip(names, inputs, strict=True))
            compared = f"expected {brief(expected.seen)}\ngot      {brief(answer.seen)}"
            return Outcome.DIFFERENT, f"For {given}:\n{compared}"
        if answer.changed:
            return Outcome.CHANGED_INPUT, "It wrote into what it was given. Build a new value instead."
        return None

    def _about_type(self, leaf, want):
        it_is = "The numbers are right, but it is" if self._close(leaf, want) else "It is"
        if isinstance(leaf, np.ndarray | np.generic):
            return f"{it_is} a numpy array. Use jnp instead of np, so that jax.grad can see through it."
        if isinstance(leaf, float):
            return (
                f"{it_is} a Python float. Leave out float() and .item(), so that jax.grad can see through it."
            )
        got = f"an array of {leaf.dtype}" if isinstance(leaf, jax.Array) else f"of type {type(leaf).__name__}"
        return f"{it_is} {got}; needed a JAX array of {want.dtype}."

    def _problem_when_traced(self, f, inputs, answer):
        traced = answers.run_traced(f, inputs)
        if traced.error is not None:
            return _about_tracing(traced.error, f)
        if not self._close(traced.raw, answer.raw):
            return "Inside jax.jit and jax.vmap it gives other numbers than outside."
        if self.view is None and not self._close(traced.seen, answers.run_traced(self.library, inputs).seen):
            return "Its values are right, but jax.grad through it gives other numbers."
        return ""

    def _agree(self, answer, other):
        if answer.error is not None and other.error is not None:
            return answers.message(answer.error) == answers.message(other.error)
        return self._close(answer.seen, other.seen)

    def _close(self, a, b):
        if answers.shapes(a) != answers.shapes(b):
            return False
        pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
        try:
            return all(np.allclose(p, q, self.rtol, self.atol, equal_nan=True) for p, q in pairs)
        except (TypeError, ValueError):  # a string, say
            return False


def _about_tracing(error, f):
    advice = "Use jnp instead of np, jnp.where instead of if, and no float() or .item()."
    return f"{advice} It raised {type(error).__name__}{answers.location(error, f)}"
