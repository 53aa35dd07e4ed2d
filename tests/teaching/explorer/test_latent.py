"""`LatentExplorer` from Python's side. What the reader does with it is in tests/browser."""

import base64
import io
import re
from functools import cache

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
from vae_course.teaching.explorer.fallback import explorer_figure
from vae_course.teaching.pictures import APPROXIMATION

VIEW = "application/vnd.jupyter.widget-view+json"
Z = np.random.RandomState(1).standard_normal((60, 2))
LABELS = np.arange(60) % 10
HEAT = (np.arange(12.0).reshape(3, 4), (-1, 3, -2, 1), "height, nats")


@cache
def decoder(kind=Decoder, **sizes):
    return kind(key=jax.random.key(0), **sizes)


def make(Z=Z, labels=LABELS, **arguments):
    return LatentExplorer(decoder(width=16), Z, labels, **arguments)


@pytest.fixture(scope="module")
def shared():
    return make()


@pytest.fixture
def explorer(shared):
    shared.z = (0.0, 0.0)
    shared.show_background(None)
    shared.show_gaussian(None)
    shared.show_samples(None)
    shared.show_plane(None)
    return shared


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


@pytest.mark.parametrize("spread", [0.013, 1.0, 3.7, 96.0])
def test_z_rounded_at_the_edge_stays_inside(spread):
    extent = make(spread * Z, LABELS)._extent
    decimals = np.ceil(3 - np.log10(extent[1] - extent[0]))  # as in explorer.js
    assert [round(end, int(decimals)) for end in extent] == extent


def test_one_code_alone_has_a_plane():
    left, right, _, _ = make(Z[:1], LABELS[:1])._extent
    assert left < Z[0, 0] < right


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"decoder": (Decoder, {"latents": 3})}, "`decoder` must have 2 latents.*got 3"),
        ({"decoder": (LinearDecoder, {"latents": 1})}, "`decoder` must have 2 latents.*got 1"),
        ({"decoder": (Decoder, {"pixels": 63})}, "`decoder` must draw 8 x 8 = 64 pixels, got 63"),
        ({"decoder": (Encoder, {})}, "`decoder` must be a Decoder or .*got Encoder"),
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
        ({"background": (HEAT[0], HEAT[1])}, "`label` must be words"),
        ({"gaussian": ((0, 0), (1, 1))}, "`label` must be words"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(change, complaint):
    arguments = {"decoder": (Decoder, {"width": 16}), "Z": Z, "labels": LABELS} | change
    if isinstance(arguments["decoder"], tuple):
        kind, sizes = arguments["decoder"]
        arguments["decoder"] = decoder(kind, **sizes)
    with pytest.raises((TypeError, ValueError), match=complaint):
        LatentExplorer(**arguments)


def test_a_background_has_low_z1_on_the_left_and_high_z2_on_top(explorer):
    values = np.zeros((5, 9))
    values[4, 0] = 1  # the highest z2, the lowest z1
    explorer.show_background(values, (-1, 1, -1, 1), "height")
    pixels = picture(explorer._background["png"])
    assert pixels.shape == (5, 9, 3)
    brightness = pixels.sum(axis=2)
    assert np.unravel_index(brightness.argmax(), brightness.shape) == (0, 0)
    assert len(np.unique(brightness)) == 2


def test_a_background_is_drawn_in_cividis_with_its_lowest_and_highest_value(explorer):
    explorer.show_background(*HEAT)
    pixels = picture(explorer._background["png"])
    # The ends of the colour map, as its authors published it; matplotlib rounds down.
    np.testing.assert_allclose(pixels[-1, 0], [0, 34, 78], atol=1)
    np.testing.assert_allclose(pixels[0, -1], [254, 232, 56], atol=1)
    assert {key: explorer._background[key] for key in ("extent", "label", "low", "high")} == {
        "extent": [-1, 3, -2, 1],
        "label": "height, nats",
        "low": 0,
        "high": 11,
    }


def test_a_flat_background_has_one_colour(explorer):
    explorer.show_background(jnp.full((3, 3), 7.0), (0, 1, 0, 1), "flat")
    assert len(np.unique(picture(explorer._background["png"]).reshape(-1, 3), axis=0)) == 1


def test_none_removes(explorer):
    explorer.show_background(*HEAT)
    explorer.show_gaussian((0, 1), (1, 2), "q")
    assert explorer._gaussian["m"] == [0, 1]
    explorer.show_background(None)
    explorer.show_gaussian(None)
    assert explorer._background is None
    assert explorer._gaussian is None


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
def test_a_background_that_does_not_fit_is_refused(explorer, arguments, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        explorer.show_background(*arguments)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (((0, 0, 0), (1, 1), "q"), "`m` must "),
        (((0, 0), (1, np.nan), "q"), "`s` must "),
        (((0, 0), (1, 0), "q"), "`s` must be positive"),
        (((0, 0), (1, 1), None), "`label` must be words"),
    ],
)
def test_a_gaussian_that_does_not_fit_is_refused(explorer, arguments, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        explorer.show_gaussian(*arguments)


def test_the_plane_can_be_another_part_and_everything_again(explorer):
    everything = explorer._extent
    explorer.show_plane((0.25, 0.5, -1, 1))
    assert explorer._extent == [-0.625, 1.375, -1, 1]  # the smallest square around it
    explorer.show_plane(jnp.array([-0.5, 0.5, 0.0, 1.0]))
    assert explorer._extent == [-0.5, 0.5, 0, 1]
    explorer.show_plane(None)
    assert explorer._extent == everything


@pytest.mark.parametrize(
    ("extent", "complaint"),
    [
        ((1, 2, 3), r"`extent` must be finite numbers of shape \(4,\), got shape \(3,\)"),
        ((0, np.inf, 0, 1), "`extent` must .*got NaN or infinity"),
        ((1, 0, 0, 1), "`extent` must be .z1_min"),
        ((0, 1, 1, 1), "`extent` must be .z1_min"),
        ("wide", "`extent` must "),
    ],
)
def test_a_plane_that_is_none_is_refused(explorer, extent, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        explorer.show_plane(extent)


def samples(explorer):
    points, weights = (np.frombuffer(explorer._samples[key], np.float32) for key in ("points", "weights"))
    return points.reshape(-1, 2), weights


def test_samples_keep_their_weights_heaviest_first(explorer):
    explorer.show_samples(Z[:3], jnp.array([0.25, 0.0, 0.75]), "three samples")
    points, weights = samples(explorer)
    np.testing.assert_allclose(points, Z[[2, 0, 1]], rtol=1e-6)
    np.testing.assert_allclose(weights, [0.75, 0.25, 0])
    assert explorer._samples["label"] == "three samples"
    assert explorer._alt.endswith("with three samples")
    explorer.show_samples(None)
    assert explorer._samples is None
    assert "samples" not in explorer._alt


def test_samples_without_weights_are_all_alike(explorer):
    explorer.show_samples(Z, None, "prior")
    points, weights = samples(explorer)
    np.testing.assert_allclose(points, Z, rtol=1e-6)
    assert len(set(weights.tolist())) == 1
    assert weights[0] > 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((Z[0], None, "s"), r"`points` must .*\(any, 2\), got shape \(2,\)"),
        ((Z, np.ones(3), "s"), r"`weights` must .*\(60,\), got shape \(3,\)"),
        ((Z, np.full(60, 1.1), "s"), "`weights` must lie from 0 to 1, got 1.1"),
        ((Z, np.full(60, -0.1), "s"), "`weights` must lie from 0 to 1"),
        ((Z, np.full(60, np.nan), "s"), "`weights` must .*got NaN"),
        ((Z, None, ""), "`label` must be words"),
    ],
)
def test_samples_that_do_not_fit_are_refused(explorer, arguments, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        explorer.show_samples(*arguments)


def test_an_observer_may_answer_with_a_background(explorer):
    def answer(change):
        explorer.show_background(np.eye(4) * change.new[0], (-1, 1, -1, 1), "height")

    explorer.observe(answer, "z")
    explorer.set_state({"z": [5, 1]})
    explorer.unobserve(answer, "z")
    assert explorer._background["high"] == 5


def test_without_widgets_there_is_a_picture_with_its_description():
    explorer = make(background=HEAT, gaussian=((0, 0), (1, 1), "prior"))
    data, _ = explorer._repr_mimebundle_()
    assert set(data) == {"text/plain", VIEW, "text/html"}
    alt, source = re.fullmatch(
        r'<img alt="([^"]+)" src="data:image/png;base64,([^"]+)">', data["text/html"]
    ).groups()
    png = base64.b64decode(source)
    assert len(png) < 60_000
    assert len(np.unique(picture(png).reshape(-1, 3), axis=0)) > 20
    assert "60 codes" in alt
    assert "height, nats" in alt
    assert "prior" in alt


def test_the_text_is_the_same_on_every_machine():
    explorers = [make(z=(z, 0)) for z in (1, 2)]
    texts = {explorer._repr_mimebundle_()[0]["text/plain"] for explorer in explorers}
    assert texts == {"LatentExplorer: drag z over 60 codes; the decoder draws the image that z stands for"}


def test_private_traits_are_not_the_readers_business():
    with pytest.raises(TraitError):
        make()._sizes = 3


# The still picture, read back from its axes.


def still(**arguments):
    return explorer_figure(make(**arguments)).axes


def test_the_still_picture_writes_each_code_as_its_digit():
    plane, _ = still()
    for digit, collection in enumerate(plane.collections):
        marker = MarkerStyle(f"${digit}$")
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
    brightness = np.asarray(plane.images[0].get_array())[..., :3].astype(int).sum(axis=2)
    assert plane.images[0].origin == "upper"
    assert tuple(plane.images[0].get_extent()) == HEAT[1]
    assert np.unravel_index(brightness.argmin(), brightness.shape) == (2, 0)  # lower left: lowest z1 and z2
    assert np.unravel_index(brightness.argmax(), brightness.shape) == (0, 3)


def test_the_still_picture_has_the_ellipses_at_one_and_two_standard_deviations():
    plane, _ = still(gaussian=((0.5, 1), (0.25, 2), "q"))
    for ellipse, k in zip(plane.patches, (1, 1, 2, 2), strict=True):
        assert tuple(ellipse.center) == (0.5, 1)
        assert (ellipse.width, ellipse.height) == (2 * k * 0.25, 2 * k * 2)
    assert to_hex(plane.patches[-1].get_edgecolor()).upper() == APPROXIMATION


@pytest.mark.parametrize("m", [(0, 0), (0, 1), (0, 9), (0, -9), (-1, 1), (1, -1)])
def test_the_name_of_a_gaussian_stays_inside_the_still_picture(m):
    explorer = make(gaussian=(m, (0.1, 0.4), "a name"))
    explorer.show_plane((-1, 1, -1, 1))
    figure = explorer_figure(explorer)
    figure.canvas.draw()
    (name,) = [text for text in figure.axes[0].texts if text.get_text() == "a name"]
    inside, frame = name.get_window_extent(), figure.axes[0].get_window_extent()
    assert frame.x0 <= inside.x0 < inside.x1 <= frame.x1
    assert frame.y0 <= inside.y0 < inside.y1 <= frame.y1


def test_the_still_picture_shows_samples_by_their_weight():
    plane, _ = still(samples=(Z[:3], [0.25, 0.0, 1.0], "three"))
    circles = plane.collections[-1]
    np.testing.assert_allclose(circles.get_offsets(), Z[[2, 0, 1]], rtol=1e-6)
    np.testing.assert_allclose(circles.get_sizes(), [400, 100, 4])
