"""The reader's own copy of the notebooks, in my_notebooks/: what is done there never collides with an update.

    python scripts/own_copy.py             what `course.py lab` does first: fill it, renew what may be renewed
    python scripts/own_copy.py --fresh 02  what `course.py fresh 02` does: that notebook, as new

A notebook is copied without its outputs, so that a prediction comes before its answer. It is renewed when the
course has changed it and the reader has not. Only what is written in cells counts: running, saving and empty
cells change nothing. What the reader has edited is kept, and nothing of the reader's is ever overwritten.
"""

import argparse
import hashlib
import itertools
import json
import os
import re
import sys
from pathlib import Path

COURSE, OWN = Path("notebooks"), Path("my_notebooks")
BY_HAND = ("uv run" if "UV" in os.environ else "python") + " course.py fresh "
FRESH = "make fresh NOTEBOOK=" if "MAKELEVEL" in os.environ else BY_HAND  # as the reader began
STATE = ".own_copy.json"  # {name of a file: the fingerprint of what it was copied from}
EXERCISE = re.compile(r"\bexercises\.\w+\.check\(")


def copied(path):
    """The file as the reader gets it: of a notebook, the cells without outputs.

    An exercise that raises, or that is not Python yet, does not end Run All.
    """
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
            if EXERCISE.search("".join(cell["source"])):
                cell["metadata"].setdefault("tags", []).append("raises-exception")
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def fingerprint(path):
    """A number for what is written in a file; None if it is a notebook that cannot be read."""
    content = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = json.loads(content)["cells"]
            cells = [(cell["cell_type"], "".join(cell["source"]).rstrip()) for cell in cells]
        except (ValueError, TypeError, LookupError):
            return None
        content = json.dumps([cell for cell in cells if cell[1]]).encode()
    return hashlib.sha256(content).hexdigest()


def write(path, content):
    """Write a new file beside it and rename that, so that half a file is never seen."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    os.replace(new, path)


def read_state(own):
    """What was copied when the folder was last filled; nothing if that cannot be read."""
    try:
        state = json.loads((own / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def files(course):
    """{name: path} of the course's notebooks and of the pages beside them."""
    return {path.name: path for path in sorted(course.iterdir()) if path.is_file() and path.name[0] != "."}


def update(course, own):
    """Fill the reader's folder, and return a sentence for each file about which there is something to say."""
    own.mkdir(exist_ok=True)
    before, state, said = read_state(own), {}, []
    for name, path in files(course).items():
        theirs, mine, was = fingerprint(path), own / name, before.get(name)
        there = mine.exists()
        written = fingerprint(mine) if there else None
        edited = there and (written is None or written not in (was, theirs))
        state[name] = was if edited else theirs
        if edited:
            said += [_kept(name, written)] * (theirs != was or written is None)
        elif written != theirs:
            write(mine, copied(path))
            said += [f"{name} has changed in the course; you have the new one."] * there
            said += [f"{name} was gone; here it is again."] * (was is not None and not there)
    gone = sorted(before.keys() - state.keys())
    said += [f"{name} is no longer in the course; yours is kept." for name in gone]
    if state != before:
        write(own / STATE, (json.dumps(state, indent=1) + "\n").encode())
    return said


def _kept(name, written):
    how = FRESH + name.split("_")[0] if name.endswith(".ipynb") else f"delete {OWN / name}"
    if written is None:
        return f"{name} cannot be read as a notebook; it is left as it is. For a new one: {how}"
    return f"{name} has changed in the course; yours, which you have edited, is kept. For the new one: {how}"


def fresh(course, own, wanted):
    """Set one notebook back, keep the reader's beside it under a new name, and say so."""
    notebooks = [name for name in files(course) if name.endswith(".ipynb")]
    found = [name for name in notebooks if wanted and name.startswith(Path(wanted).name)]
    if len(found) != 1:
        which = f"'{wanted}' is not one of the notebooks. " * bool(wanted)
        sys.exit(f"{which}Name one, as in: {FRESH}02\nThere are {', '.join(notebooks)}.")
    (name,) = found
    own.mkdir(exist_ok=True)
    mine, kept = own / name, ""
    if mine.exists():
        old = next(path for path in _numbered(mine) if not path.exists())
        mine.rename(old)
        kept = f" Yours is kept as {OWN / old.name}."
    write(mine, copied(course / name))
    state = read_state(own) | {name: fingerprint(course / name)}
    write(own / STATE, (json.dumps(state, indent=1) + "\n").encode())
    reload = "If it is open in JupyterLab: File > Reload Notebook from Disk."
    return [f"{OWN / name} is as new.{kept} {reload}"]


def _numbered(path):
    return (path.with_name(f"{path.stem}_old_{n}{path.suffix}") for n in itertools.count(1))


def main(arguments):
    """What the two commands do; the folder that holds both is the one above this script's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", metavar="NOTEBOOK")
    wanted = parser.parse_args(arguments).fresh
    os.chdir(Path(__file__).resolve().parents[1])
    try:
        said = update(COURSE, OWN) if wanted is None else fresh(COURSE, OWN, wanted)
    except OSError as error:
        sys.exit(f"{OWN} cannot be written: {error.strerror}.")
    print(*said, sep="\n", end="\n" * bool(said))


if __name__ == "__main__":
    main(sys.argv[1:])
