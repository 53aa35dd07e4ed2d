"""`table` shows numbers in HTML and none in plain text."""

import re

import numpy as np
import pytest

from vae_course.teaching.tables import table

ROWS = {"MAP": [28.13, -0.04], "VAE": (np.float32(27.5), np.float64(-1234.56))}
COLUMNS = ["train", "held out"]


def cells(shown):
    """The text of each cell, row by row, from the HTML."""
    rows = re.findall("<tr>(.*?)</tr>", shown._repr_html_())
    return [re.findall("<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in rows]


def test_the_html_holds_the_names_and_the_numbers():
    shown = table("log p(x), nats per image", ROWS, COLUMNS)
    assert cells(shown) == [
        ["", "train", "held out"],
        ["MAP", "28.1", "0.0"],  # no minus zero
        ["VAE", "27.5", "\N{MINUS SIGN}1,234.6"],
    ]
    assert "<caption>log p(x), nats per image</caption>" in shown._repr_html_()


def test_the_plain_text_is_stable_and_holds_no_number():
    texts = {
        repr(table("log p(x), nats", {"MAP": [a, b], "VAE": [b, a]}, COLUMNS)) for a, b in [(1, 2.5), (3, 4)]
    }
    assert texts == {"Table: log p(x), nats (rows: MAP, VAE; columns: train, held out)"}


def test_one_pattern_finds_the_whole_html():
    """The one that tests/notebooks/sanitize.cfg leaves out."""
    shown = table("a", ROWS, COLUMNS)._repr_html_()
    assert re.sub('(?s)<table class="numbers">.*?</table>', "TABLE", shown) == "TABLE"


def test_all_starts_are_shown():
    shown = table("a", {"b": [(1.25, 2.5), np.array([3.0]), [4]]}, list("xyz"))
    assert cells(shown)[1] == ["b", "1.2\N{EN SPACE}2.5", "3.0", "4"]


def test_counts_are_whole_words_are_words_and_columns_have_their_own_decimals():
    shown = table("a", {"b": [1497, "none", 0.12345, 2.0]}, list("wxyz"), digits=(1, 1, 3, 0))
    assert cells(shown)[1] == ["b", "1,497", "none", "0.123", "2"]


def test_numbers_are_aligned_to_the_right_without_styles():
    html = table("a", ROWS, COLUMNS)._repr_html_()
    assert html.count('<td align="right">') == 4
    assert "style" not in html


def test_markup_in_names_is_escaped():
    html = table("<b>", {"<i>": ["<u>"]}, ["<s>"])._repr_html_()
    assert not re.search("<[bius]>", html)
    assert html.count("&lt;") == 4


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("", ROWS, COLUMNS), "`title` must be words"),
        (("a", {}, COLUMNS), "`rows` must be a dictionary"),
        (("a", [[1, 2]], COLUMNS), "`rows` must be a dictionary"),
        (("a", ROWS, "train"), "`columns` must be a list of names, got 'train'"),
        (("a", ROWS, []), "`columns` must be a list of names"),
        (("a", ROWS, [1, 2]), "`columns` must be a list of names"),
        (("a", {"MAP": [1]}, COLUMNS), "`MAP` must have 2 entries, one for each column, got 1"),
        (("a", {"MAP": 3.0}, COLUMNS), "`MAP` must have 2 entries, one for each column, got 3.0"),
        (("a", {"MAP": "ab"}, COLUMNS), "`MAP` must have 2 entries, one for each column, got 'ab'"),
        (("a", {"MAP": [1, np.nan]}, COLUMNS), "`MAP` must be finite numbers .*, got NaN"),
        (("a", {"MAP": [1, None]}, COLUMNS), "`MAP` must be finite numbers"),
        (
            ("a", {"MAP": [1, np.ones((2, 2))]}, COLUMNS),
            r"`MAP` must be finite numbers .*, got shape \(2, 2\)",
        ),
    ],
)
def test_what_does_not_fit_is_named(arguments, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        table(*arguments)


@pytest.mark.parametrize("digits", [-1, 0.5, "3", [1], [1, -1]])
def test_decimals_that_do_not_fit_are_refused(digits):
    with pytest.raises(ValueError, match="`digits` must "):
        table("a", ROWS, COLUMNS, digits=digits)
