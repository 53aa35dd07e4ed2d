"""What the instruments of a stored notebook hold, in a file beside it, for a page without Python.

The notebook itself stays without, because GitHub shows no notebook that has its widgets' states within.
"""

import base64
import hashlib
import json
from pathlib import Path

import numpy as np

from vae_course.teaching import explorer
from vae_course.teaching.explorer.page import packed, unpacked

VIEW = "application/vnd.jupyter.widget-view+json"
STATES = "application/vnd.jupyter.widget-state+json"
ALIKE = 1e-3  # of the largest number: another processor's rounding may have moved one by so much in training


def _path_of(notebook: Path) -> Path:
    """Where the states of a notebook's instruments are."""
    return notebook.parent / "instruments" / f"{notebook.stem}.json"


def write(notebook, path: Path) -> None:
    """Write the states of a notebook that was run with them; if no eye can tell, what is there stays."""
    file, found = _path_of(path), _instruments(notebook)
    new = {"sources": _sources(notebook), "instruments": found}
    if file.exists():
        old = json.loads(file.read_text(encoding="utf-8"))
        if _alike(unpacked(old["instruments"]), found):
            new["instruments"] = old["instruments"]
    if found:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(packed(new), indent=1) + "\n", encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


def read(notebook, path: Path) -> dict:
    """{"class": ..., "state": ...} of each instrument, packed, by the id of its cell.

    Raises `ValueError`, naming the cell, if the file was written for other cells than the notebook has now.
    """
    file = _path_of(path)
    if not file.exists():
        return {}
    stored, sources = json.loads(file.read_text(encoding="utf-8")), _sources(notebook)
    changed = [cell for cell in sources if stored["sources"].get(cell) != sources[cell]]
    if changed := changed or sorted(stored["sources"].keys() - sources):
        raise ValueError(
            f"{file.name} does not belong to {path.name}: cell '{changed[0]}' is not what was run"
        )
    return stored["instruments"]


def _sources(notebook):
    """A short fingerprint of what each cell runs."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return {cell.id: hashlib.sha256(cell.source.encode()).hexdigest()[:12] for cell in cells}


def _instruments(notebook):
    models = notebook.metadata.get("widgets", {}).get(STATES, {}).get("state", {})
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            model = models.get(output.get("data", {}).get(VIEW, {}).get("model_id"), {"state": {}})
            package, _, name = model["state"].get("_anywidget_id", "").rpartition(".")
            if package.startswith(explorer.__name__):
                found[cell.id] = {"class": name, "state": _state(model, getattr(explorer, name))}
    return found


def _state(model, kind):
    """The values that differ from what all of its class have, among them code and colours."""
    state, preset = dict(model["state"]), kind.preset()
    for buffer in model.get("buffers", []):
        *path, last = buffer["path"]
        within = state
        for step in path:
            within = within[step]
        within[last] = base64.b64decode(buffer["data"])
    names = kind.traits_sent().keys() - {"_still"}  # which stands in the notebook
    return {name: state[name] for name in sorted(names) if name not in preset or state[name] != preset[name]}


def _alike(a, b):
    """Whether two states differ by no more than rounding."""
    if type(a) is type(b) and a == b:
        return True
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(_alike(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(a, bytes) and isinstance(b, bytes) and len(a) == len(b) and len(a) % 4 == 0:
        a, b = (np.frombuffer(each, np.float32) for each in (a, b))
        return bool(np.isfinite(a).all()) and np.allclose(a, b, rtol=0, atol=ALIKE * abs(a).max(initial=0))
    both = isinstance(a, float) and isinstance(b, float)
    return both and bool(np.isclose(a, b, rtol=ALIKE, atol=ALIKE))
