"""Train and measure the report card of 06, store it, and write it into the README.

.venv/bin/python scripts/card.py            trains every row: minutes on two cores
.venv/bin/python scripts/card.py --readme   only writes the README's section and picture from what is stored
"""

import base64
import json
import platform
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from vae_course import report_card
from vae_course.report_card import BUDGET, LONGER, MODELS, STARTS, Card
from vae_course.teaching import figures

ROOT = Path(__file__).parents[1]
README, PICTURE = ROOT / "README.md", ROOT / "docs/report_card.png"
BEGIN = "<!-- the report card: written by scripts/card.py -->\n"
END = "<!-- end of the report card -->"
TITLE = "Ten times the steps: the VAE is among the best, and its ELBO cannot see it"
ALT = (
    "Six models, twelve rows, a line for each of three starts from held-out to training images. "
    "With 1,000 steps the grid likelihood and Monte Carlo lead. With 10,000 all but the plain "
    "autoencoder are within four nats on held-out images, and the VAE's held-out ELBO is 24 to 28 "
    "nats below its log p(x)."
)

BETAS = (0.1, 0.3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 20, 64)  # the last: the mean over pixels
WARMED = (1, 8, 12)
PACKAGES = ("jax", "jaxlib", "numpy", "equinox", "optax", "scikit-learn")


def row(what, train, *args, timed=True, **options):
    """The row of what `train` returns, with the processor's seconds for one start, compiling not counted."""
    if timed and LONGER not in args:  # where compiling counts, since the rest takes a few seconds
        train(*args, **options)
    begin = time.process_time()
    models = train(*args, **options)
    seconds = (time.process_time() - begin) / len(models)
    measured = report_card.measure(models)._replace(seconds=seconds if timed else None)
    held_out = ", ".join(f"{value:.1f}" for value in measured.log_p[:, 1])
    print(f"{what}: held out {held_out} nats, {seconds:.1f} s a start", flush=True)
    return measured


def computed():
    """The whole card, trained and measured here."""
    begin, train_beta = time.perf_counter(), report_card.train_beta
    rows = {
        (name, steps): row(f"{name}, {steps:,} steps", report_card.train, name, steps)
        for steps in (BUDGET, LONGER)
        for name in MODELS
    }
    betas = {beta: row(f"beta {beta:g}", train_beta, beta, timed=False) for beta in BETAS}
    warm_ups = {
        (beta, warm_up): row(
            f"beta {beta:g}, {'warmed up, ' * warm_up}{LONGER:,} steps",
            *(train_beta, beta, LONGER),
            timed=False,
            warm_up=warm_up,
        )
        for beta in WARMED
        for warm_up in (False, True)
    }
    made = {
        "command": "make card",
        "starts": STARTS,
        "seconds": round(time.perf_counter() - begin),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in PACKAGES},
    }
    return Card(rows, betas, warm_ups, made)


def save(card, path=report_card.STORED):
    """Write a card where `load` reads it, numbers to the fourth decimal and a row on a line."""
    tables = {
        "rows": [{"model": name, "steps": steps} | _plain(row) for (name, steps), row in card.rows.items()],
        "betas": [{"beta": beta} | _plain(row) for beta, row in card.betas.items()],
        "warm_ups": [
            {"beta": beta, "warm_up": warm_up} | _plain(row) for (beta, warm_up), row in card.warm_ups.items()
        ],
    }
    lines = [f'"made": {json.dumps(card.made)}']
    lines += [f'"{name}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for name, rows in tables.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _plain(row):
    return {
        name: each if each is None else np.round(each, 4).tolist() for name, each in row._asdict().items()
    }


def section(rows):
    """The README's section: the picture, and the table of these rows."""
    lines = [["model", "steps", *report_card.COLUMNS], ["---"] * (2 + len(report_card.COLUMNS))]
    lines += [[name, f"{steps:,}", *report_card.cells(row)] for (name, steps), row in rows.items()]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"![{ALT}](docs/{PICTURE.name})\n\n{table}\n"


def written(readme, section):
    """The README with this section between its marks."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + section + END + rest.split(END)[1]


def picture(rows):
    """The bytes of the README's picture of these rows."""
    page = figures.figure_html(figures.report_card(rows, title=TITLE), ALT)
    return base64.b64decode(re.search("base64,([A-Za-z0-9+/=]+)", page)[1])


if __name__ == "__main__":
    if "--readme" not in sys.argv:
        save(computed())
    rows = report_card.load().rows
    PICTURE.write_bytes(picture(rows))
    README.write_text(written(README.read_text(), section(rows)))
    print("stored, and in the README; 06 shows it: make notebooks NOTEBOOKS=notebooks/06_worth.ipynb")
