"""Each notebook from a cold kernel: Run All, the longest cell, the first picture, memory.

Twice: with nothing compiled before, and again with what JAX then kept of it. The kernel is told what a
learner's is told, but the folder for compiled code is a new one for each notebook.
"""

import tempfile
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from benchmarks.page import at_most, plain, table
from benchmarks.start import as_a_learner
from benchmarks.workers import ROOT, CannotMeasure, say

TITLE = "The notebooks"
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WAYS = ("cold", "cached")
LIMITS = {"cold": (15, 210), "cached": (10, 120)}  # s: a cell, all notebooks
MEMORY = 800  # MB
LAST = "from benchmarks.workers import peak\nprint(peak())"


def compiled_in(folder):
    """The environment variables with which JAX keeps everything that it compiles in `folder`."""
    return {
        "JAX_COMPILATION_CACHE_DIR": folder,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def is_picture(output):
    """Whether a cell's output is a picture."""
    data = output.get("data", {})
    return "image/png" in data or "<img" in data.get("text/html", "")


def run_all(path, variables):
    """The seconds from before the kernel begins, of the first picture and of each cell; memory in MB."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(LAST))
    begun, ended = {}, {}
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=lambda cell, cell_index: begun.update({cell_index: time.perf_counter()}),
        on_cell_executed=lambda cell, cell_index, **_: ended.update({cell_index: time.perf_counter()}),
    )
    begin = time.perf_counter()
    try:
        client.execute(env=variables)
    except CellExecutionError as error:
        last = str(error).strip().splitlines()[-1]
        raise CannotMeasure(f"{path.name} stopped: {last}") from error
    cells = {number: ended[number] - begun[number] for number in ended}
    longest = max(cells, key=cells.get)
    pictures = [ended[n] for n in ended if any(map(is_picture, notebook.cells[n].outputs))]
    return {
        "run all": ended[max(n for n in ended if n != len(notebook.cells) - 1)] - begin,
        "first picture": min(pictures) - begin if pictures else None,
        "cell": cells[longest],
        "which": notebook.cells[longest].source.strip().splitlines()[0],
        "memory": float(notebook.cells[-1].outputs[0].text),
    }


def measure(options):
    """One notebook after the other, each cold and then with what was kept."""
    found = []
    for path in PATHS[:1] if options.quick else PATHS:
        with tempfile.TemporaryDirectory() as home:
            variables = as_a_learner(home, MALLOC_ARENA_MAX="1", **compiled_in(f"{home}/compiled"))
            for way in WAYS:
                run = run_all(path, variables)
                say(f"notebooks: {path.stem}, {way}: {run['run all']:.0f} s, {run['memory']:.0f} MB")
                found.append({"notebook": path.stem, "way": way, **run})
    return {"runs": found}


def of_way(results, way):
    """The runs that were cold, or not."""
    return [run for run in results["runs"] if run["way"] == way]


def goals(results):
    """What was asked of the notebooks."""
    found = []
    for way, said in (("cold", "cold"), ("cached", "with the cache")):
        longest, total = LIMITS[way]
        runs = of_way(results, way)
        slowest = max(runs, key=lambda run: run["cell"])
        found += [
            at_most(f"longest cell {said} ({slowest['notebook']})", slowest["cell"], longest, "s"),
            at_most(
                f"Run All of {len(runs)} notebooks {said}", sum(run["run all"] for run in runs), total, "s"
            ),
        ]
    largest = max(results["runs"], key=lambda run: run["memory"])
    return [*found, at_most(f"a kernel's memory ({largest['notebook']})", largest["memory"], MEMORY, "MB")]


def lines(results):
    """The section of the page."""
    columns = ["notebook"]
    columns += [
        f"{what}, {way}" for what in ("Run All (s)", "first picture (s)", "longest cell (s)") for way in WAYS
    ]
    rows = []
    for cold, cached in zip(*(of_way(results, way) for way in WAYS), strict=True):
        values = [run[what] for what in ("run all", "first picture", "cell") for run in (cold, cached)]
        values = ["" if value is None else f"{value:.1f}" for value in values]
        memory = max(cold["memory"], cached["memory"])
        which = cold["which"].replace("|", r"\|")
        rows.append([cold["notebook"], *values, f"`{which}`", f"{memory:.0f}"])
    totals = [f"{sum(run['run all'] for run in of_way(results, way)):.0f}" for way in WAYS]
    rows.append(["together", *totals, *[""] * 6])
    return [
        "From before the kernel begins to the end of the last cell, each notebook once cold and once with "
        "what was then kept of its compiling. The longest cell of the cold run is named by its first line.",
        "",
        *table([*columns, "longest cell, cold", "memory (MB)"], rows),
        "",
        f"At most {plain(MEMORY)} MB were wanted.",
    ]
