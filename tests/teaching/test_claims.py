"""`claim` prints when the numbers agree, and says what is wrong when they do not."""

import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.teaching.claims import ClaimFailed, claim


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
