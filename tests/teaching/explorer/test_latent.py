"""`LatentExplorer` from Python's side. What the reader does with it is in tests/browser."""

import base64
import io
import re
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.markers import MarkerStyle
from PIL import Image
from traitlets import TraitError

from vae_course.models import Decoder, Encoder, LinearDecoder
from vae_course.teaching.explorer import LatentExplorer
from vae_course.teaching.figures import styled
from vae_course.teaching.pictures import APPROXIMATION

VIEW = "application/vnd.jupyter.widget-view+json"
Z = np.random.RandomState(1).standard_normal((60, 2))
LABELS = np.arange(60) % 10
HEAT = (np.arange(12.0).reshape(3, 4), (-1, 3, -2, 1), "height, nats")


@cache
def decoder(kind=Decoder, **sizes):
    return kind(key=jax.random.key(0), **sizes)


def broken():
    return eqx.tree_at(
        lambda decoder: decoder.mlp.layers[0].weight, decoder(width=16), replace_fn=lambda w: w * np.nan
    )


def make(Z=Z, labels=LABELS, **arguments):
    return LatentExplorer(decoder(width=16), Z, labels, **arguments)


@pytest.fixture
def explorer():
    return make(z=(0.0, 0.0))


def picture(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


@pytest.mark.parametrize(
    "z", [(0.5, -1.25), [0.5, -1.25], np.array([0.5, -1.25]), np.float32([0.5, -1.25])], ids=str
)
def test_z_is_a_pair_of_floats_whatever_was_assigned(explorer, z):
    explorer.z = z
    assert explorer.z == (0.5, -1.25)
    assert [type(value) for value in explorer.z] == [float, float]


def test_a_z_that_comes_from_the_browser_reaches_observers(explorer):
    seen = []
    explorer.observe(lambda change: seen.append(change.new), "z")
    explorer.set_state({"z": [1.5, 2]})
    assert seen == [(1.5, 2.0)]


def test_z_outside_the_plane_is_allowed(explorer):
    explorer.z = (100, -100)
    assert explorer.z == (100.0, -100.0)


@pytest.mark.parametrize(
    "z", [3.0, (1,), (1, 2, 3), [[1, 2]], (1, np.nan), (np.inf, 0), "ab", None, ("a", 1)], ids=str
)
def test_a_z_that_is_no_point_is_refused_by_name(explorer, z):
    with pytest.raises((TypeError, ValueError), match=r"`z` must be finite numbers of shape \(2,\), got "):
        explorer.z = z
    assert explorer.z == (0.0, 0.0)


def test_z_starts_at_the_first_code_unless_given():
    assert make().z == tuple(Z[0].tolist())
    assert make(z=(1, 2)).z == (1.0, 2.0)


def test_the_plane_is_a_square_around_everything_shown():
    for z1_or_z2 in range(2):
        far = Z.copy()
        far[0, z1_or_z2] = 20.0
        left, right, bottom, top = make(far, LABELS)._extent
        assert right - left == pytest.approx(top - bottom)
        assert left < far[:, 0].min() < far[:, 0].max() < right
        assert bottom < far[:, 1].min() < far[:, 1].max() < top
    wide = make(background=(HEAT[0], (-30, 5, -1, 1), "h"), gaussian=([0, 0], [1, 40], "N"))
    left, right, bottom, top = wide._extent
    assert left <= -30
    assert bottom < -80 < 80 < top


@pytest.mark.parametrize("scale", [0.013, 1.0, 3.7, 96.0])
def test_z_rounded_at_the_edge_stays_inside(scale):
    extent = make(scale * Z, LABELS)._extent
    decimals = np.ceil(3 - np.log10(extent[1] - extent[0]))  # as in explorer.js
    assert [round(end, int(decimals)) for end in extent] == extent


def test_one_code_alone_has_a_plane():
    left, right, _, _ = make(Z[:1], LABELS[:1])._extent
    assert left < Z[0, 0] < right


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"decoder": (Decoder, {"latents": 3})}, "`decoder` must have 2 latents.*got 3 and 64"),
        ({"decoder": (LinearDecoder, {"latents": 1})}, "`decoder` must have 2 latents.*got 1 and 64"),
        (
            {"decoder": (Decoder, {"pixels": 63})},
            "`decoder` must have 2 latents.*and 64 pixels, got 2 and 63",
        ),
        ({"decoder": (Encoder, {})}, "`decoder` must be a Decoder or a LinearDecoder, got Encoder"),
        ({"decoder": lambda z: z}, "`decoder` must be a Decoder or .*got function"),
        ({"Z": np.zeros((5, 3))}, r"`Z` must .*\(any, 2\), got shape \(5, 3\)"),
        ({"Z": np.zeros((0, 2))}, r"`Z` must .*got shape \(0, 2\)"),
        ({"Z": np.zeros(2)}, r"`Z` must .*got shape \(2,\)"),
        ({"Z": np.where(Z[3] == Z, np.nan, Z)}, "`Z` must .*got NaN or infinity"),
        ({"Z": None}, "`Z` must "),
        ({"labels": LABELS[:-1]}, r"`labels` must .*\(60,\), got shape \(59,\)"),
        ({"labels": LABELS + 1}, "`labels` must be whole numbers from 0 to 9"),
        ({"labels": LABELS + 0.5}, "`labels` must be whole numbers from 0 to 9"),
        ({"z": (1, 2, 3)}, "`z` must "),
        ({"decoder": broken}, "`decoder` must have finite weights, got NaN or infinity"),
        ({"title": " "}, "`title` must be words"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(change, complaint):
    arguments = {"decoder": (Decoder, {"width": 16}), "Z": Z, "labels": LABELS} | change
    if isinstance(arguments["decoder"], tuple):
        kind, sizes = arguments["decoder"]
        arguments["decoder"] = decoder(kind, **sizes)
    if arguments["decoder"] is broken:
        arguments["decoder"] = broken()
    with pytest.raises((TypeError, ValueError), match=complaint):
        LatentExplorer(**arguments)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((np.zeros(3), HEAT[1], "h"), r"`values` must .*\(any, any\), got shape \(3,\)"),
        ((np.full((2, 2), -np.inf), HEAT[1], "h"), "`values` must .*got NaN or infinity"),
        ((HEAT[0], (1, 2, 3), "h"), "`extent` must "),
        ((HEAT[0], (3, -1, -2, 1), "h"), "`extent` must be .z1_min"),
        ((HEAT[0], None, "h"), "`extent` must "),
        ((HEAT[0], HEAT[1], ""), "`label` must be words"),
    ],
)
def test_a_background_that_does_not_fit_is_refused(arguments, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        make(background=arguments)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (((0, 0, 0), (1, 1), "q"), "`m` must "),
        (((0, 0), (1, np.nan), "q"), "`s` must "),
        (((0, 0), (1, 0), "q"), "`s` must be positive"),
        (((0, 0), (1, 1), None), "`label` must be words"),
    ],
)
def test_a_gaussian_that_does_not_fit_is_refused(arguments, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        make(gaussian=arguments)


def test_without_widgets_there_is_a_picture_with_its_description():
    explorer = make(background=HEAT, gaussian=((0, 0), (1, 1), "prior"))
    data, _ = explorer._repr_mimebundle_()
    assert set(data) == {"text/plain", VIEW, "text/html"}
    alt, source = re.fullmatch(
        r'.*<img alt="([^"]+)".* src="data:image/png;base64,([^"]+)">.*Run this cell.*', data["text/html"]
    ).groups()
    png = base64.b64decode(source)
    assert len(png) < 60_000
    assert len(np.unique(picture(png).reshape(-1, 3), axis=0)) > 20
    assert "60 codes" in alt
    assert "still picture has" not in alt  # nothing is left out
    assert "height, nats" in alt
    assert "prior" in alt


def test_the_still_pictures_words_say_how_many_codes_it_has():
    Z, labels = np.tile(np.eye(2), (205, 1)), np.arange(410) % 10
    still = make(Z, labels)
    drawn = sum(len(digits.get_offsets()) for digits in styled(still._figure)().axes[0].collections)
    assert drawn == 137
    assert "This still picture has one in 3 of the 410 codes." in still.still()
    assert "still picture" not in still._alt  # what the browser shows, which has them all


def test_the_text_is_the_same_on_every_machine():
    texts = {repr(make(z=(z, 0), title="Sixty codes")) for z in (1, 2)}
    assert texts == {"LatentExplorer: Sixty codes"}


def test_private_traits_are_not_the_readers_business():
    with pytest.raises(TraitError):
        make()._decoder = 3


# The still picture, read back from its axes.


def still(**arguments):
    return make(**arguments)._figure().axes


def test_the_still_picture_writes_each_code_as_its_digit():
    plane, _ = still()
    for digit, collection in enumerate(plane.collections):
        marker = MarkerStyle(rf"$\mathsf{{{digit}}}$")
        np.testing.assert_array_equal(
            collection.get_paths()[0].vertices, marker.get_path().transformed(marker.get_transform()).vertices
        )
        np.testing.assert_allclose(collection.get_offsets(), Z[digit == LABELS], rtol=1e-6)


def test_the_still_picture_shows_the_image_at_z():
    _, decoded = still(z=(0.5, -1))
    expected = np.asarray(decoder(width=16)(jnp.array([0.5, -1.0]))).reshape(8, 8)
    np.testing.assert_allclose(decoded.images[0].get_array(), expected, atol=1e-6)


def test_the_still_picture_shows_the_background_the_right_way_up():
    plane, _ = still(background=HEAT)
    heat = plane.images[0]
    assert heat.origin == "lower"
    assert tuple(heat.get_extent()) == HEAT[1]
    np.testing.assert_allclose(heat.get_array(), HEAT[0])
    assert heat.get_clim() == (0, 11)


def test_the_still_picture_has_the_ellipses_at_one_and_two_standard_deviations():
    plane, _ = still(gaussian=((0.5, 1), (0.25, 2), "q"))
    for ellipse, k in zip(plane.patches, (1, 1, 2, 2), strict=True):
        assert tuple(ellipse.center) == (0.5, 1)
        assert (ellipse.width, ellipse.height) == (2 * k * 0.25, 2 * k * 2)
    assert to_hex(plane.patches[-1].get_edgecolor()).upper() == APPROXIMATION


@pytest.mark.parametrize("m", [(0, 0), (0, 1), (0, 9), (0, -9), (-1, 1), (1, -1)])
def test_the_name_of_a_gaussian_stays_inside_the_still_picture(m):
    explorer = make(gaussian=(m, (0.1, 0.4), "a name"))
    explorer._extent = [-1, 1, -1, 1]
    figure = explorer._figure()
    figure.canvas.draw()
    (name,) = [text for text in figure.axes[0].texts if text.get_text() == "a name"]
    inside, frame = name.get_window_extent(), figure.axes[0].get_window_extent()
    assert frame.x0 <= inside.x0 < inside.x1 <= frame.x1
    assert frame.y0 <= inside.y0 < inside.y1 <= frame.y1


# On a page, without Python.


def z_of(page):
    return page.evaluate("() => window.model.get('z')")


def drawn(page):
    return page.locator("figure canvas").evaluate("canvas => canvas.toDataURL()")


def test_the_handle_follows_the_mouse(shown, drag):
    page = shown(make())
    before = drawn(page)
    drag(page, ".handle", (0.8, 0.2), (0.3, 0.6))
    z1, z2 = z_of(page)
    left, right, bottom, top = make()._extent
    assert left < z1 < (left + right) / 2  # left of the middle, and below it
    assert bottom < z2 < (bottom + top) / 2
    assert drawn(page) != before
    assert page.locator(".sentence").inner_text().startswith("z = (")


def test_the_keyboard_moves_z_and_not_the_page(shown):
    page = shown(make(z=(0, 0)))
    page.locator(".handle").focus()
    for key in ("ArrowRight", "ArrowUp", "PageUp", "Home"):
        before = z_of(page)
        page.keyboard.press(key)
        assert z_of(page) != before
    assert page.evaluate("() => window.scrollY") == 0
    page.locator("input").first.press("ArrowLeft")


def test_python_moves_the_handle(shown):
    page = shown(make())
    page.evaluate("() => window.model.set('z', [0.25, -0.5])")
    page.wait_for_timeout(50)
    assert "0.25" in page.locator("output").first.inner_text()
    assert "(0.25" in page.locator(".sentence").inner_text()
