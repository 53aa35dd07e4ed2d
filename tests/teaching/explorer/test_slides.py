"""`Slides`: rows of images for each setting, on one slider and on two."""

import numpy as np
import pytest

from vae_course.teaching.explorer import Slides

X = np.random.default_rng(5).random((6, 64))
WORDS = {"name": "beta", "title": "Two models", "alt": "two rows"}
BY_BETA = {0.5: ({"train": X[:3], "new": X[3:5]}, "half"), 10: ({"train": X[1:4], "new": X[4:]}, "ten")}
BY_PAIR = {(w, s): ({"train": X[:2]}, f"{w} and {s}") for w in (8, 128) for s in (200, 1600)}
PAIR = WORDS | {"name": ("width", "steps")}


@pytest.fixture(scope="module")
def js(script):
    return script("slides.js")


def test_a_strip_is_the_images_side_by_side(js):
    ink = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    strip = js("strip", ink.ravel().tolist(), 2)
    pixels = np.array(list(strip["pixels"])).reshape(strip["height"], strip["width"], 4)
    assert pixels.shape == (2, 5, 4)
    np.testing.assert_array_equal(pixels[:, :2, 0], 255 - ink[0])
    np.testing.assert_array_equal(pixels[:, 3:, 2], 255 - ink[1])
    assert (pixels[:, 2, :3] == pixels[0, 2, 0]).all()  # the line between them
    assert (pixels[..., 3] == 255).all()


def test_a_setting_is_found_by_its_numbers(js):
    assert js.at([0.5, 10, 3], "numberOf", [0.5, 10]) == [0, 1, -1]
    assert js.at([[128, 200], [200, 128]], "numberOf", list(BY_PAIR)) == [2, -1]


def test_the_images_are_sent_setting_after_setting():
    slides = Slides(BY_BETA, **WORDS)
    sent = np.frombuffer(slides._rows[1]["images"], np.uint8).reshape(2, 2, 64)
    np.testing.assert_allclose(sent / 255, [X[3:5], X[4:]], atol=0.5 / 255 + 1e-6)
    assert [row["caption"] for row in slides._rows] == ["train", "new"]
    assert slides._slides["axes"] == [[0.5, 10]]


def test_the_setting_is_a_trait():
    slides = Slides(BY_BETA, **WORDS, start=1)
    assert slides.setting == 10
    slides.set_state({"setting": 0.5})
    assert slides.setting == 0.5
    slides.setting = np.float64(10.0)
    assert slides.setting == 10
    for wrong in (3, None, "10", (0.5, 10)):
        with pytest.raises(ValueError, match=r"`setting` must be one of \[0.5, 10\]"):
            slides.setting = wrong


def test_a_pair_is_a_setting():
    slides = Slides(BY_PAIR, **PAIR, start=-1)
    assert slides.setting == (128, 1600)
    slides.set_state({"setting": [8, 200]})
    assert slides.setting == (8, 200)
    slides.setting = np.array([128, 200])
    assert slides.setting == (128, 200)
    assert slides._slides["axes"] == [[8, 128], [200, 1600]]


@pytest.mark.parametrize(
    ("choices", "change", "complaint"),
    [
        ({}, {}, "`choices` must be .* with an entry"),
        (["a"], {}, "`choices` must be "),
        ({"a": BY_BETA[10]}, {}, "`choices` must have a finite number as each setting.*got"),
        ({np.nan: BY_BETA[10]}, {}, "`choices` must have a finite number as each setting"),
        (BY_PAIR, {}, "`choices` must have a finite number"),
        (BY_BETA, {"name": ("a", "b")}, "`choices` must have 2 finite numbers as each setting"),
        (dict(list(BY_PAIR.items())[:3]), PAIR, "`choices` must have every combination of .*got 3"),
        (BY_BETA | {3: ({"train": X}, "three")}, {}, "`choices` must have the same captions"),
        ({1: ({}, "none")}, {}, "`choices` must have the same captions at each setting, at least one"),
        (
            BY_BETA | {3: ({"train": X, "new": X}, "three")},
            {},
            r"equally many images at each setting, got \[3, 3, 6\]",
        ),
        ({1: ({"train": X[:, :63]}, "one")}, {}, r"`train` must .*got shape \(6, 63\)"),
        ({1: ({"train": X + 1}, "one")}, {}, "`train` must hold ink from 0 to 1"),
        ({1: ({"train": np.full((1, 64), np.nan)}, "one")}, {}, "`train` must .*got NaN"),
        ({1: ({"train": X}, "")}, {}, "`sentence` must be words"),
        ({1: X}, {}, "`choices` must be "),
        (BY_BETA, {"name": ""}, "`name` must be words"),
        (BY_BETA, {"name": 3}, "`name` must be "),
        (BY_BETA, {"alt": ""}, "`alt` must be words"),
        (BY_BETA, {"start": 2}, "`start` must be the number of one of 2 settings, got 2"),
        (BY_BETA, {"start": 0.5}, "`start` must be the number of one of 2 settings"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(choices, change, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        Slides(choices, **(WORDS | change))


def test_the_still_picture_shows_the_rows_of_its_setting():
    figure = Slides(BY_BETA, **WORDS, start=1)._figure()
    drawn = np.array([image.get_array().ravel() for image in figure.axes[1].images])
    np.testing.assert_allclose(drawn, X[4:], atol=0.01)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["train", "new"]
    assert figure.get_suptitle() == "ten"


def ink_of(page, row):
    """The ink of a row's pixels as the screen has it, (8, columns)."""
    canvas = page.locator(".row canvas").nth(row)
    width = canvas.evaluate("canvas => canvas.width")
    data = canvas.evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, 8).data]")
    return 1 - np.array(data).reshape(8, width, 4)[..., 0] / 255


def test_in_a_browser_a_slider_shows_its_rows(shown):
    page = shown(Slides(BY_BETA, **WORDS))
    page.wait_for_timeout(100)
    np.testing.assert_allclose(ink_of(page, 1)[:, 9:], X[4].reshape(8, 8), atol=0.01)
    page.get_by_role("slider", name="beta").press("ArrowRight")
    page.wait_for_timeout(100)
    assert page.evaluate("model.get('setting')") == 10
    np.testing.assert_allclose(ink_of(page, 1)[:, 9:], X[5].reshape(8, 8), atol=0.01)
    assert page.locator(".sentence").inner_text() == "ten"


def test_in_a_browser_two_sliders_choose_a_pair(shown):
    page = shown(Slides(BY_PAIR, **PAIR))
    page.get_by_role("slider", name="steps").press("End")
    page.get_by_role("slider", name="width").press("End")
    page.wait_for_timeout(100)
    assert page.evaluate("model.get('setting')") == [128, 1600]
    assert page.locator(".sentence").inner_text() == "128 and 1600"
    assert page.get_by_role("slider", name="steps").get_attribute("aria-valuetext") == "1,600"
