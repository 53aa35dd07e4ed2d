"""Measure, and write docs/benchmarks.md: `python -m benchmarks`, or only some sections, by their names.

What is not measured this time stays on the page as it was, with its date. `--quick` tries everything in small
sizes and writes the page somewhere else. `--setup` sets the course up from nothing too, over the network.
"""

import argparse
import datetime
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from importlib import metadata
from pathlib import Path

from benchmarks import grid, growth, instruments, notebooks, start, training
from benchmarks.page import page
from benchmarks.workers import CORES, ROOT, CannotMeasure, say

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
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
        processor = names[0].split(":")[1].strip() if names else processor
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
        memory = f", {gigabytes:.0f} GB of memory"
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{processor}, {CORES} cores{memory}, {system}"


def today():
    """The date, as it is stored."""
    return datetime.date.today().isoformat()


def measured(name, module, options, entry):
    """The new entry of a section; where it fails, the old one and why."""
    load, begin = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"), time.perf_counter()
    try:
        results = module.measure(options)
    except CannotMeasure as error:
        return {**entry, "failed": {"date": today(), "why": str(error)}}
    except Exception as error:  # a section that fails must not cost the others
        traceback.print_exc()
        return {**entry, "failed": {"date": today(), "why": f"{type(error).__name__}: {error}"}}
    versions = {"Python": platform.python_version()}
    versions |= {each: metadata.version(each) for each in PACKAGES} | results.pop("versions", {})
    flags = " --quick" * options.quick + " --setup" * options.setup
    return {
        "date": today(),
        "machine": machine(),
        "load": f"{load:.1f}",
        "versions": versions,
        "command": f"python -m benchmarks {name}{flags}",
        "quick": options.quick,
        "seconds": time.perf_counter() - begin,
        "results": results,
    }


def rounded(value):
    """The same with numbers of five digits."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def write(stored, folder):
    """The results, the picture and the page."""
    lines = [f"{json.dumps(name)}: {json.dumps(rounded(entry))}" for name, entry in stored.items()]
    (folder / "benchmarks.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    if "results" in stored.get("growth", {}):
        (folder / "benchmarks.png").write_bytes(growth.picture(stored["growth"]["results"]))
    (folder / "benchmarks.md").write_text(page(stored, SECTIONS), encoding="utf-8")


def main(arguments=None):
    """Measure the sections that are named, or all, and write the page after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="in small sizes, and written somewhere else")
    parser.add_argument("--setup", action="store_true", help="set the course up from nothing, too")
    parser.add_argument(
        "--page", action="store_true", help="measure nothing, write the page from what is stored"
    )
    parser.add_argument("--folder", type=Path, help="where to write: docs, unless it is a trial")
    options = parser.parse_args(arguments)
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    folder = options.folder or (
        Path(tempfile.mkdtemp(prefix="benchmarks")) if options.quick else ROOT / "docs"
    )
    store = folder / "benchmarks.json"
    stored = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    stored = {name: entry for name, entry in stored.items() if name in SECTIONS}
    for name in () if options.page else options.sections or SECTIONS:
        say(f"--- {name}")
        stored[name] = measured(name, SECTIONS[name], options, stored.get(name, {}))
        if "failed" in stored[name]:
            say(f"{name} failed: {stored[name]['failed']['why']}")
        for sentence in stored[name].get("results", {}).get("absent", ()):
            say(f"{name}: {sentence}")
        write(stored, folder)
    write(stored, folder)
    say(f"written: {folder / 'benchmarks.md'}")


if __name__ == "__main__":
    sys.exit(main())
