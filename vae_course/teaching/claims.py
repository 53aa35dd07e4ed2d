"""`claim`: a sentence about numbers, checked. What it prints holds nothing measured, so it is stable."""

import numpy as np

from vae_course.typed import Array

STRICT, TOLERANT = ("<", ">"), ("<=", ">=", "==")
Numbers = float | int | np.ndarray | Array


class ClaimFailed(AssertionError):
    """The numbers say otherwise."""


def claim(
    statement: str, left: Numbers, relation: str, right: Numbers, *, by: float = 0.0, within: float = 0.0
) -> None:
    """Check that `left relation right` holds for every element; print the statement, or raise `ClaimFailed`.

    `left` and `right` are numbers or arrays of one shape; one may be a number beside an array. "<" and ">"
    are strict and must hold by at least `by`; "<=", ">=" and "==" may be violated by at most `within`. NaN
    and inf never pass. Differences are taken in float64. Raises `TypeError` or `ValueError` for arguments
    that do not fit.

    >>> claim("a part is smaller than the whole", [1.0, 2.0], "<", 3.0, by=0.5)
    claim holds: a part is smaller than the whole
    """
    left, right = _check(statement, left, relation, right, by, within)
    finite = np.isfinite(left) & np.isfinite(right)
    with np.errstate(invalid="ignore"):  # inf - inf
        difference = right - left
    margin = {"<": difference, "<=": difference, "==": -abs(difference)}.get(relation, -difference)
    enough = (margin > 0) & (margin >= by) if relation in STRICT else margin >= -within
    holds = finite & enough
    if not holds.all():
        worst = np.unravel_index(np.argmin(np.where(finite, margin, -np.inf)), margin.shape)
        where = f", at index [{', '.join(map(str, worst))}]" if worst else ""
        if relation in STRICT:
            asked, found = f"a margin of at least {by:g}", f"a margin of {margin[worst]:.6g}"
        else:
            asked, found = f"a violation of at most {within:g}", f"a violation of {-margin[worst]:.6g}"
        if not finite[worst]:
            found = "a number that is not finite"
        raise ClaimFailed(
            f"{statement}: fails for {(~holds).sum():,} of {holds.size:,}. Worst{where}: "
            f"{left[worst]:.9g} {relation} {right[worst]:.9g}. Asked: {asked}; found: {found}."
        )
    print(f"claim holds: {statement}")


def _check(statement, left, relation, right, by, within):
    if not isinstance(statement, str) or not statement.strip():
        raise TypeError(f"`statement` must be a sentence, got {statement!r}")
    if relation not in STRICT + TOLERANT:
        raise ValueError(f"`relation` must be one of {', '.join(STRICT + TOLERANT)}, got {relation!r}")
    for name, value, relations in ("by", by, STRICT), ("within", within, TOLERANT):
        if not isinstance(value, int | float | np.number) or not 0 <= value < np.inf:
            raise ValueError(f"`{name}` must be a finite number of at least 0, got {value!r}")
        if value and relation not in relations:
            raise ValueError(f"`{name}` goes with {', '.join(relations)} only, got {relation!r}")
    left, right = _numbers("left", left), _numbers("right", right)
    if left.shape != right.shape and left.ndim and right.ndim:
        raise ValueError(
            f"`left` and `right` must have one shape, or one be a number; got {left.shape} and {right.shape}"
        )
    return np.broadcast_arrays(left, right)


def _numbers(name, value):
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" and array.dtype.name != "bfloat16":
        kind = f"{type(value).__name__} of {array.dtype}"
        raise TypeError(f"`{name}` must be a number or an array of numbers, got {kind}")
    if not array.size:
        raise ValueError(f"`{name}` must hold at least one number, got an empty array")
    return array.astype(np.float64)
