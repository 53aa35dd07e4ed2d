"""The digits against scikit-learn's own copy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits as read_digits

from vae_course.data import blend, load_digits, nearest, squared_distances


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_sizes_and_types(digits):
    assert [part.shape for part in digits] == [(1497, 64), (1497,), (300, 64), (300,)]
    assert [str(part.dtype) for part in digits] == ["float32", "int32", "float32", "int32"]


def test_pixels_are_sixteenths_between_paper_and_ink(digits):
    for images in (digits.train_images, digits.test_images):
        sixteenths = np.asarray(images) * 16
        assert (sixteenths == np.round(sixteenths)).all()
        assert sixteenths.min() == 0
        assert sixteenths.max() == 16


def test_the_two_parts_are_all_of_scikit_learns_digits_and_share_none(digits):
    bunch = read_digits()
    real = np.column_stack([bunch.data, bunch.target])
    parts = [
        np.column_stack([np.asarray(images) * 16, labels])
        for images, labels in (
            (digits.train_images, digits.train_labels),
            (digits.test_images, digits.test_labels),
        )
    ]
    ours = np.concatenate(parts)
    assert sorted(map(tuple, ours)) == sorted(map(tuple, real))  # every image once, with its own label
    assert len(set(map(tuple, ours))) == 1797  # no two images are the same, so no image is in both parts


def test_the_split_is_the_same_on_every_machine(digits):
    assert np.bincount(digits.test_labels).tolist() == [19, 27, 29, 27, 24, 34, 40, 34, 31, 35]
    assert np.bincount(digits.train_labels).tolist() == [159, 155, 148, 156, 157, 148, 141, 145, 143, 145]
    real = read_digits().data
    np.testing.assert_array_equal(np.asarray(digits.test_images[0]) * 16, real[1081])
    np.testing.assert_array_equal(np.asarray(digits.train_images[0]) * 16, real[1620])


def test_the_labels_are_shuffled(digits):
    for labels in (digits.train_labels, digits.test_labels):
        assert (np.bincount(labels) / len(labels) > 0.06).all()
    assert abs(np.corrcoef(np.arange(1497), digits.train_labels)[0, 1]) < 0.1


def test_squared_distances_are_scipys(digits):
    X, Y = digits.test_images[:7], digits.train_images[:5]
    np.testing.assert_allclose(squared_distances(X, Y), cdist(X, Y, "sqeuclidean"), rtol=1e-6)


def test_blend_is_linear_between_its_ends(digits):
    x_a, x_b = digits.train_images[0], digits.train_images[1]
    np.testing.assert_array_equal(blend(x_a, x_b, 0), x_a)
    np.testing.assert_array_equal(blend(x_a, x_b, 1.0), x_b)
    quarter = 0.75 * np.asarray(x_a) + 0.25 * np.asarray(x_b)
    np.testing.assert_allclose(blend(x_a, x_b, 0.25), quarter, rtol=1e-6)


def test_nearest_is_scipys(digits):
    X, T = digits.train_images[:200], digits.test_images[:50]
    which, squared = jax.vmap(nearest, (0, None))(T, X)
    distances = cdist(np.asarray(T, np.float64), np.asarray(X, np.float64), "sqeuclidean")
    np.testing.assert_array_equal(which, distances.argmin(axis=1))
    np.testing.assert_allclose(squared, distances.min(axis=1), rtol=1e-4)


def test_an_image_is_nearest_to_itself_and_no_distance_is_negative(digits):
    which, squared = jax.vmap(nearest, (0, None))(digits.train_images[:300], digits.train_images)
    np.testing.assert_array_equal(which, np.arange(300))
    assert (squared >= 0).all()
    assert squared.max() < 1e-4


@pytest.mark.parametrize(("x", "named"), [(np.zeros((2, 64)), "x"), (np.zeros(63), "X")])
def test_nearest_names_what_does_not_fit(digits, x, named):
    with pytest.raises(TypeError, match=f"parameter '{named}'"):
        nearest(jnp.asarray(x, jnp.float32), digits.train_images)
