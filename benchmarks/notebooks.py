"""Each notebook from a cold kernel: Run All, the longest cell, the first picture, memory.

Twice: with nothing compiled before, and again with what JAX then kept of it. The kernel is told what a
learner's is told, but the folder for compiled code is a new one for each notebook.
"""

import tempfile
import time

import nbformat
import numpy as np
from nbclient import NotebookClient
from tqdm import tqdm

from benchmarks.page import goal, table
from benchmarks.start import as_a_learner
from benchmarks.workers import ROOT

TITLE = "The notebooks"
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WAYS = ("cold", "cached")
LIMITS = {"cold": (15, 210), "cached": (10, 120)}  # s: a cell, all notebooks
MEMORY = 800  # MB
COLUMNS = {"run all": "Run All (s)", "first picture": "first picture (s)", "cell": "longest cell (s)"}
LAST = "from benchmarks.workers import peak\nprint(peak())"


def is_picture(output):
    """Whether a cell's output is a picture."""
    data = output.get("data", {})
    return "image/png" in data or "<img" in data.get("text/html", "")


def run_all(path, variables):
    """The seconds from before the kernel begins, of the first picture and of each cell; memory in MB."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    last = nbformat.v4.new_code_cell(LAST)
    notebook.cells = [*cells, last]
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}})
    begin, ended = time.perf_counter(), []
    with client.setup_kernel(env=variables):
        ready = time.perf_counter() - begin
        for number, cell in enumerate(cells):
            client.execute_cell(cell, number)
            ended.append(time.perf_counter() - begin)
        client.execute_cell(last, len(cells))
    took = np.diff(ended, prepend=ready)
    pictures = [end for end, cell in zip(ended, cells, strict=True) if any(map(is_picture, cell.outputs))]
    return {
        "run all": ended[-1],
        "first picture": min(pictures, default=None),
        "cell": took.max(),
        "which": cells[took.argmax()].source.strip().splitlines()[0],
        "memory": float(last.outputs[0].text),
    }


def measure(options):
    """One notebook after the other, each cold and then with what was kept."""
    found = []
    for path in tqdm(PATHS[:1] if options.quick else PATHS, "notebooks"):
        with tempfile.TemporaryDirectory() as home:
            variables = as_a_learner(
                home,
                MALLOC_ARENA_MAX="1",
                JAX_COMPILATION_CACHE_DIR=f"{home}/compiled",
                JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0",
                JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES="-1",
            )
            found += [{"notebook": path.stem, "way": way, **run_all(path, variables)} for way in WAYS]
    return {"runs": found}


def of_way(results, way):
    """The runs that were cold, or not."""
    return [run for run in results["runs"] if run["way"] == way]


def goals(results):
    """What was asked of the notebooks."""
    found = []
    for way, said in (("cold", "cold"), ("cached", "with the cache")):
        runs, (longest, total) = of_way(results, way), LIMITS[way]
        slowest, together = max(runs, key=lambda run: run["cell"]), sum(run["run all"] for run in runs)
        what = f"longest cell {said} ({slowest['notebook']})"
        found.append(goal(what, slowest["cell"], "at most", longest, "s"))
        found.append(goal(f"Run All of {len(runs)} notebooks {said}", together, "at most", total, "s"))
    largest = max(results["runs"], key=lambda run: run["memory"])
    what = f"a kernel's memory ({largest['notebook']})"
    return [*found, goal(what, largest["memory"], "at most", MEMORY, "MB")]


def lines(results):
    """The section of the page."""
    rows = []
    for cold, cached in zip(*(of_way(results, way) for way in WAYS), strict=True):
        values = [run[what] for what in COLUMNS for run in (cold, cached)]
        values = ["" if value is None else f"{value:.1f}" for value in values]
        which = cold["which"].replace("|", r"\|")
        memory = max(cold["memory"], cached["memory"])
        rows.append([cold["notebook"], *values, f"`{which}`", f"{memory:.0f}"])
    totals = [f"{sum(run['run all'] for run in of_way(results, way)):.0f}" for way in WAYS]
    rows.append(["together", *totals, *[""] * 6])
    columns = [f"{said}, {way}" for said in COLUMNS.values() for way in WAYS]
    return [
        "From before the kernel begins to the end of the last cell, each notebook once cold and once with "
        "what was then kept of its compiling. The longest cell of the cold run is named by its first line.",
        "",
        *table(["notebook", *columns, "longest cell, cold", "memory (MB)"], rows),
    ]
