"""The exercises, each with `check`, `hint` and `solution`.

The engine is `checker` (what is said), `pencil` (a number instead of a function), `answers` (run anything, in
words), `laws` (random functions) and `general` (mistakes that are made everywhere). The catalogue is a .toml
file for each notebook; each of its tables is an exercise here, under its name.
"""

from pathlib import Path

from vae_course.teaching.exercises import stand_in
from vae_course.teaching.exercises.catalogue import read
from vae_course.teaching.exercises.record import solved

_ALL = {
    each.name: each for path in sorted(Path(__file__).parent.glob("ex*.toml")) for each in read(path.stem)
}
globals().update(_ALL)

__all__ = sorted(_ALL)
