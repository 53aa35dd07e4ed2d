"""Shares, bad ones and distances of new images, against scipy; and both roads at their middle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier

from vae_course.data import load_digits
from vae_course.models import Decoder, Encoder, GaussianDecoder, LinearDecoder
from vae_course.samples import (
    AroundCodes,
    around_codes,
    as_in_01,
    bad_around,
    bad_limit,
    halfway_distances,
    nearest_to_each,
    new_image,
    same_digit_share,
    sample_quality,
)


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_quality_is_counted_as_by_hand(digits):
    X, labels = digits.train_images[:400], digits.train_labels[:400]
    images = jnp.clip(digits.test_images[:120] + 0.2, 0, 1)
    distances = cdist(np.asarray(images, np.float64), np.asarray(X, np.float64), "sqeuclidean")
    which, nearest = distances.argmin(axis=1), distances.min(axis=1)
    limit = float(np.quantile(nearest, 0.7))
    found = sample_quality(images, X, labels, limit)
    np.testing.assert_allclose(found.shares, np.bincount(np.asarray(labels)[which], minlength=10) / 120)
    np.testing.assert_allclose(found.bad, (nearest > limit).mean(), atol=1 / 120)
    np.testing.assert_allclose(found.distance, nearest.mean(), rtol=1e-4)
    np.testing.assert_array_equal(nearest_to_each(images, X)[0], which)


def test_halfway_is_measured_between_neighbours_of_different_digits(digits):
    encoder, decoder = Encoder(key=jax.random.key(0)), Decoder(key=jax.random.key(1))
    X, T, labels = digits.train_images[:200], digits.test_images[:6], jnp.array([3, 3, 5, 5, 5, 3])
    found = halfway_distances(encoder, decoder, T, labels, X)
    Z = np.stack([encoder(x) for x in T]).astype(np.float64)
    X_hat = np.stack([decoder(jnp.asarray(z, jnp.float32)) for z in Z]).astype(np.float64)
    pairs = [(2, 1), (5, 4)]  # the first and the last show one digit, and the others are alike

    def nearest(images):
        return cdist(np.asarray(images, np.float64), np.asarray(X, np.float64), "sqeuclidean").min(axis=1)

    z = np.array([(Z[a] + Z[b]) / 2 for a, b in pairs])
    np.testing.assert_allclose(found.z, z, atol=1e-6)
    blends = [(X_hat[a] + X_hat[b]) / 2 for a, b in pairs]
    np.testing.assert_allclose(found.pixels, nearest(blends), rtol=1e-4)
    walked = [decoder(jnp.asarray(point, jnp.float32)) for point in z]
    np.testing.assert_allclose(found.plane, nearest(walked), rtol=1e-4)
    np.testing.assert_allclose(found.ends, nearest(X_hat[[2, 5]]), rtol=1e-4)


def test_neighbours_are_compared_by_their_labels(digits):
    encoder = Encoder(key=jax.random.key(0))
    known, new = (
        (digits.train_images[:300], digits.train_labels[:300]),
        (digits.test_images, digits.test_labels),
    )
    Z, Z_new = (np.stack([encoder(x) for x in images[:100]]) for images, _ in (known, new))
    expected = KNeighborsClassifier(1).fit(Z, known[1][:100]).score(Z_new, new[1][:100])
    found = same_digit_share(encoder, *(part[:100] for part in known + new))
    np.testing.assert_allclose(found, expected, atol=0.015)


def test_nine_in_ten_reconstructions_are_within_the_limit(digits):
    encoder, decoder = Encoder(key=jax.random.key(0)), Decoder(key=jax.random.key(1))
    X, T = digits.train_images[:200], digits.test_images[:100]
    limit = float(bad_limit(encoder, decoder, T, X))
    images = np.stack([decoder(encoder(x)) for x in T]).astype(np.float64)
    distances = cdist(images, np.asarray(X, np.float64), "sqeuclidean").min(axis=1)
    assert limit == pytest.approx(np.quantile(distances, 0.9), rel=1e-4)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda X, y: sample_quality(X[0], X, y, 1.0), "images"),
        (lambda X, y: sample_quality(X[:, :9], X, y, 1.0), "X"),
        (lambda X, y: sample_quality(X, X, y[:5], 1.0), "labels"),
        (lambda X, y: sample_quality(X, X, y, None), "limit"),
        (lambda X, y: halfway_distances(None, lambda z: X[0], X, y, X), "encoder"),
        (lambda X, y: halfway_distances(lambda x: x[:2], lambda z: X[0], X, y[:5], X), "labels"),
        (lambda X, y: bad_limit(lambda x: x[:2], 3, X, X), "decoder"),
        (lambda X, y: same_digit_share(lambda x: x[:2], X, y[:5], X, y), "labels"),
    ],
)
def test_bad_arguments_are_named(digits, call, named):
    with pytest.raises(TypeError, match=f"parameter '{named}'"):
        call(digits.train_images[:20], digits.train_labels[:20])


def test_a_new_image_is_a_draw_of_the_linear_model():
    model = GaussianDecoder(LinearDecoder(key=jax.random.key(0), pixels=3), sigma=0.4)
    keys = jax.random.split(jax.random.key(1), 200_000)
    drawn = np.asarray(jax.vmap(new_image, (None, 0))(model, keys), np.float64)
    W, b = (np.asarray(part, np.float64) for part in (model.decoder.linear.weight, model.decoder.linear.bias))
    np.testing.assert_allclose(drawn.mean(axis=0), b, atol=0.01)  # 4 standard errors
    np.testing.assert_allclose(np.cov(drawn.T), W @ W.T + 0.4**2 * np.eye(3), atol=0.01)


def test_around_codes_counts_in_their_standard_deviations(digits):
    X = digits.train_images[:100]
    encoder, decoder = Encoder(key=jax.random.key(0)), Decoder(key=jax.random.key(1))
    found = around_codes(encoder, decoder, X, cells=4)
    Z = np.stack([encoder(x) for x in X]).astype(np.float64)
    np.testing.assert_allclose(found.codes, (Z - Z.mean(axis=0)) / Z.std(axis=0), atol=1e-3)
    at = Z.mean(axis=0) + Z.std(axis=0) * [0.75, -2.25]  # third of four from the left, lowest row
    np.testing.assert_allclose(found.images[2], decoder(jnp.asarray(at, jnp.float32)), atol=1e-4)
    squared = cdist(np.asarray(found.images, np.float64), np.asarray(X, np.float64), "sqeuclidean")
    np.testing.assert_allclose(found.distances, squared.min(axis=1), rtol=1e-4)


def test_bad_places_around_the_codes_are_a_share_of_the_disc():
    ticks = (np.arange(80) + 0.5) * 6 / 80 - 3
    plane = AroundCodes(np.zeros((1, 2)), np.zeros((6400, 64)), np.tile(ticks, 80))  # the distance is z1
    segment = np.arccos(1 / 2) - 1 / 2 * np.sqrt(3) / 2  # of the disc of radius 1, beyond z1 = 1/2
    np.testing.assert_allclose(bad_around(plane, 1.0), segment / np.pi, atol=0.01)
    np.testing.assert_allclose(bad_around(plane, 0.5, radius=1.0), segment / np.pi, atol=0.03)


def test_the_measures_of_01_are_those_functions_means(digits):
    X, labels, T, T_labels = digits
    pairs = [(Encoder(key=jax.random.key(i)), Decoder(key=jax.random.key(9 + i))) for i in range(2)]
    found = as_in_01(pairs, X, labels, T[:40], T_labels[:40])
    limit = float(bad_limit(*pairs[1], T[:40], X))
    halfway = halfway_distances(*pairs[1], T[:40], T_labels[:40], X)
    assert found.plane[1] == pytest.approx(float(halfway.plane.mean()))
    assert found.bad_halfway[1] == pytest.approx(100 * np.mean(np.asarray(halfway.plane) > limit))
    Z = np.stack([pairs[1][0](x) for x in X])
    eps = np.asarray(jax.random.normal(jax.random.key(7), (1000, 2)))
    new = np.stack([pairs[1][1](z) for z in jnp.asarray(Z.mean(axis=0) + Z.std(axis=0) * eps)])
    squared = cdist(new, np.asarray(X), "sqeuclidean")
    assert found.bad_matched[1] == pytest.approx(100 * (squared.min(axis=1) > limit).mean(), abs=0.2)
    shares = np.bincount(np.asarray(labels)[squared.argmin(axis=1)], minlength=10) / 1000
    assert found.uneven_matched[1] == pytest.approx(100 * np.maximum(shares - 0.1, 0).sum(), abs=0.2)
