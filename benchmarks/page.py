"""docs/benchmarks.md from what docs/benchmarks.json holds: tables, and verdicts that follow from numbers."""

import statistics
from pathlib import Path

TRIED = Path(__file__).with_name("tried.md")  # written by hand
HEAD = """# What it costs

Measured by `make bench`, or `python -m benchmarks`; it writes this page, from `benchmarks.json` beside it.
All that is compared in one section was measured in turns, within one run. A number with a range is the
median, with the lowest and the highest in brackets.
"""


def goal(what, found, bound, asked, unit=""):
    """The line of a goal, whose `bound` is "at least" or "at most"."""
    met = found >= asked if bound == "at least" else found <= asked
    return [what, f"{bound} {asked:,g} {unit}".strip(), plain(found), "met" if met else "**missed**"]


def plain(value):
    """A number with three digits."""
    return f"{float(f'{value:.3g}'):,}".removesuffix(".0")


def spread(values):
    """The median, and in brackets the lowest and the highest: '3 (2 to 5)'."""
    return f"{plain(statistics.median(values))} ({plain(min(values))} to {plain(max(values))})"


def at_their_best(runs, what):
    """{name: its run with the lowest median: at its best number of threads}."""
    found = {}
    for run in runs:
        known = found.get(run["name"], run)
        found[run["name"]] = min(known, run, key=lambda run: statistics.median(run[what]))
    return found


def table(columns, rows):
    """A table in Markdown."""
    return [f"| {' | '.join(map(str, row))} |" for row in (columns, ["---"] * len(columns), *rows)]


def section(module, entry):
    """The lines of a section: when, where and with what, and the numbers."""
    versions = ", ".join(f"{name} {version}" for name, version in entry["versions"].items())
    about = (
        f"{entry['date']}, {entry['machine']}. {versions}. `{entry['command']}`, "
        f"{plain(entry['seconds'])} s; before it began the load was {entry['load']}."
    )
    absent = [f"\nNot as it should be: {why}" for why in entry["results"].get("absent", ())]
    return [f"## {module.TITLE}", "", about, *absent, "", *module.lines(entry["results"]), ""]


def page(stored, modules):
    """The whole page, from {name: entry} and {name: module}, in the order of the modules."""
    goals, sections = [], []
    for name, module in modules.items():
        if name in stored:
            sections += section(module, stored[name])
            if hasattr(module, "goals"):
                goals += module.goals(stored[name]["results"])
    missed = sum(met != "met" for *_, met in goals)
    verdicts = [
        *table(["goal", "asked", "found", ""], goals),
        "",
        f"{missed} of {len(goals)} goals are missed.",
    ]
    return "\n".join([HEAD, "## The goals", "", *verdicts, "", *sections, TRIED.read_text(encoding="utf-8")])
