"""A stored notebook as the main part of its page."""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from itertools import pairwise
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from PIL import Image

from vae_course.teaching import exercises
from vae_course.teaching.explorer import states
from vae_course.teaching.pictures import GREEN
from website import prose

PICTURE = re.compile(r'(?P<before><img [^>]*?)src="data:image/png;base64,(?P<png>[A-Za-z0-9+/=\s]+)">')
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)  # stands in the site's own
RUN_IT = re.compile(r"<p><em>A still picture\..*?</em></p>")
CHECK = re.compile(r"\bexercises\.(\w+)\.check\(")
TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
NO_HEADER = re.compile(r"<th\b[^>]*></th>")
MATHS_ALONE = re.compile(  # in a header, where not every reader hears mathematics
    r"<th\b([^>]*)>(?=<span[^>]*><math>(?:(?!</th>).)*"
    r"<annotation[^>]*>([^<]*)</annotation></semantics></math></span></th>)"
)
UNSEARCHED = re.compile(  # hints would be given away
    r"<(pre|script|style|noscript)\b.*?</\1>|<div class=\"exercise\">.*?</div>\n</div>", re.DOTALL
)
NOT_HERE = {"colab", "no-page"}  # tags of the cells that are of use only where they can be run
GUESS = "no guess yet; "
LONG = 12  # lines of code; a cell with more is folded


def read(path: Path):
    """A notebook and the states of its instruments.

    Raises `ValueError`, naming the cell, if one was not run, ended in an error, or has another's state.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if cell.execution_count is None:
            raise ValueError(f"{path.name}: cell '{cell.id}' was not run. `make notebooks` runs all of them")
        for output in cell.outputs:
            if output.output_type == "error":
                raise ValueError(f"{path.name}: cell '{cell.id}' ended in {output.ename}: {output.evalue}")
    found = states.read(notebook, path)
    for cell in notebook.cells:
        still = any(
            RUN_IT.search(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", [])
        )
        if still != (cell.id in found):
            where = f"{path.name}: cell '{cell.id}' has an instrument"
            raise ValueError(
                f"{where} in {'its output' if still else 'its state'} alone. `make notebooks` stores both"
            )
    return notebook, found


def main_part(notebook, path: Path, found: dict, html_of: Callable, pictures: Path) -> str:
    """The HTML of a notebook's cells; writes its pictures into a folder. `html_of` is that of `prose`."""
    exporter = HTMLExporter(
        template_name="lesson",
        extra_template_basedirs=[str(Path(__file__).with_name("templates"))],
        filters={
            "prose": partial(html_of, where=path.as_posix()),
            "shown": partial(_shown, pictures=pictures),
            "exercise": _exercise,
            "fold": lambda code: code.count("\n") + 1 > LONG,
        },
    )
    cells = [cell for cell in notebook.cells if not NOT_HERE & set(cell.metadata.get("tags", []))]
    shown = notebook | {"cells": cells}
    resources = {"instruments": found, "folded": _predicted(cells) - found.keys()}
    body, _ = exporter.from_notebook_node(nbformat.from_dict(shown), resources)
    return tables(body)


def _predicted(cells):
    """The cells that answer a question: their results are folded until the reader has guessed."""
    return {
        cell.id
        for asks, cell in pairwise(cells)
        if asks.cell_type == "markdown" and "**Predict" in asks.source
    }


def _shown(text, pictures):
    """The HTML of an output, its pictures in files of their own."""
    text = PICTURE.sub(partial(_in_a_file, pictures=pictures), text)
    return (
        RUN_IT.sub("", STYLE.sub("", text))
        .replace(f'style="color: {GREEN}"', 'class="right"')
        .replace(GUESS, "")
    )


def _in_a_file(match, pictures):
    png = base64.b64decode(match["png"])
    name = hashlib.sha256(png).hexdigest()[:16] + ".png"
    pictures.mkdir(exist_ok=True)
    (pictures / name).write_bytes(png)
    size = Image.open(io.BytesIO(png)).size
    width = int(re.search(r'width="(\d+)"', match["before"])[1])
    height = round(width * size[1] / size[0])
    return f'{match["before"]}height="{height}" loading="lazy" src="{pictures.name}/{name}">'


def _exercise(code):
    """The name of the exercise that a cell asks for, its hints and its solution; nothing for another cell."""
    asked = CHECK.search(code)
    if not asked:
        return {}
    exercise, printed = getattr(exercises, asked[1]), io.StringIO()
    with redirect_stdout(printed):
        exercise.solution()
    return {"name": exercise.name, "hints": exercise.hints, "solution": printed.getvalue().rstrip()}


def tables(body: str) -> str:
    """The same with each table in a box of its own, which is scrolled where the page is narrow."""
    body = MATHS_ALONE.sub(r'<th\1><span class="unseen">\2</span>', NO_HEADER.sub("<td></td>", body))
    return TABLE.sub(r'<div class="wide">\g<0></div>', body)


def sections(body: str) -> list[tuple[str, str, str]]:
    """(anchor, heading, text) of each part of a page, for the search."""
    body = UNSEARCHED.sub(" ", body)
    parts = re.split(r'<h[123][^>]* id="([^"]*)">(.*?)</h[123]>', body, flags=re.DOTALL)[1:]
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return [(name, prose.words(heading), prose.words(text)) for name, heading, text in triples]
