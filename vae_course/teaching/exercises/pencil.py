"""An exercise that asks for one number, worked out with a pencil.

gain_of_half = exercises.gain_of_half.check(gain_of_half)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vae_course.teaching.exercises import answers, general
from vae_course.teaching.exercises.checker import Exercise, Outcome
from vae_course.teaching.exercises.general import Mistake


@dataclass(repr=False, eq=False)
class Number(Exercise):
    """One number to work out, right if it is `within` so much of the solution."""

    name: str
    expression: str
    gives: Callable  # the expression's value
    within: float
    unit: str
    mistakes: Sequence[Mistake]  # tried before the general ones
    hints: Sequence[str]

    def __post_init__(self):
        self.asks, self.task = "number", f"work out {self.name}" + (f", in {self.unit}" if self.unit else "")

    @cached_property
    def library(self) -> float:
        """The right number."""
        return float(self.gives())

    def solution(self) -> None:
        """Print the expression and its value."""
        print(f"{self.name} = {self.expression} = {self._with_unit(self.library)}")

    def diagnose(self, answer: Any) -> tuple[Outcome, str]:
        """What `check` prints: the outcome, and what to say about it."""
        if answer is ...:
            return Outcome.NOT_ATTEMPTED, ""
        try:
            number = _number(answer)
        except OverflowError:  # an int of more than 300 digits
            number = np.inf
        except Exception:  # an array of several, a function, an answer that cannot be looked at
            return Outcome.WRONG_TYPE, f"It is {answers.kind(answer)}; it should be one number."
        if np.isnan(number):
            return Outcome.NOT_FINITE, "It is nan, not a number."
        if abs(number - self.library) <= self.within:
            return Outcome.CORRECT, ""
        for mistake in [*self.mistakes, *general.mistakes(lambda: self.library, [], ())]:
            if abs(number - float(mistake.gives())) <= self.within:
                return Outcome.MISTAKE, mistake.says
        return Outcome.TOO_SMALL if number < self.library else Outcome.TOO_LARGE, ""

    def _keep(self, _):
        return self.library, self._with_unit(self.library)

    def _with_unit(self, number):
        return f"{answers.brief(number)} {self.unit}".rstrip()


def _number(answer):
    """One real number as a float. Raises for all else."""
    array = np.asarray(answer)
    if array.dtype.kind in "bcmMSU":  # a bool, a complex number, a time, a string
        raise TypeError
    return float(array.reshape(()))
