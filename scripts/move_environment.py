"""After the folder with a Python environment was moved: each command in its `bin` finds its Python again.

NEW/bin/python scripts/move_environment.py OLD NEW
"""

import re
import sys
from pathlib import Path


def moved(script, old, new):
    """A command that begins with the path of its Python, as pip wrote it, or the same text if it does not.

    What is written instead is pip's way for paths that are long or have spaces: sh looks for the Python.
    """
    python = rf"#!(/bin/sh\n'''exec' )?\"?{re.escape(old)}/bin/python.*\n(' '''\n)?"
    begin = f"#!/bin/sh\n'''exec' \"{new}/bin/python\" \"$0\" \"$@\"\n' '''\n"
    found = re.match(python, script)
    return begin + script[found.end() :] if found else script


def main(old, new):
    """Change every command in the `bin` of the environment that is in `new` and was in `old`."""
    for path in (Path(new) / "bin").iterdir():
        if not path.is_symlink() and path.read_bytes()[:2] == b"#!":
            path.write_text(moved(path.read_text(encoding="utf-8"), old, new), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
