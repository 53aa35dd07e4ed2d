"""What can be done with this course, on any system: `uv run course.py lab`, or with make: `make lab`.

lab         open JupyterLab on your own copy of the notebooks (the first time sets everything up)
fresh       set one of your notebooks back, and keep what you have beside it: fresh 02, with make NOTEBOOK=02
unit        the tests that need no notebook and no browser; with --cov also which lines they reach
test        unit tests, every notebook run and compared, and the browser tests if there is a Chromium
notebooks   run and store all notebooks, or those that are named (with make: NOTEBOOKS=notebooks/02_map.ipynb)
site        build the course's web site, from the notebooks as they are stored, into site/
card        train and measure the report card of 06 again, which takes minutes, and write it into the README
peers       run docs/your-framework.md in JAX, PyTorch and Flax; the first time fetches the last two, apart
lint        check code and notebooks: mistakes, format, imports, types; the front end if there is node
lock        choose new versions for pyproject.toml: uv.lock, requirements.lock and environment.yml
bench       measure what the course costs, into docs/benchmarks.md: all, in 20 minutes, or what is named

All but `lab`, `fresh` and `lock` need what developers need: `uv run --extra dev course.py unit`.
More arguments are handed on, to JupyterLab or to pytest.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HERE = Path(sys.prefix)  # the environment: .venv, or conda's


def variables(command):
    """The environment variables for all that a command starts."""
    found = {
        "PYTHONUTF8": "1",  # Windows would read our files in a code page of its own
        # XLA compiles on many threads, and glibc keeps memory for each: one arena saves a kernel 70 MB.
        "MALLOC_ARENA_MAX": "1",
    }
    if command in ("unit", "test", "notebooks", "card", "peers", "bench"):
        # CI silences the progress bar of training, so that what notebooks print is always the same.
        found |= {"CI": "true", "JAX_PLATFORMS": "cpu"}
    if command in ("unit", "test"):
        # Several workers share the cores: with one thread for each XLA, all together are a sixth faster.
        found["NPROC"] = "1"
    if command == "peers":  # whatever else is to see PyTorch and Flax takes the same PYTHONPATH
        found |= {"REQUIRE_PEERS": "1", "PYTHONPATH": str(HERE / "peers")}
    return found


def run(*command):
    """Run something to its end. If it fails, this ends too, with the same status."""
    process = subprocess.Popen(list(map(str, command)))
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    status = None
    while status is None:  # Ctrl-C reaches it as well, and it decides what follows
        with contextlib.suppress(KeyboardInterrupt):
            status = process.wait()
    if status:
        sys.exit(status)


def python(*arguments):
    """Run a script or a module with this Python."""
    run(sys.executable, *arguments)


def pytest(*arguments):
    """Run tests, and say why any was skipped."""
    python("-m", "pytest", "-rfEs", *arguments)


def lab(*more):
    """If the usual port is taken, JupyterLab looks for the next one. Its looks are in scripts/jupyterlab."""
    python("scripts/own_copy.py")
    options = [
        "--LabApp.default_url=/lab/tree/my_notebooks/00_start_here.ipynb",
        "--LabApp.app_settings_dir=scripts/jupyterlab",
        "--LabApp.custom_css=True",
        "--ServerApp.tornado_settings={'static_custom_path': ['scripts/jupyterlab']}",
        "--ServerApp.log_level=ERROR",
        "--LabApp.log_level=ERROR",
        "--ServerApp.answer_yes=True",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    # Without a screen there may still be a text browser, and it would take over the terminal.
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        options.append("--no-browser")
        print("There is no screen here: open the address below, with http://localhost, in a browser.")
    print("JupyterLab is starting. Ctrl-C in this window ends it; save your notebooks before.", flush=True)
    python("-m", "jupyterlab", *options, *more)


def fresh(which=""):
    """Without a number it says which there are."""
    python("scripts/own_copy.py", "--fresh", which)


def unit(*more):
    """Without the site; of tests/notebooks only what reads no notebook."""
    reading = {*Path("tests/notebooks").glob("test_*.py")} - {Path("tests/notebooks/test_store_notebooks.py")}
    ignored = [f"--ignore={path}" for path in ("tests/browser", "tests/website", *sorted(reading))]
    how = ["-n", "2", "--dist", "loadscope", "--doctest-modules"]
    pytest(*how, *ignored, "tests", "vae_course", *more)


def test(*more):
    """Everything, shared out to three workers: the notebooks and JupyterLab, which take longest, first.

    So no worker is left alone with one at the end, and JupyterLab's kernels find compiled what they need.
    """
    nbval = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300"]
    nbval += ["--nbval-sanitize-with", "tests/notebooks/sanitize.cfg"]
    how = ["-n", "3", "--dist", "loadscope", "--no-loadscope-reorder", "--doctest-modules"]
    pytest(*how, *nbval, "notebooks", "tests", "vae_course", *more)


def notebooks(*which):
    """In order; the first that fails ends it."""
    python("scripts/store_notebooks.py", *(which or sorted(Path("notebooks").glob("*.ipynb"))))


def site(*where):
    """Into site/, or the folder that is named. No notebook is run."""
    python("-m", "website", *where)


def card():
    """On any number of cores: what it times is the processor's time."""
    python("scripts/card.py")


def peers(*more):
    """A test with PyTorch and Flax is not skipped then."""
    python("scripts/peers.py", HERE / "peers")
    pytest("tests/test_your_framework.py", *more)


def lint():
    """The first that finds something ends it."""
    python("-m", "ruff", "check", ".")
    python("-m", "ruff", "format", "--check", ".")
    python("-c", "from importlinter import cli; cli.lint_imports_command()", "--no-logo")
    python("-m", "mypy")
    python("scripts/frontend.py")


def lock():
    """Versions that still fit stay: `uv lock --upgrade` chooses the newest."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        sys.exit("course.py lock needs uv: pipx install uv, or https://docs.astral.sh/uv")
    run(uv, "lock", "--quiet")
    run(uv, "export", "--quiet", "--locked", "--extra", "dev", "--no-emit-project", "-o", "requirements.lock")
    python("scripts/environment_yml.py")


def bench(*which):
    """All sections, or those that are named."""
    python("-m", "benchmarks", *which)


ALL = (lab, fresh, unit, test, notebooks, site, card, peers, lint, lock, bench)
COMMANDS = {each.__name__: each for each in ALL}


def prepare():
    """Put the kernel's settings where IPython looks for them, in an environment of the course's own."""
    ours, theirs = Path("scripts/ipython_kernel_config.py"), HERE / "etc/ipython/ipython_kernel_config.py"
    own = HERE.parent == ROOT
    if own and not (theirs.exists() and theirs.read_bytes() == ours.read_bytes()):
        theirs.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ours, theirs)


def main(command=None, *arguments):
    """Run one command, in the course's folder."""
    if command not in COMMANDS:
        print(__doc__)
        sys.exit(f"There is no command '{command}'; above are those that there are." if command else 0)
    os.chdir(ROOT)
    needs = {"lab": "jupyterlab", "fresh": "sys", "lock": "sys"}.get(command, "pytest")
    if not importlib.util.find_spec(needs):
        dev = "--extra dev " * (needs == "pytest")
        sys.exit(
            f"{needs} is not installed for this Python ({sys.executable}). What installs it and goes on:"
            f" uv run {dev}course.py {command}, or: make {command}"
        )
    os.environ.update(variables(command))
    if needs != "sys":
        prepare()
    COMMANDS[command](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
