"""The README shows the report card that notebook 05 holds."""

import pytest
import report_card

PICTURE = '<img alt="Dots &amp; samples" src="data:image/png;base64,AAAA">'


def test_the_readme_and_its_picture_are_the_notebooks():
    table, tag = report_card.stored()
    readme = report_card.README.read_text()
    assert report_card.written(readme, report_card.markdown(table, tag)) == readme, "run `make notebooks`"
    assert report_card.PICTURE.read_bytes() == report_card.picture(tag), "run `make notebooks`"


def test_all_five_models_are_there_with_train_and_held_out():
    text = report_card.markdown(*report_card.stored())
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert rows[0].startswith("| model | train | held out |")
    for model in ("AE", "MAP", "grid likelihood", "Monte Carlo", "VAE"):
        (row,) = [row for row in rows if row.startswith(f"| {model} |")]
        assert row.count("±") == 2


def table(*rows):
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    return f"<table><caption>Nats</caption>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def test_the_table_becomes_markdown():
    text = report_card.markdown(table(["", "train"], ["a &lt; b", "1.0 ± 0.1"]), PICTURE)
    lines = ["Nats:", "", "| model | train |", "| --- | --- |", "| a < b | 1.0 ± 0.1 |", ""]
    assert text.splitlines() == [*lines, "![Dots & samples](docs/report_card.png)"]


def test_a_row_that_lacks_a_cell_is_an_error():
    with pytest.raises(ValueError, match=r"must have one number of columns, got .*'MAP'\]"):
        report_card.markdown(table(["", "train"], ["MAP"]), PICTURE)
