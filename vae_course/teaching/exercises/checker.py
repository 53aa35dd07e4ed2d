"""The exercise checker. An exercise names a library function, and that function is the solution.

    squared_error = exercises.squared_error.check(squared_error)

runs the learner's function and the library's on the same seeded inputs, says what it saw, and returns the
learner's own function if it is right and the library's otherwise, so that the notebook always goes on.
"""

import html
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from IPython.display import display

from vae_course.teaching.exercises import answers, general, laws, record
from vae_course.teaching.exercises.answers import brief
from vae_course.teaching.exercises.general import Mistake
from vae_course.teaching.pictures import TICK


class Outcome(StrEnum):
    """What a check found. Its value begins what is shown."""

    NOT_ATTEMPTED = "not attempted yet"
    CORRECT = "correct"
    MISTAKE = "not quite"
    WRONG_ARGUMENTS = "the arguments do not fit"
    RAISED = "it raised an error"
    RETURNED_NONE = "it returned None"
    WRONG_TYPE = "wrong type"
    WRONG_SHAPE = "wrong shape"
    NOT_FINITE = "not finite"
    NOT_REPEATABLE = "it gives different numbers each time"
    DIFFERENT = "not the right numbers"
    TOO_SMALL = "too small"
    TOO_LARGE = "too large"
    CHANGED_INPUT = "it changed its input"
    NOT_TRACEABLE = "right on plain arrays, but not inside jit, vmap and grad"
    NO_ANSWER = "no answer in time"


class Said(NamedTuple):
    """What a check says. A notebook shows it with a tick if the answer is right."""

    outcome: Outcome
    text: str

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        first, _, rest = html.escape(self.text).partition("\n")
        signs = {Outcome.CORRECT: f"{TICK} ", Outcome.NOT_ATTEMPTED: "\N{EN DASH} "}
        line = f'<p class="numbers">{signs.get(self.outcome, "")}{first}</p>'
        return line + (f'<pre style="white-space: pre-wrap">{rest}</pre>' if rest else "")


class Exercise:
    """What all exercises have: `name`, `hints`, `library`, which is the solution, and `diagnose`."""

    asks: str  # "function" or "number"
    _said, _said_at_hint, _n_hints = None, None, 0

    def __repr__(self):
        return f"Exercise: {self.task}. It has check, hint and solution."

    def check(self, answer: Any) -> Any:
        """Say what `answer` is, and return what the notebook goes on with. Only an interrupt gets out."""
        self._said = outcome, text = self.diagnose(answer)
        kept, named = self.library, f"the library's {self.asks}"
        if outcome is Outcome.CORRECT:
            kept, named = self._keep(answer)
            record.note(self.name)
        text = f"\n{text}\n" if text else " "
        display(Said(outcome, f"{self.name}: {outcome}.{text}The notebook goes on with {named}."))
        return kept

    def _keep(self, answer):  # a right answer: what the notebook goes on with, and its name
        return answer, f"your {self.asks}"

    def hint(self, n: int | None = None) -> None:
        """Print the hints so far, or the first n. One more comes when a check has said something new.

        So a cell that is run again, with the same answer in it, shows the same hints again.
        """
        if n is None:
            n = self._n_hints + (not self._n_hints or self._said != self._said_at_hint)
        self._n_hints, self._said_at_hint = max(1, min(n, len(self.hints))), self._said
        for i, hint in enumerate(self.hints[: self._n_hints], start=1):
            print(f"Hint {i} of {len(self.hints)}: {hint}")
        following = f"exercises.{self.name}.hint({self._n_hints + 1}) shows the next hint now."
        last = f"No more hints. exercises.{self.name}.solution() shows the library's {self.asks}."
        print(following if self._n_hints < len(self.hints) else last)


@dataclass(repr=False, eq=False)
class Function(Exercise):
    """One function to write. If its last argument is a `key`, its draws are compared, over many keys."""

    library: Callable
    inputs: Callable  # gives seeded tuples of arguments
    mistakes: Sequence[Mistake]  # tried before the general ones
    hints: Sequence[str]
    rtol: float = 1e-4  # as in `numpy.allclose`
    gradients: bool = True  # whether they are compared, too

    def __post_init__(self):
        self.asks, self.name = "function", self.library.__name__
        self.arguments = required_arguments(self.library)
        self.task = f"write {self.name}({', '.join(self.arguments)})"
        self.random = self.arguments[-1] == "key"
        self._kept = {}  # what the library and each mistake give: the same in every check

    def solution(self) -> None:
        """Print the library function's own source."""
        print(inspect.getsource(inspect.unwrap(self.library)).rstrip())

    def diagnose(self, f: Callable) -> tuple[Outcome, str]:
        """What `check` prints: the outcome, and what to say about it."""
        watched = answers.Watched(f)
        try:
            outcome, text = self._diagnose(f, watched)
        except KeyboardInterrupt:
            raise
        except answers.TimeUp:
            outcome = Outcome.NO_ANSWER
            text = f"We gave up after {answers.SECONDS} seconds. Is there a loop that never ends?"
        except BaseException as error:  # an answer so odd that looking at it raises
            outcome, text = Outcome.WRONG_TYPE, f"Looking at it raised {answers.message(error)}"
        return outcome, "\n".join(filter(None, [text, answers.shown(watched.printed or "")]))

    def _diagnose(self, f, watched):
        if f is self.library:
            return Outcome.NOT_ATTEMPTED, "This is the library's own function. Run the cell with yours first."
        if misfit := answers.misfit(f, self.arguments, self._inputs[0]):
            return Outcome.WRONG_ARGUMENTS, misfit
        learner = [self._run_learners(watched, i) for i in range(len(self._inputs))]
        if any(map(answers.has_dots, learner)):
            return Outcome.NOT_ATTEMPTED, ""
        problems = [problem for i, answer in enumerate(learner) if (problem := self._problem(f, i, answer))]
        if not problems:
            for i, answer in enumerate(learner):
                if words := self._about_tracing(f, watched, i, answer):
                    return Outcome.NOT_TRACEABLE, words
            return Outcome.CORRECT, ""
        if problems[0][0] in (Outcome.RETURNED_NONE, Outcome.NOT_REPEATABLE, Outcome.CHANGED_INPUT):
            return problems[0]
        if words := self._about_sizes(f):
            return Outcome.MISTAKE, words
        for mistake in self._all_mistakes:
            if self._makes(mistake, learner):
                return Outcome.MISTAKE, mistake.says
        return problems[0]

    @cached_property
    def _inputs(self):
        return list(self.inputs())

    @cached_property
    def _all_mistakes(self):
        return [*self.mistakes, *general.mistakes(self.library, self.arguments, self._inputs[0])]

    def _run(self, f, i, n_keys=laws.N_KEYS):
        """What f does with the i-th inputs."""
        if not self.random:
            return answers.run(f, self._inputs[i])
        return answers.run_random(f, self._inputs[i], n_keys)

    def _run_learners(self, f, i):
        """What the learner's f does. Many keys are for what a few keys show no wrong mean or deviation of."""
        answer = self._run(f, i, laws.FEW)
        if answer.draws is None or answers.shapes(answer.value) != answers.shapes(self._right(i).value):
            return answer
        return answer if laws.difference(answer.draws, self._right(i).draws, 2) else self._run(f, i)

    def _recall(self, f, i, n_keys=laws.N_KEYS):
        """`_run`, once only, for the library's function and for mistakes."""
        if (f, i) not in self._kept:
            self._kept[f, i] = self._run(f, i, n_keys)
        return self._kept[f, i]

    def _right(self, i):
        return self._recall(self.library, i)

    def _makes(self, mistake, learner):
        """Whether the learner's answers are the mistake's, on all inputs, and say something at least once."""
        known = []
        for i, answer in enumerate(learner):
            known.append(self._recall(mistake.gives, i, laws.FEW))
            if not self._agree(answer, known[i], i):
                return False
        is_wrong = any(not self._agree(other, self._right(i), i) for i, other in enumerate(known))
        return is_wrong and any(other.error is not None or _is_finite(other.value) for other in known)

    def _agree(self, answer, other, i):
        if answer.error is not None or other.error is not None:
            both = answer.error is not None and other.error is not None
            return both and answers.message(answer.error) == answers.message(other.error)
        if answer.draws is None:
            return not self.random and self._close(answer.value, other.value, i)
        same = answers.shapes(answer.value) == answers.shapes(other.value) and other.draws is not None
        return same and not laws.difference(answer.draws, other.draws)

    def _close(self, a, b, i):
        """Nearly the same numbers: what float32 cannot tell apart at the size of the inputs is the same."""
        sizes = [np.abs(leaf).max() for leaf in jax.tree.leaves(self._inputs[i]) if _is_floats(leaf)]
        return answers.close(a, b, self.rtol, 1e-5 + 1e-6 * max(sizes, default=0.0))

    def _problem(self, f, i, answer):
        value, wanted = answer.value, self._right(i).value
        pairs = zip(self.arguments, self._inputs[i], strict=True)
        given = f"\nIt was given {', '.join(f'{name} = {brief(part)}' for name, part in pairs)}."
        if answer.error is not None:
            return Outcome.RAISED, answers.message(answer.error) + answers.location(answer.error, f) + given
        if value is None:
            return Outcome.RETURNED_NONE, f"Is a `return` missing?{given}"
        if not answer.repeats:
            return Outcome.NOT_REPEATABLE, (
                "Called twice with the same key, it gives two different draws. Does its noise come from "
                "np.random, say? Draw it with jax.random, from the key that is passed in."
            )
        if jax.tree.structure(value) != jax.tree.structure(wanted):
            if not isinstance(value, tuple | list | dict) and not _is_floats(value):
                return Outcome.WRONG_TYPE, f"It is {answers.about_type(value)}{given}"
            needed, got = answers.outline(wanted), answers.outline(value)
            return Outcome.WRONG_SHAPE, f"It should be {needed}, not {got}.{given}"
        for leaf, want in zip(jax.tree.leaves(value), jax.tree.leaves(wanted), strict=True):
            if not _is_floats(leaf):
                right = "The numbers are right, but it" if self._agree(answer, self._right(i), i) else "It"
                return Outcome.WRONG_TYPE, f"{right} is {answers.about_type(leaf)}"
            if leaf.shape != want.shape:
                return Outcome.WRONG_SHAPE, f"Its shape should be {want.shape}, not {leaf.shape}.{given}"
        if not _is_finite(value):
            where = "Look for a log, a root or a division that meets 0, or an exp of something large."
            return Outcome.NOT_FINITE, f"It contains nan or inf. {where}{given}\ngot      {brief(value)}"
        if not self._agree(answer, self._right(i), i):
            if self.random and not np.ptp(answer.draws, axis=0).any():
                return Outcome.MISTAKE, "Every key gives the same noise. Pass your key to jax.random.normal."
            return Outcome.DIFFERENT, self._about_numbers(i, answer) + given
        if answer.changed:
            return Outcome.CHANGED_INPUT, "It writes into its own arguments. Build a new value instead."
        return None

    def _about_numbers(self, i, answer):
        right = self._right(i)
        if not self.random:
            return f"expected {brief(right.value)}\ngot      {brief(answer.value)}"
        lines = [f"Over many keys, {laws.difference(answer.draws, right.draws)}."]
        for words, rows in (("expected", right.draws), ("got     ", answer.draws)):
            mean, sd = brief(rows.mean(axis=0)), brief(rows.std(axis=0))
            lines.append(f"{words} mean {mean}, standard deviation {sd}")
        return "\n".join(lines)

    def _about_tracing(self, f, watched, i, answer):
        """What goes wrong inside jit, vmap and grad, and "" if nothing does."""
        advice = "Use jnp instead of np, jnp.where instead of if, and no float() or .item()."
        try:
            if answer.untraceable is not None:
                raise answer.untraceable
            value, gradient = answers.run_traced(watched, self._inputs[i], self.random)
        except (KeyboardInterrupt, answers.TimeUp):
            raise
        except BaseException as error:
            return f"{advice} It raised {type(error).__name__}{answers.location(error, f)}"
        if not self._close(value, answer.value, i):
            return "Inside jax.jit and jax.vmap it gives other numbers than outside them."
        if not self.gradients:
            return ""
        if ("gradient", i) not in self._kept:
            self._kept["gradient", i] = answers.run_traced(self.library, self._inputs[i], self.random)[1]
        right = self._kept["gradient", i]
        if laws.difference(gradient, right, 2) if self.random else not self._close(gradient, right, i):
            return "Its values are right, but its gradient is not: jax.grad through it gives other numbers."
        return ""

    def _about_sizes(self, f):
        """Words for an answer that is right if sizes from the notebook are replaced by the right ones."""
        sizes = {n for leaf in jax.tree.leaves(self._inputs[0]) for n in getattr(leaf, "shape", ())}
        for words, g in general.with_other_sizes(f, sizes | {n // 2 for n in sizes}):
            answer = self._run(answers.Watched(g), 0, laws.FEW)
            if answer.error is None and self._agree(answer, self._right(0), 0):
                return words
        return ""


def required_arguments(f: Callable) -> list[str]:
    """The names of the arguments that f must be given."""
    parameters = inspect.signature(f).parameters.values()
    return [each.name for each in parameters if each.default is each.empty]


def _is_floats(value):
    return isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jnp.floating)


def _is_finite(value):
    return all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(value) if _is_floats(leaf))
