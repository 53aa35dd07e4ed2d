"""What a learner waits for before the first cell: the setup, JupyterLab, the import.

JupyterLab begins in a clone of the last commit, so that nobody's own notebooks are touched.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.page import spread, table
from benchmarks.workers import ROOT, turns

TITLE = "Before the first cell"


def seconds(command, folder, variables):
    """How long a command takes that has to succeed."""
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def as_a_learner(home, **more):
    """The environment variables of a learner's terminal, with a home for JupyterLab of its own."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    own = {f"JUPYTER_{name}_DIR": f"{home}/{name}" for name in ("CONFIG", "DATA", "RUNTIME")}
    return {**os.environ, "PYTHONPATH": path, **own, **more}


def until_lab_answers(python, folder, variables):
    """Seconds from `course.py lab` until its address answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=measured"]
    address = f"http://127.0.0.1:{port}/lab?token=measured"
    begin = time.perf_counter()
    with subprocess.Popen(
        [python, "course.py", "lab", *options], cwd=folder, env=variables, stdout=subprocess.DEVNULL
    ) as lab:
        try:
            while lab.poll() is None:
                with contextlib.suppress(OSError), urllib.request.urlopen(address):
                    return time.perf_counter() - begin
                time.sleep(0.02)
            raise RuntimeError(f"JupyterLab ended before it answered, with status {lab.returncode}")
        finally:
            lab.terminate()  # it hands this on to JupyterLab


def measure(options):
    """The import and JupyterLab in turns; with --setup first everything from nothing."""
    found = {"setup": [], "lab": [], "import": []}
    with tempfile.TemporaryDirectory() as home:
        clone, variables, python = Path(home) / "course", as_a_learner(home), sys.executable
        seconds(["git", "clone", "--quiet", str(ROOT), str(clone)], home, variables)
        if options.setup:
            variables["PYTHONPATH"] = ""
            found["setup"].append(seconds(["make", "environment"], clone, variables))
            python = str(clone / ".venv/bin/python")
        for _, what in turns("start", ["import", "lab"], 2 if options.quick else 5):
            if what == "lab":
                found[what].append(until_lab_answers(python, clone, variables))
            else:
                found[what].append(seconds([python, "-c", "import vae_course"], clone, variables))
    return found


def lines(results):
    """The section of the page."""
    what = {
        "setup": "`make environment`, from nothing, over the network",
        "lab": "`course.py lab` until its address answers, as `make lab` does when all is set up",
        "import": "a new Python, and `import vae_course`",
    }
    rows = [[words, spread(results[name]) if results[name] else "not measured: needs `--setup`"]
            for name, words in what.items()]  # fmt: skip
    return table(["what", "seconds"], rows)
