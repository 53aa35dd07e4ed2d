"""What was solved is noted in the reader's own copy only, and a broken note disturbs nothing."""

import runpy
from pathlib import Path

import pytest

from vae_course.autoencoder import squared_error
from vae_course.teaching import exercises
from vae_course.teaching.exercises import record

ROOT = Path(__file__).parents[3]
NAME = "squared_error"


@pytest.fixture
def own_copy(tmp_path, monkeypatch):
    """The working directory of a notebook in a reader's own copy."""
    monkeypatch.chdir(tmp_path)
    record.OWN_COPY.write_text("{}")
    return tmp_path


def mine(x, x_hat):
    return ((x - x_hat) ** 2).sum()


def row(notebook="01 autoencoder"):
    return exercises.solved().rows[notebook]


def test_the_mark_of_an_own_copy_is_what_its_script_writes():
    assert runpy.run_path(str(ROOT / "scripts" / "own_copy.py"))["STATE"] == str(record.OWN_COPY)


def test_each_exercise_stands_in_the_table_of_its_notebook():
    rows = exercises.solved().rows
    listed = [word.strip(",") for _, words in rows.values() for word in words.split() if len(word) > 1]
    assert sorted(listed) == exercises.__all__


def test_a_right_answer_is_noted_and_a_wrong_one_is_not(own_copy):
    exercises.squared_error.check(lambda x, x_hat: (x - x_hat).sum())
    exercises.squared_error.check(squared_error)  # the library's own
    assert not record.SOLVED.exists()
    before = row()
    exercises.squared_error.check(mine)
    assert record.SOLVED.read_text().split() == [NAME]
    assert int(row()[0].split()[0]) == int(before[0].split()[0]) + 1
    assert f"\N{CHECK MARK} {NAME}" in row()[1]
    assert "\N{CHECK MARK}" not in row("02 map")[1]
    exercises.squared_error.check(mine)
    exercises.squared_error.check(lambda x, x_hat: None)
    assert record.SOLVED.read_text().split() == [NAME]  # once is enough, and for good


def test_the_plain_text_is_the_same_whatever_was_solved(own_copy):
    before = repr(exercises.solved())
    record.note(NAME)
    assert repr(exercises.solved()) == before


def test_elsewhere_nothing_is_noted_and_nothing_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record.note(NAME)
    assert not list(tmp_path.iterdir())
    record.SOLVED.write_text(NAME)
    assert row()[0].startswith("0 of ")


def test_two_notebooks_write_one_file(own_copy):
    for name in ("blend", NAME, "log_joint", "blend"):
        record.note(name)
    assert record.SOLVED.read_text().split() == ["blend", NAME, "log_joint"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"no exercise\n", b"\n\nblend\xff\n", b"blend_"])
def test_a_file_that_makes_no_sense_solves_nothing_and_is_written_to(own_copy, content):
    record.SOLVED.write_bytes(content)
    assert row("00 start here")[0].startswith("0 of ")
    record.note(NAME)
    assert f"\N{CHECK MARK} {NAME}" in row()[1]


def test_a_file_that_cannot_be_used_is_one_sentence(own_copy, capsys):
    record.SOLVED.mkdir()
    assert exercises.squared_error.check(mine) is mine
    assert "(That it is solved could not be noted in solved.txt: Is a directory.)" in capsys.readouterr().out
    assert row()[0].startswith("0 of ")
    assert capsys.readouterr().out == "(What is solved cannot be read from solved.txt: Is a directory.)\n"
