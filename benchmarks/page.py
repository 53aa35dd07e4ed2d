"""docs/benchmarks.md from what docs/benchmarks.json holds: tables, and verdicts that follow from numbers."""

import statistics
from pathlib import Path
from typing import NamedTuple

TRIED = Path(__file__).with_name("tried.md")  # written by hand
HEAD = """# What it costs

Measured by `make bench`, or `python -m benchmarks`; it writes this page, from `benchmarks.json` beside it.
All that is compared in one section was measured in turns, within one run. A number with a range is the
median, with the lowest and the highest in brackets.
"""
QUICK = "**A trial in small sizes, to see that everything runs: these numbers mean nothing.**"


class Goal(NamedTuple):
    """Something that was asked for, and what was found."""

    what: str
    asked: str
    found: str
    met: bool


def at_least(what, found, asked, unit=""):
    """A goal that larger numbers meet."""
    return Goal(what, f"at least {asked:,g} {unit}".strip(), plain(found, asked), bool(found >= asked))


def at_most(what, found, asked, unit=""):
    """A goal that smaller numbers meet."""
    return Goal(what, f"at most {asked:,g} {unit}".strip(), plain(found, asked), bool(found <= asked))


def plain(value, beside=None):
    """A number with three digits; with more where it would read like the one `beside` it."""
    for digits in range(3, 8):
        text = f"{float(f'{value:.{digits}g}'):,}".removesuffix(".0")
        if beside is None or value == beside or float(text.replace(",", "")) != beside:
            break
    return text


def spread(values):
    """The median, and in brackets the lowest and the highest: '3 (2 to 5)'."""
    return f"{plain(statistics.median(values))} ({plain(min(values))} to {plain(max(values))})"


def per_start(values):
    """The mean over starts, and how far one start is from it: '18.2, sd 0.3'."""
    return f"{statistics.mean(values):.2f}, sd {statistics.stdev(values):.2f}"


def ratios(slow, fast):
    """How many times as long `slow` took, round for round."""
    return [a / b for a, b in zip(slow, fast, strict=False)]


def of_threads(number):
    """'1 thread', '2 threads'."""
    return f"{number} thread{'s' * (number != 1)}"


def table(columns, rows):
    """A table in Markdown."""
    lines = [list(columns), ["---"] * len(columns), *rows]
    return [f"| {' | '.join(map(str, line))} |" for line in lines]


def verdicts(goals):
    """The table of all goals, and in words which are missed."""
    missed = [goal for goal in goals if not goal.met]
    words = [f"{goal.what}: {goal.found}, asked was {goal.asked}" for goal in missed]
    said = f"Missed: {'; '.join(words)}." if missed else "Each of them is met."
    rows = [[*goal[:3], "met" if goal.met else "**missed**"] for goal in goals]
    return [*table(["goal", "asked", "found", ""], rows), "", f"{len(goals)} goals were measured. {said}"]


def section(module, entry):
    """The lines of a section: when and where, what could not be measured, and the numbers."""
    found = [f"## {module.TITLE}", ""]
    if "failed" in entry:
        failed = entry["failed"]
        kept = " The numbers below are older." if "results" in entry else ""
        found += [f"On {failed['date']} this could not be measured: {failed['why'].rstrip('.')}.{kept}", ""]
    if "results" in entry:
        results = entry["results"]
        versions = ", ".join(f"{name} {version}" for name, version in entry["versions"].items())
        found += [QUICK, ""] * entry["quick"]
        found += [f"{entry['date']}, {entry['machine']}. {versions}. `{entry['command']}`,"]
        found[-1] += f" {plain(entry['seconds'])} s; before it began the load was {entry['load']}."
        absent = results.get("absent", [])
        found += ["", *(f"- Not as it should be: {sentence}" for sentence in absent)] * bool(absent)
        found += ["", *module.lines(results), ""]
    return found


def page(stored, modules):
    """The whole page, from {name: entry} and {name: module}, in the order of the modules."""
    entries = {name: stored.get(name, {}) for name in modules}
    goals = [
        goal
        for name, entry in entries.items()
        if "results" in entry
        for goal in modules[name].goals(entry["results"])
    ]
    parts = [HEAD, "## The goals", "", *verdicts(goals), ""]
    for name, module in modules.items():
        if entries[name]:
            parts += section(module, entries[name])
        else:
            parts += [f"## {module.TITLE}", "", f"Not measured yet: `python -m benchmarks {name}`.", ""]
    return "\n".join([*parts, TRIED.read_text(encoding="utf-8")])
