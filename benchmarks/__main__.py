"""Measure, and write docs/benchmarks.md: `python -m benchmarks`, or only some sections, by their names.

What is not measured this time stays on the page as it was, with its date. `--quick` tries everything in small
sizes and writes the page somewhere else. `--setup` sets the course up from nothing too, over the network.
"""

import argparse
import datetime
import json
import platform
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path

import psutil

from benchmarks import grid, growth, instruments, notebooks, start, training
from benchmarks.page import page
from benchmarks.workers import CORES, ROOT, forget

SECTIONS = {
    "training": training,
    "grid": grid,
    "growth": growth,
    "start": start,
    "notebooks": notebooks,
    "instruments": instruments,
}
PACKAGES = ("jax", "jaxlib", "numpy", "equinox", "optax", "scikit-learn", "jupyterlab")


def machine():
    """The processor, its cores, memory and system."""
    processor, about = platform.processor(), Path("/proc/cpuinfo")
    if about.exists():
        names = [line for line in about.read_text().splitlines() if "model name" in line]
        processor = names[0].split(":")[1].strip() if names else processor
    gigabytes = psutil.virtual_memory().total / 1e9
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{processor}, {CORES} cores, {gigabytes:.0f} GB of memory, {system}"


def measured(name, options):
    """The entry of a section that is measured now, with numbers of five digits."""
    load, begin = psutil.getloadavg()[0], time.perf_counter()
    results = SECTIONS[name].measure(options)
    versions = {"Python": platform.python_version()} | {each: metadata.version(each) for each in PACKAGES}
    entry = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "load": f"{load:.1f}",
        "versions": versions | results.pop("versions", {}),
        "command": f"python -m benchmarks {name}{' --quick' * options.quick}{' --setup' * options.setup}",
        "seconds": time.perf_counter() - begin,
        "results": results,
    }
    return json.loads(json.dumps(entry), parse_float=lambda number: float(f"{float(number):.5g}"))


def write(stored, folder):
    """The results, the picture and the page."""
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in stored.items()]
    (folder / "benchmarks.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    if "growth" in stored:
        (folder / "benchmarks.png").write_bytes(growth.picture(stored["growth"]["results"]))
    (folder / "benchmarks.md").write_text(page(stored, SECTIONS), encoding="utf-8")
    print(f"written: {folder / 'benchmarks.md'}")


def main(arguments=None, folder=ROOT / "docs"):
    """Measure what is named, or all, and write the page after each section. Returns those that failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="in small sizes, and written somewhere else")
    parser.add_argument("--setup", action="store_true", help="set the course up from nothing, too")
    parser.add_argument("--page", action="store_true", help="write the page from what is stored")
    options = parser.parse_args(arguments)
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    if options.quick:
        folder = Path(tempfile.mkdtemp(prefix="benchmarks"))
    store, failed = folder / "benchmarks.json", []
    stored = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    if options.page:
        write(stored, folder)
        return failed
    for name in options.sections or SECTIONS:
        try:
            stored[name] = measured(name, options)
            write(stored, folder)
        except Exception:  # a section that fails must not cost the others
            traceback.print_exc()
            failed.append(name)
    return failed


if __name__ == "__main__":
    forget()
    if failed := main():
        sys.exit(f"Not measured, see above: {', '.join(failed)}.")
