"""explorer.js, the very file that the browser runs, in the JavaScript engine that playwright brings along."""

import json
import shutil
import subprocess
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from playwright._impl._driver import compute_driver_executable

import vae_course.explorer
from vae_course.explorer import LatentExplorer
from vae_course.models import Decoder, LinearDecoder

SOURCE = Path(vae_course.explorer.__file__).with_name("explorer.js")
NODE = compute_driver_executable()[0]
EXTENT = [-4, 12, -7, 9]


@pytest.fixture(scope="module")
def js(tmp_path_factory):
    """js("clip", extent, z) calls an exported function, js.at(points, "clip", extent) does so for many z."""
    folder = tmp_path_factory.mktemp("js")
    shutil.copy(SOURCE, folder / "explorer.mjs")
    (folder / "call.mjs").write_text(
        'import * as explorer from "./explorer.mjs"; import { readFileSync } from "fs";\n'
        "const [name, first, points] = JSON.parse(readFileSync(0));\n"
        "const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);\n"
        "console.log(JSON.stringify(points.map((last) => plain(explorer[name](...first, last)))));\n"
    )

    def at(points, name, *first):
        question = json.dumps([name, first, points])
        done = subprocess.run([NODE, folder / "call.mjs"], input=question, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def call(name, *arguments):
        return at([arguments[-1]], name, *arguments[:-1])[0]

    call.at = at
    return call


def with_hidden_layers(depth):
    mlp = eqx.nn.MLP(2, 64, 20, depth, jnp.tanh, jax.nn.sigmoid, key=jax.random.key(6))
    return eqx.tree_at(lambda decoder: decoder.mlp, Decoder(key=jax.random.key(0)), mlp)


DECODERS = {
    "width 128": Decoder(key=jax.random.key(0)),
    "width 1": Decoder(key=jax.random.key(1), width=1),
    "width 300": Decoder(key=jax.random.key(2), width=300),
    "one hidden layer": with_hidden_layers(1),
    "four hidden layers": with_hidden_layers(4),
    "linear": LinearDecoder(key=jax.random.key(4)),
}


@pytest.mark.parametrize("name", DECODERS)
def test_the_browser_decodes_as_jax_does(js, name):
    decoder = DECODERS[name]
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
