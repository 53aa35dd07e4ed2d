"""`claim` shows what was found and asked, and says what is wrong; where CI is set it raises."""

import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.teaching import checked
from vae_course.teaching.checked import ClaimFailed, claim, claims, predicted


@pytest.fixture(autouse=True)
def in_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")


@pytest.fixture
def shown(monkeypatch):
    """The HTML of each output, in order."""
    found = []
    monkeypatch.setattr(checked, "display", lambda findings: found.append(findings._repr_html_()))
    return found


@pytest.mark.parametrize(
    ("left", "relation", "right", "allowed"),
    [
        (1, "<", 2, {}),
        (1, "<", 2, {"by": 1.0}),
        ([1.0, 2.0], "<", 3.0, {"by": 0.5}),
        (3.0, ">", lambda: jnp.array([1.0, 2.0]), {"by": 0.5}),
        (1.0, "<=", 1.0, {}),
        (np.array([1.0, 1.25]), "<=", 1.0, {"within": 0.25}),
        (np.array([1, 0]), ">=", 0, {}),
        (-0.5, ">=", 0, {"within": 0.5}),
        (lambda: jnp.ones((2, 3)), "==", np.ones((2, 3)), {}),
        (1.0, "==", 1.5, {"within": 0.5}),
        (lambda: jnp.ones(2, jnp.bfloat16), "==", 1, {}),
    ],
)
def test_a_true_claim_prints_its_sentence_and_nothing_else(capsys, left, relation, right, allowed):
    left, right = (side() if callable(side) else side for side in (left, right))
    assert claim("the sentence", left, relation, right, **allowed) is None
    assert capsys.readouterr().out == "claim holds: the sentence\n"


@pytest.mark.parametrize(
    ("left", "relation", "right", "allowed"),
    [
        (1.0, "<", 1.0, {}),
        (2, ">", 2, {}),
        (1.0, "<", 2.0, {"by": 1.001}),
        ([0.0, 2.0], "<", 1.0, {}),
        (1.0, "<=", 0.9, {"within": 0.05}),
        (0.9, ">=", 1.0, {"within": 0.05}),
        (1.0, "==", 1.1, {"within": 0.05}),
        (1.1, "==", 1.0, {"within": 0.05}),
        (16_777_217, "==", 16_777_216, {}),  # equal in float32
        (float("nan"), "==", float("nan"), {}),
        (float("nan"), "<", 1.0, {}),
        (-float("inf"), "<", 1.0, {}),
        (float("inf"), "==", float("inf"), {}),
        ([1.0, float("nan")], "<=", 5.0, {"within": 9.0}),
    ],
)
def test_a_false_claim_raises_and_prints_nothing(capsys, left, relation, right, allowed):
    with pytest.raises(ClaimFailed, match="the sentence"):
        claim("the sentence", left, relation, right, **allowed)
    assert capsys.readouterr().out == ""


def test_the_failure_names_the_worst_element_both_numbers_and_the_margins():
    left = jnp.array([[0.0, 1.0, 5.0], [0.0, 2.5, 0.0]])
    with pytest.raises(AssertionError) as failure:
        claim("all small", left, "<", 2.0, by=0.25)
    assert str(failure.value) == (
        "all small: fails for 2 of 6. Worst, at index [0, 2]: 5 < 2. "
        "Asked: a margin of at least 0.25; found: a margin of -3."
    )


def test_a_violation_beyond_the_tolerance_is_told_for_equality():
    with pytest.raises(ClaimFailed, match=r"index \[1\]: 2 == 4. Asked: .* at most 0.5; found: .* of 2\."):
        claim("equal", [1.0, 2.0], "==", [1.25, 4.0], within=0.5)


def test_a_number_that_is_not_finite_is_the_worst_of_all():
    with pytest.raises(ClaimFailed, match=r"index \[2\].*not finite"):
        claim("finite", np.array([0.0, 99.0, np.nan]), "<", 1.0)


@pytest.mark.parametrize(
    ("arguments", "allowed", "error", "named"),
    [
        (("", 1, "<", 2), {}, TypeError, "`statement`"),
        ((3, 1, "<", 2), {}, TypeError, "`statement`"),
        (("s", 1, "=", 2), {}, ValueError, "`relation` must be one of"),
        (("s", 1, "!=", 2), {}, ValueError, "`relation` must be one of"),
        (("s", [1, 2], "<", [1, 2, 3]), {}, ValueError, r"one shape.*\(2,\) and \(3,\)"),
        (("s", [[1.0]], "<", [1.0]), {}, ValueError, "one shape"),
        (("s", [], "<", 1), {}, ValueError, "`left`.*empty"),
        (("s", 1, "<", np.zeros((0, 2))), {}, ValueError, "`right`.*empty"),
        (("s", "a", "<", 1), {}, TypeError, "`left`.*str"),
        (("s", 1, "<", None), {}, TypeError, "`right`.*NoneType"),
        (("s", True, "==", True), {}, TypeError, "`left`.*bool"),
        (("s", 1j, "==", 1j), {}, TypeError, "`left`.*complex"),
        (("s", 1, "==", 1), {"by": 0.1}, ValueError, "`by` goes with <, > only"),
        (("s", 1, "<", 2), {"within": 0.1}, ValueError, "`within` goes with <=, >=, == only"),
        (("s", 1, "<", 2), {"by": -0.1}, ValueError, "`by`.*at least 0"),
        (("s", 1, "<=", 2), {"within": float("nan")}, ValueError, "`within`.*at least 0"),
        (("s", 1, "<=", 2), {"within": float("inf")}, ValueError, "`within`.*finite"),
        (("s", 1, "<=", 2), {"within": "0.1"}, ValueError, "`within`.*finite"),
    ],
)
def test_bad_arguments_are_named(arguments, allowed, error, named):
    with pytest.raises(error, match=named):
        claim(*arguments, **allowed)


@pytest.mark.parametrize(
    ("left", "relation", "right", "margin", "found", "asked"),
    [
        (0.22, "<", 0.3, [], "0.22", "&lt; 0.3"),
        ([2.25, 31.04], ">", 1.0, [0.5], "2.25 to 31", "&gt; 1.5"),
        (
            -1234.5,
            ">=",
            -2000,
            [100],
            "\N{MINUS SIGN}1,234",
            "\N{GREATER-THAN OR EQUAL TO} \N{MINUS SIGN}2,100",
        ),
        ([1.0, 1.5], "<=", 1.25, [0.25], "1 to 1.5", "\N{LESS-THAN OR EQUAL TO} 1.5"),
        (1.004, "==", 1.0, [0.01], "1", "= 1 ± 0.01"),
        ([3, 3], "==", 3, [], "3", "= 3"),
        (
            [1.0, 4.0],
            "<",
            [2.0, 9.0],
            [0.5],
            "a difference of \N{MINUS SIGN}5 to \N{MINUS SIGN}1",
            "&lt; \N{MINUS SIGN}0.5",
        ),
        (10.0, ">", [2.0, 9.0], [], "a difference of 1 to 8", "&gt; 0"),
        ([1.0, 2.0], "==", [1.0, 2.25], [0.5], "a difference of \N{MINUS SIGN}0.25 to 0", "= 0 ± 0.5"),
    ],
)
def test_what_was_found_and_what_was_asked_are_shown(shown, left, relation, right, margin, found, asked):
    claims("the title", ("a < b", left, relation, right, *margin))
    assert (
        f'<td align="left">a &lt; b</td><td align="right">{found}</td><td align="left">{asked}</td>'
        in shown[0]
    )
    assert "<caption>the title</caption>" in shown[0]
    claim(
        "a < b",
        left,
        relation,
        right,
        **dict(zip(["by" if relation in "<>" else "within"], margin, strict=False)),
    )
    assert f"a &lt; b <small>(found {found}, asked {asked})</small>" in shown[1]


def test_a_table_of_claims_is_told_line_by_line_without_numbers(capsys):
    assert claims("after training", ("lower", [0.123, 1], "<", 2), ("alike", 1, "==", 1.5, 0.5)) is None
    assert capsys.readouterr().out == "after training:\nclaim holds: lower\nclaim holds: alike\n"


def test_all_that_fail_are_told(capsys):
    rows = ("first", 3, "<", 2), ("second", 1, "<", 2), ("third", [1, 5], "==", 1, 0.5)
    with pytest.raises(ClaimFailed, match=r"first: fails for 1 of 1.*third: fails for 1 of 2.*index \[1\]"):
        claims("three", *rows)
    assert capsys.readouterr().out == ""


def test_in_a_readers_kernel_what_is_not_so_is_said_and_the_notebook_goes_on(monkeypatch, capsys, shown):
    monkeypatch.delenv("CI")
    claim("the sentence", 3.0, "<", 2.0)
    assert "not so:</b> the sentence <small>(found 3, asked &lt; 2)</small>" in shown[0]
    claims("two", ("right", 1, "<", 2), ("wrong", 3, "<", 2))
    assert shown[1].count("not so") == 1
    monkeypatch.undo()
    monkeypatch.delenv("CI", raising=False)
    claim("the sentence", float("nan"), "<", 2.0)
    assert capsys.readouterr().out == "claim fails: the sentence\n"


@pytest.mark.parametrize("rows", [[], [("s", 1, "<")], ["s"], [("s", 1, "<", 2, 0.1, 0.1)]])
def test_rows_that_are_no_claims_are_named(rows):
    with pytest.raises(TypeError, match="each claim must be"):
        claims("title", *rows)


@pytest.mark.parametrize(
    ("guess", "measured", "said"),
    [
        (..., 27.06, "no guess yet; measured 27.1"),
        (20, [25.0, 29.2], "you said 20; measured 25 to 29.2"),
        (np.float32(0.5), 0.25, "you said 0.5; measured 0.25"),
        ("many", 3, "a guess is one number, and &#x27;many&#x27; is not; measured 3"),
        ([1, 2], 3, "a guess is one number, and [1, 2] is not; measured 3"),
        (None, 3, "a guess is one number, and None is not; measured 3"),
    ],
)
def test_a_guess_is_shown_beside_what_was_measured(shown, capsys, guess, measured, said):
    predicted("bad images, %", guess, measured)
    assert shown == [f'<p class="numbers">bad images, %: {said}</p>']


def test_a_prediction_is_told_without_its_numbers(capsys):
    predicted("bad images, %", 20, 27.0)
    assert capsys.readouterr().out == "prediction: bad images, %\n"
    with pytest.raises(TypeError, match="`measured`"):
        predicted("bad images, %", 20, "many")
