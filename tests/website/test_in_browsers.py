"""Every page in a real browser, over HTTP and from disk: it asks for nothing outside, and all of it moves."""

from pathlib import Path

import pytest

from website.__main__ import OTHERS

NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("*.ipynb"))
PAGES = ["index.html", *(f"{name}.html" for name in NOTEBOOKS), *(file for file, _ in OTHERS.values())]
WITH_INSTRUMENTS = PAGES[: 1 + len(NOTEBOOKS)]
FIXED = ["jensen-code"]  # a chart alone: with K = 1 there is nothing to choose
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = (
    "async () => (await axe.run()).violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html)])"
)
PAINTED = """(canvases) => canvases.map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((sum, value, i) => (sum * 31 + value * (i % 7 + 1)) % 1000000007, 7);
})"""


@pytest.fixture
def opened(browser, site, served):
    """opened("index.html", "disk") is that page; it may ask for nothing outside, and nothing may go wrong."""
    troubles, contexts = [], []

    def show(name, how="http", **options):
        root = served if how == "http" else site.as_uri()
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()

        def let(route):
            inside = route.request.url.startswith((root, "data:", "blob:"))
            if not inside:
                troubles.append(f"asked for {route.request.url}")
            route.continue_() if inside else route.abort()

        page.route("**/*", let)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.set_default_timeout(20_000)
        page.goto(f"{root}/{name}")
        return page

    yield show
    for context in contexts:
        context.close()
    assert troubles == []


def alive(page, place):
    """An instrument once it has come alive and painted, with its folds open."""
    place.evaluate("(e) => { for (let f = e; (f = f.parentElement?.closest('details')); ) f.open = true; }")
    place.scroll_into_view_if_needed()
    page.wait_for_function(
        "(e) => e.classList.contains('alive') && e.querySelector('.sentence')?.textContent",
        arg=place.element_handle(),
    )
    page.wait_for_timeout(700)
    return place


def seen(place):
    """What an instrument shows: its pictures, and its sentence."""
    return place.locator("canvas").evaluate_all(PAINTED), place.locator(".sentence").inner_text()


@pytest.mark.parametrize("how", ["http", "disk"])
@pytest.mark.parametrize("name", WITH_INSTRUMENTS)
def test_each_instrument_moves(opened, name, how):
    page = opened(name, how)
    places = page.locator(".instrument")
    assert places.count() >= 1
    for i in range(places.count()):
        place = alive(page, places.nth(i))
        before = seen(place)
        handles = place.locator(".handle, .knob, input[type=range]")
        if place.get_attribute("data-cell") in FIXED:
            assert handles.count() == 0
            continue
        handle = handles.first
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y - 30, steps=8)
        page.wait_for_timeout(200)
        there = seen(place)
        page.mouse.move(x - 40, y + 30, steps=8)  # a slider may have been at one end
        page.mouse.up()
        page.wait_for_timeout(200)
        assert len({str(before), str(there), str(seen(place))}) > 1, place.get_attribute("data-cell")


@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_from_disk(opened, name):
    page = opened(name, "disk")
    page.wait_for_load_state()
    assert page.evaluate("[...document.fonts].some((f) => f.status === 'loaded')")
    assert page.locator("h1").inner_text()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out_and_axe_finds_nothing_to_complain_about(opened, name):
    page = opened(name, color_scheme="light", viewport={"width": 1280, "height": 900})
    for place in page.locator(".instrument").all():
        alive(page, place)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for width in (360, 700, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    if not AXE.exists():
        pytest.skip("axe-core is not installed: scripts/frontend.py does it where there is npm")
    page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)
        assert page.evaluate(VIOLATIONS) == [], scheme


@pytest.mark.parametrize("name", WITH_INSTRUMENTS)
def test_without_scripts_there_are_the_still_pictures(opened, name):
    page = opened(name, java_script_enabled=False)
    for still in page.locator(".instrument img").all():
        still.scroll_into_view_if_needed()
        assert still.is_visible()
    assert page.locator("noscript").count() == page.locator(".instrument").count()


def test_the_front_page_is_ready_within_a_second(opened):
    page = opened("index.html", viewport={"width": 1280, "height": 800})
    page.wait_for_selector(".instrument.alive .sentence:not(:empty)")
    times = []
    for _ in range(3):
        page.reload()
        page.wait_for_selector(".instrument.alive .sentence:not(:empty)")
        times.append(page.evaluate("performance.now()"))
    assert min(times) < 1000
    assert page.locator(".instrument").bounding_box()["y"] < 300  # in the first screen...
    box = page.locator(".instrument .bar").bounding_box()
    assert box["y"] + box["height"] < 800  # ...whole, with its bar


def test_a_digit_drawn_on_the_front_page_is_answered(opened):
    page = opened("index.html")
    place = alive(page, page.locator(".instrument"))
    before = place.locator(".sentence").inner_text()
    place.get_by_role("button", name="Clear").click()
    box = place.locator(".pad canvas, canvas.pad, .slot canvas").first.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.15 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.85 * box["height"], steps=10)
    page.mouse.up()
    page.wait_for_timeout(1500)
    assert place.locator(".sentence").inner_text() != before
    assert "ELBO" in place.locator(".sentence").inner_text()


@pytest.mark.parametrize("how", ["http", "disk"])
def test_the_search_finds_and_leads_there_by_the_keyboard_alone(opened, how):
    page = opened("00_start_here.html", how)
    page.keyboard.press("/")
    page.keyboard.type("reparametrization")
    page.wait_for_selector("#search li a")
    assert page.locator("#search output").inner_text().endswith("found")
    page.keyboard.press("Enter")
    page.wait_for_url("**/*.html#*")
    assert "eparametri" in page.locator("main").inner_text()


def test_the_search_says_that_it_finds_nothing(opened):
    page = opened("index.html")
    page.get_by_role("button", name="Search").click()
    page.keyboard.type("xylophone")
    page.wait_for_function("document.querySelector('#search output').textContent")
    assert page.locator("#search output").inner_text() == "Nothing was found."


def test_the_theme_is_chosen_and_kept(opened):
    page = opened("01_autoencoder.html", color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_code_can_be_copied(opened):
    page = opened("05_elbo.html", permissions=["clipboard-read", "clipboard-write"])
    code = page.locator("div.code .highlight").first
    code.hover()
    code.get_by_role("button", name="Copy").click()
    page.wait_for_selector("text=Copied")
    assert (
        page.evaluate("navigator.clipboard.readText()").strip() == code.locator("pre").text_content().strip()
    )


def test_it_prints_without_its_buttons(opened):
    page = opened("02_map.html")
    page.emulate_media(media="print")
    assert not page.locator(".bar-above").is_visible()
    assert not page.locator(".copy").first.is_visible()
    assert page.locator("h1").is_visible()
