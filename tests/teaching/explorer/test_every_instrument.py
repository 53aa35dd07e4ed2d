"""What holds for each instrument: it fits the window, in the dark and on a phone, and it can be heard."""

from functools import cache
from pathlib import Path

import jax
import numpy as np
import pytest

from vae_course import data, models
from vae_course.teaching import explorer

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
TALL = 640  # CSS pixels of JupyterLab's notebook in a window of 1280 x 800
RULES = "{ rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } } }"
VIOLATIONS = f"async () => (await axe.run(document, {RULES})).violations.map((v) => [v.id, v.nodes[0].html])"


@cache
def vae(seed=0):
    keys = jax.random.split(jax.random.key(seed))
    decoder = models.GaussianDecoder(models.Decoder(key=keys[1], width=16))
    return models.VAE(models.GaussianEncoder(key=keys[0], width=16), decoder)


def digits(count=40):
    every = data.load_digits()
    return every.test_images[:count], every.test_labels[:count]


def codes(count=40):
    return np.random.RandomState(0).standard_normal((count, 2))


def hundred():
    """Enough images to have each digit."""
    return digits(100)


def beta_slides():
    rows = {beta: ({"held out": digits()[0][:12] * beta}, f"beta = {beta}") for beta in (0.1, 0.5, 1.0)}
    return explorer.Slides(
        rows, name="beta", title="Three models", alt="A row of twelve held-out images, darker as beta grows"
    )


def log_weights():
    return np.random.RandomState(1).standard_normal(400) - 0.5


MAKE = {
    "JensenSlider": lambda: explorer.JensenSlider(log_weights(), 0.0),
    "LatentExplorer": lambda: explorer.LatentExplorer(vae().decoder.decoder, codes(), digits()[1]),
    "NoiseSlider": lambda: explorer.NoiseSlider(0.2 * np.random.RandomState(2).standard_normal((40, 64))),
    "OnePixel": lambda: explorer.OnePixel(parts=("area", "top", "posterior", "q", "bar")),
    "PosteriorExplorer": lambda: explorer.PosteriorExplorer(vae().decoder, *digits()),
    "PosteriorExplorer, all parts": lambda: explorer.PosteriorExplorer(
        vae().decoder,
        *digits(),
        vae().encoder,
        parts=("evidence", "mean", "q", "encoder", "prior samples", "q samples", "encoder samples", "draw"),
    ),
    "Reparametrization": explorer.Reparametrization,
    "RescalingSlider": lambda: explorer.RescalingSlider(codes(), digits()[1], 20.0),
    "Sheet": lambda: explorer.Sheet(vae().decoder.decoder, *digits(), codes()),
    "Slides": beta_slides,
    "TrainingFilm": lambda: explorer.TrainingFilm([vae(0), vae(1)], [0, 10], *digits(), *digits(2)[0]),
    "TwoRoads": lambda: explorer.TwoRoads(*hundred(), vae().decoder, codes(100)),
    "TwoRoads, pixels": lambda: explorer.TwoRoads(*hundred()),
}


@pytest.fixture(scope="module", params=MAKE)
def instrument(request):
    """Nothing here changes it, so its page, with the still picture, is made once."""
    instrument = MAKE[request.param]()
    page = instrument.page()
    instrument.page = lambda: page
    return instrument


def test_each_is_here():
    assert {name.split(",")[0] for name in MAKE} == set(explorer.__all__)


def settled(page):
    page.wait_for_timeout(400)
    return page.locator(".vae-instrument")


def test_it_fits_into_jupyterlab_s_window(shown, instrument):
    for width in (700, 860):
        assert settled(shown(instrument, width)).bounding_box()["height"] <= TALL


@pytest.mark.parametrize("width", [360, 480, 700, 1400])
def test_nothing_sticks_out_at_the_side(shown, instrument, width):
    page = shown(instrument, width)
    settled(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    right = page.evaluate(
        """() => { const frame = document.querySelector(".vae-instrument").getBoundingClientRect();
        return Math.max(...[...document.querySelectorAll(".vae-instrument *:not(.spoken)")]
          .map((e) => e.getBoundingClientRect().right)) - frame.right; }"""
    )
    assert right <= 12  # a ring at the plane's edge


@pytest.mark.skipif(
    not AXE.exists(), reason="axe-core is not installed: scripts/frontend.py does it where there is npm"
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(shown, instrument, scheme):
    page = shown(instrument, color_scheme=scheme)
    settled(page)
    page.add_script_tag(path=AXE)
    assert page.evaluate(VIOLATIONS) == []


def test_each_input_is_reached_by_the_tab_key_and_has_a_name(shown, instrument):
    page = shown(instrument)
    settled(page)
    inputs = page.locator("input, select, button, [tabindex='0']")
    enabled = [i for i in range(inputs.count()) if inputs.nth(i).is_visible() and inputs.nth(i).is_enabled()]
    reached = set()
    for _ in range(3 * len(enabled)):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("() => document.activeElement.outerHTML"))
    assert {inputs.nth(i).evaluate("e => e.outerHTML") for i in enabled} <= reached


def test_it_is_silent_while_one_drags_and_speaks_when_it_rests(shown, instrument):
    page = shown(instrument)
    settled(page)
    page.wait_for_timeout(1500)
    page.evaluate(
        """() => { window.spoken = [];
        const [words, look] = [document.querySelector(".spoken"), { childList: true }];
        new MutationObserver(() => window.spoken.push(words.textContent)).observe(words, look); }"""
    )
    handle = page.locator(".handle, .knob, input[type=range]").first
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(box["x"] + box["width"] / 2 + 2 * step, box["y"] + box["height"] / 2 - step)
        page.wait_for_timeout(10)
    assert len(page.evaluate("() => window.spoken")) <= 1  # where nothing changes for a while it has rested
    page.mouse.up()
    page.wait_for_timeout(1200)
    assert len(page.evaluate("() => window.spoken")) <= 2


def test_its_page_shows_the_still_picture_where_no_script_runs(browser, instrument, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(instrument.page(), encoding="utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(file.as_uri())
    assert page.locator("img").is_visible()
    assert len(page.locator("img").get_attribute("alt")) > 40
    page.context.close()


def test_where_it_cannot_run_there_is_the_still_picture_and_why(browser, instrument, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(instrument.page(), encoding="utf-8")
    page = browser.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(file.as_uri())
    assert page.get_by_role("alert").inner_text()
    assert page.locator("img").is_visible()
    page.close()
