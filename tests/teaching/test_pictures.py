"""Small pictures: pixel values, orientation, sizes. And the colours, which are stated in one place."""

import io
import re
import subprocess
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import vae_course.teaching
from vae_course.teaching import pictures
from vae_course.teaching.pictures import heat_png, image_png, img_tag, row_png, rows_png, small_png

INK = np.array([[0.0, 1.0], [0.5, 0.0]])


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_zero_is_paper_one_is_ink_and_row_zero_is_on_top():
    assert pixels(image_png(INK, scale=1)).tolist() == [[255, 0], [128, 255]]


def test_each_pixel_becomes_a_square():
    big = pixels(image_png(np.eye(8)))
    assert big.shape == (256, 256)
    assert (big[:32, :32] == 0).all()
    assert (big[:32, 32:] == 255).all()


def test_values_outside_are_clipped_and_jax_arrays_welcome():
    assert pixels(image_png(jnp.array([[-3.0, 9.0]]), scale=1)).tolist() == [[255, 0]]


def test_a_flat_image_is_folded_row_by_row():
    assert image_png(INK.ravel()) == image_png(INK)


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        (np.zeros(7), r"`image` must be \(rows, columns\), or flat with a square number, got \(7,\)"),
        (np.zeros((2, 2, 2)), "`image` must be"),
        (np.zeros((0, 3)), "`image` must be"),
        (0.5, "`image` must be"),
        (np.array([[np.nan]]), "`image` must hold finite numbers"),
    ],
)
def test_what_is_no_image_is_refused(image, complaint):
    with pytest.raises(ValueError, match=complaint):
        image_png(image)


def test_a_row_holds_its_images_with_a_gap_between():
    row = pixels(row_png([np.zeros((2, 2)), np.ones((2, 2))], scale=4))
    assert row.shape == (8, 8 + 2 + 8)
    assert (row[:, :8] == 255).all()
    assert (row[:, 8:10] == 200).all()
    assert (row[:, 10:] == 0).all()


@pytest.mark.parametrize("images", [[], [np.zeros((2, 2)), np.zeros((3, 3))]])
def test_a_row_needs_images_of_one_shape(images):
    with pytest.raises(ValueError, match="`images` must be at least one image, all of one shape"):
        row_png(images)


def test_rows_stand_below_each_other_under_their_captions():
    sheet = pixels(rows_png({"b = 1": [np.zeros((2, 2))] * 3, "a": [np.ones((2, 2))]}, scale=8))
    first, second = 10 + 22, 10 + 22 + 18 + 10 + 22  # rows of 16 pixels and a line on either side
    assert sheet.shape == (second + 18 + 10, 10 + (3 * 16 + 2 * 2 + 2) + 10)
    assert (sheet[first + 1 : first + 17, 11:27] == 255).all()
    assert (sheet[second + 1 : second + 17, 11:27] == 0).all()
    assert (sheet[second + 1 : second + 17, 28:] == 255).all()  # one image in this row
    for top in (first, second):
        assert (sheet[top - 22 : top, 10:] < 100).any()
        assert (sheet[top, 10:28] == 200).all()


def test_a_long_caption_is_not_cut_off():
    short, long = (pixels(rows_png({"x" * n: [INK]}, scale=4)) for n in (1, 40))
    assert long.shape[1] > 5 * short.shape[1]
    assert (long[:, -9:] == 255).all()


def test_every_letter_of_the_course_is_in_the_font():
    missing = rows_png({"\uf8ff": [INK]})
    for letter in "βσμθφεΔ≥√":
        assert rows_png({letter: [INK]}) != missing


@pytest.mark.parametrize("rows", [{}, [[INK]], {3: [INK]}])
def test_what_are_no_rows_is_refused(rows):
    with pytest.raises(TypeError, match="`rows` must be a dictionary"):
        rows_png(rows)


def test_a_heat_picture_is_the_right_way_up_and_bright_where_high():
    values = np.array([[3.0, 1.0, 2.0], [0.0, 0.5, 4.0]])  # row 0 is the lowest
    bright = pixels(heat_png(values))
    assert bright[0, 2] == bright.max()
    assert bright[0, 0] == bright.min()
    assert bright[1, 0] > bright[1, 2] > bright[1, 1]


def test_the_scale_has_the_colours_of_the_picture():
    ramp = Image.open(io.BytesIO(heat_png(np.linspace(0, 1, 256)[None]))).convert("RGB")
    expected = [f"#{bytes(ramp.getpixel((x, 0))).hex()}" for x in (0, 51, 102, 153, 204, 255)]
    assert pictures.scale_colours() == expected


def test_a_small_picture_has_as_many_colours_as_a_palette_holds():
    ramp = np.zeros((32, 32, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = 8 * np.arange(32), 8 * np.arange(32)[:, None]
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, format="png")
    small = np.asarray(Image.open(io.BytesIO(small_png(buffer.getvalue()))).convert("RGB")).astype(int)
    assert len(np.unique(small.reshape(-1, 3), axis=0)) > 200
    assert np.abs(small - ramp).max() <= 16


def test_a_picture_without_words_is_not_made():
    assert img_tag(b"abc", 'a "1"') == '<img alt="a &quot;1&quot;" src="data:image/png;base64,YWJj">'
    with pytest.raises(TypeError, match="`alt` must be words"):
        img_tag(b"abc", " ")


PACKAGE = Path(vae_course.teaching.__file__).parents[1]
SOURCES = [path for kind in ("py", "js", "css", "mplstyle") for path in PACKAGE.rglob(f"*.{kind}")]


def test_each_colour_is_stated_once():
    palette = {pictures.HANDLE, pictures.EXACT, pictures.APPROXIMATION, pictures.PRIOR, *pictures.DIGITS}
    palette |= {colour.upper() for colour in pictures.scale_colours()}
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


@pytest.mark.parametrize(
    "statement",
    [
        "import vae_course",
        "from vae_course.teaching import claim, table",
        "from vae_course.teaching import exercises",
        "from vae_course.teaching import DigitPad, ImageExplorer, Instrument, LatentExplorer, row_png",
    ],
)
def test_matplotlib_waits_until_something_is_drawn(statement):
    program = f"import sys; {statement}; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert (done.stdout, done.returncode) == ("False\n", 0), done.stderr


def test_teaching_hands_out_what_it_lists():
    for name in vae_course.teaching.__all__:
        assert getattr(vae_course.teaching, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'explorers'"):
        vae_course.teaching.explorers  # noqa: B018
