"""Whatever a learner's function does, `check` says so, does not raise, and the notebook goes on."""

import linecache
import sys
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course import exercises, objectives, training
from vae_course.exercises.checker import Exercise, Mistake, Outcome

check = exercises.squared_error


def written(source, name="squared_error", file="<ipython-input-7>"):
    """A function as IPython makes it: compiled from a cell that only linecache knows."""
    source = textwrap.dedent(source)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace = {"jnp": jnp, "np": np, "jax": jax}
    exec(compile(source, file, "exec"), namespace)
    return namespace[name]


class Odd:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")

    shape = property(__repr__)


class Unreadable(Exception):
    def __str__(self):
        raise RuntimeError("no")


def raises(error):
    def f(x, x_hat):
        raise error

    return f


def endless(x, x_hat):
    return endless(x, x_hat)


def right(x, x_hat):
    return jnp.sum((x - x_hat) ** 2)


BAD = {
    "stub": (lambda x, x_hat: ..., Outcome.NOT_ATTEMPTED, ""),
    "stub half filled": (lambda x, x_hat: jnp.sum((x - ...) ** 2), Outcome.NOT_ATTEMPTED, ""),
    "dots inside": (lambda x, x_hat: {"error": ...}, Outcome.NOT_ATTEMPTED, ""),
    "the library's own": (objectives.squared_error, Outcome.NOT_ATTEMPTED, "library's own function"),
    "None": (lambda x, x_hat: None, Outcome.RETURNED_NONE, "return"),
    "a number, not a function": (1.5, Outcome.WRONG_ARGUMENTS, "got float"),
    "dots, not a function": (..., Outcome.WRONG_ARGUMENTS, "got ellipsis"),
    "one argument": (
        lambda x: x,
        Outcome.WRONG_ARGUMENTS,
        "Needed a function of (x, x_hat), got one of (x).",
    ),
    "three arguments": (lambda a, b, c: a, Outcome.WRONG_ARGUMENTS, "got one of (a, b, c)."),
    "an int": (lambda x, x_hat: 3, Outcome.WRONG_TYPE, "It is of type int"),
    "a string": (lambda x, x_hat: "3", Outcome.WRONG_TYPE, "It is of type str"),
    "a bool": (lambda x, x_hat: True, Outcome.WRONG_TYPE, "It is of type bool"),
    "an int array": (lambda x, x_hat: right(x, x_hat).astype(int), Outcome.WRONG_TYPE, "array of int32"),
    "a float": (lambda x, x_hat: float(right(x, x_hat)), Outcome.WRONG_TYPE, "The numbers are right"),
    "a wrong float": (lambda x, x_hat: 0.123, Outcome.WRONG_TYPE, "It is a Python float"),
    "item": (lambda x, x_hat: right(x, x_hat).item(), Outcome.WRONG_TYPE, "float()"),
    "a numpy array": (
        lambda x, x_hat: np.asarray(right(x, x_hat)),
        Outcome.WRONG_TYPE,
        "right, but it is a numpy",
    ),
    "np.float64": (lambda x, x_hat: np.float64(right(x, x_hat)), Outcome.WRONG_TYPE, "Use jnp instead of np"),
    "a wrong numpy array": (lambda x, x_hat: np.array(0.123), Outcome.WRONG_TYPE, "It is a numpy array"),
    "a complex number": (lambda x, x_hat: right(x, x_hat) + 0j, Outcome.WRONG_TYPE, "complex64"),
    "a function": (lambda x, x_hat: right, Outcome.WRONG_TYPE, "type function"),
    "a generator": (lambda x, x_hat: (i for i in x), Outcome.WRONG_TYPE, "generator"),
    "a key": (lambda x, x_hat: jax.random.key(0), Outcome.WRONG_TYPE, "key<fry>"),
    "an object that cannot be looked at": (lambda x, x_hat: Odd(), Outcome.WRONG_TYPE, ""),
    "a wrong shape": (lambda x, x_hat: x[:2], Outcome.WRONG_SHAPE, "Needed shape (), got (2,)."),
    "one number in brackets": (lambda x, x_hat: right(x, x_hat)[None], Outcome.WRONG_SHAPE, "got (1,)"),
    "a pair": (lambda x, x_hat: (x, x_hat), Outcome.WRONG_SHAPE, "Needed one array, got (array, array)."),
    "a dict": (lambda x, x_hat: {"a": x}, Outcome.WRONG_SHAPE, "got {'a': array}"),
    "an empty tuple": (lambda x, x_hat: (), Outcome.WRONG_SHAPE, "got ()"),
    "nan": (lambda x, x_hat: jnp.sqrt(-right(x, x_hat)), Outcome.NOT_FINITE, "nan or inf"),
    "inf": (lambda x, x_hat: right(x, x_hat) / 0, Outcome.NOT_FINITE, "nan or inf"),
    "different": (lambda x, x_hat: 3 * right(x, x_hat), Outcome.DIFFERENT, "expected"),
    "right once": (lambda x, x_hat: jnp.minimum(right(x, x_hat), 1.0), Outcome.DIFFERENT, "got      1."),
    "a zero too many": (lambda x, x_hat: right(x, x_hat) * 1.001, Outcome.DIFFERENT, "expected"),
    "ValueError": (raises(ValueError("oh no")), Outcome.RAISED, "ValueError: oh no"),
    "an error class": (raises(KeyError), Outcome.RAISED, "KeyError"),
    "an error without words": (raises(Unreadable()), Outcome.RAISED, "Unreadable"),
    "a long error": (raises(ValueError("word " * 999)), Outcome.RAISED, "word ..."),
    "an address": (raises(ValueError(f"{object()}")), Outcome.RAISED, "<object object at 0x...>"),
    "SystemExit": (raises(SystemExit(1)), Outcome.RAISED, "SystemExit: 1"),
    "GeneratorExit": (raises(GeneratorExit()), Outcome.RAISED, "GeneratorExit"),
    "exit": (lambda x, x_hat: sys.exit("bye"), Outcome.RAISED, "SystemExit: bye"),
    "recursion": (endless, Outcome.RAISED, "RecursionError: maximum recursion depth"),
    "a name that is not there": (lambda x, x_hat: y, Outcome.RAISED, "NameError: name 'y'"),
    "a built-in": (max, Outcome.RAISED, "ValueError: The truth value"),
    "a class": (Odd, Outcome.WRONG_ARGUMENTS, "Needed a function of (x, x_hat)"),
    "numpy inside": (
        lambda x, x_hat: jnp.asarray(np.sum((np.asarray(x) - np.asarray(x_hat)) ** 2)),
        Outcome.NOT_TRACEABLE,
        "TracerArrayConversionError",
    ),
    "float inside": (
        lambda x, x_hat: jnp.asarray(float(right(x, x_hat))),
        Outcome.NOT_TRACEABLE,
        "ConcretizationTypeError",
    ),
    "if inside": (
        lambda x, x_hat: right(x, x_hat) if x[0] > 0 else x[0],
        Outcome.NOT_TRACEABLE,
        "jnp.where instead of if",
    ),
    "no gradient": (
        lambda x, x_hat: jax.lax.stop_gradient(right(x, x_hat)),
        Outcome.NOT_TRACEABLE,
        "jax.grad through it gives other numbers",
    ),
    "another answer when traced": (
        lambda x, x_hat: right(x, x_hat) * (2.0 if isinstance(x, jax.core.Tracer) else 1.0),
        Outcome.NOT_TRACEABLE,
        "gives other numbers than outside",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_right_is_named_and_the_library_goes_on(case, capsys):
    f, outcome, words = BAD[case]
    assert check.check(f) is objectives.squared_error
    out, err = capsys.readouterr()
    assert out.startswith(f"squared_error: {outcome}.")
    assert words in out
    assert out.endswith("The notebook goes on with the library's function.\n")
    assert err == ""


def test_the_stub_gives_the_line_that_the_notebooks_store(capsys):
    check.check(written("def squared_error(x, x_hat):\n    return ...\n"))
    expected = "squared_error: not attempted yet. The notebook goes on with the library's function.\n"
    assert capsys.readouterr().out == expected


def test_what_is_right_comes_back_itself(capsys):
    assert check.check(right) is right
    expected = "squared_error: correct. The notebook goes on with your function.\n"
    assert capsys.readouterr().out == expected
    assert check.check(right) is right


@pytest.mark.parametrize(
    "f",
    [
        jax.jit(right),
        jax.jit(lambda x, x_hat: jnp.vdot(x - x_hat, x - x_hat)),
        lambda x, x_hat: sum((a - b) ** 2 for a, b in zip(x, x_hat, strict=True)),
        lambda x, x_hat, power=2: ((x - x_hat) ** power).sum(),
        lambda *args: right(*args),
        lambda x, x_hat: np.sum((x - x_hat) ** 2),  # numpy hands the sum back to JAX
    ],
)
def test_other_ways_to_write_it_are_right_too(f):
    assert check.check(f) is f


def test_a_mistake_is_named_also_as_a_float_or_a_numpy_array():
    for convert in (float, np.asarray, np.float64):
        outcome, text = check.diagnose(lambda x, x_hat, convert=convert: convert(jnp.mean((x - x_hat) ** 2)))
        assert outcome is Outcome.MISTAKE
        assert "mean over the pixels" in text


def test_an_interrupt_gets_through():
    for f in (raises(KeyboardInterrupt()), lambda x, x_hat: _interrupt_when_traced(x, x_hat)):
        with pytest.raises(KeyboardInterrupt):
            check.check(f)


def _interrupt_when_traced(x, x_hat):
    if isinstance(x, jax.core.Tracer):
        raise KeyboardInterrupt
    return right(x, x_hat)


def test_what_the_learner_prints_is_shown_but_not_while_tracing(capsys):
    def f(x, x_hat):
        print("mine", x.shape)
        return right(x, x_hat)

    assert check.check(f) is f
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "mine (6,)",
        "mine (6,)",
        "squared_error: correct. The notebook goes on with your function.",
    ]


def test_the_learners_own_line_is_shown_with_its_number():
    f = written(
        """
        def helper(a):
            return a.reshape(7)

        def squared_error(x, x_hat):
            difference = x - x_hat
            return helper(difference)
        """
    )
    outcome, text = check.diagnose(f)
    assert outcome is Outcome.RAISED
    assert text.startswith("TypeError: cannot reshape")
    assert text.endswith("\nin line 3 of your cell: return a.reshape(7)")


def test_the_line_is_the_learners_also_when_the_error_is_raised_deep_in_a_library():
    f = written(
        """
        def squared_error(x, x_hat):
            y = x[:3]
            return jnp.dot(y, x_hat)
        """
    )
    assert check.diagnose(f)[1].endswith("\nin line 4 of your cell: return jnp.dot(y, x_hat)")


def test_the_line_is_shown_when_tracing_fails_and_no_object_number():
    f = written(
        """
        @jax.jit
        def unused(x):
            return x

        def squared_error(x, x_hat):
            error = float(jnp.sum((x - x_hat) ** 2))
            return jnp.asarray(error)
        """
    )
    outcome, text = check.diagnose(f)
    assert outcome is Outcome.NOT_TRACEABLE
    assert text.endswith("\nin line 7 of your cell: error = float(jnp.sum((x - x_hat) ** 2))")
    assert "object id" not in text


def test_different_shows_one_input_what_was_expected_and_what_came():
    outcome, text = exercises.blend.diagnose(lambda x_a, x_b, t: x_a - t * x_b)
    first, expected, got = text.splitlines()
    assert outcome is Outcome.DIFFERENT
    x_a, x_b, _ = exercises.blend.inputs()[0]
    assert first.startswith("For x_a = [")
    assert first.endswith(", t = 0.25:")
    shown = {
        line.split()[0]: np.fromstring(line.split("[")[1].strip("]"), sep=",") for line in (expected, got)
    }
    np.testing.assert_allclose(shown["expected"], 0.75 * np.asarray(x_a) + 0.25 * np.asarray(x_b), atol=1e-4)
    np.testing.assert_allclose(shown["got"], np.asarray(x_a) - 0.25 * np.asarray(x_b), atol=1e-4)


def test_writing_into_the_input_is_found_and_does_no_harm():
    def in_place(params, gradients, learning_rate):
        if not isinstance(params, dict):
            return params - learning_rate * gradients
        for name in params:
            params[name] = params[name] - learning_rate * gradients[name]
        return params

    def spoils(params, gradients, learning_rate):
        new = jax.tree.map(lambda p, g: p - learning_rate * g, params, gradients)
        if isinstance(params, dict):
            params.clear()
        return new

    for f in (in_place, spoils):
        assert exercises.gradient_step.diagnose(f)[0] is Outcome.CHANGED_INPUT
        assert exercises.gradient_step.check(f) is training.gradient_step


def test_a_tree_of_another_structure_is_a_wrong_shape():
    def only_w(params, gradients, learning_rate):
        new = jax.tree.map(lambda p, g: p - learning_rate * g, params, gradients)
        return {"w": new["w"]} if isinstance(new, dict) else new

    outcome, text = exercises.gradient_step.diagnose(only_w)
    assert outcome is Outcome.WRONG_SHAPE
    assert text == "Needed {'b': array, 'w': array}, got {'w': array}."


def test_a_sampler_that_cannot_be_vmapped_is_told_so():
    outcome, text = exercises.sample.diagnose(
        lambda m, s, key: m + s * np.asarray(jax.random.normal(key, m.shape))
    )
    assert outcome is Outcome.NOT_TRACEABLE
    assert "jnp instead of np" in text


def test_a_samplers_wrong_shape_is_a_wrong_shape():
    outcome, text = exercises.sample.diagnose(lambda m, s, key: jax.random.normal(key, (2, 8)))
    assert (outcome, text) == (Outcome.WRONG_SHAPE, "Needed shape (8,), got (2, 8).")


def test_hints_come_one_by_one(capsys):
    exercise = Exercise(
        solution=objectives.squared_error, inputs=list, mistakes=[], hints=["first", "second"]
    )
    for _ in range(4):
        exercise.hint()
    last = "No more hints. exercises.squared_error.solution() shows the library's function."
    assert capsys.readouterr().out.splitlines() == ["Hint 1 of 2: first", "Hint 2 of 2: second", last, last]


def test_the_solution_is_the_librarys_own_source(capsys):
    check.solution()
    out = capsys.readouterr().out
    assert out.startswith('def squared_error(x: Float[Array, "d"]')
    assert out.endswith("    return jnp.sum((x - x_hat) ** 2)\n")
    assert "@typed" not in out


def test_the_repr_is_stable():
    assert repr(check) == "Exercise: write squared_error(x, x_hat). It has check, hint and solution."


def test_a_mistake_must_agree_on_all_inputs():
    exercise = Exercise(
        solution=objectives.squared_error,
        inputs=lambda: [(jnp.zeros(2), jnp.ones(2)), (jnp.zeros(2), 2 * jnp.ones(2))],
        mistakes=[Mistake("sum of differences", lambda x, x_hat: jnp.sum(x_hat - x) + 1.0)],
        hints=[],
    )
    assert exercise.diagnose(lambda x, x_hat: jnp.sum(x_hat - x) + 1.0)[0] is Outcome.MISTAKE
    assert exercise.diagnose(lambda x, x_hat: jnp.array(3.0))[0] is Outcome.DIFFERENT
