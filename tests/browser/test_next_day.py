"""A reader's own copy: closed and opened on the next day, with a mistake in it, on a small screen."""

import json
import subprocess
import sys

import pytest

NAME = "tomorrow.ipynb"  # written by conftest.py


@pytest.fixture(scope="module")
def saved(lab, course):
    """What the file holds after Run All and a save; JupyterLab and its kernel have let go of it."""
    notebook = lab(NAME)
    notebook.run_all(stop_at_errors=False)
    notebook.save()
    notebook.close()
    return json.loads((course / "my_notebooks" / NAME).read_text())


@pytest.fixture(scope="module")
def reopened(lab, saved):
    notebook = lab(NAME)
    yield notebook
    notebook.close()


def outputs(saved):
    return [output for cell in saved["cells"] for output in cell["outputs"]]


def test_a_mistake_in_the_python_of_an_exercise_does_not_end_run_all(saved):
    errors = [output["ename"] for output in outputs(saved) if output["output_type"] == "error"]
    assert errors == ["SyntaxError"]
    printed = ["".join(output["text"]) for output in outputs(saved) if output["output_type"] == "stream"]
    assert "The notebook goes on with the library's answer" in printed[0]
    assert printed[1:] == ["vae_course.autoencoder\n", "900\n"]


def test_the_bar_of_training_is_not_in_the_file(saved):
    (training,) = [cell for cell in saved["cells"] if "progress" in "".join(cell["source"])]
    shown = [output["data"] for output in training["outputs"] if "data" in output]
    assert shown == [{}]  # its place, which takes no room


def test_instruments_move_before_anything_runs(reopened):
    assert "model not found" not in reopened.page.inner_text("body")
    ((_, instrument),) = reopened.instruments()
    sentence = "e => getComputedStyle(e.closest('.jupyter-widgets-disconnected'), '::before').content"
    assert "Not connected to Python" in instrument.evaluate(sentence)
    before = instrument.inner_text()
    handle, plane = instrument.locator(".plane .handle").first, instrument.locator(".plane").bounding_box()
    handle.hover()
    reopened.page.mouse.down()
    reopened.page.mouse.move(plane["x"] + 0.3 * plane["width"], plane["y"] + 0.3 * plane["height"], steps=9)
    reopened.page.mouse.up()
    assert instrument.inner_text() != before
    reopened.screenshot("next-day")


def test_the_browser_had_nothing_to_complain_about(reopened):
    assert reopened.console == []


def test_what_was_only_run_and_saved_is_renewed_with_the_course(course, reopened):
    def update():
        command = [sys.executable, course / "scripts" / "own_copy.py"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    assert update() == ""
    upstream = course / "notebooks" / NAME
    notebook = json.loads(upstream.read_text())
    notebook["cells"][0]["source"] = "# new"
    upstream.write_text(json.dumps(notebook))
    assert update() == f"{NAME} has changed in the course; you have the new one.\n"


@pytest.mark.parametrize("width", [1024, 1440])
def test_lines_are_neither_cut_nor_too_long(lab, width):
    notebook = lab("02_map.ipynb")
    notebook.page.set_viewport_size({"width": width, "height": 800})
    for i in range(0, len(notebook.cells()), 5):
        notebook.scroll_to(i)
    prose = notebook.page.evaluate(
        """() => [...document.querySelectorAll(".jp-MarkdownOutput > p")].filter((p) => p.offsetWidth).map(
            (p) => p.offsetWidth / parseFloat(getComputedStyle(p).fontSize))"""
    )
    assert len(prose) > 5
    assert max(prose) <= 40  # in em, of which a letter has about one half
    cut = "() => [...document.querySelectorAll('.cm-scroller')].map((e) => e.scrollWidth - e.clientWidth)"
    assert max(notebook.page.evaluate(cut)) <= 0
    notebook.close()
