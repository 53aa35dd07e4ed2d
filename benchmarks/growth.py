"""How cost grows: of a training step with images, width, batch and starts; of log p(x) with images and grid.

One thing is varied at a time. On logarithmic axes a cost that grows like a power is a straight line, and its
slope is the power.
"""

import io
import itertools
import sys
import time
from statistics import median

import numpy as np

from benchmarks.page import spread, table
from benchmarks.workers import Worker, say, serve, there_and_back

TITLE = "How cost grows"
SHORT = 100  # steps
USUAL = {"images": 1, "width": 128, "batch": 128, "starts": 1}  # images: times as many as there are
TRAINING = {
    "images": (1, 10, 100),
    "width": (64, 128, 256, 512),
    "batch": (32, 64, 128, 256, 512, 1024),
    "starts": (1, 2, 3, 4, 8),
}
EVIDENCE = {"images": (1, 10, 100), "points per axis": (50, 100, 200, 400)}
USUAL_GRID = {"images": 1, "points per axis": 100}
NAMES_AT = 160  # along x, in the picture
PANELS = {"a training step, ms": TRAINING, "log p(x), s": EVIDENCE}


def training_seconds(images, width, batch, starts, steps):
    """For a run of so many steps."""
    import jax
    import jax.numpy as jnp

    from vae_course import data, fit_starts, losses, models

    keys = [jax.random.key(start) for start in range(starts)]
    vaes = [
        models.VAE(
            models.GaussianEncoder(key=key, width=width),
            models.GaussianDecoder(models.Decoder(key=key, width=width)),
        )
        for key in keys
    ]
    X = jnp.tile(data.load_digits().train_images, (images, 1))
    options = {"keys": keys, "steps": steps, "batch_size": batch}
    begin = time.perf_counter()
    jax.block_until_ready([run.model for run in fit_starts(vaes, losses.vae_loss, X, **options)])
    return time.perf_counter() - begin


def evidence_seconds(images, n):
    """For log p(x) of so many times the held-out images, decoding included."""
    import jax
    import jax.numpy as jnp

    from vae_course import data, marginal, models

    decoder = models.new_vae(0, sigma=0.15).decoder
    X, grid = jnp.tile(data.load_digits().test_images, (images, 1)), marginal.latent_grid(n)
    begin = time.perf_counter()
    jax.block_until_ready(marginal.for_each(marginal.DecodedGrid(decoder, grid).log_marginal, X))
    return time.perf_counter() - begin


def answer(panel, steps, **setting):
    """Seconds for a setting: for a step, or for all images."""
    if panel == "log p(x), s":
        return {"value": evidence_seconds(setting["images"], setting["points per axis"])}
    seconds = [training_seconds(**setting, steps=each) for each in (SHORT, SHORT + steps)]
    return {"value": 1e3 * (seconds[1] - seconds[0]) / steps}


def measure(options):
    """Each point in turns; the first round compiles and does not count."""
    steps, rounds = (100, 1) if options.quick else (300, 3)
    points = [
        (panel, name, value)
        for panel, lines in PANELS.items()
        for name, values in lines.items()
        for value in (values[:2] if options.quick else values)
    ]
    found, worker = {point: [] for point in points}, Worker("benchmarks.growth")
    try:
        for number, (panel, name, value) in there_and_back(points, rounds + 1):
            usual = USUAL_GRID if "log p(x)" in panel else USUAL
            measured = worker.ask(panel=panel, steps=steps if number else 1, **usual | {name: value})["value"]
            found[panel, name, value] += [measured] * (number > 0)
            say(f"growth: {panel} with {name} {value}, round {number} of {rounds}")
    finally:
        worker.close()
    grouped = itertools.groupby(found, key=lambda point: point[:2])
    return {
        "lines": [
            {"panel": panel, "name": name, "values": [point[2] for point in line]}
            | {"measured": [found[point] for point in line]}
            for (panel, name), line in ((key, list(group)) for key, group in grouped)
        ]
    }


def slope(values, costs):
    """The power with which the costs grow: the slope of the straight line through their logarithms."""
    return float(np.polyfit(np.log(values), np.log(costs), 1)[0])


def goals(results):
    """Nothing was asked."""
    return []


def slopes(results):
    """{(panel, name): slope}."""
    return {
        (line["panel"], line["name"]): slope(line["values"], list(map(median, line["measured"])))
        for line in results["lines"]
    }


def lines(results):
    """The section of the page, with the picture."""
    found = slopes(results)
    said = "; ".join(
        f"{panel.split(',')[0]} with {name}: {power:.2f}" for (panel, name), power in found.items()
    )
    alt = (
        f"Two pictures with logarithmic axes: cost against how many times the smallest size. Slopes: {said}."
    )
    rows = [
        [line["panel"], line["name"], f"{value:,}", spread(costs)]
        for line in results["lines"]
        for value, costs in zip(line["values"], line["measured"], strict=True)
    ]
    return [
        f"![{alt}](benchmarks.png)",
        "",
        "One thing is varied each time, on all cores. Usual are 1,497 training images, width 128, "
        "batches of 128, one start, by `fit_starts`; 300 images, 100 x 100 points. `images` says how "
        "many times as many. A slope is that of the straight line nearest to the points.",
        "",
        *table(["cost", "varied", "value", "measured"], rows),
    ]


def picture(results):
    """The PNG of both panels."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    from vae_course.teaching.figures.style import STYLE, entitle, few_ticks, keep_apart, label
    from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT, GREEN

    colours, found = (EXACT, APPROXIMATION, DATA, GREEN), slopes(results)
    with rc_context(fname=STYLE):
        figure = Figure(figsize=(8, 3.8))
        axes = dict(zip(PANELS, figure.subplots(1, 2), strict=True))
        for panel, ax in axes.items():
            ax.set(xlabel="times the smallest", ylabel=panel, xlim=(0.8, 5000), xscale="log", yscale="log")
            ax.margins(y=0.1)
            few_ticks(ax)
            ax.set_xticks([1, 10, 100])
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.minorticks_off()
        ends = {ax: [] for ax in axes.values()}
        for line, colour in zip(results["lines"], itertools.cycle(colours), strict=False):
            ax, (first, *_, last) = axes[line["panel"]], line["values"]
            x, y = np.array(line["values"]) / first, [median(costs) for costs in line["measured"]]
            ax.plot(x, y, "-o", color=colour, ms=4)
            name = f"{line['name']}, {first:,} to {last:,}:\nslope {found[line['panel'], line['name']]:.2f}"
            ends[ax].append((x[-1], label(ax, NAMES_AT, y[-1], name, colour)))
        figure.draw_without_rendering()  # lays it out
        for ax, pairs in ends.items():  # all names stand to the right, with a thin line to each
            keep_apart([word for _, word in pairs], least=27)
            for x, word in pairs:
                beside = word.get_position()[1] * figure.dpi / 72
                pixels = ax.transData.transform(word.xy) + np.array([0, beside])
                (at, height), color = ax.transData.inverted().transform(pixels), word.get_color()
                ax.plot([1.15 * x, at], [word.xy[1], height], color=color, lw=0.6, ls=(0, (2, 2)))
        steepest = max(found, key=found.get)
        entitle(
            figure, f"Steepest: {steepest[0].split(',')[0]} with {steepest[1]}, slope {found[steepest]:.1f}"
        )
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=200, facecolor="white")
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(serve(answer))
