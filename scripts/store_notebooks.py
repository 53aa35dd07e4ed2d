"""Run notebooks from a fresh kernel and store them, so that an unchanged notebook gives an empty diff.

What differs from run to run or from machine to machine is left out: live widget views (their pictures and
text stay), timings, the kernel's exact version. Pictures are stored with few colours. What the instruments
hold is stored beside the notebook, for the web site.

    .venv/bin/python scripts/store_notebooks.py notebooks/00_start_here.ipynb ...
"""

import base64
import io
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image, ImageChops

from vae_course.teaching.explorer import states
from vae_course.teaching.pictures import small_png

COLOURS = 256  # of a picture that is not one of the course's own, which has fewer
INVISIBLE = 8  # of 255: another processor's rounding may move a pixel by this much
PNG_IN_HTML = re.compile("(?<=data:image/png;base64,)[A-Za-z0-9+/=]+")
WIDGET_STATE = "widgets"
OF_ONE_RUN = ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted")


def run(path):
    """Execute the notebook in its own folder; the first error stops it."""
    os.environ["CI"] = "true"  # no progress bars
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=True,
        coalesce_streams=True,
    )
    return client.execute()


def normalise(notebook, stored):
    """Drop what belongs to one run only. `stored` is the notebook as it was before the run."""
    notebook.metadata.pop(WIDGET_STATE, None)
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata.language_info = {"name": "python"}
    stored_pictures = {
        (cell.id, position): pictures(output)
        for cell in stored.cells
        for position, output in enumerate(cell.get("outputs", []))
    }
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for count, cell in enumerate(cells, start=1):
        cell.execution_count = count
        for key in OF_ONE_RUN:
            cell.metadata.pop(key, None)
        for position, output in enumerate(cell.outputs):
            if output.output_type == "execute_result":
                output.execution_count = count
            output.get("data", {}).pop(states.VIEW, None)
            old = iter(stored_pictures.get((cell.id, position), []))
            change_pictures(output, lambda new, old=old: encode(smaller(decode(new)), next(old, None)))


def change_pictures(output, change):
    """Put `change(text)` for the text of every PNG, be it an output of its own or inside HTML."""
    data = output.get("data", {})
    if "image/png" in data:
        data["image/png"] = change(data["image/png"])
    if "text/html" in data:
        data["text/html"] = PNG_IN_HTML.sub(lambda match: change(match[0]), data["text/html"])


def pictures(output):
    """The texts of the PNGs in an output."""
    found = []
    change_pictures(output, lambda text: found.append(text) or text)
    return found


def smaller(png):
    """The picture with few colours, if that saves anything and nothing in it is transparent."""
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    opaque = image.getextrema()[3] == (255, 255)
    return min(png, small_png(png, colours=COLOURS), key=len) if opaque else png


def encode(png, old):
    """The PNG as a notebook stores it; the old bytes if no eye can tell the two apart."""
    return old if old and look_the_same(png, decode(old)) else base64.b64encode(png).decode()


def decode(text):
    """The PNG's bytes, from the text that a notebook stores."""
    return base64.b64decode(text)


def look_the_same(png, other):
    """Whether no channel of any pixel differs by more than rounding."""
    a, b = (Image.open(io.BytesIO(data)).convert("RGBA") for data in (png, other))
    return a.size == b.size and all(
        high <= INVISIBLE for low, high in ImageChops.difference(a, b).getextrema()
    )


def store(path):
    """Run one notebook and write it back. On an error the file stays as it was."""
    stored = nbformat.read(path, as_version=4)
    notebook = run(path)
    states.write(notebook, path)
    normalise(notebook, stored)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit("There are no notebooks to run.")
    for name in sys.argv[1:]:
        print(name, flush=True)
        try:
            store(Path(name))
        except CellExecutionError as error:
            sys.exit(f"{name} stopped; it is not stored.\n{error}")
