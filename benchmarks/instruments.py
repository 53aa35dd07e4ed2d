"""How smoothly the instruments move: frames while one drags, and from a new image to its exact posterior.

Each instrument stands on a page of its own in Chromium, with no Python behind it. A mouse drags its handle
(or its slider) over 200 events, and the page notes when it paints: 60 frames a second are 17 ms a frame.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.page import at_most, plain, table
from benchmarks.workers import CannotMeasure, Worker, say, serve

TITLE = "The instruments"
LIMITS = {"frames": (18, 25), "first picture": (None, 100), "exact posterior": (None, 300)}  # ms
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EVENTS, IMAGES = 200, 20
NOTE_FRAMES = """() => {
  window.frames_ = [];
  const note = (time) => { window.frames_.push(time); window.noting = requestAnimationFrame(note); };
  window.noting = requestAnimationFrame(note);
}"""
FRAMES = "() => { cancelAnimationFrame(window.noting); return window.frames_; }"
# From a new image to the sentence that no longer says "coarse".
CHANGE_IMAGE = """(image) => new Promise((done) => {
  const sentence = document.querySelector(".sentence"), start = performance.now();
  let first = null;
  const look = new MutationObserver(() => {
    if (!sentence.textContent.includes("log p(x) =")) return;
    first ??= performance.now() - start;
    if (sentence.textContent.includes("coarse")) return;
    look.disconnect();
    done([first, performance.now() - start]);
  });
  look.observe(sentence, { childList: true, characterData: true, subtree: true });
  window.model.set("image", image);
})"""


def instruments():
    """{name: an instrument of each kind}, on a VAE trained for a short while."""
    import jax
    import optax

    from vae_course import data, fit, losses, models
    from vae_course.teaching import explorer

    digits = data.load_digits()
    X, labels, T = digits.train_images, digits.train_labels, digits.test_images
    keys = jax.random.split(jax.random.key(0), 3)
    decoder = models.GaussianDecoder(models.Decoder(key=keys[1]))
    vae = models.VAE(models.GaussianEncoder(key=keys[0]), decoder)
    train = {"batch_size": 128, "optimizer": optax.adam(2e-3), "key": keys[2]}
    steps = [10, 100, 300, 1000]
    run = fit(vae, losses.vae_loss, X, steps=1000, marks=steps, **train)
    vae = run.model
    codes, _ = models.apply(vae.encoder, X)
    log_weights = np.random.RandomState(0).standard_normal(1000)
    rows = {beta: ({"held out": beta * T[:12]}, f"beta = {beta}") for beta in (0.1, 0.3, 0.6, 1.0)}
    every = ("evidence", "mean", "q", "encoder", "q samples", "draw")
    return {
        "LatentExplorer": explorer.LatentExplorer(vae.decoder.decoder, codes, labels),
        "PosteriorExplorer": explorer.PosteriorExplorer(vae.decoder, T, digits.test_labels),
        "PosteriorExplorer, all parts": explorer.PosteriorExplorer(
            vae.decoder, T, digits.test_labels, vae.encoder, parts=every
        ),
        "OnePixel": explorer.OnePixel(parts=("area", "top", "posterior", "q", "bar")),
        "Sheet": explorer.Sheet(vae.decoder.decoder, X, labels, codes),
        "TwoRoads": explorer.TwoRoads(X, labels, vae.decoder, codes),
        "TrainingFilm": explorer.TrainingFilm(run.at_marks, steps, X[:500], labels[:500], X[0], T[0]),
        "NoiseSlider": explorer.NoiseSlider(X - models.apply(vae.decoder, codes)),
        "RescalingSlider": explorer.RescalingSlider(codes, labels, 20.0, decoder=vae.decoder.decoder),
        "JensenSlider": explorer.JensenSlider(log_weights),
        "Reparametrization": explorer.Reparametrization(),
        "Slides": explorer.Slides(rows, name="beta", title="Models", alt="A row of twelve images"),
    }


def dragged(page):
    """Times between frames while the instrument's first handle, or its first slider, is dragged, in ms."""
    handle, slider = page.locator(".handle").first, page.locator("input[type=range]").first
    box = (handle.locator("xpath=..") if handle.count() else slider).bounding_box()
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    reach = np.array([0.35 * box["width"], 0.35 * box["height"] if handle.count() else 0])
    (handle if handle.count() else slider).hover()
    page.mouse.down()
    page.evaluate(NOTE_FRAMES)
    for t in np.linspace(0, 4 * np.pi, EVENTS):
        page.mouse.move(*(middle + reach * [np.sin(t), np.sin(1.3 * t)]))
    frames = page.evaluate(FRAMES)
    page.mouse.up()
    return np.diff(frames)


def both(values):
    """Median and 95th percentile."""
    return np.percentile(values, [50, 95]).tolist()


def moved(page):
    """{what: (median, 95th percentile)}, in ms: frames, and what follows a new image if there are images."""
    found = {"frames": both(dragged(page))}
    if page.evaluate("() => Boolean(window.model.get('_worker'))"):
        page.wait_for_timeout(3000)  # until the plane is decoded
        times = np.array([page.evaluate(CHANGE_IMAGE, image) for image in range(1, 1 + IMAGES)])
        found |= {"first picture": both(times[:, 0]), "exact posterior": both(times[:, 1])}
    return found


def browse(executable):
    """In the worker: a browser, and the answers."""
    from playwright.sync_api import sync_playwright

    made, sandbox = instruments(), ["--no-sandbox"] if os.geteuid() == 0 else []

    def answer(name=None):
        if name is None:
            return list(made)
        file = Path(folder) / "page.html"
        file.write_text(made[name].page(), encoding="utf-8")
        page = browser.new_page(viewport={"width": 1000, "height": 800})
        page.goto(file.as_uri())
        page.wait_for_timeout(2000)
        found = moved(page)
        page.close()
        return found

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=executable, args=["--disable-gpu", *sandbox])
        serve(answer)


def measure(options):
    """One instrument after the other."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        raise CannotMeasure(f"there is no browser, none of {', '.join(CHROMIUM)}")
    found, worker = {}, Worker("benchmarks.instruments", executable)
    try:
        names = worker.ask()
        for name in names[:3] if options.quick else names:
            found[name] = worker.ask(name=name)
            say(f"instruments: {name}, 95% of the frames within {found[name]['frames'][1]:.0f} ms")
    finally:
        worker.close()
    return {"instruments": found}


def goals(results):
    """What was asked of the slowest instrument."""
    found = []
    for what, limits in LIMITS.items():
        of_each = {name: each[what] for name, each in results["instruments"].items() if what in each}
        for i, said in enumerate(("median", "95th percentile")):
            if of_each and limits[i] is not None:
                slowest = max(of_each, key=lambda name, i=i, of_each=of_each: of_each[name][i])
                words = f"{what}, {said}, of the slowest instrument ({slowest})"
                found.append(at_most(words, of_each[slowest][i], limits[i], "ms"))
    return found


def lines(results):
    """The section of the page."""
    rows = [
        [name, *(", ".join(map(plain, each[what])) if what in each else "" for what in LIMITS)]
        for name, each in results["instruments"].items()
    ]
    return [
        f"Median and 95th percentile in ms: between two frames while {EVENTS} movements of a mouse drag, and "
        f"from a new image ({IMAGES} of them) to the first picture and to the exact posterior.",
        "",
        *table(["instrument", *LIMITS], rows),
    ]


if __name__ == "__main__":
    browse(sys.argv[1])
