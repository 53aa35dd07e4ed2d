"""Rows of images to choose from, and exact numbers that are computed once for an image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.data import load_digits
from vae_course.marginal import DecodedGrid, fit_ppca, latent_grid, linear_log_marginal, linear_posterior
from vae_course.models import Decoder
from vae_course.teaching.explorer import exact, roads
from vae_course.teaching.pictures import rows_png


@pytest.fixture(autouse=True, scope="module")
def constants():
    """Made when the first test runs: importing a test file does no work."""
    global X, LABELS, Z
    X, LABELS = jnp.eye(4, 64), np.array([3, 7, 3, 0])
    Z = jnp.array([[0.0, 0.0], [1.0, 0.0], [2.0, 2.0], [0.0, 1.0]])


def controls(instrument):
    return {child.description: child for child in instrument.children if hasattr(child, "description")}


def test_the_roads_begin_at_the_first_image_of_each_digit():
    decoder = Decoder(key=jax.random.key(0))
    instrument = roads.roads_between_digits(decoder, X, LABELS, Z, first=3, second=7)
    controls(instrument)["how far"].value = 0.0
    assert instrument.error is None
    start = np.tile(decoder(Z[0]), (9, 1))
    np.testing.assert_array_equal(
        np.frombuffer(instrument._png, np.uint8),
        np.frombuffer(
            rows_png(dict(zip(roads.CAPTIONS, [np.tile(X[0], (9, 1)), start], strict=True)), 8), np.uint8
        ),
    )


def test_a_choice_shows_its_own_rows_and_words():
    choices = {"1": ({"a": X[:2]}, "one"), "10": ({"a": X[2:]}, "ten")}
    instrument = roads.choice_of_rows(choices, name="beta", title="Two", alt="two", start=1)
    slider = controls(instrument)["beta"]
    assert slider.value == "10"
    assert "ten" in instrument._sentence.value
    slider.value = "1"
    assert "one" in instrument._sentence.value
    assert instrument._png == rows_png({"a": X[:2]}, scale=6)


def test_exact_answers_are_the_closed_forms_and_are_computed_once(monkeypatch):
    model, x = fit_ppca(load_digits().train_images, 2), load_digits().test_images[0]
    calls, log_marginals = [], exact.log_marginals
    monkeypatch.setattr(exact, "log_marginals", lambda *args: calls.append(1) or log_marginals(*args))
    answer = exact.exact_answers(DecodedGrid(model, latent_grid(100)))
    mode, log_p = answer(x)
    np.testing.assert_allclose(mode, linear_posterior(model, x)[0], atol=5e-3)
    assert log_p == pytest.approx(float(linear_log_marginal(model, x)), abs=0.02)
    assert answer(x).log_p == log_p
    assert len(calls) == 1
