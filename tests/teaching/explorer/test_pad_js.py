"""pad.js, the very file that an instrument holds: its functions without a browser, the pad in a Chromium."""

import json

import pytest

from vae_course.teaching.explorer.instrument import STATIC
from vae_course.teaching.explorer.strokes import THREE

LIGHT = "--ink: #222; --paper: #fff; --rule: #d5d5d5; --handle: #C8005F; --exact: #0072B2"
PAGE = """<!doctype html><meta charset="utf-8">
<style>%s</style>
<body style="margin: 20px; background: var(--paper); %s"><div id="host" style="width: %dpx"></div>
<script type="module">%s
window.heard = [];
const onStrokes = (strokes, { resting }) => heard.push({ strokes: structuredClone(strokes), resting });
window.host = document.querySelector("#host");
window.pad = createPad(host, { paper: 32, onStrokes });
window.spoken = [];
new MutationObserver(() => spoken.push(document.querySelector(".state").textContent))
  .observe(document.querySelector(".state"), { childList: true, characterData: true, subtree: true });
</script>"""


@pytest.fixture(scope="module")
def js(script):
    return script("pad.js")


@pytest.mark.parametrize(
    ("place", "kept"), [([3.14159, 2.71], [3.1, 2.7]), ([-5, 40], [0, 32]), ([32.04, -0.01], [32, 0])]
)
def test_the_pen_stays_on_the_paper(js, place, kept):
    assert js("onPaper", 32, place) == kept


def test_a_stroke_grows_where_the_pen_moves(js):
    assert js("extended", [[[1, 1]], [[5, 5]]], [6, 5]) == [[[1, 1]], [[5, 5], [6, 5]]]
    assert js("extended", [[[5, 5]]], [5.2, 5.2]) == [[[5, 5]]]  # it has hardly moved


def test_the_pad_says_what_is_on_it(js):
    assert js("describe", [], None) == "Nothing is drawn yet."
    assert js("describe", [[[1, 1]]], None) == "Drawn in 1 stroke."
    text = js("describe", [[[1, 1]], [[2, 2]]], {"place": [16, 4.5], "down": True})
    assert text == "Drawn in 2 strokes; the pen is down at 16 across, 4.5 down."


class Pad:
    """A pad alone on a page. `heard`: what `onStrokes` was given; `spoken`: what the state line became."""

    def __init__(self, page, width=162, colours=LIGHT):
        sheet, code = ((STATIC / f"pad.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
        self.page, self.errors = page, []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_content(PAGE % (sheet, colours, width, code))
        page.wait_for_function("() => window.pad && document.querySelector('.drawing').width !== 300")
        self.drawing = page.locator(".drawing")

    def pixel(self, x, y):
        """Where a place of the paper is on the page."""
        box = self.drawing.bounding_box()
        inside = box["width"] - 2  # of the border
        return box["x"] + 1 + inside * x / 32, box["y"] + 1 + inside * y / 32

    def stroke(self, *places):
        self.page.mouse.move(*self.pixel(*places[0]))
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*self.pixel(*place))
        self.page.mouse.up()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def hold_time(self):
        """From now on the page's timers wait for `page.clock.run_for`."""
        self.page.clock.install(time=0)
        self.page.clock.pause_at(1)

    def heard(self):
        return self.page.evaluate("() => heard.splice(0)")

    def spoken(self):
        return self.page.evaluate("() => spoken.splice(0)")

    def ink(self, x, y):
        """How dark the drawing is at a place of the paper, from 0 to 255."""
        return self.page.evaluate(
            """([x, y]) => {
                const canvas = document.querySelector(".drawing");
                const at = (value) => Math.min(Math.floor((value / 32) * canvas.width), canvas.width - 1);
                return canvas.getContext("2d").getImageData(at(x), at(y), 1, 1).data[3];
            }""",
            [x, y],
        )


@pytest.fixture
def page(browser):
    with browser.new_context(viewport={"width": 400, "height": 500}, has_touch=True) as context:
        yield context.new_page()


@pytest.fixture
def pad(page):
    pad = Pad(page)
    yield pad
    assert pad.errors == []


def test_a_stroke_is_heard_while_it_is_drawn_and_spoken_of_when_it_ends(pad):
    pad.stroke((16, 4), (16, 10), (16, 28))
    heard = pad.heard()
    assert [call["resting"] for call in heard] == [False, False, False, True]
    assert [len(call["strokes"][0]) for call in heard] == [1, 2, 3, 3]
    assert heard[-1]["strokes"] == [[[16, 4], [16, 10], [16, 28]]]
    assert pad.spoken() == ["Drawn in 1 stroke."]
    assert pad.ink(16, 20) == 255
    assert pad.ink(20, 20) == 0


def test_a_pen_that_leaves_the_paper_draws_along_its_edge(pad):
    pad.stroke((16, 16), (40, 20), (16, -8))
    assert pad.heard()[-1] == {"strokes": [[[16, 16], [32, 20], [16, 0]]], "resting": True}


def test_a_press_without_a_movement_is_a_dot(pad):
    pad.stroke((8, 8))
    assert pad.heard()[-1] == {"strokes": [[[8, 8]]], "resting": True}
    assert pad.ink(8, 8) == 255


def test_other_buttons_of_the_mouse_draw_nothing(pad):
    pad.page.mouse.move(*pad.pixel(8, 8))
    pad.page.mouse.down(button="right")
    pad.page.mouse.up(button="right")
    assert pad.heard() == []


def test_a_second_finger_neither_draws_nor_ends_the_stroke(pad):
    session = pad.page.context.new_cdp_session(pad.page)

    def touch(kind, *fingers):
        points = [{"x": x, "y": y, "id": i} for i, place in fingers for x, y in [pad.pixel(*place)]]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (0, (8, 4)))
    touch("touchStart", (0, (8, 4)), (1, (24, 4)))
    touch("touchMove", (0, (8, 12)), (1, (24, 12)))
    touch("touchMove", (0, (8, 12)))  # the second one is lifted
    touch("touchMove", (0, (8, 28)))
    touch("touchEnd")
    heard = pad.heard()
    assert heard[-1] == {"strokes": [[[8, 4], [8, 12], [8, 28]]], "resting": True}
    assert [call["resting"] for call in heard].count(True) == 1


def test_undo_and_clear(pad):
    undo, clear = (pad.page.get_by_role("button", name=name) for name in ("Undo the last stroke", "Clear"))
    clear.click(force=True)
    assert pad.heard() == []  # there is nothing to clear
    for x in (8, 16, 24):
        pad.stroke((x, 4), (x, 28))
    pad.heard(), pad.spoken()
    undo.click()
    assert pad.heard() == [{"strokes": [[[x, 4], [x, 28]] for x in (8, 16)], "resting": True}]
    assert pad.ink(24, 16) == 0
    clear.click()
    assert pad.heard() == [{"strokes": [], "resting": True}]
    assert pad.spoken() == ["Drawn in 2 strokes.", "Nothing is drawn yet."]
    assert clear.get_attribute("aria-disabled") == "true"
    assert pad.page.evaluate("() => document.activeElement.className") == "clear"  # the focus has not fled


def test_the_keyboard_draws(pad):
    pad.press("Tab", "ArrowRight", "ArrowUp", "Space", *3 * ["ArrowDown"])
    heard = pad.heard()
    assert [call["resting"] for call in heard] == 4 * [False]
    pad.press("Space")
    down = [[17, 15], [17, 16], [17, 17], [17, 18]]
    assert pad.heard() == [{"strokes": [down], "resting": True}]


def test_the_keyboards_place_is_spoken_only_when_the_pen_rests(pad):
    pad.hold_time()
    pad.press("Tab", *8 * ["ArrowLeft"])
    assert pad.spoken() == []
    pad.page.clock.run_for(700)
    assert pad.spoken() == ["Nothing is drawn yet; the pen is up at 8 across, 16 down."]
    pad.press("Space", "ArrowDown", "ArrowDown")
    assert pad.spoken() == ["Drawn in 1 stroke; the pen is down at 8 across, 16 down."]
    pad.page.clock.run_for(700)
    assert pad.spoken() == ["Drawn in 1 stroke; the pen is down at 8 across, 18 down."]


def test_leaving_the_paper_lifts_the_keyboards_pen(pad):
    pad.press("Tab", "Space", "ArrowDown", "Tab")
    assert pad.heard()[-1] == {"strokes": [[[16, 16], [16, 17]]], "resting": True}
    pad.press("Shift+Tab", "ArrowDown")
    assert pad.heard() == []


def test_what_has_the_focus_keeps_its_keys_and_shows_it(pad):
    for name in ("drawing", "undo", "clear"):
        pad.press("Tab")
        focused = pad.page.locator(":focus-visible")
        assert focused.get_attribute("class") == name
        assert focused.get_attribute("data-lm-suppress-shortcuts") == "true"
        assert focused.evaluate("(element) => getComputedStyle(element).outlineWidth") == "3px"
        assert pad.page.locator(".hint").is_visible() == (name == "drawing")


def test_the_hint_on_the_keyboard_is_not_shown_to_a_mouse(pad):
    pad.stroke((16, 4), (16, 28))
    assert pad.page.locator(".drawing:focus").count() == 1
    assert not pad.page.locator(".hint").is_visible()


def test_what_is_shown_is_not_reported_and_waits_for_the_pen(pad):
    pad.page.evaluate("(strokes) => pad.show(strokes)", THREE)
    assert pad.heard() == []
    assert pad.ink(16, 4.5) == 255
    assert pad.spoken() == ["Drawn in 1 stroke."]
    pad.page.mouse.move(*pad.pixel(8, 8))
    pad.page.mouse.down()
    pad.page.evaluate("() => pad.show([])")  # as an echo of what was drawn a moment ago
    pad.page.mouse.move(*pad.pixel(8, 20))
    pad.page.mouse.up()
    assert pad.heard()[-1]["strokes"] == [*json.loads(json.dumps(THREE)), [[8, 8], [8, 20]]]


@pytest.mark.parametrize("width", [140, 260])
def test_the_drawing_is_as_sharp_as_the_screen_at_any_width(pad, width):
    pad.stroke((16, 4), (16, 28))
    pad.page.evaluate("(width) => { host.style.width = `${width}px` }", width)
    pad.page.wait_for_function(
        "(side) => document.querySelector('.drawing').width === side", arg=2 * (width - 2)
    )
    assert pad.drawing.bounding_box()["height"] == width
    assert pad.ink(16, 20) == 255  # drawn anew
    pad.stroke((8, 8), (24, 8))
    assert pad.heard()[-1]["strokes"][1] == [[8, 8], [24, 8]]
    overflow = "() => [...host.querySelectorAll('*')].filter((e) => e.scrollWidth > e.clientWidth + 2).length"
    assert pad.page.evaluate(overflow) == 0


def test_remove_leaves_nothing(pad):
    pad.hold_time()
    pad.press("Tab", "ArrowLeft")
    pad.page.evaluate("() => pad.remove()")
    pad.page.clock.run_for(700)
    assert pad.page.evaluate("() => host.innerHTML") == ""
