"""`table`: numbers to look at. Its plain text holds none of them, so it is the same on every machine."""

import html
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from vae_course.checks import whole
from vae_course.teaching.arguments import named, numbers, text


class Table(NamedTuple):
    """What `table` returns, its cells written out: a notebook shows it when it is the last line of a cell."""

    title: str
    rows: dict[str, list[str]]
    columns: list[str]

    def __repr__(self):
        return f"Table: {self.title} (rows: {', '.join(self.rows)}; columns: {', '.join(self.columns)})"

    def _repr_html_(self):
        # Attributes, not styles: GitHub keeps the first and drops the second.
        def line(name, cells, tag):
            cells = "".join(f'<{tag} align="right">{html.escape(cell)}</{tag}>' for cell in cells)
            return f'<tr><th align="left">{html.escape(name)}</th>{cells}</tr>'

        caption = f"<caption>{html.escape(self.title)}</caption>"
        lines = [line(name, cells, "td") for name, cells in self.rows.items()]
        lines = [caption, line("", self.columns, "th"), *lines]
        return '<table class="numbers">\n' + "\n".join(lines) + "\n</table>"


def table(
    title: str, rows: Mapping[str, Sequence], columns: Sequence[str], *, digits: int | Sequence[int] = 1
) -> Table:
    """A table: {name of a row: a cell for each column}, under a title that says the quantity and its unit.

    A cell is a number, words, or the numbers of several starts, which are all shown. Whole numbers are
    written without decimals, others with `digits` of them: one number for all columns, or one for each.
    Raises `TypeError` or `ValueError`, naming the argument that does not fit.

    >>> table("log p(x), nats per image", {"MAP": [28.13, (24.6, 25.9)]}, ["train", "held out"])
    Table: log p(x), nats per image (rows: MAP; columns: train, held out)
    """
    text("title", title)
    if isinstance(columns, str) or not len(columns) or not all(isinstance(name, str) for name in columns):
        raise TypeError(f"`columns` must be a list of names, got {columns!r}")
    digits = [digits] * len(columns) if isinstance(digits, int) else digits
    for name, entries in [("digits", digits), *named("rows", rows).items()]:
        if _length(entries) != len(columns):
            needed = f"`{name}` must have {len(columns)} entries, one for each column"
            raise ValueError(f"{needed}, got {_length(entries) or repr(entries)}")
    for places in digits:
        whole("digits", places, 0)
    written = {name: list(map(_written, [name] * len(cells), cells, digits)) for name, cells in rows.items()}
    return Table(title, written, list(columns))


def _length(entries):
    return len(entries) if isinstance(entries, list | tuple) or np.ndim(entries) else None


def _written(row, cell, digits):
    if isinstance(cell, str):
        return cell
    values = numbers(row, np.atleast_1d(cell), (None,))
    places = 0 if np.asarray(cell).dtype.kind in "iu" else digits
    return "\u2002".join(f"{value:z,.{places}f}".replace("-", "\N{MINUS SIGN}") for value in values)
