"""The reader's own copy of the notebooks: nothing of the reader's is lost, whatever happens to the course."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import own_copy
import pytest

ROOT = Path(__file__).parents[1]
SET_BACK = "make fresh NOTEBOOK=02"


def cell(source, **more):
    return {
        "cell_type": "code",
        "source": source,
        "outputs": [],
        "metadata": {},
        "execution_count": None,
    } | more


def write(path, *cells, **more):
    path.write_text(
        json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | more)
    )


def sources(path):
    return ["".join(each["source"]) for each in json.loads(path.read_text())["cells"]]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of two notebooks and a page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own_copy, "FRESH", "make fresh NOTEBOOK=")
    course = own_copy.COURSE
    course.mkdir()
    shown = {"outputs": [{"output_type": "stream", "text": "1"}], "execution_count": 1}
    write(course / "01_one.ipynb", cell("print(1)", **shown), cell("print(2)"))
    write(course / "02_two.ipynb", cell("a"), cell("f = exercises.f.check(f)"))
    (course / "page.md").write_text("text")
    return course


@pytest.fixture
def own(course):
    """The reader's folder, just filled."""
    assert own_copy.update(course, own_copy.OWN) == []
    return own_copy.OWN


def update():
    return own_copy.update(own_copy.COURSE, own_copy.OWN)


def saved_by_jupyterlab(path):
    """As after Run All and a save: outputs, counts, another layout, widget state, and an empty cell."""
    notebook = json.loads(path.read_text())
    for n, each in enumerate(notebook["cells"]):
        each |= {"outputs": [{"output_type": "stream", "text": "1"}], "execution_count": n}
        each |= {"source": each["source"].splitlines(keepends=True), "metadata": {"trusted": True}}
    notebook["cells"].append(cell(""))
    write(path, *notebook["cells"], metadata={"widgets": {"state": "much"}})


def test_the_first_time_it_is_filled_without_outputs(course, own):
    assert {path.name for path in own.iterdir()} == {
        "01_one.ipynb",
        "02_two.ipynb",
        "page.md",
        own_copy.STATE,
    }
    for path in course.glob("*.ipynb"):
        assert sources(own / path.name) == sources(path)
        cells = json.loads((own / path.name).read_text())["cells"]
        assert all(each["outputs"] == [] and each["execution_count"] is None for each in cells)
    assert (own / "page.md").read_text() == "text"


def test_an_exercise_does_not_end_run_all(own):
    first, exercise = json.loads((own / "02_two.ipynb").read_text())["cells"]
    assert "tags" not in first["metadata"]
    assert exercise["metadata"]["tags"] == ["raises-exception"]


def test_the_second_time_nothing_is_written(own):
    before = {path: path.stat().st_mtime_ns for path in own.iterdir()}
    assert update() == []
    assert {path: path.stat().st_mtime_ns for path in own.iterdir()} == before


def test_running_and_saving_is_no_edit_so_it_is_renewed(course, own):
    saved_by_jupyterlab(own / "02_two.ipynb")
    write(course / "02_two.ipynb", cell("b"))
    (said,) = update()
    assert "02_two.ipynb has changed in the course; you have the new one" in said
    assert sources(own / "02_two.ipynb") == ["b"]
    assert update() == []


def test_what_the_reader_ran_is_not_renewed_while_the_course_is_as_it_was(own):
    saved_by_jupyterlab(own / "02_two.ipynb")
    assert update() == []
    assert "much" in (own / "02_two.ipynb").read_text()


def test_new_outputs_in_the_course_are_no_change(course, own):
    write(course / "02_two.ipynb", cell("a", execution_count=7), cell("f = exercises.f.check(f)"))
    before = (own / "02_two.ipynb").stat().st_mtime_ns
    assert update() == []
    assert (own / "02_two.ipynb").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "edited",
    [[cell("a, edited"), cell("f = exercises.f.check(f)")], [cell("a")], [cell("a"), cell("new"), cell("b")]],
    ids=["a cell", "one cell less", "one cell more"],
)
def test_what_the_reader_edited_is_kept_and_said_each_time(course, own, edited):
    write(own / "02_two.ipynb", *edited)
    assert update() == []  # nothing to say: the course has not changed
    write(course / "02_two.ipynb", cell("b"))
    for _ in range(2):
        (said,) = update()
        assert "02_two.ipynb has changed in the course; yours, which you have edited, is kept" in said
        assert SET_BACK in said
        assert sources(own / "02_two.ipynb") == [each["source"] for each in edited]


def test_once_the_reader_has_written_the_same_it_is_renewed_again(course, own):
    write(own / "02_two.ipynb", cell("b"))
    write(course / "02_two.ipynb", cell("b"))
    assert update() == []
    write(course / "02_two.ipynb", cell("c"))
    assert "you have the new one" in update()[0]
    assert sources(own / "02_two.ipynb") == ["c"]


def test_an_edit_that_was_taken_back_is_none(course, own):
    before = (own / "02_two.ipynb").read_bytes()
    write(own / "02_two.ipynb", cell("edited"))
    update()
    (own / "02_two.ipynb").write_bytes(before)
    write(course / "02_two.ipynb", cell("b"))
    assert "you have the new one" in update()[0]


def test_what_the_reader_deleted_comes_back(own):
    (own / "02_two.ipynb").unlink()
    assert update() == ["02_two.ipynb was gone; here it is again."]
    assert sources(own / "02_two.ipynb")[0] == "a"


def test_a_new_notebook_comes_quietly(course, own):
    write(course / "03_three.ipynb", cell("new"))
    assert update() == []
    assert sources(own / "03_three.ipynb") == ["new"]


def test_a_notebook_that_left_the_course_is_kept_and_said_once(course, own):
    (course / "02_two.ipynb").unlink()
    assert update() == ["02_two.ipynb is no longer in the course; yours is kept."]
    assert (own / "02_two.ipynb").exists()
    assert update() == []


@pytest.mark.parametrize(
    "broken",
    [b"", b"{", b"\xff\xfe", b"[1]", b'{"cells": 3}', b'{"cells": [{"source": 1}]}', b'{"cells": ["a"]}'],
)
def test_a_notebook_that_cannot_be_read_is_left_as_it_is(course, own, broken):
    (own / "02_two.ipynb").write_bytes(broken)
    for _ in range(2):
        (said,) = update()
        assert "02_two.ipynb cannot be read as a notebook; it is left as it is" in said
        assert SET_BACK in said
    write(course / "02_two.ipynb", cell("b"))
    assert "cannot be read" in update()[0]
    assert (own / "02_two.ipynb").read_bytes() == broken
    (said,) = own_copy.fresh(course, own, "02")
    assert (own / "02_two_old_1.ipynb").read_bytes() == broken
    assert sources(own / "02_two.ipynb") == ["b"]


@pytest.mark.parametrize("state", ["", "{", "[]", "gone"])
def test_without_its_state_everything_that_differs_is_kept(course, own, state):
    write(own / "02_two.ipynb", cell("edited"))
    (own / own_copy.STATE).write_text(state) if state != "gone" else (own / own_copy.STATE).unlink()
    (said,) = update()
    assert "02_two.ipynb" in said
    assert sources(own / "02_two.ipynb") == ["edited"]
    write(course / "01_one.ipynb", cell("new"))  # its state is known again
    assert any("01_one.ipynb has changed in the course; you have the new one" in said for said in update())


def test_a_page_that_the_reader_changed_is_kept(course, own):
    (own / "page.md").write_text("mine")
    (course / "page.md").write_text("new")
    (said,) = update()
    assert "delete my_notebooks" in said
    assert (own / "page.md").read_text() == "mine"


@pytest.mark.parametrize("stop_at", range(4))
def test_interrupted_anywhere_it_leaves_no_half_file_and_is_completed_the_next_time(
    course, monkeypatch, stop_at
):
    write(course / "02_two.ipynb", cell("long" * 10_000))
    renamed = []

    def replace(*names):
        if len(renamed) == stop_at:
            raise KeyboardInterrupt
        renamed.append(names)
        os.rename(*names)

    with monkeypatch.context() as patched:
        patched.setattr(own_copy.os, "replace", replace)
        with pytest.raises(KeyboardInterrupt):
            update()
    for path in own_copy.OWN.glob("*.ipynb"):
        assert sources(path) == sources(course / path.name)
    write(course / "01_one.ipynb", cell("changed meanwhile"))
    update()
    assert not list(own_copy.OWN.glob(".*.new"))
    assert sources(own_copy.OWN / "02_two.ipynb") == ["long" * 10_000]


# make fresh


@pytest.mark.parametrize("wanted", ["02", "02_two", "02_two.ipynb", "my_notebooks/02_two.ipynb"])
def test_one_notebook_is_set_back_and_the_readers_kept_beside_it(course, own, wanted):
    olds = []
    for n in (1, 2, 3):
        write(own / "02_two.ipynb", cell(f"edited {n}"))
        write(course / "02_two.ipynb", cell(f"new {n}"))
        (said,) = own_copy.fresh(course, own, wanted)
        old = f"02_two_old_{n}.ipynb"
        assert f"Yours is kept as {own_copy.OWN / old}" in said
        assert "Reload Notebook from Disk" in said
        olds.append(sources(own / old))
        assert sources(own / "02_two.ipynb") == [f"new {n}"]
    assert olds == [["edited 1"], ["edited 2"], ["edited 3"]]
    assert update() == []
    write(course / "02_two.ipynb", cell("newer"))
    assert "you have the new one" in update()[0]
    assert sources(own / "02_two_old_1.ipynb") == ["edited 1"]


def test_a_notebook_that_is_not_there_yet_is_just_made(course):
    (said,) = own_copy.fresh(course, own_copy.OWN, "02")
    assert "kept" not in said
    assert sources(own_copy.OWN / "02_two.ipynb")[0] == "a"


@pytest.mark.parametrize("wanted", ["99", "0", "page", ""])
def test_another_name_is_an_error_that_says_what_there_is(course, own, wanted):
    with pytest.raises(
        SystemExit, match=r"make fresh NOTEBOOK=02\nThere are 01_one.ipynb, 02_two.ipynb"
    ) as error:
        own_copy.fresh(course, own, wanted)
    assert (f"'{wanted}' is not one of the notebooks." in str(error.value)) == bool(wanted)
    assert not list(own.glob("*_old_*"))


# As commands, in a clone of the course


@pytest.fixture
def clone(course, monkeypatch):
    """A repository with the script and a course."""
    (course.parent / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "own_copy.py", "scripts")
    shutil.copy(ROOT / ".gitignore", ".")
    return course.resolve().parent


def command(clone, *arguments):
    words = [sys.executable, str(clone / "scripts" / "own_copy.py"), *arguments]
    return subprocess.run(words, cwd="/", capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_git_sees_nothing_of_a_session(clone):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", *who, *words], cwd=clone, capture_output=True, text=True, check=True
        ).stdout

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "the course")
    assert command(clone).returncode == 0
    saved_by_jupyterlab(clone / own_copy.OWN / "01_one.ipynb")
    (clone / own_copy.OWN / "solved.txt").write_text("f\n")
    (clone / own_copy.OWN / "Untitled.ipynb").write_text("{}")
    assert command(clone, "--fresh", "02").returncode == 0
    assert command(clone).stdout == ""
    assert git("status", "--porcelain") == ""


def test_the_commands_say_what_they_did_and_what_is_wrong(clone):
    assert (command(clone).stdout, command(clone).stderr) == ("", "")
    assert "is as new. Yours is kept as" in command(clone, "--fresh", "02").stdout
    wrong = command(clone, "--fresh", "99")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("'99' is not one of the notebooks.")


def test_a_folder_that_cannot_be_written_is_one_line(clone):
    (clone / own_copy.OWN).write_text("a file where the folder should be")
    result = command(clone)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("my_notebooks cannot be written: ")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="no folder is read-only for this user")
def test_a_folder_that_is_read_only_is_one_line(clone):
    (clone / own_copy.OWN).mkdir(mode=0o555)
    result = command(clone)
    assert result.returncode == 1
    assert "my_notebooks cannot be written: " in result.stderr
