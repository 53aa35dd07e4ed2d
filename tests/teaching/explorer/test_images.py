"""`ImageExplorer` from Python's side. What the reader does with it is in tests/browser."""

import base64
import html
import inspect
import io
import re
import threading
from functools import cache

import jax
import numpy as np
import pytest
from ipywidgets import Button, Checkbox, IntSlider
from PIL import Image

from vae_course.models import Decoder
from vae_course.teaching.explorer import ImageExplorer

VIEW = "application/vnd.jupyter.widget-view+json"
N = 12
Z = np.random.RandomState(1).standard_normal((N, 2)).astype(np.float32)
LABELS = np.arange(N) % 10
X = np.random.RandomState(2).uniform(size=(N, 64)).astype(np.float32)


@cache
def decoder():
    return Decoder(key=jax.random.key(0), width=8)


def landscape(x, *, zoom):
    """A picture that tells which image it was made from."""
    half = 0.5 if zoom else 4.0
    return np.full((4, 4), x[0]) + np.eye(4), (-half, half, -half, half), f"ink {x[0]:.6f}"


def readout(x, z, *, S):
    return {"inverse": 1 - x}, f"ink {x[0]:.6f} & z ({z[0]:.2f}, {z[1]:.2f}), S = {S}"


def make(**changes):
    arguments = {"landscape": landscape, "readout": readout, "title": "Pick <one>"}
    arguments |= {"zoom": Checkbox(description="closer"), "S": IntSlider(value=3)} | changes
    return ImageExplorer(decoder(), Z, LABELS, X, **arguments)


@pytest.fixture
def explorer():
    return make()


def said(explorer):
    return html.unescape(re.sub("<[^>]*>", "", explorer._sentence.value))


def pictures(explorer):
    """{alternative text: the grey levels of its 64 pixels}, from the page's own HTML."""
    found = re.findall(r'<img alt="([^"]+)" src="data:image/png;base64,([^"]+)">', explorer._pictures.value)
    grids = {alt: np.asarray(Image.open(io.BytesIO(base64.b64decode(png)))) for alt, png in found}
    return {html.unescape(alt): grid[8::16, 8::16].ravel() for alt, grid in grids.items()}


def label(explorer):
    return explorer.explorer._background and explorer.explorer._background["label"]


def test_it_begins_with_the_first_image_at_its_code(explorer):
    assert explorer.image.value == 0
    np.testing.assert_allclose(explorer.explorer.z, Z[0])
    assert said(explorer) == f"ink {X[0, 0]:.6f} & z ({Z[0, 0]:.2f}, {Z[0, 1]:.2f}), S = 3"
    assert label(explorer) == f"ink {X[0, 0]:.6f}"
    assert explorer.error is None


def test_it_may_begin_with_another_image():
    explorer = make(image=8)
    assert explorer.image.value == 8
    np.testing.assert_allclose(explorer.explorer.z, Z[8])
    assert list(pictures(explorer)) == ["x, image 8: an 8", "inverse"]


def test_another_image_changes_everything_but_z(explorer):
    z = explorer.explorer.z
    explorer.image.value = 7
    assert label(explorer) == f"ink {X[7, 0]:.6f}"
    assert said(explorer) == f"ink {X[7, 0]:.6f} & z ({z[0]:.2f}, {z[1]:.2f}), S = 3"
    assert explorer.explorer.z == z
    shown = pictures(explorer)
    assert list(shown) == ["x, image 7: a 7", "inverse"]
    np.testing.assert_allclose(shown["x, image 7: a 7"], 255 * (1 - X[7]), atol=1)
    np.testing.assert_allclose(shown["inverse"], 255 * X[7], atol=1)


def test_a_handle_that_the_reader_moves_changes_the_sentence_alone(explorer):
    background = explorer.explorer._background
    explorer.explorer.set_state({"z": [1.5, -2]})  # as it comes from the browser
    assert said(explorer) == f"ink {X[0, 0]:.6f} & z (1.50, -2.00), S = 3"
    assert explorer.explorer._background is background


def test_the_plane_is_as_large_as_the_landscape(explorer):
    assert explorer.explorer._extent == [-4, 4, -4, 4]
    explorer.controls["zoom"].value = True
    assert explorer.explorer._extent == explorer.explorer._background["extent"] == [-0.5, 0.5, -0.5, 0.5]
    explorer.controls["zoom"].value = False
    assert explorer.explorer._extent == [-4, 4, -4, 4]


def test_the_landscape_is_asked_only_when_it_may_change():
    asked = []

    def counted(x, *, zoom):
        asked.append(zoom)
        return landscape(x, zoom=zoom)

    explorer = make(landscape=counted)
    assert asked == [False]
    explorer.explorer.z = (1, 1)
    explorer.controls["S"].value = 9
    assert asked == [False]
    assert said(explorer).endswith("S = 9")
    explorer.controls["zoom"].value = True
    explorer.image.value = 1
    assert asked == [False, True, True]


def test_z0_moves_the_handle_when_the_image_changes_and_only_then():
    seen = []

    def at_its_code(x, *, zoom):
        i = int(np.argmin(np.abs(X[:, 0] - x[0])))
        return *landscape(x, zoom=zoom), Z[i] + 1

    def noted(x, z, *, S):
        seen.append(z.tolist())
        return readout(x, z, S=S)

    explorer = make(landscape=at_its_code, readout=noted)
    np.testing.assert_allclose(explorer.explorer.z, Z[0] + 1)
    explorer.image.value = 4
    np.testing.assert_allclose(explorer.explorer.z, Z[4] + 1)
    np.testing.assert_allclose(seen, [Z[0] + 1, Z[4] + 1])  # once for each, never at the old place
    explorer.explorer.z = (0.5, 0.25)
    explorer.controls["zoom"].value = True
    assert explorer.explorer.z == (0.5, 0.25)


def test_samples_and_a_gaussian_follow_z_and_the_controls():
    def samples(x, z, *, S):
        return (np.tile(z, (S, 1)), np.linspace(0, 1, S), f"{S} samples") if S else None

    def gaussian(x, z, *, S):
        return (z, (1, 2), "q") if S > 4 else None

    explorer = make(samples=samples, gaussian=gaussian)
    shown = explorer.explorer
    assert shown._samples["label"] == "3 samples"
    assert shown._gaussian is None
    explorer.controls["S"].value = 5
    shown.z = (0.5, 2)
    np.testing.assert_allclose(np.frombuffer(shown._samples["points"], np.float32), [0.5, 2] * 5)
    assert shown._gaussian["m"] == [0.5, 2]
    explorer.controls["S"].value = 0
    assert shown._samples is shown._gaussian is None


@pytest.mark.parametrize("name", ["landscape", "readout", "samples", "gaussian"])
def test_an_error_is_told_in_words_and_passes(name):
    whole = {"landscape": landscape, "readout": readout}
    whole |= {"samples": lambda x, z: (Z, None, "prior"), "gaussian": lambda x, z: (z, (1, 1), "q")}

    def breaks_at_image_5(x, *rest, **values):
        if x[0] == X[5, 0]:
            raise FloatingPointError("<no> number")
        return whole[name](x, *rest, **values)

    breaks_at_image_5.__signature__ = inspect.signature(whole[name])
    explorer = make(**(whole | {name: breaks_at_image_5}))
    explorer.explorer.z = (1, 1)
    before = said(explorer)
    explorer.image.value = 5
    assert said(explorer) == (
        "Nothing is shown at image 5, z = (1, 1), zoom = False, S = 3: FloatingPointError: <no> number"
    )
    assert 'role="alert"' in explorer._sentence.value
    assert isinstance(explorer.error, FloatingPointError)
    # nothing of the image before is left
    assert list(pictures(explorer)) == ["x, image 5: a 5"]
    assert label(explorer) in (None, f"ink {X[5, 0]:.6f}")
    assert explorer.explorer._samples is explorer.explorer._gaussian is None
    explorer.image.value = 0
    assert said(explorer) == before
    assert explorer.error is None
    assert label(explorer) == f"ink {X[0, 0]:.6f}"
    assert explorer.explorer._samples["label"] == "prior"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"landscape": lambda x, zoom: np.eye(3)}, "`landscape` must return (values, extent, label)"),
        (
            {"landscape": lambda x, zoom: (np.eye(3), "flat")},
            "`landscape` must return (values, extent, label)",
        ),
        ({"landscape": lambda x, zoom: (np.eye(3), (0, 1, 1, 0), "m")}, "`extent` must be (z1_min, z1_max,"),
        ({"landscape": lambda x, zoom: (np.eye(3) / 0, (0, 1, 0, 1), "m")}, "`values` must be finite"),
        ({"landscape": lambda x, zoom: (*landscape(x, zoom=zoom), (1, np.nan))}, "`z` must be finite"),
        ({"readout": lambda x, z, S: "words"}, "`readout` must return ({caption: image}, sentence), got str"),
        ({"readout": lambda x, z, S: ([x], "words")}, "`readout` must return ({caption: image}, sentence)"),
        ({"readout": lambda x, z, S: ({}, 3.0)}, "`readout` must return ({caption: image}, sentence)"),
        ({"readout": lambda x, z, S: ({"x": x[:7]}, "")}, "`image` must be (rows, columns)"),
        ({"samples": lambda x, z: Z}, "`samples` must return (points, weights, label) or None"),
        ({"samples": lambda x, z: (Z, -np.ones(N), "s")}, "`weights` must lie from 0 to 1"),
        ({"gaussian": lambda x, z: (z, (0, 1), "q")}, "`s` must be positive"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_an_answer_that_does_not_fit_is_told_in_words(change, complaint):
    explorer = make(**change)
    assert complaint in said(explorer)
    assert isinstance(explorer.error, TypeError | ValueError)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"landscape": None}, "`landscape` must be a function, got NoneType"),
        ({"readout": 3}, "`readout` must be a function, got int"),
        ({"samples": Z}, "`samples` must be a function"),
        ({"S": 3}, "`S` must be an ipywidgets control, got int"),
        ({"S": Button()}, "`S` must be an ipywidgets control, got Button"),
        ({"speed": IntSlider()}, "`speed` is a control, but no function has an argument of that name"),
        ({"image": N}, "`image` must be a number from 0 to 11, got 12"),
        ({"image": -1}, "`image` must be a number from 0 to 11, got -1"),
        ({"title": ""}, "`title` must be words"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(change, complaint):
    with pytest.raises((TypeError, ValueError), match=re.escape(complaint)):
        make(**change)


@pytest.mark.parametrize(
    ("images", "complaint"),
    [
        (X[:-1], "`X` must be finite numbers of shape (12, 64), got shape (11, 64)"),
        (X[:, :63], "`X` must be finite numbers of shape (12, 64), got shape (12, 63)"),
        (np.where(X[0, 0] == X, np.nan, X), "`X` must be finite"),
        (16 * X, "`X` must be at least 2 images with ink from 0 to 1"),
        (X - 1, "`X` must be at least 2 images with ink from 0 to 1"),
    ],
    ids=str,
)
def test_images_that_do_not_fit_are_refused(images, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        ImageExplorer(decoder(), Z, LABELS, images, landscape=landscape, readout=readout, title="t")


def test_one_image_is_nothing_to_walk_through():
    with pytest.raises(ValueError, match="`X` must be at least 2 images"):
        ImageExplorer(decoder(), Z[:1], LABELS[:1], X[:1], landscape=landscape, readout=readout, title="t")


def test_a_move_while_another_is_being_answered_is_not_lost():
    """The browser's callbacks and a cell run on two threads: the handle moves while an image is drawn."""
    asked, moved = threading.Event(), threading.Event()

    def waits(x, z, *, S):
        if x[0] == X[5, 0] and not asked.is_set():
            asked.set()
            moved.wait(0.3)
        return readout(x, z, S=S)

    explorer = make(readout=waits)
    thread = threading.Thread(target=lambda: setattr(explorer.image, "value", 5))
    thread.start()
    assert asked.wait(5)
    explorer.explorer.z = (0.5, 0.25)
    moved.set()
    thread.join()
    assert explorer.error is None
    assert label(explorer) == f"ink {X[5, 0]:.6f}"
    assert said(explorer) == f"ink {X[5, 0]:.6f} & z (0.50, 0.25), S = 3"


def test_one_message_carries_all_that_belongs_together(explorer, monkeypatch):
    sent = []
    monkeypatch.setattr(type(explorer.explorer), "send_state", lambda self, key=None: sent.append(set(key)))
    explorer.controls["zoom"].value = True
    assert len(sent) == 1
    assert sent[0] >= {"_background", "_extent"}


def test_every_control_has_a_visible_description(explorer):
    assert explorer.image.description == "image number"
    assert [control.description for control in explorer.controls.values()] == ["closer", "S"]


def test_without_widgets_there_are_pictures_with_their_descriptions(explorer):
    data = explorer._repr_mimebundle_()
    assert data["text/plain"] == "ImageExplorer: Pick <one>"
    assert VIEW in data
    alts = re.findall(r'<img alt="([^"]+)"', data["text/html"])
    assert alts[:2] == ["x, image 0: a 0", "inverse"]
    assert alts[2].startswith("12 codes, each drawn as its digit, on the latent plane over ink ")
    assert len(data["text/html"]) < 100_000
