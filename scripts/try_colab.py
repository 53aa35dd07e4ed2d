"""Try the notebooks' cell for Colab: in a fresh environment without the course, a notebook's first cells.

    .venv/bin/python scripts/try_colab.py [notebook]

In place of the course's address stands this folder, as last committed. It needs the network, and a minute.
"""

import json
import os
import sys
import tempfile
import time
import venv
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
SHOWN = 4  # code cells, the one for Colab among them


def main(path=ROOT / "notebooks/00_start_here.ipynb"):
    """Make the environment, run the cells, and print what they took and wrote."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source][:SHOWN]
    if "colab" not in code[0].metadata.get("tags", []):
        sys.exit(f"{path} must begin with a cell tagged `colab`.")
    before, _, after = code[0].source.partition("git+https://")
    code[0].source = f"{before}git+{ROOT.as_uri()}" + after[after.index('"') :]
    notebook.cells = code
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "fresh"
        venv.create(made, with_pip=True)
        python = next(each for each in (made / "bin/python", made / "Scripts/python.exe") if each.exists())
        os.system(f'"{python}" -m pip install --quiet ipykernel')
        kernel = made / "share/jupyter/kernels/fresh"
        kernel.mkdir(parents=True)
        arguments = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        about = {"argv": arguments, "display_name": "fresh", "language": "python"}
        (kernel / "kernel.json").write_text(json.dumps(about))
        os.environ["JUPYTER_PATH"] = str(made / "share/jupyter")
        os.environ["CI"] = "true"
        client = NotebookClient(
            notebook, timeout=900, kernel_name="fresh", resources={"metadata": {"path": folder}}
        )
        started, last = time.perf_counter(), 0.0
        with client.setup_kernel():
            for place, cell in enumerate(code):
                client.execute_cell(cell, place)
                passed = time.perf_counter() - started
                print(f"{cell.id}: {passed - last:.1f} s", *map(said, cell.outputs), sep="\n    ", flush=True)
                last = passed


def said(output):
    """The first line of an output, as text."""
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return (text.strip().splitlines() or [output.output_type])[0][:100]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
