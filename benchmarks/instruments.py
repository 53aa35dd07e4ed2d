"""How smoothly the instruments move: frames while one drags, and from a new image to its exact posterior.

Each instrument stands on a page of its own in Chromium, with no Python behind it. A mouse drags its handle
(or its slider) over 200 events, and the page notes when it paints: 60 frames a second are 17 ms a frame.
"""

import os
import shutil
import tempfile
from pathlib import Path

import jax
import numpy as np
from playwright.sync_api import sync_playwright
from tqdm import tqdm

from benchmarks.page import goal, plain, table
from benchmarks.workers import worker
from vae_course import data, fit, losses, models
from vae_course.teaching import explorer

TITLE = "The instruments"
MEASURED = ("frames", "first picture", "exact posterior")
LIMITS = (  # ms
    ("frames", "median", 18),
    ("frames", "95th percentile", 25),
    ("first picture", "95th percentile", 100),
    ("exact posterior", "95th percentile", 300),
)
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
    X, labels, T, test_labels = data.load_digits()
    steps = [10, 100, 300, 1000]
    options = {"steps": 1000, "batch_size": 128, "key": jax.random.key(0), "marks": steps}
    run = fit(models.new_vae(0), losses.vae_loss, X, **options)
    encoder, decoder = run.model.encoder, run.model.decoder
    codes, _ = models.apply(encoder, X)
    log_weights = np.random.RandomState(0).standard_normal(1000)
    rows = {beta: ({"held out": beta * T[:12]}, f"beta = {beta}") for beta in (0.1, 0.3, 0.6, 1.0)}
    every = ("evidence", "mean", "q", "encoder", "q samples", "draw")
    return {
        "LatentExplorer": explorer.LatentExplorer(decoder.decoder, codes, labels),
        "PosteriorExplorer": explorer.PosteriorExplorer(decoder, T, test_labels),
        "PosteriorExplorer, all parts": explorer.PosteriorExplorer(
            decoder, T, test_labels, encoder, parts=every
        ),
        "OnePixel": explorer.OnePixel(parts=("area", "top", "posterior", "q", "bar")),
        "Sheet": explorer.Sheet(decoder.decoder, X, labels, codes),
        "TwoRoads": explorer.TwoRoads(X, labels, decoder, codes),
        "TrainingFilm": explorer.TrainingFilm(run.at_marks, steps, X[:500], labels[:500], X[0], T[0]),
        "NoiseSlider": explorer.NoiseSlider(X - models.apply(decoder, codes)),
        "RescalingSlider": explorer.RescalingSlider(codes, labels, 20.0, decoder=decoder.decoder),
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


def moved(page):
    """{what: (median, 95th percentile)}, in ms: frames, and what follows a new image if there are images."""
    found = {"frames": dragged(page)}
    if page.evaluate("() => Boolean(window.model.get('_worker'))"):
        page.wait_for_timeout(3000)  # until the plane is decoded
        times = [page.evaluate(CHANGE_IMAGE, image) for image in range(1, 1 + IMAGES)]
        found["first picture"], found["exact posterior"] = zip(*times, strict=True)
    return {what: np.percentile(times, [50, 95]).tolist() for what, times in found.items()}


def in_browser(quick):
    """{name: what is measured of each}, one instrument after the other."""
    made, found = instruments(), {}
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=executable, args=["--disable-gpu", *sandbox])
        for name in tqdm(list(made)[:3] if quick else made, "instruments"):
            file = Path(folder) / "page.html"
            file.write_text(made[name].page(), encoding="utf-8")
            page = browser.new_page(viewport={"width": 1000, "height": 800})
            page.goto(file.as_uri())
            page.wait_for_timeout(2000)
            found[name] = moved(page)
            page.close()
        browser.close()
    return found


def measure(options):
    """In a process of its own, which trains the VAE."""
    with worker() as process:
        return {"instruments": process.submit(in_browser, options.quick).result()}


def goals(results):
    """What was asked of the slowest instrument."""
    found = []
    for what, said, limit in LIMITS:
        which = ("median", "95th percentile").index(said)
        times = {name: each[what][which] for name, each in results["instruments"].items() if what in each}
        slowest = max(times, key=times.get)
        words = f"{what}, {said}, of the slowest instrument ({slowest})"
        found.append(goal(words, times[slowest], "at most", limit, "ms"))
    return found


def lines(results):
    """The section of the page."""
    rows = [
        [name, *(", ".join(map(plain, each[what])) if what in each else "" for what in MEASURED)]
        for name, each in results["instruments"].items()
    ]
    return [
        f"Median and 95th percentile in ms: between two frames while {EVENTS} movements of a mouse drag, and "
        f"from a new image ({IMAGES} of them) to the first picture and to the exact posterior.",
        "",
        *table(["instrument", *MEASURED], rows),
    ]
