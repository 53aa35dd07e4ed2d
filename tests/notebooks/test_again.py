"""Every cell of a notebook may be run again at any time after Run All: with the same result, and no error.

Each notebook runs three times in one kernel: from top to bottom, once more, and from bottom to top. What is
compared is the plain text: it has every claim, and no measured number. For one notebook:

    pytest tests/notebooks/test_again.py -k 02_map
"""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
# Between the cells, so that the instruments of three runs do not pile up.
TIDY = "__import__('ipywidgets').Widget.close_all()"


def said(outputs):
    """What the outputs of a cell say in plain text."""
    texts = [out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs]
    return "".join(text.rstrip("\n") + "\n" for text in texts if text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_cell_can_be_run_again_in_order_and_backwards(path, monkeypatch):
    monkeypatch.setenv("CI", "true")  # a claim that fails is an error, and there are no progress bars
    notebook = nbformat.read(path, as_version=4)
    places = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    where = {"metadata": {"path": str(path.parent)}}
    options = {"timeout": 300, "kernel_name": "python3", "resources": where}
    client = NotebookClient(notebook, coalesce_streams=True, store_widget_state=False, **options)
    first = {}
    with client.setup_kernel():
        for order, way in (places, "first"), (places, "once more"), (places[::-1], "backwards"):
            for i in order:
                client.execute_cell(notebook.cells[i], i)
                text = said(notebook.cells[i].outputs)
                first.setdefault(i, text)
                assert text == first[i], f"cell {i}, {way}"
                client.kc.execute(TIDY, silent=True)
