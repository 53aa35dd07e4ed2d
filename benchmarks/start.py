"""What a learner waits for before the first cell: the setup, JupyterLab, the import.

JupyterLab begins in a clone of the last commit, so that nobody's own notebooks are touched.
"""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.page import spread, table
from benchmarks.workers import ROOT, CannotMeasure, environment, say

TITLE = "Before the first cell"
WAIT = 120  # s, for JupyterLab


def seconds(command, folder, variables):
    """How long a command takes that has to succeed."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise CannotMeasure(f"{' '.join(command)} failed: {said}")
    return time.perf_counter() - begin


def as_a_learner(home, **more):
    """The environment variables of a learner's terminal, with a home for JupyterLab of its own."""
    found = environment(**more)
    for name in ("CI", "JAX_ENABLE_COMPILATION_CACHE", "JAX_PLATFORMS"):
        found.pop(name)
    return found | {f"JUPYTER_{name}_DIR": f"{home}/{name}" for name in ("CONFIG", "DATA", "RUNTIME")}


def until_lab_answers(python, folder, variables):
    """Seconds from `course.py lab` until its address answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=measured"]
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        lab = subprocess.Popen(
            [python, "course.py", "lab", *options], cwd=folder, env=variables, stdout=said, stderr=said
        )
        try:
            address = f"http://127.0.0.1:{port}/lab?token=measured"
            while time.perf_counter() - begin < WAIT and lab.poll() is None:
                with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(address):
                    return time.perf_counter() - begin
                time.sleep(0.02)
            said.seek(0)
            raise CannotMeasure(
                f"JupyterLab did not answer: {(said.read().strip() or 'nothing').splitlines()[-1]}"
            )
        finally:
            lab.terminate()  # it hands this on to JupyterLab
            try:
                lab.wait(30)
            except subprocess.TimeoutExpired:
                lab.kill()
                lab.wait()


def measure(options):
    """The import and JupyterLab in turns; with --setup first everything from nothing."""
    rounds, found = 2 if options.quick else 5, {"setup": [], "lab": [], "import": []}
    with tempfile.TemporaryDirectory() as home:
        clone, variables = Path(home) / "course", as_a_learner(home)
        seconds(["git", "clone", "--quiet", str(ROOT), str(clone)], home, variables)
        python = sys.executable
        if options.setup:
            variables["PYTHONPATH"] = ""
            say("start: everything is set up from nothing")
            found["setup"].append(seconds(["make", "environment"], clone, variables))
            python = str(clone / ".venv/bin/python")
        for i in range(rounds):
            say(f"start: round {i + 1} of {rounds}")
            found["import"].append(seconds([python, "-c", "import vae_course"], clone, variables))
            found["lab"].append(until_lab_answers(python, clone, variables))
    return found


def goals(results):
    """Nothing was asked."""
    return []


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
