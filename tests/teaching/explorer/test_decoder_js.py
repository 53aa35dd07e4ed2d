"""explorer.js, the very file that the browser runs, without a browser."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.models import Decoder, LinearDecoder
from vae_course.teaching.explorer import LatentExplorer

EXTENT = [-4, 12, -7, 9]


@pytest.fixture(scope="module")
def js(script):
    return script("explorer.js")


def with_hidden_layers(depth, key):
    mlp = eqx.nn.MLP(2, 64, 20, depth, jnp.tanh, jax.nn.sigmoid, key=key)
    return eqx.tree_at(lambda decoder: decoder.mlp, Decoder(key=key), mlp)


DECODERS = {
    "width 128": lambda key: Decoder(key=key),
    "width 1": lambda key: Decoder(key=key, width=1),
    "width 300": lambda key: Decoder(key=key, width=300),
    "one hidden layer": lambda key: with_hidden_layers(1, key),
    "four hidden layers": lambda key: with_hidden_layers(4, key),
    "linear": lambda key: LinearDecoder(key=key),
}


@pytest.mark.parametrize("name", DECODERS)
def test_the_browser_decodes_as_jax_does(js, name):
    decoder = DECODERS[name](jax.random.key(0))
    # Weights larger than at the start of training, so that every activation is met far from zero, too.
    decoder = jax.tree.map(lambda leaf: 3 * leaf if isinstance(leaf, jax.Array) else leaf, decoder)
    explorer = LatentExplorer(decoder, jnp.zeros((1, 2)), jnp.array([0]))
    weights = np.frombuffer(explorer._weights, np.float32).tolist()
    Z = 5 * jax.random.normal(jax.random.key(5), (50, 2))
    images = js.at(Z.tolist(), "decode", weights, explorer._sizes, explorer._activations)
    with jax.default_matmul_precision("highest"):
        expected = np.asarray(jax.vmap(decoder)(Z))
    difference = np.abs(np.array(images) - expected).max()
    print(f"largest difference between JavaScript and JAX, {name}: {difference:.1e}")
    assert np.ptp(expected) > 0.5
    assert difference < 1e-5


def test_the_corners_of_the_plane_are_where_they_belong(js):
    left, top = js("toPixel", EXTENT, [-4, 9])
    right, bottom = js("toPixel", EXTENT, [12, -7])
    assert 0 < left < right < 440
    assert 0 < top < bottom < 440  # pixels count downwards, z2 upwards
    assert right - left == bottom - top
    assert js("toPixel", EXTENT, [4, 1]) == [(left + right) / 2, (top + bottom) / 2]


def test_there_and_back_again(js):
    points = np.random.RandomState(0).uniform(-10, 10, (20, 2)).tolist()
    pixels = js.at(points, "toPixel", EXTENT)
    np.testing.assert_allclose(js.at(pixels, "toLatent", EXTENT), points, atol=1e-12)


@pytest.mark.parametrize(
    ("z", "clipped"), [([0, 0], [0, 0]), ([-9, 3], [-4, 3]), ([99, 99], [12, 9]), ([0, -8], [0, -7])]
)
def test_clip(js, z, clipped):
    assert js("clip", EXTENT, z) == clipped


@pytest.mark.parametrize(
    "extent", [EXTENT, [-0.6107, -0.3254, 0.7784, 1.0637], [-2 / 3, 2 / 3, 1 / 3, 5 / 3]], ids=str
)
def test_what_is_kept_of_z_is_near_and_in_the_plane(js, extent):
    rng = np.random.RandomState(2)
    low, high = np.array(extent[::2]), np.array(extent[1::2])
    points = low + (high - low) * rng.uniform(-0.2, 1.2, (200, 2))
    kept = np.array(js.at(points.tolist(), "kept", extent))
    assert (low <= kept).all()
    assert (kept <= high).all()
    assert np.abs(kept - points.clip(low, high)).max() <= (high - low).max() / 1000
    assert js("kept", EXTENT, [1.23456, -2.34567]) == [1.23, -2.35]


def test_nearest_agrees_with_numpy(js):
    rng = np.random.RandomState(1)
    codes = rng.randn(300, 2)
    for z in rng.randn(5, 2):
        found = js("nearest", codes.ravel().tolist(), z.tolist())
        distances = np.linalg.norm(codes - z, axis=1)
        assert found["index"] == distances.argmin()
        assert found["distance"] == pytest.approx(distances.min(), rel=1e-12)


def test_describe_says_where_z_is_and_what_is_near(js):
    assert (
        js("describe", EXTENT, [0.52, -1.31], 7, 0.12)
        == "z = (0.52, \N{MINUS SIGN}1.31). The nearest code, 0.12 away, is an image of a 7."
    )
    assert js("describe", EXTENT, [-0.001, 3], 8, 2).startswith("z = (0.00, 3.00). ")  # no minus zero
    assert js("describe", EXTENT, [0, 0], 8, 2).endswith(" is an image of an 8.")
    assert "outside the plane" not in js("describe", EXTENT, [12, 9], 1, 0)
    assert "outside the plane" in js("describe", EXTENT, [12.01, 9], 1, 0)


@pytest.mark.parametrize(("width", "decimals"), [(200, 1), (20, 2), (16, 2), (8, 3), (0.5, 4), (5000, 0)])
def test_z_is_kept_at_about_a_thousand_values_across_the_plane(js, width, decimals):
    assert js("decimals", [3, 3 + width, 0, width]) == decimals


@pytest.mark.parametrize("extent", [(-7.7, 7.1), (-10.3, 10.2), (-0.02, 0.031), (0, 1), (-300, 420), (5, 9)])
def test_ticks_are_round_and_inside(js, extent):
    ticks = np.array(js("ticks", *extent))
    assert 4 <= len(ticks) <= 9
    assert extent[0] <= ticks[0] < ticks[-1] <= extent[1]
    steps = np.diff(ticks)
    np.testing.assert_allclose(steps, steps[0])
    mantissa = steps[0] / 10 ** np.floor(np.log10(steps[0]))
    assert round(mantissa, 6) in (1, 2, 5, 10)


def test_each_code_is_written_as_its_digit_at_its_place(js):
    codes, labels, colours = (
        [0, 0, 3, -2, 99, 0, -4, 9],
        [7, 0, 5, 2],
        [f"colour {digit}" for digit in range(10)],
    )
    calls = js("drawCodes", EXTENT, codes, labels, colours)
    drawn = [(*args, style["fillStyle"]) for method, args, style in calls if method == "fillText"]
    places = js.at([[0, 0], [3, -2], [-4, 9]], "toPixel", EXTENT)
    # The 5 lies outside the plane.
    assert drawn == [(str(n), *at, f"colour {n}") for n, at in zip((7, 0, 2), places, strict=True)]


def test_a_gaussian_is_drawn_at_one_and_two_standard_deviations(js):
    calls = js("drawGaussian", EXTENT, {"m": [4, 1], "s": [2, 0.5], "label": "q", "colour": "orange"})
    (left, top), (right, bottom) = js.at([[2, 1.5], [6, 0.5]], "toPixel", EXTENT)
    radii = np.array([(right - left) / 2, (bottom - top) / 2])
    ellipses = np.array([args[:4] for method, args, _ in calls if method == "ellipse"])
    middle = js("toPixel", EXTENT, [4, 1])
    np.testing.assert_allclose(ellipses, [[*middle, *k * radii] for k in (1, 2, 1, 2)])


@pytest.mark.parametrize("m", [[4, 1], [4, 9], [4, 30], [4, -30], [-4, 1], [12, 9]], ids=str)
def test_the_name_of_a_gaussian_stays_in_the_plane(js, m):
    calls = js("drawGaussian", EXTENT, {"m": m, "s": [1, 1], "label": "q", "colour": "orange"})
    arguments = {method: args for method, args, _ in calls}
    name, x, y = arguments["fillText"]
    left, top, width, height = arguments["fillRect"]
    frame = [*js("toPixel", EXTENT, [-4, 9]), *js("toPixel", EXTENT, [12, -7])]
    assert name == "q"
    assert frame[0] <= left < x < left + width <= frame[2]
    assert frame[1] <= top < y < top + height <= frame[3]
