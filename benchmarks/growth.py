"""How cost grows: of a training step with images, width, batch and starts; of log p(x) with images and grid.

One thing is varied at a time. On logarithmic axes a cost that grows like a power is a straight line, and its
slope is the power.
"""

import io
import time
from statistics import median

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from benchmarks.page import spread, table
from benchmarks.workers import turns, worker
from vae_course import data, fit_starts, losses, marginal, models
from vae_course.teaching.figures.style import STYLE, entitle, few_ticks, keep_apart, label
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT, GREEN

TITLE = "How cost grows"
SHORT = 100  # steps
USUAL = {"images": 1, "width": 128, "batch": 128, "starts": 1}  # images: times as many as there are
USUAL_GRID = {"images": 1, "points per axis": 100}
STEP, LOG_P = "a training step, ms", "log p(x), s"
PANELS = {
    STEP: {
        "images": (1, 10, 100),
        "width": (64, 128, 256, 512),
        "batch": (32, 64, 128, 256, 512, 1024),
        "starts": (1, 2, 3, 4, 8),
    },
    LOG_P: {"images": (1, 10, 100), "points per axis": (50, 100, 200, 400)},
}
NAMES_AT = 160  # along x, in the picture


def training_seconds(steps, images, width, batch, starts):
    """For a run of so many steps."""
    keys = [jax.random.key(start) for start in range(starts)]
    vaes = [
        models.VAE(
            models.GaussianEncoder(key=key, width=width),
            models.GaussianDecoder(models.Decoder(key=key, width=width)),
        )
        for key in keys
    ]
    X = jnp.tile(data.load_digits().train_images, (images, 1))
    begin = time.perf_counter()
    runs = fit_starts(vaes, losses.vae_loss, X, keys=keys, steps=steps, batch_size=batch)
    jax.block_until_ready([run.model for run in runs])
    return time.perf_counter() - begin


def evidence_seconds(images, n):
    """For log p(x) of so many times the held-out images, decoding included."""
    decoder = models.new_vae(0, sigma=0.15).decoder
    X, grid = jnp.tile(data.load_digits().test_images, (images, 1)), marginal.latent_grid(n)
    begin = time.perf_counter()
    jax.block_until_ready(marginal.for_each(marginal.DecodedGrid(decoder, grid).log_marginal, X))
    return time.perf_counter() - begin


def cost(panel, name, value, steps):
    """Of a step or of all images, where the setting `name` has this value and the others are as usual."""
    if panel == LOG_P:
        setting = USUAL_GRID | {name: value}
        return evidence_seconds(setting["images"], setting["points per axis"])
    short, long = (training_seconds(each, **USUAL | {name: value}) for each in (SHORT, SHORT + steps))
    return 1e3 * (long - short) / steps


def measure(options):
    """Each point in turns; the first round compiles and does not count."""
    steps, rounds, sizes = (100, 1, 2) if options.quick else (300, 3, None)
    found = [
        {"panel": panel, "name": name, "values": values[:sizes], "measured": [[] for _ in values[:sizes]]}
        for panel, varied in PANELS.items()
        for name, values in varied.items()
    ]
    points = [(line, i) for line in found for i in range(len(line["values"]))]
    with worker() as process:
        for number, (line, i) in turns("growth", points, rounds + 1):
            point = line["panel"], line["name"], line["values"][i]
            measured = process.submit(cost, *point, steps if number else 1).result()
            line["measured"][i] += [measured] * (number > 0)
    return {"lines": found}


def slopes(results):
    """{(panel, name): the slope of the straight line through the logarithms: the power of the growth}."""
    found = {}
    for line in results["lines"]:
        costs = list(map(median, line["measured"]))
        found[line["panel"], line["name"]] = np.polyfit(np.log(line["values"]), np.log(costs), 1)[0]
    return found


def lines(results):
    """The section of the page, with the picture."""
    said = "; ".join(
        f"{panel.split(',')[0]} with {name}: {power:.2f}" for (panel, name), power in slopes(results).items()
    )
    alt = "Two pictures with logarithmic axes: cost against how many times the smallest size. Slopes: "
    rows = [
        [line["panel"], line["name"], f"{value:,}", spread(costs)]
        for line in results["lines"]
        for value, costs in zip(line["values"], line["measured"], strict=True)
    ]
    return [
        f"![{alt}{said}.](benchmarks.png)",
        "",
        "One thing is varied each time, on all cores. Usual are 1,497 training images, width 128, "
        "batches of 128, one start, by `fit_starts`; 300 images, 100 x 100 points. `images` says how "
        "many times as many. A slope is that of the straight line nearest to the points.",
        "",
        *table(["cost", "varied", "value", "measured"], rows),
    ]


def picture(results):
    """The PNG of both panels."""
    found, file = slopes(results), io.BytesIO()
    steepest = max(found, key=found.get)
    with rc_context(fname=STYLE):
        figure = Figure(figsize=(8, 3.8))
        for panel, ax in zip(PANELS, figure.subplots(1, 2), strict=True):
            ax.set(xlabel="times the smallest", ylabel=panel, xlim=(0.8, 5000), xscale="log", yscale="log")
            ax.margins(y=0.1)
            few_ticks(ax)
            ax.set_xticks([1, 10, 100])
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.minorticks_off()
            drawn = [line for line in results["lines"] if line["panel"] == panel]
            for line, colour in zip(drawn, (EXACT, APPROXIMATION, DATA, GREEN), strict=False):
                first, *_, last = line["values"]
                y = [median(costs) for costs in line["measured"]]
                ax.plot(np.array(line["values"]) / first, y, "-o", color=colour, ms=4)
                size = f"{line['name']}, {first:,} to {last:,}"
                label(ax, NAMES_AT, y[-1], f"{size}:\nslope {found[panel, line['name']]:.2f}", colour)
        entitle(
            figure, f"Steepest: {steepest[0].split(',')[0]} with {steepest[1]}, slope {found[steepest]:.1f}"
        )
        figure.draw_without_rendering()  # lays it out
        for ax in figure.axes:
            keep_apart(ax.texts, least=27)
        figure.savefig(file, format="png", dpi=200, facecolor="white")
    return file.getvalue()
