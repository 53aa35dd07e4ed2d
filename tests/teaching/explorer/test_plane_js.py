"""plane.js, the very file that the browser runs, without a browser."""

import numpy as np
import pytest

EXTENT = [-4, 12, -7, 9]


@pytest.fixture(scope="module")
def js(script):
    return script("plane.js")


@pytest.fixture(scope="module")
def view(js):
    return js("viewOf", EXTENT, 440)


def test_the_corners_of_the_plane_are_where_they_belong(js, view):
    left, top = js("toPixel", view, [-4, 9])
    right, bottom = js("toPixel", view, [12, -7])
    assert 0 < left < right < 440
    assert 0 < top < bottom < 440  # pixels count downwards, z2 upwards
    assert right - left == bottom - top
    assert js("toPixel", view, [4, 1]) == [(left + right) / 2, (top + bottom) / 2]


def test_there_and_back_again(js, view):
    points = np.random.RandomState(0).uniform(-10, 10, (20, 2)).tolist()
    pixels = js.at(points, "toPixel", view)
    np.testing.assert_allclose(js.at(pixels, "toLatent", view), points, atol=1e-12)


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


@pytest.mark.parametrize(("width", "decimals"), [(200, 1), (20, 2), (16, 2), (8, 3), (0.5, 4), (5000, 0)])
def test_z_is_kept_at_about_a_thousand_values_across_the_plane(js, width, decimals):
    assert js("decimals", [3, 3 + width, 0, width]) == decimals


def test_each_code_is_written_as_its_digit_at_its_place(js, view):
    codes, labels, colours = (
        [0, 0, 3, -2, 99, 0, -4, 9],
        [7, 0, 5, 2],
        [f"colour {digit}" for digit in range(10)],
    )
    calls = js("drawCodes", view, codes, labels, colours)
    drawn = [(*args, style["fillStyle"]) for method, args, style in calls if method == "fillText"]
    places = js.at([[0, 0], [3, -2], [-4, 9]], "toPixel", view)
    # The 5 lies outside the plane.
    assert drawn == [(str(n), *at, f"colour {n}") for n, at in zip((7, 0, 2), places, strict=True)]


def test_a_gaussian_is_drawn_at_one_and_two_standard_deviations(js, view):
    calls = js("drawGaussian", view, {"m": [4, 1], "s": [2, 0.5], "label": "q", "colour": "orange"})
    (left, top), (right, bottom) = js.at([[2, 1.5], [6, 0.5]], "toPixel", view)
    radii = np.array([(right - left) / 2, (bottom - top) / 2])
    ellipses = np.array([args[:4] for method, args, _ in calls if method == "ellipse"])
    middle = js("toPixel", view, [4, 1])
    np.testing.assert_allclose(ellipses, [[*middle, *k * radii] for k in (1, 2, 1, 2)])


@pytest.mark.parametrize("m", [[4, 1], [4, 9], [4, 30], [4, -30], [-4, 1], [12, 9]], ids=str)
def test_the_name_of_a_gaussian_stays_in_the_plane(js, view, m):
    calls = js("drawGaussian", view, {"m": m, "s": [1, 1], "label": "q", "colour": "orange"})
    arguments = {method: args for method, args, _ in calls}
    name, x, y = arguments["fillText"]
    left, top, width, height = arguments["fillRect"]
    frame = [*js("toPixel", view, [-4, 9]), *js("toPixel", view, [12, -7])]
    assert name == "q"
    assert frame[0] <= left < x < left + width <= frame[2]
    assert frame[1] <= top < y < top + height <= frame[3]
