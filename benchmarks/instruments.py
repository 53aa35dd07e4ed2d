"""How fast Python answers when the reader moves an instrument: every control of every notebook's instruments.

Each notebook is run in a kernel, as in JupyterLab, down to its last instrument. Then each control is moved
many times, by what the browser would send; a move ends when the kernel has sent all its answers. A button is
pressed after image and handle were moved away, and only the press is timed. Run it with the beginnings
of notebooks' names (02 03), or with nothing for all of them.
"""

import os
import re
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
from jupyter_client.manager import start_new_kernel

HERE = Path(__file__).parent
NOTEBOOKS = sorted((HERE.parent / "notebooks").glob("*.ipynb"))
MOVES = 100
LIMIT = 50  # ms, at the 95th percentile
BUILDS_ONE = re.compile(r"\b(?:Instrument|\w*Explorer)\(")


def moves(instrument):
    """{what the reader moves: function of the count that moves it}, for one instrument, buttons left out."""
    found = {}
    explorer = getattr(instrument, "explorer", instrument)
    if hasattr(explorer, "z"):
        found["z"] = lambda k: explorer.set_state({"z": [np.sin(0.37 * k), np.cos(0.23 * k)]})
    controls = getattr(instrument, "controls", None) or getattr(instrument, "_controls", {})
    if hasattr(instrument, "image"):
        controls = {"image": instrument.image, **controls}
    for name, control in controls.items():
        found[name] = lambda k, control=control: control.set_state(state(control, k))
    return found


def state(control, k):
    """What the browser sends when a control is moved for the k-th time; each move is to another place."""
    if hasattr(control, "strokes"):  # a pad: one spiral, longer each time
        t = np.linspace(0, 12, 20 + 4 * (k % MOVES))
        return {"strokes": [np.stack([16 + t * np.cos(t), 16 + t * np.sin(t)], axis=1).round(1).tolist()]}
    if hasattr(control, "index"):
        return {"index": k % len(control.options)}
    if isinstance(control.value, bool):
        return {"value": k % 2 == 0}
    places = round((control.max - control.min) / control.step) + 1
    place = control.min + control.step * (k * max(1, places // 10 + 1) % places)
    return {"value": control.base**place if hasattr(control, "base") else place}


def measure(results):
    """Move all that can be moved in the instruments among a kernel's results, and print how long it took."""
    from vae_course.teaching.explorer import ImageExplorer, Instrument, LatentExplorer

    for instrument in results:
        if not isinstance(instrument, ImageExplorer | Instrument | LatentExplorer):
            continue
        print(f"  {instrument!r}", flush=True)
        movable = moves(instrument)
        for name, move in movable.items():
            report(instrument, name, [timed(move, k) for k in range(MOVES)])
        for name, button in getattr(instrument, "buttons", {}).items():
            times = []
            for k in range(MOVES):
                for away in ("image", "z"):
                    movable[away](k)
                times.append(timed(lambda k, button=button: button.click(), k))
            report(instrument, name, times)


def timed(move, k):
    """How long the k-th move takes, in ms."""
    start = time.perf_counter()
    move(k)
    return 1e3 * (time.perf_counter() - start)


def report(instrument, name, times):
    """One line: the median and the 95th percentile. Raises what a move made one of the callbacks raise."""
    median, most = np.percentile(times, [50, 95])
    verdict = f"  MORE THAN {LIMIT} ms" if most >= LIMIT else ""
    print(f"    {name:<24}{median:>8.1f} ms{most:>12.1f} ms{verdict}", flush=True)
    if error := getattr(instrument, "error", None):
        raise error


def run(client, code, show):
    """Run code in the kernel and hand each message to `show`; an error ends the benchmark."""
    reply = client.execute_interactive(code, timeout=600, output_hook=show)
    if reply["content"]["status"] != "ok":
        sys.exit("\n".join(reply["content"]["traceback"]))


def say(message):
    """Print what the kernel prints."""
    if message["msg_type"] == "stream":
        print(message["content"]["text"], end="", flush=True)


def measure_notebook(path):
    """Run a notebook's code down to its last instrument in a fresh kernel, and measure there."""
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    building = [number for number, source in enumerate(cells) if BUILDS_ONE.search(source)]
    if not building:
        return
    print(path.stem, flush=True)
    manager, client = start_new_kernel(cwd=str(path.parent))
    try:
        for source in cells[: building[-1] + 1]:
            run(client, source, show=lambda message: None)
        run(client, f"import sys; sys.path.insert(0, {str(HERE)!r}); import instruments", say)
        run(client, "instruments.measure(list(Out.values()))", say)
    finally:
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    chosen = [path for path in NOTEBOOKS if path.name.startswith(tuple(sys.argv[1:] or [""]))]
    if not chosen:
        sys.exit(f"no such notebook; there are {', '.join(path.stem for path in NOTEBOOKS)}")
    os.environ.setdefault("CI", "true")  # no progress bars
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {MOVES} moves: median, 95th percentile")
    for path in chosen:
        measure_notebook(path)
