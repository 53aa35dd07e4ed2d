"""Small pictures, and the colours, which are stated in one place."""

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

import vae_course.teaching
from vae_course.teaching import pictures
from vae_course.teaching.pictures import heat_colours, img_tag, small_png


def test_the_colours_of_heat_pictures_are_cividis():
    colours = np.frombuffer(heat_colours(), np.uint8).reshape(256, 3)
    # The ends of the colour map, as its authors published it; matplotlib rounds down.
    np.testing.assert_allclose(colours[[0, -1]], [[0, 34, 78], [254, 232, 56]], atol=1)


def test_a_small_picture_has_as_many_colours_as_a_palette_holds():
    ramp = np.zeros((32, 32, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = 8 * np.arange(32), 8 * np.arange(32)[:, None]
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, format="png")
    small = np.asarray(Image.open(io.BytesIO(small_png(buffer.getvalue()))).convert("RGB")).astype(int)
    assert len(np.unique(small.reshape(-1, 3), axis=0)) > 80
    assert np.abs(small - ramp).max() <= 24


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(buffer, format="png")
    return buffer.getvalue()


def test_roles_and_large_areas_keep_their_colour_over_a_heat_picture():
    heat = np.frombuffer(heat_colours(), np.uint8).reshape(1, 256, 3)
    noise = np.random.RandomState(0).randint(-9, 10, (300, 256, 3))  # as many colours as a photograph
    pixels = np.clip(heat + noise, 0, 255)
    vermilion, area = ImageColor.getrgb(pictures.APPROXIMATION), (217, 217, 217)
    pixels[140:143, 100:120], pixels[:40, :60] = vermilion, area
    small = np.asarray(Image.open(io.BytesIO(small_png(png(pixels)))).convert("RGB")).astype(int)
    assert np.abs(small[140:143, 100:120] - vermilion).max() <= 3
    assert np.abs(small[:40, :60] - area).max() == 0
    assert len(np.unique(small.reshape(-1, 3), axis=0)) > 80


def test_grey_stays_grey_beside_a_heat_picture():
    heat = np.frombuffer(heat_colours(), np.uint8).reshape(1, 256, 3)
    pixels = np.repeat(heat, 300, axis=0)
    pixels[:64, :] = np.arange(256)[:, None]
    small = np.asarray(Image.open(io.BytesIO(small_png(png(pixels)))).convert("RGB")).astype(int)
    assert np.ptp(small[:64], axis=2).max() == 0
    assert np.abs(small - pixels).max() <= 12


def test_a_picture_that_has_few_colours_already_stays_as_it_is():
    pixels = np.random.RandomState(0).randint(0, 256, (40, 40, 3))
    small = small_png(png(pixels), colours=20)
    assert len(np.unique(np.asarray(Image.open(io.BytesIO(small))))) == 20
    assert small_png(small) == small


def test_a_picture_is_shown_at_half_its_pixels_with_its_words():
    tag = img_tag(png(np.zeros((4, 6, 3))), 'a "1"')
    assert '<img alt="a &quot;1&quot;" width="3" src="data:image/png;base64,' in tag
    assert ' width="4" ' in img_tag(png(np.zeros((4, 6, 3))), "words", sharpness=1.5)


def test_the_dark_veil_has_a_hole_for_each_piece_of_paper():
    tag = img_tag(png(np.zeros((4, 6, 3))), "words", paper=[(0.1, 0.2, 0.3, 0.9), (0.5, 0, 1, 1)])
    (polygon,) = re.findall(r"clip-path: polygon\(evenodd, (.*)\)", tag)
    corners = [tuple(float(share.rstrip("%")) for share in corner.split()) for corner in polygon.split(", ")]
    assert corners[:5] == [(-1, -1), (101, -1), (101, 101), (-1, 101), (-1, -1)]
    assert corners[5:11] == [(10, 20), (30, 20), (30, 90), (10, 90), (10, 20), (-1, -1)]
    assert len(corners) == 17


def test_a_picture_without_words_is_not_made():
    with pytest.raises(TypeError, match="`alt` must be words"):
        img_tag(png(np.zeros((4, 6, 3))), " ")


PACKAGE = Path(vae_course.teaching.__file__).parents[1]
SOURCES = [path for kind in ("py", "js", "css", "mplstyle") for path in PACKAGE.rglob(f"*.{kind}")]


def test_each_colour_is_stated_once():
    palette = {pictures.HANDLE, pictures.EXACT, pictures.APPROXIMATION, pictures.PRIOR, *pictures.DIGITS}
    assert len(SOURCES) > 40
    for path in SOURCES:
        found = [
            colour.upper() for colour in re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text(encoding="utf-8"))
        ]
        stated = sorted(palette.intersection(found))
        if path.name == "pictures.py":
            assert {found.count(colour) for colour in stated} == {1}
        else:
            assert not stated, f"{path.name} repeats {', '.join(stated)}: take them from pictures.py"


STATEMENTS = [
    "import vae_course",
    "from vae_course.teaching import claim, table",
    "from vae_course.teaching import exercises",
]


def test_matplotlib_waits_until_something_is_drawn():
    lines = [f"{each}; print({each!r}, 'matplotlib' in sys.modules)" for each in STATEMENTS]
    program = "\n".join(["import sys", *lines])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PACKAGE.parent)
    expected = "".join(f"{each} False\n" for each in STATEMENTS)
    assert (done.stdout, done.returncode) == (expected, 0), done.stderr


def test_teaching_hands_out_what_it_lists():
    for name in vae_course.teaching.__all__:
        assert getattr(vae_course.teaching, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'explorers'"):
        vae_course.teaching.explorers  # noqa: B018
