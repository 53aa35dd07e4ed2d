"""The README shows the report card that notebook 05 holds."""

import report_card


def test_the_readme_and_its_picture_are_the_notebooks():
    table, tag = report_card.stored()
    readme = report_card.README.read_text()
    assert report_card.written(readme, report_card.markdown(table, tag)) == readme, "run `make notebooks`"
    assert report_card.PICTURE.read_bytes() == report_card.picture(tag), "run `make notebooks`"


def test_all_five_models_are_there_with_train_and_held_out():
    text = report_card.markdown(*report_card.stored())
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert rows[0].startswith("| model | train | held out |")
    for model in ("AE", "MAP", "exact", "Monte Carlo", "VAE"):
        (row,) = [row for row in rows if row.startswith(f"| {model} |")]
        assert row.count("±") == 2
