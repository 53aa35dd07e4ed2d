"""A stored picture as a browser shows it: in JupyterLab's light and dark themes, with little room, bare."""

import colorsys
import io
import re

import numpy as np
import pytest
from PIL import Image, ImageColor

from vae_course.teaching.pictures import APPROXIMATION, EXACT, PRIOR, img_tag

SIZE = 200  # of the picture, which is shown at half of it
ROWS = {"paper": "#FFFFFF", "ink": "#000000", "approximation": APPROXIMATION, "exact": EXACT, "prior": PRIOR}
THEMES = {"light": 'data-jp-theme-light="true"', "dark": 'data-jp-theme-light="false"', "none": ""}


@pytest.fixture(scope="module")
def seen(browser):
    """seen(theme) is what each colour looks like, (under the veil, in its hole)."""
    pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
    for row, colour in enumerate(ROWS.values()):
        pixels[40 * row : 40 * row + 40] = ImageColor.getrgb(colour)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    tag = img_tag(file.getvalue(), "five stripes", paper=[(0.5, 0, 1, 1)])

    def see(theme, width=600, html=tag):
        page = browser.new_page(viewport={"width": width, "height": 300})
        page.set_content(f'<body {THEMES[theme]} style="margin: 0">{html}</body>')
        page.wait_for_function("document.querySelector('img').complete")
        shot = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
        wide = page.locator("img").bounding_box()["width"]
        page.close()
        step = wide / 5
        rows = [int(step * (row + 0.5)) for row in range(5)]
        return wide, {
            name: (shot[y, int(wide / 4)], shot[y, int(wide * 3 / 4)])
            for name, y in zip(ROWS, rows, strict=True)
        }

    see.tag = tag
    return see


def hue(colour):
    return colorsys.rgb_to_hsv(*np.divide(colour, 255))[0]


def test_the_light_theme_shows_the_picture_as_it_is(seen):
    for theme in ("light", "none"):
        wide, colours = seen(theme)
        assert wide == SIZE / 2
        for name, pair in colours.items():
            np.testing.assert_allclose(pair, [ImageColor.getrgb(ROWS[name])] * 2, atol=2)


def test_the_dark_theme_makes_paper_dark_and_ink_light_and_keeps_the_hue_of_each_role(seen):
    _, colours = seen("dark")
    assert colours["paper"][0].max() < 30
    assert colours["ink"][0].min() > 225
    assert 90 < colours["prior"][0].mean() < 160
    for name in ("approximation", "exact"):
        assert hue(colours[name][0]) == pytest.approx(hue(ImageColor.getrgb(ROWS[name])), abs=0.04)
        assert colours[name][0].max() > 180  # bright enough on dark paper


def test_in_the_dark_theme_digits_and_heat_stay_as_they_are(seen):
    _, colours = seen("dark")
    for name, (_, colour) in colours.items():
        np.testing.assert_allclose(colour, ImageColor.getrgb(ROWS[name]), atol=2)


def test_where_there_is_little_room_the_picture_shrinks_and_keeps_its_shape(seen):
    wide, colours = seen("light", width=60)
    assert wide == 60
    np.testing.assert_allclose(colours["ink"][0], 0, atol=2)


def test_on_github_which_drops_styles_the_picture_is_as_wide_as_anywhere(seen):
    bare = re.sub(r"<style>.*?</style>| (style|class)=\"[^\"]*\"", "", seen.tag)
    assert "<style>" not in bare
    wide, colours = seen("dark", html=bare)
    assert wide == SIZE / 2
    np.testing.assert_allclose(colours["paper"], 255, atol=2)
