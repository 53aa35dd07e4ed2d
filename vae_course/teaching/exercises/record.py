"""What the reader has solved so far, in all notebooks: a name on each line of a file beside them.

Only the reader's own copy of the notebooks has such a file, not the course's: in tests nothing is noted.
"""

import tomllib
from pathlib import Path

from vae_course.teaching.tables import Table, table

OWN_COPY = Path(".own_copy.json")  # is in the folder of a reader's own notebooks: scripts/own_copy.py
SOLVED = Path("solved.txt")
SIGNS = ("\N{WHITE CIRCLE}", "\N{CHECK MARK}")


def note(name: str) -> None:
    """Remember that an exercise is solved. What cannot be written is told in a sentence, and no error."""
    try:
        if OWN_COPY.exists() and name not in _noted():
            with SOLVED.open("a", encoding="utf-8") as file:
                file.write(f"\n{name}")  # whatever the last line is
    except OSError as error:
        print(f"(That it is solved could not be noted in {SOLVED}: {error.strerror}.)")


def solved() -> Table:
    """How many exercises of each notebook were solved so far, and which, across notebooks and restarts."""
    try:
        noted = _noted() if OWN_COPY.exists() else set()
    except OSError as error:
        print(f"(What is solved cannot be read from {SOLVED}: {error.strerror}.)")
        noted = set()
    rows = {}
    for path in sorted(Path(__file__).parent.glob("ex*.toml")):
        names = list(tomllib.loads(path.read_text(encoding="utf-8")))
        marked = [f"{SIGNS[name in noted]} {name}" for name in names]
        notebook = path.stem.removeprefix("ex").replace("_", " ")
        rows[notebook] = [f"{len(noted & set(names))} of {len(names)}", ",\u2002".join(marked)]
    return table("Exercises solved so far", rows, ["solved", "exercises"])


def _noted():
    """What stands in the file; nothing without one. A broken line names no exercise, and does no harm."""
    return set(SOLVED.read_text(encoding="utf-8", errors="replace").split()) if SOLVED.exists() else set()
