"""`TrainingFilm`: what Python computes once, and what the browser does with the time."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from traitlets import TraitError

from vae_course.elbo import quadrature_elbos
from vae_course.map_latents import log_joint
from vae_course.marginal import log_marginals
from vae_course.models import VAE, Decoder, GaussianDecoder, GaussianEncoder, apply
from vae_course.teaching.explorer import TrainingFilm

STEPS = [0, 100, 400, 3200]


@pytest.fixture(scope="module")
def made():
    """Checkpoints that bend more and more, their noise less and less; images; and a film of them."""
    rng = np.random.RandomState(0)
    encoder, decoder = (
        GaussianEncoder(key=jax.random.key(0), width=8),
        Decoder(key=jax.random.key(1), width=8),
    )
    vaes = []
    for grown, sigma in ((1, 0.4), (2, 0.3), (3, 0.25), (4, 0.2)):
        bent = jax.tree.map(lambda leaf, grown=grown: grown * leaf if eqx.is_array(leaf) else leaf, decoder)
        vaes.append(VAE(encoder, GaussianDecoder(bent, sigma=sigma)))
        encoder = jax.tree.map(lambda leaf: 1.5 * leaf if eqx.is_array(leaf) else leaf, encoder)
    X = rng.rand(20, 64)
    X[:2] = vaes[-1].decoder(jnp.array([1.0, -0.5])), vaes[-1].decoder(jnp.array([-1.5, 1.0]))
    return vaes, X, TrainingFilm(vaes, STEPS, X, np.arange(20) % 10, X[0], X[1])


def numbers(film, name, *shape, kind=np.float32):
    return np.frombuffer(getattr(film, name), kind).reshape(len(STEPS), *shape)


# Python's half.


def test_the_bounds_are_those_of_the_lecture_and_bound(made):
    vaes, X, film = made
    pair, sent = jnp.asarray(X[:2], jnp.float32), numbers(film, "_bounds", 2, 2)
    for vae, (elbos, log_p) in zip(vaes, sent.swapaxes(1, 2), strict=True):
        np.testing.assert_allclose(log_p, log_marginals(vae.decoder, pair).log_p, atol=0.01)
        np.testing.assert_allclose(
            elbos, quadrature_elbos(vae.decoder, pair, *apply(vae.encoder, pair)), atol=1e-3
        )
        assert (elbos <= log_p + 0.01).all()
    assert (sent[..., 1] - sent[..., 0]).max() > 1  # there is a gap to be seen


def test_codes_and_q_are_the_encoder_s(made):
    vaes, X, film = made
    for vae, codes, q, sigma in zip(
        vaes, numbers(film, "_codes", 20, 2), numbers(film, "_q", 2, 4), numbers(film, "_sigma"), strict=True
    ):
        m, s = (np.stack(part) for part in zip(*map(vae.encoder, jnp.asarray(X, jnp.float32)), strict=True))
        np.testing.assert_allclose(codes, m, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(q, np.concatenate([m, s], axis=1)[:2], rtol=1e-4, atol=1e-5)
        assert sigma == pytest.approx(float(vae.decoder.sigma))


def cell_masses(model, x, extent, cells, points):
    """log p(x, z) added up over each cell, with so many points per cell and axis, below the highest."""
    left, right, bottom, top = extent
    at = (np.arange(cells * points) + 0.5) / (cells * points)
    z1, z2 = np.meshgrid(left + at * (right - left), bottom + at * (top - bottom))
    places, x = jnp.asarray(np.stack([z1, z2], axis=-1).reshape(-1, 2), float), jnp.asarray(x, float)
    logs = eqx.filter_jit(jax.vmap(log_joint, (None, None, 0)))(model, x, places)
    logs = np.asarray(logs, np.float64).reshape(cells, points, cells, points)
    mass = np.log(np.exp(logs - logs.max()).sum(axis=(1, 3)) + 1e-300)
    return mass - mass.max()


@pytest.mark.parametrize(("name", "cells"), [("_posteriors", 64), ("_close_ups", 48)])
def test_a_picture_is_the_mass_of_its_cells(made, name, cells):
    vaes, X, film = made
    pictures = numbers(film, name, 2, cells, cells, kind=np.uint8)
    squares = numbers(film, "_squares", 2, 4)
    for i, image in ((0, 0), (3, 1)):
        extent = film._extent if name == "_posteriors" else squares[i, image]
        nats = (pictures[i, image] / 255 - 1) * 15
        same, finer = (cell_masses(vaes[i].decoder, X[image], extent, cells, points) for points in (3, 9))
        np.testing.assert_allclose(nats, np.maximum(same, -15), atol=0.04)  # half a byte is 0.03 nats
        np.testing.assert_allclose(np.exp(nats), np.exp(finer), atol=0.05)


def test_a_close_up_holds_q(made):
    _, _, film = made
    squares, q = numbers(film, "_squares", 2, 4), numbers(film, "_q", 2, 4)
    for i in (0, 1):
        assert (squares[..., 2 * i] <= q[..., i] - 3.99 * q[..., 2 + i]).all()
        assert (squares[..., 2 * i + 1] >= q[..., i] + 3.99 * q[..., 2 + i]).all()


def test_decoded_images_stand_at_their_places(made):
    vaes, _, film = made
    left, right, bottom, top = film._extent
    images = numbers(film, "_decoded", 9, 9, 64, kind=np.uint8)
    z = jnp.array(
        [left + (right - left) * 6.5 / 9, bottom + (top - bottom) * 1.5 / 9]
    )  # second row from below
    np.testing.assert_allclose(images[2, 1, 6], 255 * np.asarray(vaes[2].decoder(z)), atol=0.6)


def test_a_film_of_24_checkpoints_and_500_codes_weighs_less_than_a_megabyte(made):
    film = made[2]
    sizes = {name: len(value) for name, value in film.sent().items() if isinstance(value, bytes)}
    whole = sum(size for name, size in sizes.items() if name in ("_colours", "_labels", "_images"))
    each = (sum(sizes.values()) - whole) / len(STEPS) + 480 * 2 * 4  # what 480 more codes take
    assert whole + 480 + 24 * each < 1_000_000


def test_an_argument_that_does_not_fit_is_named(made):
    vaes, X, _ = made
    broken = eqx.tree_at(lambda vae: vae.decoder.decoder.mlp.layers[0].bias, vaes[0], jnp.full(8, jnp.nan))
    blurred = eqx.tree_at(lambda vae: vae.decoder.raw_sigma, vaes[0], jnp.array(jnp.nan))
    three = VAE(
        GaussianEncoder(key=jax.random.key(0), latents=3, width=4),
        GaussianDecoder(Decoder(key=jax.random.key(0), latents=3, width=4)),
    )
    good = {"vaes": vaes, "steps": STEPS, "X": X, "labels": [0] * 20, "train": X[0], "held_out": X[1]}
    for change, complaint in [
        ({"vaes": []}, "`vaes` must hold at least one checkpoint"),
        ({"vaes": vaes[0]}, "`vaes` must be a list of VAEs, got VAE"),
        ({"vaes": [*vaes[:3], vaes[3].decoder]}, "`vaes` must be a list of VAEs"),
        ({"vaes": [broken, *vaes[1:]]}, "`vaes` must have finite weights, got NaN"),
        ({"vaes": [blurred, *vaes[1:]]}, "`vaes` must have finite sigmas, got nan"),
        ({"vaes": [three] * 4}, "`vaes` must have 2 latents.*got 3"),
        ({"steps": STEPS[:3]}, r"`steps` must .*\(4,\), got shape \(3,\)"),
        ({"steps": [0, 100, 100, 200]}, "`steps` must be whole numbers that rise"),
        ({"steps": [0, 1, 2, 2.5]}, "`steps` must be whole numbers that rise"),
        ({"steps": [-1, 1, 2, 3]}, "`steps` must be whole numbers that rise"),
        ({"X": X[:, :63]}, "`X` must "),
        ({"labels": [0] * 19}, "`labels` must "),
        ({"train": X[:1]}, r"`train` must .*\(64,\), got shape \(1, 64\)"),
        ({"held_out": 2 + X[0]}, "`held_out` must hold ink from 0 to 1"),
        ({"held_out": np.full(64, np.nan)}, "`held_out` must .*NaN"),
        ({"title": " "}, "`title` must be words"),
    ]:
        with pytest.raises((TypeError, ValueError), match=complaint):
            TrainingFilm(**good | change)


def test_step_is_one_of_the_checkpoints(made):
    film = made[2]
    film.step = 400
    with pytest.raises(ValueError, match=r"`step` must be one of \[0, 100, 400, 3200\], got 3"):
        film.step = 3
    with pytest.raises(TraitError, match="image"):
        film.image = "both"
    assert film.step == 400
    film.step = 0


def test_the_still_picture_is_the_last_checkpoint(made):
    _, _, film = made
    plane, curves, *bars = film._figure().axes
    places = np.concatenate([digit.get_offsets() for digit in plane.collections])
    np.testing.assert_allclose(
        np.sort(places, axis=0), np.sort(numbers(film, "_codes", 20, 2)[-1], axis=0), rtol=1e-5
    )
    assert "step 3,200" in plane.get_title()
    assert len(curves.lines) == 4
    assert (0 < np.diff(curves.get_ylim()) < 70).all()  # of a deep first step only the end
    bounds = numbers(film, "_bounds", 2, 2)[-1]
    for bar, (elbo, log_p) in zip(bars, bounds, strict=True):
        solid, hatched = bar.patches
        low, _ = bar.get_xlim()
        assert solid.get_x() + solid.get_width() == pytest.approx(max(elbo, low), abs=1e-3)
        assert hatched.get_x() + hatched.get_width() == pytest.approx(log_p, abs=1e-3)
        cuts = [line.get_xdata()[0] for line in bar.lines if line.get_color() == "white"]
        assert len(cuts) == 3  # it does not begin where the axis does
        assert low < min(cuts) < max(cuts) < low + 5
    assert bars[0].get_xlim() == bars[1].get_xlim()
    assert 'alt="The codes of 20 images' in film.still()


# The browser's half: functions without a browser.


@pytest.fixture(scope="module")
def js(script):
    return script("film.js")


def test_codes_move_on_straight_ways_through_their_places(js):
    codes = np.random.RandomState(0).standard_normal((4, 6))
    times = [0, 0.25, 1, 1.5, 2.999, 3]
    expected = [[np.interp(t, range(4), column) for column in codes.T] for t in times]
    # A list of numbers has a `slice`, as the browser's arrays have.
    np.testing.assert_allclose(js.at(times, "codesAt", codes.ravel().tolist(), 6), expected, atol=1e-6)


def test_playing_ends_at_the_last_checkpoint(js):
    assert js("played", 1.0, 450, 3) == 2
    assert js("played", 2.9, 450, 3) == 3
    assert js("played", 3.0, 10, 3) == 3


@pytest.mark.parametrize("start", [0, 2.4, 7])
def test_a_glide_comes_nearer_and_arrives(js, start):
    times = np.array(js.at([0, 17, 50, 200, 1000], "settled", start, 3))
    assert times[0] == start
    assert (np.diff(abs(times - 3)) < 0).all()
    assert times[-1] == 3


def test_one_scale_holds_all_bars_but_no_depths_without_end(js):
    scale = js("scaleOf", [-40, -39, 10, 20])
    assert -50 < scale["low"] < -40
    assert 20 < scale["high"] < 30
    assert js("scaleOf", [-4000, -39, 10, 20])["low"] > -150  # of 4,000 nats 150 are shown


def test_labels_have_room_and_the_last_is_there(js):
    places = [0, 10, 20, 30, 40, 50, 55]
    chosen = js("spaced", places, 20)
    assert chosen[-1] == 6
    assert min(np.diff([places[i] for i in chosen])) >= 20
    assert js("spaced", [0], 20) == [0]


def test_the_sentence_has_step_sigma_and_both_bounds(js):
    bounds = [{"elbo": -2.04, "logP": 1.5}, {"elbo": -30, "logP": -20}]
    minus = "\N{MINUS SIGN}"
    assert js("describe", 3200, 0.144, bounds) == (
        f"After step 3,200, sigma is 0.14. Training image: log p(x) = 1.5 = ELBO {minus}2.0 + KL 3.5 nats. "
        f"Held-out image: log p(x) = {minus}20.0 = ELBO {minus}30.0 + KL 10.0 nats."
    )


# The film in a browser.

PIXELS = "[...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())"
PLANE = "document.querySelector('.plane canvas').toDataURL()"


def test_the_film_plays_pauses_and_goes_on_to_its_end(made, shown):
    page = shown(made[2])
    page.wait_for_timeout(100)
    assert "After step 0, sigma is 0.40" in page.inner_text(".sentence")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(150)
    moving = page.evaluate(PLANE)  # between two checkpoints
    assert page.evaluate("model.get('playing')")
    page.wait_for_function("model.get('step') === 100")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(700)
    resting, step = page.evaluate(PLANE), page.evaluate("model.get('step')")
    assert moving != resting
    assert step in (100, 400)
    assert f"After step {step}," in page.inner_text(".sentence")
    page.wait_for_timeout(200)
    assert page.evaluate(PLANE) == resting
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("model.get('step') === 3200")
    page.wait_for_function("!model.get('playing')")
    page.wait_for_timeout(60)
    assert page.get_by_role("button", name="Next").is_disabled()
    page.get_by_role("button", name="Play").click()  # from the start
    page.wait_for_function("model.get('step') === 0 && model.get('playing')")


def test_the_time_is_dragged_and_stepped(made, shown):
    page = shown(made[2])
    page.wait_for_function("document.querySelector('.spoken').textContent")  # what it says at the start
    slider = page.locator(".time input")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.67, box["y"] + box["height"] / 2, steps=8)
    page.wait_for_timeout(60)
    assert page.evaluate("model.get('step')") == 400
    assert "After step 400" not in page.inner_text(".spoken")  # nothing while one drags
    page.mouse.up()
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('After step 400')")
    assert slider.get_attribute("aria-valuetext") == "400"
    slider.press("ArrowRight")
    assert page.evaluate("model.get('step')") == 3200
    page.get_by_role("button", name="Back").click()
    assert page.evaluate("model.get('step')") == 400
    page.evaluate("model.set('step', 100)")  # as Python does
    page.wait_for_timeout(700)
    assert "After step 100" in page.inner_text(".sentence")


def test_the_reader_chooses_whose_posterior_is_shown(made, shown):
    page = shown(made[2], width=360)
    page.wait_for_timeout(100)
    before = page.evaluate(PIXELS)
    page.locator("select").select_option("held-out image")
    page.wait_for_timeout(100)
    after = page.evaluate(PIXELS)
    assert page.evaluate("model.get('image')") == "held-out image"
    assert (
        sum(one != other for one, other in zip(before, after, strict=True)) == 3
    )  # plane, q on it, close-up
    page.locator("select").select_option("none")
    page.wait_for_timeout(100)
    assert not page.locator(".close").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_who_wants_less_motion_sees_checkpoints_only(made, shown):
    page = shown(made[2], reduced_motion="reduce")
    page.wait_for_timeout(100)
    page.evaluate(
        f"window.seen = new Set(); (function look() {{ seen.add({PLANE}); requestAnimationFrame(look); }})()"
    )
    page.evaluate("model.set('playing', true)")
    page.wait_for_function("!model.get('playing')")
    page.wait_for_timeout(100)
    assert page.evaluate("seen.size") == len(STEPS)
