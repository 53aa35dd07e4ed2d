"""`TwoRoads`: from one digit to another through pixels, and on the plane."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from vae_course.data import load_digits
from vae_course.models import Decoder, Encoder, GaussianDecoder, apply
from vae_course.samples import nearest_to_each
from vae_course.teaching.explorer import TwoRoads

rng = np.random.RandomState(0)


def two_roads(decoder, x_a, x_b, z_a, z_b, t):
    """The blends of two images and the decoded ways between two codes, (T, 64) each."""
    t = np.asarray(t)[:, None]
    blends, ways = ((1 - t) * np.asarray(a) + t * np.asarray(b) for a, b in ((x_a, x_b), (z_a, z_b)))
    return jnp.asarray(blends, jnp.float32), apply(decoder, jnp.asarray(ways, jnp.float32))


@pytest.fixture(scope="module")
def digits():
    """Images, their digits, a decoder and codes all over its plane."""
    data = load_digits()
    X, labels = data.train_images, np.asarray(data.train_labels)
    codes = 20 * apply(Encoder(key=jax.random.key(1), width=16), X)
    return X, labels, Decoder(key=jax.random.key(0), width=16), codes


@pytest.fixture(scope="module")
def js(script):
    return script("roads.js")


def test_the_nearest_image_is_that_of_numpy(js):
    X, images = rng.rand(30, 64), rng.rand(4, 64)
    images[:2] = X[[0, -1]]
    distances = cdist(images, X, "sqeuclidean")
    near = js.at(images.tolist(), "nearestImage", X.ravel().tolist())
    assert [one["index"] for one in near] == distances.argmin(axis=1).tolist()
    np.testing.assert_allclose([one["distance"] for one in near], distances.min(axis=1))


def test_a_blend_begins_and_ends_at_its_ends(js):
    a, b = rng.rand(2, 5)
    np.testing.assert_allclose(js.at([0, 0.25, 1], "blend", list(a), list(b)), [a, 0.75 * a + 0.25 * b, b])


def test_a_ring_that_is_dragged_stays_on_the_walk(js):
    a, b, z = rng.standard_normal((3, 2)).tolist()
    t = np.linspace(0, 1, 10_001)
    way = np.outer(1 - t, a) + np.outer(t, b)
    best = t[np.linalg.norm(way - z, axis=1).argmin()]
    assert js("closest", a, b, z) == pytest.approx(best, abs=1e-4)
    assert js("closest", [0, 0], [2, 0], [-5, 1]) == 0
    assert js("closest", [0, 0], [2, 0], [9, 1]) == 1
    assert js("closest", a, a, z) is None


def test_the_mark_stands_below_the_middle_of_the_image_at_t(js):
    # Nine images of eight pixels with gaps of one: 80 pixels; the fifth image begins at pixel 36.
    assert js.at([0, 0.5, 1], "across") == [5, 50, 95]


def test_the_sentence_says_one_road_or_two(js):
    one = "At t = 0.50 the training image nearest to the blend is an 8, at squared distance 4.3"
    assert js("describe", 0.5, [8], [4.25]) == f"{one}."
    assert (
        js("describe", 0.5, [8, 3], [4.25, 0])
        == f"{one}; nearest to the walk is a 3, at squared distance 0.0."
    )


def test_the_page_shows_what_the_lecture_computes(digits, shown):
    X, labels, decoder, codes = digits
    a, b = (int(np.flatnonzero(labels == digit)[0]) for digit in (3, 7))
    page = shown(TwoRoads(X, labels, GaussianDecoder(decoder), codes, first=3, second=7, t=0.25))
    for t in (0.25, 0.6):
        page.evaluate("t => model.set('t', t)", t)
        page.wait_for_timeout(60)
        roads = two_roads(decoder, X[a], X[b], codes[a], codes[b], jnp.array([t]))
        which, distances = nearest_to_each(jnp.concatenate(roads), X)
        words = page.inner_text(".sentence")
        assert f"At t = {t:.2f} " in words
        for i, distance in zip(which, distances, strict=True):
            assert f" {labels[i]}, at squared distance {distance:.1f}" in words
        for canvas, road in enumerate(roads):
            light = page.evaluate(
                "i => [...document.querySelectorAll('figure canvas')[i].getContext('2d')"
                ".getImageData(0, 0, 8, 8).data].filter((_, k) => k % 4 === 0)",
                canvas,
            )
            np.testing.assert_allclose(light, 255 * (1 - np.asarray(road[0])), atol=1)


def test_the_reader_drags_the_slider_and_the_ring_and_chooses(digits, shown, drag):
    page = shown(TwoRoads(*digits, first=0, second=1))
    page.locator(".time input").press("End")
    page.wait_for_timeout(60)
    assert page.evaluate("model.get('t')") == 1
    assert page.locator(".mark").first.evaluate("mark => mark.style.left") == "95%"
    strip = "document.querySelectorAll('.strip canvas')[1].toDataURL()"
    before = page.evaluate(strip)
    page.locator("select").nth(1).select_option("5")
    page.wait_for_timeout(60)
    assert page.evaluate("model.get('second')") == 5
    assert page.evaluate(strip) != before
    reached = set()
    for corner in ((0.2, 0.1), (0.9, 0.1), (0.9, 0.8), (0.2, 0.8)):
        drag(page, ".handle", (0.5, 0.5), corner)
        reached.add(page.evaluate("model.get('t')"))
    assert {0, 1} <= reached  # of four corners one lies beyond each end of the walk


def test_without_a_decoder_there_is_one_road_and_no_plane(digits, shown):
    page = shown(TwoRoads(*digits[:2]), width=360)
    page.wait_for_timeout(60)
    assert page.locator(".strip").count() == 1
    assert not page.locator(".walk").is_visible()
    assert "walk" not in page.inner_text(".sentence")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"X": np.zeros((3, 63))}, r"`X` must .*\(any, 64\), got shape \(3, 63\)"),
        ({"X": np.full((3, 64), 2.0)}, "`X` must hold ink from 0 to 1"),
        ({"labels": [0, 1]}, r"`labels` must .*got shape \(2,\)"),
        ({"decoder": None}, "`decoder` must be given with `codes`"),
        ({"codes": None}, "`codes` must be given with `decoder`"),
        ({"codes": np.zeros((3, 3))}, r"`codes` must .*got shape \(3, 3\)"),
        ({"codes": np.full((3, 2), np.nan)}, "`codes` must .*NaN"),
        ({"decoder": Encoder}, "`decoder` must be a Decoder or a LinearDecoder, got "),
        ({"first": 7}, r"`first` must be among `labels`, \[0, 1, 2\], got 7"),
        ({"second": "1"}, "`second` must be among `labels`.*got '1'"),
        ({"t": 1.1}, "`t` must be from 0 to 1, got 1.1"),
        ({"t": np.nan}, "`t` must .*NaN"),
        ({"title": ""}, "`title` must be words"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(digits, change, complaint):
    good = {"X": np.zeros((3, 64)), "labels": [0, 1, 2], "decoder": digits[2], "codes": np.eye(3, 2)}
    with pytest.raises((TypeError, ValueError), match=complaint):
        TwoRoads(**good | change)


def test_a_decoder_of_three_latents_is_refused():
    three = Decoder(key=jax.random.key(0), latents=3, width=4)
    with pytest.raises(ValueError, match=r"`decoder` must have 2 latents.*got 3"):
        TwoRoads(np.zeros((1, 64)), [0], three, np.zeros((1, 2)), second=0)


def test_what_the_reader_sets_is_set_from_python_too(digits):
    roads = TwoRoads(*digits[:2])
    roads.t, roads.first = jnp.float32(0.75), 4
    assert (roads.t, roads.first) == (0.75, 4)
    with pytest.raises(ValueError, match="`t` must be from 0 to 1, got -1"):
        roads.t = -1
    with pytest.raises(ValueError, match="`first` must be among `labels`"):
        roads.first = 10


def test_images_beyond_the_limit_are_framed(digits, shown):
    roads = TwoRoads(*digits[:2], first=3, second=7, limit=0.9)
    (ax,) = roads._figure().axes
    far = [float(tick.get_text()) > 0.9 for tick in ax.get_xticklabels()]
    frames = [patch.get_x() for patch in ax.patches if patch.get_linewidth() > 1.5]
    framed = [any(abs(x - 9 * i) < 1 for x in frames) for i in range(9)]
    assert 0 < sum(far) < 9
    assert framed == far
    assert shown(roads).locator(".bad").count() == sum(far)


def test_the_still_picture_has_both_strips_and_how_far_each_image_is(digits):
    X, labels, decoder, codes = digits
    roads = TwoRoads(*digits, first=3, second=7)
    blends, walks = roads._figure().axes
    a, b = (int(np.flatnonzero(labels == digit)[0]) for digit in (3, 7))
    expected = two_roads(decoder, X[a], X[b], codes[a], codes[b], jnp.linspace(0, 1, 9))
    for ax, images in zip((blends, walks), expected, strict=True):
        drawn = [image.get_array().ravel() for image in ax.images]
        np.testing.assert_allclose(drawn, images, atol=1e-6)
        distances = cdist(images, X, "sqeuclidean").min(axis=1)
        assert [float(tick.get_text()) for tick in ax.get_xticklabels()] == pytest.approx(distances, abs=0.06)
    assert len(TwoRoads(*digits[:2])._figure().axes) == 1
    assert not any(patch.get_linewidth() > 1.5 for patch in blends.patches)
    assert 'alt="Images on the way' in roads.still()
