"""What instruments hold is stored beside a notebook, as the browser got it, and only if it has changed."""

import base64

import nbformat
import numpy as np
import pytest

from vae_course.teaching import explorer
from vae_course.teaching.explorer import states
from vae_course.teaching.explorer.page import packed, unpacked


def as_run(instrument):
    """A notebook of one cell that shows an instrument, as nbclient gives it with its widgets' states."""
    sent = instrument.sent() | {
        "_anywidget_id": instrument._anywidget_id,
        "_esm": "code",
        "layout": "of ipywidgets",
    }
    buffers = []
    for name, value in list(sent.items()):
        if isinstance(value, bytes):
            buffers.append({"path": [name], "data": base64.b64encode(sent.pop(name)).decode()})
        elif isinstance(value, dict) and "weights" in value:
            sent[name] = {key: one for key, one in value.items() if key != "weights"}
            data = base64.b64encode(value["weights"]).decode()
            buffers.append({"path": [name, "weights"], "data": data})
    view = nbformat.v4.new_output("execute_result", {states.VIEW: {"model_id": "m"}})
    cell = nbformat.v4.new_code_cell("explorer.Some()", execution_count=1, id="some", outputs=[view])
    models = {states.STATES: {"state": {"m": {"state": sent, "buffers": buffers}}}}
    return nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": models})


def roads(shift=0.0):
    rng = np.random.RandomState(0)
    return explorer.TwoRoads(rng.uniform(0.1, 0.9, (20, 64)) + shift, np.arange(20) % 10)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.ipynb"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "instruments" / "some.json"


def test_what_is_read_is_what_the_browser_was_sent(path):
    notebook, instrument = as_run(roads()), roads()
    states.write(notebook, path)
    found = states.read(notebook, path)["some"]
    assert found["class"] == "TwoRoads"
    sent = instrument.sent()
    del sent["_still"]
    whole = unpacked(packed(explorer.TwoRoads.preset())) | unpacked(found["state"])
    assert {name: whole[name] for name in sent} == unpacked(packed(sent))
    assert "_colours" not in found["state"]  # what all of them have is not stored with each


@pytest.mark.parametrize(("shift", "stays"), [(1e-6, True), (0.01, False)])
def test_rounding_changes_no_file(path, file, shift, stays):
    states.write(as_run(roads()), path)
    before = file.read_text()
    states.write(as_run(roads(shift)), path)
    assert (file.read_text() == before) is stays


def test_without_instruments_there_is_no_file(path, file):
    notebook = as_run(roads())
    states.write(notebook, path)
    notebook.cells[0].outputs = []
    states.write(notebook, path)
    assert not file.exists()
    assert states.read(notebook, path) == {}


def test_a_file_of_another_notebook_is_named_with_the_cell(path):
    notebook = as_run(roads())
    states.write(notebook, path)
    notebook.cells[0].source = "explorer.Other()"
    with pytest.raises(ValueError, match=r"some\.json does not belong to some\.ipynb: cell 'some'"):
        states.read(notebook, path)


@pytest.mark.parametrize("value", [1, "a", None, [1.5, [b"ab", 2]], {"x": b"\x00\x01", "y": {"z": b""}}])
def test_packing_can_be_undone(value):
    assert unpacked(packed(value)) == value
