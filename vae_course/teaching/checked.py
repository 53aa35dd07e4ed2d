"""`claim`: a sentence about numbers, checked; `claims`: several as a table; `predicted`: the reader's guess.

A notebook shows what was found and what was asked. The plain text, which the tests compare, holds nothing
measured, so it is stable.
"""

import html
import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from IPython.display import display

from vae_course.teaching.arguments import text
from vae_course.teaching.pictures import APPROXIMATION, TICK
from vae_course.typed import Array

STRICT, TOLERANT = ("<", ">"), ("<=", ">=", "==")
SIGNS = {"<=": "\N{LESS-THAN OR EQUAL TO}", ">=": "\N{GREATER-THAN OR EQUAL TO}", "==": "="}
Numbers = float | int | np.ndarray | Array


class ClaimFailed(AssertionError):
    """The numbers say otherwise."""


class Finding(NamedTuple):
    """A sentence, what was found and what was asked in words, and, if it fails, why."""

    statement: str
    found: str
    asked: str
    failure: str = ""


class Findings(NamedTuple):
    """What a notebook shows: one sentence on a line, or several as a table under their title."""

    title: str
    rows: list[Finding]

    def __repr__(self):
        lines = [f"claim {'fails' if row.failure else 'holds'}: {row.statement}" for row in self.rows]
        return "\n".join([f"{self.title}:", *lines] if self.title else lines)

    def _repr_html_(self):
        if not self.title:
            (row,) = self.rows
            statement, said = row.statement, f"(found {row.found}, asked {row.asked})"
            line = f"{_tick(row)} {html.escape(statement)} <small>{html.escape(said)}</small>"
            return f'<p class="numbers">{line}</p>'
        lines = [f"<caption>{html.escape(self.title)}</caption>"]
        lines.append(
            '<tr><th></th><th align="left">claim</th><th align="right">found</th><th>asked</th></tr>'
        )
        for row in self.rows:
            statement, found, asked = map(html.escape, row[:3])
            lines.append(
                f'<tr><td>{_tick(row)}</td><td align="left">{statement}</td>'
                f'<td align="right">{found}</td><td align="left">{asked}</td></tr>'
            )
        return '<table class="numbers">\n' + "\n".join(lines) + "\n</table>"


def claim(
    statement: str, left: Numbers, relation: str, right: Numbers, *, by: float = 0.0, within: float = 0.0
) -> None:
    """Check that `left relation right` holds for every element, and show the statement with both sides.

    `left` and `right` are numbers or arrays of one shape; one may be a number beside an array. "<" and ">"
    are strict and must hold by at least `by`; "<=", ">=" and "==" may be violated by at most `within`. NaN
    and inf never pass. Differences are taken in float64. If it fails, the line says so and the notebook
    goes on; where CI is set it raises `ClaimFailed`. Raises `TypeError` or `ValueError` for arguments that
    do not fit.

    >>> claim("a part is smaller than the whole", [1.0, 2.0], "<", 3.0, by=0.5)
    claim holds: a part is smaller than the whole
    """
    _show("", [_find(statement, left, relation, right, by, within)])


def claims(title: str, *rows: Sequence) -> None:
    """Several claims on one matter as one table: (statement, left, relation, right) each, as in `claim`.

    A fifth entry is the `by` of "<" and ">", and the `within` of the others.

    >>> claims("three numbers", ("small", [0.1, 0.2], "<", 1), ("alike", 3.0, "==", 3.01, 0.1))
    three numbers:
    claim holds: small
    claim holds: alike
    """
    text("title", title)
    if not rows or not all(isinstance(row, tuple | list) and len(row) in (4, 5) for row in rows):
        needed = "each claim must be (statement, left, relation, right), with `by` or `within` as a fifth"
        raise TypeError(f"{needed}; got {rows!r}")
    found = []
    for statement, left, relation, right, *margin in rows:
        strict = relation in STRICT
        found.append(_find(statement, left, relation, right, *(margin if strict else [0.0, *margin])))
    _show(title, found)


class Prediction(NamedTuple):
    """What a notebook shows beside the reader's guess."""

    what: str
    said: str

    def __repr__(self):
        return f"prediction: {self.what}"

    def _repr_html_(self):
        return f'<p class="numbers">{html.escape(self.what)}: {html.escape(self.said)}</p>'


def predicted(what: str, guess, measured: Numbers) -> None:
    """Show the reader's guess beside what was measured: one number, or those of several starts.

    A guess that is still dots, or is not a number, is answered in words. `what` names the quantity and its
    unit. Raises `TypeError` or `ValueError` if the measurement is not a number.

    >>> predicted("bad images, %", 10, [25.1, 28.7])
    prediction: bad images, %
    """
    text("what", what)
    found = _range(_numbers("measured", measured))
    try:
        you = "no guess yet" if guess is ... else f"you said {_number(float(guess))}"
    except (TypeError, ValueError):
        you = f"a guess is one number, and {guess!r:.60} is not"
    display(Prediction(what, f"{you}; measured {found}"))


def _show(title, rows):
    failures = [row.failure for row in rows if row.failure]
    if failures and "CI" in os.environ:
        raise ClaimFailed(" ".join(failures))
    display(Findings(title, rows))


def _tick(row):
    cross = f'<b style="color: {APPROXIMATION}">\N{MULTIPLICATION X}</b> <b>not so:</b>'
    return cross if row.failure else TICK


def _find(statement, left, relation, right, by=0.0, within=0.0):
    left, right = _check(statement, left, relation, right, by, within)
    with np.errstate(invalid="ignore"):  # inf - inf
        words = _in_words(left, relation, right, by, within)
        difference = right - left
    left, right = np.broadcast_arrays(left, right)
    finite = np.isfinite(left) & np.isfinite(right)
    margin = {"<": difference, "<=": difference, "==": -abs(difference)}.get(relation, -difference)
    enough = (margin > 0) & (margin >= by) if relation in STRICT else margin >= -within
    holds = finite & enough
    if holds.all():
        return Finding(statement, *words)
    worst = np.unravel_index(np.argmin(np.where(finite, margin, -np.inf)), margin.shape)
    where = f", at index [{', '.join(map(str, worst))}]" if worst else ""
    if relation in STRICT:
        asked, found = f"a margin of at least {by:g}", f"a margin of {margin[worst]:.6g}"
    else:
        asked, found = f"a violation of at most {within:g}", f"a violation of {-margin[worst]:.6g}"
    if not finite[worst]:
        found = "a number that is not finite"
    failure = (
        f"{statement}: fails for {(~holds).sum():,} of {holds.size:,}. Worst{where}: "
        f"{left[worst]:.9g} {relation} {right[worst]:.9g}. Asked: {asked}; found: {found}."
    )
    return Finding(statement, *words, failure)


def _in_words(left, relation, right, by, within):
    """What was found, as a range, and what was asked of it; beside an array it is the difference."""
    what = ""
    if right.ndim:
        left, right, what = left - right, np.float64(0), "a difference of "
    limit = {"<": right - by, ">": right + by, "<=": right + within, ">=": right - within}
    asked = f"{SIGNS.get(relation, relation)} {_number(limit.get(relation, right))}"
    return what + _range(left), asked + (f" ± {_number(within)}" if within and relation == "==" else "")


def _range(values):
    low, high = _number(values.min()), _number(values.max())
    return low if low == high else f"{low} to {high}"


def _number(value):
    written = f"{value:,.0f}" if 1000 <= abs(value) < np.inf else f"{value:z.3g}"
    return written.replace("-", "\N{MINUS SIGN}")


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
    return left, right


def _numbers(name, value):
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" and array.dtype.name != "bfloat16":
        kind = f"{type(value).__name__} of {array.dtype}"
        raise TypeError(f"`{name}` must be a number or an array of numbers, got {kind}")
    if not array.size:
        raise ValueError(f"`{name}` must hold at least one number, got an empty array")
    return array.astype(np.float64)
