"""Numbers worked out with a pencil: the solution passes, each mistake is told apart, nothing raises."""

import tomllib
from decimal import Decimal
from fractions import Fraction
from types import FunctionType

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.teaching import exercises
from vae_course.teaching.exercises import catalogue
from vae_course.teaching.exercises.checker import Outcome
from vae_course.teaching.exercises.pencil import Number

EXAMPLE = '''
number = "d / 2 * log(2)"
within = 0.1
unit = "nats"
hints = ["Each pixel adds the same.", "A pixel adds 1/2 log 2."]
let = { d = "64" }
'd * log(2)' = "The factor 1/2 is missing."
'log(2) / 2' = "This is for one pixel. There are 64."
'd / 2 * log(10)' = """This is
the log of 10."""
'''
RIGHT = 32 * 0.6931471805599453
check = catalogue._exercise("gain_of_half", tomllib.loads(EXAMPLE))
ALL = {name: getattr(exercises, name) for name in exercises.__all__} | {check.name: check}
NUMBERS = {name: each for name, each in ALL.items() if isinstance(each, Number)}
MISTAKES = [(name, i) for name, each in NUMBERS.items() for i in range(len(each.mistakes))]
GOES_ON = "The notebook goes on with the library's number.\n"


def made(answer):
    """JAX's arrays are made in the test, not when it is collected."""
    return answer() if isinstance(answer, FunctionType) else answer


@pytest.mark.parametrize("name", NUMBERS)
def test_the_solution_is_right_and_the_dots_are_not_attempted(name, capsys):
    each = NUMBERS[name]
    assert np.isfinite(each.library)
    assert 0 < each.within < np.inf
    assert each.check(each.library) == each.library
    assert capsys.readouterr().out.startswith(f"{name}: correct. The notebook goes on with ")
    assert each.check(...) == each.library
    assert capsys.readouterr().out == f"{name}: not attempted yet. {GOES_ON}"


@pytest.mark.parametrize(("name", "i"), MISTAKES)
def test_each_mistake_is_named_and_far_from_the_right_number_and_from_the_others(name, i, capsys):
    each = NUMBERS[name]
    says, wrong = each.mistakes[i].says, [float(mistake.gives()) for mistake in each.mistakes]
    assert each.check(wrong[i]) == each.library
    assert capsys.readouterr().out == f"{name}: {Outcome.MISTAKE}.\n{says}\n{GOES_ON}"
    others = [number for number, mistake in zip(wrong, each.mistakes, strict=True) if mistake.says != says]
    assert min(abs(wrong[i] - other) for other in [each.library, *others]) > 2 * each.within


def test_the_number_is_the_expressions_and_the_notebook_goes_on_with_it(capsys):
    assert check.library == pytest.approx(RIGHT, rel=1e-12)
    assert check.check(22.2) == check.library
    assert capsys.readouterr().out == "gain_of_half: correct. The notebook goes on with 22.1807 nats.\n"


@pytest.mark.parametrize(
    "answer",
    [
        22.1,
        Fraction(222, 10),
        Decimal("22.2"),
        np.float32(22.2),
        np.array([22.2]),
        lambda: jnp.float32(22.2),
        lambda: jnp.bfloat16(22.2),
        lambda: 32 * jnp.log(2),
    ],
)
def test_any_real_number_near_it_is_right(answer):
    answer = made(answer)
    assert check.diagnose(answer) == (Outcome.CORRECT, "")


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        (22.0, Outcome.TOO_SMALL, ""),
        (23, Outcome.TOO_LARGE, ""),
        (-np.inf, Outcome.TOO_SMALL, ""),
        (10**400, Outcome.TOO_LARGE, ""),
        (-RIGHT, Outcome.MISTAKE, "The sign is flipped: this is minus what was asked for."),
        (
            RIGHT / 2,
            Outcome.MISTAKE,
            "This is half of what was asked for: is there a factor 1/2 too many, or a 2 missing?",
        ),
        (73.68, Outcome.MISTAKE, "This is the log of 10."),
        (float("nan"), Outcome.NOT_FINITE, "It is nan, not a number."),
        ("22.18", Outcome.WRONG_TYPE, "It is a string, '22.18'; it should be one number."),
        (b"22", Outcome.WRONG_TYPE, "It is an object of type bytes; it should be one number."),
        (None, Outcome.WRONG_TYPE, "It is None; it should be one number."),
        (True, Outcome.WRONG_TYPE, "It is the bool True; it should be one number."),
        (np.bool_(True), Outcome.WRONG_TYPE, "It is the bool True; it should be one number."),
        (22.18 + 0j, Outcome.WRONG_TYPE, "It is the complex (22.18+0j); it should be one number."),
        ([22.18, 3], Outcome.WRONG_TYPE, "It is an object of type list; it should be one number."),
        (
            np.ones(3),
            Outcome.WRONG_TYPE,
            "It is an array of float64, of shape (3,); it should be one number.",
        ),
        (
            lambda: jnp.ones((2, 3)),
            Outcome.WRONG_TYPE,
            "It is an array of float32, of shape (2, 3); it should be one number.",
        ),
        (
            jnp.log,
            Outcome.WRONG_TYPE,
            "It is the function log, which is not called; it should be one number.",
        ),
        (
            lambda: jax.random.key(0),
            Outcome.WRONG_TYPE,
            "It is an array of key<fry>, of shape (); it should be one number.",
        ),
        (object(), Outcome.WRONG_TYPE, "It is an object of type object; it should be one number."),
    ],
)
def test_whatever_comes_is_answered_in_words(answer, outcome, says, capsys):
    answer = made(answer)
    assert check.diagnose(answer) == (outcome, says)
    assert check.check(answer) == check.library
    assert capsys.readouterr().out.endswith(GOES_ON)


def test_hint_solution_and_repr(capsys):
    check.hint(2)
    check.solution()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "Hint 2 of 2: A pixel adds 1/2 log 2."
    assert lines[-2] == "No more hints. exercises.gain_of_half.solution() shows the library's number."
    assert lines[-1] == "gain_of_half = d / 2 * log(2) = 22.1807 nats"
    assert repr(check) == "Exercise: work out gain_of_half, in nats. It has check, hint and solution."
