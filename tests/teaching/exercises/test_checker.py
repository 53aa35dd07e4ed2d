"""Whatever a learner's function does, `check` says so, does not raise, and the notebook goes on."""

import contextlib
import html
import linecache
import re
import signal
import sys
import textwrap
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course import autoencoder, training
from vae_course.teaching import exercises
from vae_course.teaching.exercises import answers, checker, laws
from vae_course.teaching.exercises.checker import Function, Mistake, Outcome

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
    "the library's own": (autoencoder.squared_error, Outcome.NOT_ATTEMPTED, "library's own function"),
    "None": (lambda x, x_hat: None, Outcome.RETURNED_NONE, "return"),
    "a number, not a function": (
        1.5,
        Outcome.WRONG_ARGUMENTS,
        "It is the float 1.5; it should be a function of (x, x_hat).",
    ),
    "dots, not a function": (..., Outcome.WRONG_ARGUMENTS, "an object of type ellipsis"),
    "one argument": (lambda x: x, Outcome.WRONG_ARGUMENTS, "It should take (x, x_hat), not (x)."),
    "three arguments": (lambda a, b, c: a, Outcome.WRONG_ARGUMENTS, "not (a, b, c)."),
    "an int": (lambda x, x_hat: 3, Outcome.WRONG_TYPE, "It is the int 3; it should be a JAX array."),
    "a string": (lambda x, x_hat: "3", Outcome.WRONG_TYPE, "It is a string, '3'; it should be a JAX array."),
    "a bool": (lambda x, x_hat: True, Outcome.WRONG_TYPE, "It is the bool True"),
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
    "a function": (lambda x, x_hat: right, Outcome.WRONG_TYPE, "the function right, which is not called"),
    "a generator": (lambda x, x_hat: (i for i in x), Outcome.WRONG_TYPE, "generator"),
    "a key": (lambda x, x_hat: jax.random.key(0), Outcome.WRONG_TYPE, "key<fry>"),
    "an object that cannot be looked at": (lambda x, x_hat: Odd(), Outcome.WRONG_TYPE, ""),
    "a wrong shape": (
        lambda x, x_hat: x[:2],
        Outcome.WRONG_SHAPE,
        "Its shape should be (), not (2,).\nIt was given x = [",
    ),
    "one number in brackets": (lambda x, x_hat: right(x, x_hat)[None], Outcome.WRONG_SHAPE, "not (1,)"),
    "a pair": (
        lambda x, x_hat: (x, x_hat),
        Outcome.WRONG_SHAPE,
        "It should be one array, not (array, array).",
    ),
    "a dict": (lambda x, x_hat: {"a": x}, Outcome.WRONG_SHAPE, "not {'a': array}"),
    "an empty tuple": (lambda x, x_hat: (), Outcome.WRONG_SHAPE, "not ()."),
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
    "a class": (Odd, Outcome.WRONG_ARGUMENTS, "It should take (x, x_hat)"),
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
        lambda x, x_hat: right(x, x_hat) if x[0] > -1e9 else x[0],
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
    assert check.check(f) is autoencoder.squared_error
    out, err = capsys.readouterr()
    assert out.startswith(f"squared_error: {outcome}.")
    assert words in out
    assert out.endswith("The notebook goes on with the library's function.\n")
    assert err == ""


def shown(f, monkeypatch):
    """The rich and the plain text of a check."""
    seen = []
    monkeypatch.setattr(checker, "display", seen.append)
    check.check(f)
    return seen[0]._repr_html_(), repr(seen[0])


def test_success_has_a_tick_and_all_else_the_same_words_as_the_plain_text(monkeypatch):
    goes_on = "The notebook goes on with"
    tick = '<b style="color: #007A5A">\N{HEAVY CHECK MARK}</b>'
    rich, plain = shown(right, monkeypatch)
    assert plain == f"squared_error: correct. {goes_on} your function."
    assert rich == f'<p class="numbers">{tick} {plain}</p>'
    rich, plain = shown(lambda x, x_hat: ..., monkeypatch)
    assert plain == f"squared_error: not attempted yet. {goes_on} the library's function."
    assert rich == f'<p class="numbers">\N{EN DASH} {html.escape(plain)}</p>'
    rich, plain = shown(lambda x, x_hat: x[:1] < 3, monkeypatch)
    assert html.unescape(re.sub("<[^>]*>", "", rich).replace("wrong type.", "wrong type.\n")) == plain


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
        "squared_error: correct.",
        "It printed:",
        "mine (6,)",
        "The notebook goes on with your function.",
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
    assert "\nin line 3 of your cell: return a.reshape(7)\nIt was given x = [" in text


def test_the_line_is_the_learners_also_when_the_error_is_raised_deep_in_a_library():
    f = written(
        """
        def squared_error(x, x_hat):
            y = x[:3]
            return jnp.dot(y, x_hat)
        """
    )
    assert "\nin line 4 of your cell: return jnp.dot(y, x_hat)\n" in check.diagnose(f)[1]


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
    def blend(x_a, x_b, t):
        return (1 - t) * x_a + t * x_b

    inputs = jnp.array([0.5, -1.0, 2.0]), jnp.array([1.5, 0.25, -0.5]), 0.25
    check = Function(blend, lambda: [inputs, inputs], [], ["Mix."])
    outcome, text = check.diagnose(lambda x_a, x_b, t: x_a - t * x_b)
    expected, got, given = text.splitlines()
    assert outcome is Outcome.DIFFERENT
    x_a, x_b, _ = check.inputs()[0]
    assert given.startswith("It was given x_a = [")
    assert given.endswith(", t = 0.25.")
    shown = {
        line.split()[0]: np.fromstring(line.split("[")[1].strip("]"), sep=",") for line in (expected, got)
    }
    np.testing.assert_allclose(shown["expected"], 0.75 * np.asarray(x_a) + 0.25 * np.asarray(x_b), atol=1e-4)
    np.testing.assert_allclose(shown["got"], np.asarray(x_a) - 0.25 * np.asarray(x_b), atol=1e-4)


def step(params, gradients, learning_rate):
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, gradients)


def writes_into_a_dict(params, gradients, learning_rate):
    new = step(params, gradients, learning_rate)
    if isinstance(params, dict):
        params["b"] = new["b"]
    return new


def empties_a_dict(params, gradients, learning_rate):
    new = step(params, gradients, learning_rate)
    if isinstance(params, dict):
        params.clear()
    return new


def adds_nothing_but_a_name(params, gradients, learning_rate):
    new = step(params, gradients, learning_rate)
    if isinstance(params, dict):
        params["steps"] = None  # a leaf of no array: only the tree tells
    return new


@pytest.mark.parametrize("f", [writes_into_a_dict, empties_a_dict, adds_nothing_but_a_name])
def test_writing_into_the_input_is_found_and_does_no_harm(f):
    assert exercises.gradient_step.diagnose(f)[0] is Outcome.CHANGED_INPUT
    assert exercises.gradient_step.check(f) is training.gradient_step
    assert exercises.gradient_step.check(step) is step


def test_a_tree_of_another_structure_is_a_wrong_shape():
    def only_one(params, gradients, learning_rate):
        new = step(params, gradients, learning_rate)
        return new[:1] if isinstance(new, tuple) else new

    outcome, text = exercises.gradient_step.diagnose(only_one)
    assert outcome is Outcome.WRONG_SHAPE
    assert text.startswith("It should be (array, array), not (array).")


def test_a_sampler_that_cannot_be_vmapped_is_told_so():
    outcome, text = exercises.sample.diagnose(
        lambda m, s, key: m + s * np.asarray(jax.random.normal(key, m.shape))
    )
    assert outcome is Outcome.NOT_TRACEABLE
    assert "jnp instead of np" in text


def test_a_samplers_wrong_shape_is_a_wrong_shape():
    outcome, text = exercises.sample.diagnose(lambda m, s, key: jax.random.normal(key, (2, 8)))
    assert outcome is Outcome.WRONG_SHAPE
    assert text.startswith("Its shape should be (7,), not (2, 8).\nIt was given m = [")


@pytest.fixture
def hinted():
    return Function(autoencoder.squared_error, check.inputs, mistakes=[], hints=["first", "second", "third"])


def hints_shown(exercise, capsys, *n):
    capsys.readouterr()
    exercise.hint(*n)
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("Hint")]


def test_a_cell_with_a_hint_that_is_run_again_shows_the_same_hint(hinted, capsys):
    for _ in range(3):
        hinted.check(lambda x, x_hat: ...)
        assert hints_shown(hinted, capsys) == ["Hint 1 of 3: first"]


def test_the_next_hint_comes_after_a_new_attempt_below_those_before(hinted, capsys):
    seen = []
    for attempt in (
        lambda x, x_hat: ...,
        lambda x, x_hat: x[0],
        lambda x, x_hat: x[1],
        lambda x, x_hat: x[2],
    ):
        hinted.check(attempt)
        seen = hints_shown(hinted, capsys)
        assert hints_shown(hinted, capsys) == seen
    assert seen == ["Hint 1 of 3: first", "Hint 2 of 3: second", "Hint 3 of 3: third"]


@pytest.mark.parametrize(("n", "shown"), [(-1, 1), (0, 1), (2, 2), (3, 3), (99, 3)])
def test_hints_can_be_asked_for_by_number(hinted, capsys, n, shown):
    assert len(hints_shown(hinted, capsys, n)) == shown


def test_after_the_last_hint_the_solution_is_named(hinted, capsys):
    hinted.hint(2)
    assert "exercises.squared_error.hint(3) shows the next hint now." in capsys.readouterr().out
    hinted.hint(3)
    last = "No more hints. exercises.squared_error.solution() shows the library's function.\n"
    assert capsys.readouterr().out.endswith(last)


def test_the_solution_is_the_librarys_own_source(capsys):
    check.solution()
    out = capsys.readouterr().out
    assert out.startswith("def squared_error(x: Image, x_hat: Image)")
    assert out.endswith("    return jnp.sum((x - x_hat) ** 2)\n")
    assert "@" not in out


def test_the_repr_is_stable():
    assert repr(check) == "Exercise: write squared_error(x, x_hat). It has check, hint and solution."


def test_a_mistake_must_agree_on_all_inputs():
    exercise = Function(
        autoencoder.squared_error,
        inputs=lambda: [(jnp.zeros(2), jnp.ones(2)), (jnp.zeros(2), 2 * jnp.ones(2))],
        mistakes=[Mistake("sum of differences", lambda x, x_hat: jnp.sum(x_hat - x) + 1.0)],
        hints=[],
    )
    assert exercise.diagnose(lambda x, x_hat: jnp.sum(x_hat - x) + 1.0)[0] is Outcome.MISTAKE
    assert exercise.diagnose(lambda x, x_hat: jnp.array(3.0))[0] is Outcome.DIFFERENT


# Where the checker was fooled, or said what is not so.


async def coroutine(x, x_hat):
    return x


def only_by_name(*, x, x_hat):
    return x


TOLD = {
    "a string": (lambda x, x_hat: "one", Outcome.WRONG_TYPE, "It is a string, 'one'"),
    "a coroutine": (coroutine, Outcome.WRONG_TYPE, "leave out the `async`"),
    "an object": (lambda x, x_hat: object(), Outcome.WRONG_TYPE, "It is an object of type object"),
    "a generator": (lambda x, x_hat: (a for a in x), Outcome.WRONG_TYPE, "It is a generator"),
    "by name": (only_by_name, Outcome.WRONG_ARGUMENTS, "not (*, x, x_hat)."),
    "by name, in words": (only_by_name, Outcome.WRONG_ARGUMENTS, "leave out the *."),
    "raised": (lambda x, x_hat: x @ x_hat[:2], Outcome.RAISED, "It was given x = [ 0.1257,"),
    "not finite": (lambda x, x_hat: x[0] / 0, Outcome.NOT_FINITE, "It was given x = [ 0.1257,"),
    "a shape": (lambda x, x_hat: x[:2], Outcome.WRONG_SHAPE, "It was given x = [ 0.1257,"),
    "numbers in a tuple": (lambda x, x_hat: (1.0, x), Outcome.WRONG_SHAPE, "not (float, array)"),
    "wrong, and numpy inside": (
        lambda x, x_hat: jnp.asarray(np.sum(np.abs(np.asarray(x) - 3))),
        Outcome.DIFFERENT,
        "expected",
    ),
    "wrong, and an if inside": (lambda x, x_hat: x[0] if x[0] > 0 else x[1], Outcome.DIFFERENT, "expected"),
}


@pytest.mark.parametrize("case", TOLD)
def test_each_is_told_as_it_is(case):
    f, outcome, words = TOLD[case]
    found, text = check.diagnose(f)
    assert found is outcome
    assert words in text


def test_tuples_are_shown_with_their_numbers():
    outcome, text = exercises.gaussian_head.diagnose(
        lambda h: (3 * h[: len(h) // 2], jnp.exp(h[len(h) // 2 :]))
    )
    assert outcome is Outcome.DIFFERENT
    expected, got, _ = text.splitlines()
    assert expected.startswith("expected ([ 0.1257, -0.1321, 0.6404], [")
    assert got.startswith("got      ([ 0.3772, -0.3963, 1.9213], [")


FUNCTIONS = [name for name in exercises.__all__ if isinstance(getattr(exercises, name), Function)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_forgotten_return_is_no_known_mistake(name):
    library = getattr(exercises, name).library

    def f(*inputs):
        library(*inputs)

    outcome, text = getattr(exercises, name).diagnose(f)
    assert outcome is Outcome.RETURNED_NONE
    assert text.startswith("Is a `return` missing?")


def test_numpys_random_numbers_are_told_as_they_are():
    outcome, text = exercises.sample.diagnose(lambda m, s, key: m + s * np.random.normal(size=m.shape))  # noqa: NPY002
    assert outcome is Outcome.NOT_REPEATABLE
    assert "np.random, say" in text


def test_a_wrong_sampler_that_cannot_be_traced_is_not_called_right():
    wrong = lambda m, s, key: m + 3 * s * jnp.asarray(np.asarray(jax.random.normal(key, m.shape)))  # noqa: E731
    outcome, text = exercises.sample.diagnose(wrong)
    assert outcome is Outcome.DIFFERENT
    assert "standard deviation is not right" in text


def test_what_is_printed_is_shown_briefly(capsys):
    def f(x, x_hat):
        for i in range(300):
            print("line", i, "long " * 50)
        return right(x, x_hat)

    assert check.check(f) is f
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 10
    assert max(map(len, lines)) < 110
    assert lines[1] == "It printed:"
    assert "more lines" in lines[-2]


def forever(x, x_hat):
    while True:
        pass


def sleeps(x, x_hat):
    time.sleep(1e6)


def prints_forever(x, x_hat):
    while True:
        print(x)


def forever_when_traced(x, x_hat):
    while isinstance(x, jax.core.Tracer):
        pass
    return right(x, x_hat)


def swallows(x, x_hat):
    for _ in range(2):
        with contextlib.suppress(BaseException):
            forever(x, x_hat)
    return right(x, x_hat)


# The alarm may ring inside a weak reference's callback: Python prints that error, and it rings again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("f", [forever, sleeps, prints_forever, forever_when_traced, swallows])
def test_what_never_ends_is_given_up(f, capsys, monkeypatch):
    with monkeypatch.context() as short:  # only for f: a right answer that has to be compiled may take longer
        short.setattr(answers, "SECONDS", 0.3)
        gives_up(f, capsys)
    assert check.check(right) is right


def gives_up(f, capsys):
    handler = signal.getsignal(signal.SIGALRM)
    assert check.check(f) is autoencoder.squared_error
    out = capsys.readouterr().out
    assert out.startswith("squared_error: no answer in time.\nWe gave up after 0.3 seconds.")
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_right_answer_that_has_to_wait_for_others_is_not_given_up(monkeypatch):
    assert check.check(right) is right
    monkeypatch.setattr(answers, "SECONDS", 0.5)

    def waits(x, x_hat):
        time.sleep(0.1)
        return right(x, x_hat)

    assert check.check(waits) is waits


def test_twenty_seconds_are_given():
    assert answers.SECONDS == 20


def test_another_thread_can_check_too():
    found = []
    thread = threading.Thread(target=lambda: found.append(check.diagnose(right)))
    thread.start()
    thread.join()
    assert found == [(Outcome.CORRECT, "")]


def test_an_answer_with_large_arrays_gets_few_keys_at_once(monkeypatch):
    at_once, rows = [], laws._rows
    monkeypatch.setattr(laws, "SECONDS", 1e9)
    monkeypatch.setattr(laws, "_rows", lambda tree, n: at_once.append(n) or rows(tree, n))
    inputs = exercises.sample.inputs()[0]
    laws.draws(lambda m, s, key: m + s * jax.random.normal(key, (20_000, 7))[-1], inputs, 100)
    laws.draws(lambda m, s, key: m + s * jax.random.normal(key, (7,)), inputs, 5_000)
    assert at_once == [50, 50, 5_000]


def test_what_float32_cannot_tell_apart_is_the_same():
    def difference(values):
        return values[0] - values[1]

    exercise = Function(difference, lambda: [(jnp.float32([-900.7, -900.6543]),)], [], ["Subtract."])
    for c in (77.7, -300.123, -123.456, -77.7):
        answer = lambda values, c=c: (values[0] + c) - (values[1] + c)  # noqa: E731
        assert exercise.diagnose(answer) == (Outcome.CORRECT, "")
    assert exercise.diagnose(lambda values: values[0] - values[1] + 0.01)[0] is Outcome.DIFFERENT


@pytest.mark.parametrize("n", [50, 150, 1000])
def test_few_draws_of_the_right_law_are_never_refused(n):
    rng = np.random.default_rng(0)
    for law in (rng.normal, rng.exponential, rng.standard_t):
        parameters = (3,) if law == rng.standard_t else ()
        right = law(*parameters, size=(10_000, 5))
        assert {laws.difference(law(*parameters, size=(n, 5)), right) for _ in range(20)} == {""}


def test_a_slow_right_answer_is_right(monkeypatch):
    monkeypatch.setattr(laws, "SECONDS", 0.0)
    monkeypatch.setattr(laws, "MAX_SIZE", 1)  # 50 keys at once, and once

    def sample(m, s, key):
        return m + s * jax.random.normal(jax.random.fold_in(key, 1), m.shape)

    assert exercises.sample.check(sample) is sample
