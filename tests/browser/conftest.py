"""A real JupyterLab, a real Chromium, and `lab`, which opens a notebook and works in it as a reader would."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
TOKEN = "tests"
TIMEOUT = 300_000  # ms, for a notebook to run
VIEW = "application/vnd.jupyter.widget-view+json"
INSTRUMENT = ".vae-instrument"
LOGS = []  # of the servers, to be shown beside a failure
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
# Notebooks of the tests' own, which run in seconds.
PREPARE = """import jax
import numpy as np
from vae_course import models
from vae_course.teaching.explorer import LatentExplorer, PosteriorExplorer

keys = jax.random.split(jax.random.key(0), 3)
decoder = models.GaussianDecoder(models.Decoder(key=keys[0], width=16))
encoder = models.GaussianEncoder(key=keys[1], width=16)
images, labels = np.random.RandomState(0).rand(300, 64), np.arange(300) % 10"""
LATENT = "LatentExplorer(decoder.decoder, 3 * jax.random.normal(keys[2], (300, 2)), labels)"
POSTERIOR = """parts = ["evidence", "mean", "q", "q samples", "draw"]
PosteriorExplorer(decoder, images, labels, encoder, parts=parts)"""
TRAINING = """import os
os.environ.pop("CI", None)  # which silences the bar
from vae_course import fit, progress
progress.DELAY = 0
run = fit(decoder, lambda model, z, key: (model.decoder(z) ** 2).sum(), images[:, :2], key=keys[0], steps=900)
print(len(run.losses))"""
EXERCISES = "from vae_course.teaching import exercises"
STUB = """def squared_error(x, x_hat):
    return (

squared_error = exercises.squared_error.check(squared_error)"""
OWN = {
    "instruments.ipynb": (PREPARE, LATENT, POSTERIOR),
    "tomorrow.ipynb": (PREPARE, EXERCISES, STUB, "print(squared_error.__module__)", TRAINING, LATENT),
}
# What JupyterLab prints by itself, in an empty notebook too; each with its reason.
KNOWN_CONSOLE_ERRORS = ()


@pytest.fixture(scope="session")
def course(chromium, tmp_path_factory):
    """A copy of this repository's notebooks and scripts."""
    course = tmp_path_factory.mktemp("home") / "course"
    for folder in ("notebooks", "scripts"):
        shutil.copytree(ROOT / folder, course / folder)
    shutil.copy(ROOT / "course.py", course)
    for name, sources in OWN.items():
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
        nbformat.write(notebook, course / "notebooks" / name)
    return course


@pytest.fixture(scope="session")
def server(course):
    """The address of a JupyterLab with a home of its own, begun as a reader does."""
    with serve(course.parent, course) as address:
        yield address


@contextlib.contextmanager
def serve(home, course):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, course / "course.py", "lab", "--no-browser", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", "--ServerApp.port_retries=0"]
    command += ["--expose-app-in-browser"]  # so that a test can read the notebook
    places = {"HOME": home, "JUPYTER_CONFIG_DIR": home / "config", "JUPYTER_DATA_DIR": home / "data"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "XDG"))}
    environment |= {key: str(value) for key, value in places.items()}
    log = home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    LOGS.append(log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api?token={TOKEN}", process, log)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url, process, log):
    for _ in range(600):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url).close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    if report.failed:
        for log in LOGS:
            report.sections.append(("JupyterLab's log", "\n".join(log.read_text().splitlines()[-15:])))
    return report


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def lab(browser, server, screenshots):
    """A function from a notebook's name to that notebook, open in a page of its own."""
    with contextlib.ExitStack() as pages:

        def open_notebook(name):
            page = pages.enter_context(
                browser.new_context(viewport={"width": 1280, "height": 800})
            ).new_page()
            return Notebook(page, server, name, screenshots)

        yield open_notebook


class Notebook:
    """A notebook open in JupyterLab. What it holds is read from JupyterLab's own model, so that cells which
    are scrolled out of the page count, too; what a reader does goes through mouse and keyboard."""

    def __init__(self, page, server, name, screenshots):
        self.page, self.name, self.screenshots = page, name, screenshots
        self.console = []
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.set_default_timeout(30_000)
        news = page.get_by_text("Would you like to get notified about official Jupyter news?")
        page.add_locator_handler(news, lambda: page.get_by_role("button", name="No", exact=True).click())
        page.goto(f"{server}/lab/tree/my_notebooks/{name}?token={TOKEN}&reset")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )

    def _note(self, text):
        if not any(known in text for known in KNOWN_CONSOLE_ERRORS):
            self.console.append(text)

    def save(self):
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")

    def close(self):
        """Stop the kernel, so that the next notebook has the memory, and leave the page."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.close()

    def run_all(self, stop_at_errors=True):
        """Run > Run All Cells, from cells without outputs, until the last one is done or one has failed."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.wait(stop_at_errors)

    def wait(self, stop_at_errors=True):
        self.page.wait_for_function(
            """(stop_at_errors) => {
                const panel = jupyterapp.shell.currentWidget;
                const cells = panel.content.widgets.map((c) => c.model.toJSON());
                const code = cells.filter((c) => c.cell_type === "code" && c.source.length);
                const done = code.every((c) => c.execution_count !== null);
                const failed = stop_at_errors
                    && code.some((c) => c.outputs.some((o) => o.output_type === "error"));
                return (done || failed) && panel.sessionContext.session.kernel.status === "idle";
            }""",
            arg=stop_at_errors,
            timeout=TIMEOUT,
        )

    def cells(self):
        """The cells as they would be saved now."""
        return self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.widgets.map((c) => c.model.toJSON())"
        )

    def outputs(self):
        """(cell's place, output), over all cells."""
        return [(i, output) for i, cell in enumerate(self.cells()) for output in cell.get("outputs", [])]

    def errors(self):
        return [
            f"cell {i}: {o['ename']}: {o['evalue']}" for i, o in self.outputs() if o["output_type"] == "error"
        ]

    def texts(self):
        """What the cells printed or displayed as text, without progress bars."""
        outputs = [
            o.get("text") or o.get("data", {}).get("text/plain")
            for _, o in self.outputs()
            if o.get("name") != "stderr"
        ]
        return ["".join(text) for text in outputs if text]

    def instruments(self):
        """(id, place on the page) of each instrument, scrolled to one after the other."""
        for i, output in self.outputs():
            data = output.get("data", {})
            if VIEW in data:
                self.scroll_to(i)
                widget = self.cell(i).locator(INSTRUMENT).first
                widget.scroll_into_view_if_needed()
                yield data[VIEW]["model_id"], widget

    def scroll_to(self, i):
        self.page.evaluate(
            """async (i) => {
                const notebook = jupyterapp.shell.currentWidget.content;
                await notebook.scrollToItem(i, "smart");
                notebook.widgets[i].node.dataset.place = i;
            }""",
            i,
        )

    def cell(self, i):
        return self.page.locator(f'.jp-Cell[data-place="{i}"]')

    def active_cell(self):
        return self.page.evaluate("() => jupyterapp.shell.currentWidget.content.activeCellIndex")

    def run_code(self, source):
        """Add a cell at the end, run it, and give back what it printed."""
        self.page.evaluate(
            """async (source) => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.length - 1;
                await jupyterapp.commands.execute("notebook:insert-cell-below");
                notebook.activeCell.model.sharedModel.setSource(source);
                await jupyterapp.commands.execute("notebook:run-cell");
            }""",
            source,
        )
        return "".join(output.get("text", "") for output in self.cells()[-1]["outputs"])

    def screenshot(self, name, part=None):
        path = self.screenshots / f"{Path(self.name).stem}-{name}.png"
        (part or self.page).screenshot(path=path)
        return path
