"""`PosteriorExplorer` against JAX's exact answers, from Python's side and on a page without Python."""

import re
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from matplotlib.patches import Ellipse

from vae_course import data, fit, losses, models
from vae_course.elbo import quadrature_elbo
from vae_course.marginal import DecodedGrid, latent_grid, log_marginals
from vae_course.teaching.explorer import PosteriorExplorer
from vae_course.teaching.figures.style import styled

EVERY = ("evidence", "mean", "q", "encoder", "prior samples", "q samples", "encoder samples", "draw")
SEVEN = [[(9.0, 6.0), (22.0, 6.0), (18.0, 16.0), (14.0, 27.0)]]


@cache
def digits():
    """All digits, read when the first test asks for them."""
    return data.load_digits()


def twelve():
    return digits().test_images[:12], digits().test_labels[:12]


@pytest.fixture(scope="module")
def T():
    return twelve()[0]


@pytest.fixture(scope="module")
def vae():
    keys = jax.random.split(jax.random.key(0), 3)
    decoder = models.GaussianDecoder(models.Decoder(key=keys[1], width=32))
    start = models.VAE(models.GaussianEncoder(key=keys[0], width=32), decoder)
    images, adam = digits().train_images[:500], optax.adam(5e-3)
    return fit(start, losses.vae_loss, images, key=keys[2], steps=400, optimizer=adam).model


@pytest.fixture(scope="module")
def log_p(vae, T):
    return log_marginals(vae.decoder, T, tolerance=1e-3).log_p


def make(vae, **arguments):
    return PosteriorExplorer(vae.decoder, *twelve(), vae.encoder, **arguments)


def exactly(page):
    """The sentence, once the exact sum is there."""
    page.wait_for_function(
        """() => { const words = document.querySelector(".sentence").textContent;
                   return /log p.* = /.test(words) && !/coarse/.test(words); }"""
    )
    page.wait_for_timeout(100)
    return page.locator(".sentence").inner_text().replace("\N{MINUS SIGN}", "-")


def number(words, name):
    return float(re.search(rf"{re.escape(name)} ?=? ?(-?[\d.]+)", words)[1])


def test_log_p_on_the_page_is_jax_s(vae, log_p, shown):
    page = shown(make(vae))
    assert number(exactly(page), "log p(x)") == pytest.approx(log_p[0], abs=0.06)
    page.evaluate("() => window.model.set('image', 7)")
    page.wait_for_timeout(50)
    assert number(exactly(page), "log p(x)") == pytest.approx(log_p[7], abs=0.06)


def test_the_handle_starts_at_the_mode(vae, shown, T):
    page = shown(make(vae, image=3))
    exactly(page)
    mode = DecodedGrid(vae.decoder, latent_grid(200)).mode(T[3])
    np.testing.assert_allclose(page.evaluate("() => window.model.get('z')"), mode, atol=5e-3)


def test_elbo_and_kl_are_jax_s_while_q_is_dragged(vae, log_p, shown, drag, T):
    page = shown(make(vae, parts=("evidence", "q"), z=(0.2, 0.1), s=(0.2, 0.1), zoom=False))
    for places in ([], [(0.5, 0.5), (0.6, 0.4)]):
        if places:
            drag(page, ".handle", *places)
        words = exactly(page)
        m, s = (jnp.array(page.evaluate(f"() => window.model.get('{name}')")) for name in "zs")
        bound = float(quadrature_elbo(vae.decoder, T[0], m, s))
        assert number(words, "ELBO") == pytest.approx(bound, abs=0.06)
        assert number(words, "KL") == pytest.approx(log_p[0] - bound, abs=0.12)


def test_the_square_handle_sets_one_standard_deviation(vae, shown, drag):
    page = shown(make(vae, parts=("evidence", "q"), z=(0, 0), s=(0.3, 0.3), zoom=False))
    exactly(page)
    drag(page, "[data-name='s₁']", (0.7, 0.5))
    s1, s2 = page.evaluate("() => window.model.get('s')")
    assert s1 > 0.35
    assert s2 == 0.3
    assert page.evaluate("() => window.model.get('z')") == [0, 0]


def test_q_is_drawn_in_the_colour_of_approximations(vae, shown):
    page = shown(make(vae, parts=("evidence", "q"), z=(0, 0), s=(0.3, 0.3), zoom=False))
    exactly(page)
    pixels = page.locator("canvas.above").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    assert (np.reshape(pixels, (-1, 4))[:, :3] == [213, 94, 0]).all(axis=1).sum() > 100


def test_the_buttons_set_q(vae, log_p, shown, T):
    page = shown(make(vae, parts=("evidence", "q")))
    before = exactly(page)
    page.get_by_role("button", name="best Gaussian").click()
    page.wait_for_timeout(700)
    assert exactly(page) != before
    best = number(exactly(page), "ELBO")
    assert log_p[0] - 3 < best <= log_p[0] + 0.1
    page.get_by_role("button", name="the encoder's answer").click()
    page.wait_for_timeout(100)
    m, s = vae.encoder(T[0])
    np.testing.assert_allclose(page.evaluate("() => window.model.get('z')"), m, atol=1e-4)
    np.testing.assert_allclose(page.evaluate("() => window.model.get('s')"), s, atol=1e-4)


def test_many_samples_of_the_prior_come_near_log_p(vae, log_p, shown):
    page = shown(make(vae, parts=("evidence", "prior samples")))
    slider = page.get_by_role("slider", name="number of samples S")
    slider.focus()
    slider.press("End")
    page.wait_for_function("() => document.querySelector('.sentence').textContent.includes('10,000 samples')")
    words = exactly(page)
    assert number(words, "give") == pytest.approx(log_p[0], abs=0.7)


def test_a_drawn_digit_is_the_image(vae, shown):
    instrument = make(vae, parts=("evidence", "encoder", "draw"), strokes=SEVEN)
    np.testing.assert_allclose(instrument.x.sum() * 16, 313)  # the ink of every drawing: see ink.py
    page = shown(instrument)
    words = exactly(page)
    exact = log_marginals(vae.decoder, instrument.x[None], tolerance=1e-3).log_p[0]
    assert number(words, "log p(x)") == pytest.approx(exact, abs=0.06)
    page.get_by_role("button", name="Clear").click()
    page.wait_for_timeout(100)
    assert "image 0" in page.locator("figcaption").first.inner_text()


def test_a_coarse_answer_comes_first_and_says_so(vae, shown):
    page = shown(make(vae))
    exactly(page)
    said = page.evaluate(
        """() => new Promise((done) => {
            const [words, heard] = [document.querySelector(".sentence"), []];
            new MutationObserver(() => heard.push(words.textContent)).observe(words, { childList: true });
            window.model.set("image", 5);
            setTimeout(() => done(heard), 1500);
        })"""
    )
    first = next(i for i, words in enumerate(said) if "coarse" in words)
    assert not any("coarse" in words for words in said[-1:])
    assert first < len(said) - 1


def test_without_workers_there_is_the_still_picture_and_why(vae, browser, tmp_path):

    file = tmp_path / "page.html"
    file.write_text(make(vae).page(), encoding="utf-8")
    page = browser.new_page()
    page.add_init_script("delete window.Worker")
    page.goto(file.as_uri())
    assert "Worker" in page.get_by_role("alert").inner_text()
    assert page.locator("img").is_visible()
    page.close()


def test_what_the_reader_sets_is_python_s_in_both_directions(vae, T):
    explorer = make(vae, parts=("evidence", "q"), image=2)
    explorer.set_state({"z": [0.5, 0.25], "s": [0.1, 0.2], "image": 4})
    assert (explorer.z, explorer.m, explorer.s, explorer.image) == ((0.5, 0.25), (0.5, 0.25), (0.1, 0.2), 4)
    np.testing.assert_array_equal(explorer.x, T[4])
    explorer.m, explorer.s = (1, 2), np.array([0.3, 0.4])
    assert (explorer.z, explorer.s) == ((1.0, 2.0), (0.3, 0.4))


def nan(model):
    return jax.tree.map(lambda leaf: leaf * np.nan if eqx.is_inexact_array(leaf) else leaf, model)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda vae: {"model": vae.decoder.decoder}, "`model` must be a GaussianDecoder, got Decoder"),
        (lambda vae: {"model": nan(vae.decoder)}, "`model` must have finite weights"),
        (lambda vae: {"encoder": nan(vae.encoder)}, "`encoder` must have finite weights"),
        (lambda vae: {"encoder": vae.decoder}, "`encoder` must be a GaussianEncoder, got GaussianDecoder"),
        (lambda vae: {"images": twelve()[0][:, :63]}, r"`images` must .*\(any, 64\), got shape \(12, 63\)"),
        (lambda vae: {"images": twelve()[0][:0], "labels": []}, r"`images` must .*got shape \(0, 64\)"),
        (lambda vae: {"images": twelve()[0] * 16}, "`images` must hold ink from 0 to 1, got 0 to 16"),
        (lambda vae: {"images": twelve()[0].at[0, 0].set(np.nan)}, "`images` must .*got NaN"),
        (lambda vae: {"labels": twelve()[1][:3]}, r"`labels` must .*\(12,\)"),
        (lambda vae: {"codes": np.zeros((3, 2))}, r"`codes` must .*\(12, 2\)"),
        (lambda vae: {"image": 12}, "`image` must be a number from 0 to 11, got 12"),
        (lambda vae: {"z": (1, 2, 3)}, r"`z` must .*\(2,\)"),
        (lambda vae: {"s": (1, 0)}, "`s` must be positive"),
        (lambda vae: {"strokes": [[(40, 3)]]}, "`strokes.0.` must lie on the paper"),
        (lambda vae: {"parts": "evidence"}, "`parts` must be several names"),
        (lambda vae: {"parts": ["evidnce"]}, "`parts` must be among .*got 'evidnce'"),
        (lambda vae: {"parts": ["q"]}, "`parts` with 'q' need 'evidence'"),
        (lambda vae: {"parts": ["evidence", "encoder"], "encoder": None}, "`encoder` must be given"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(vae, change, complaint):
    images, labels = twelve()
    fitting = {"model": vae.decoder, "images": images, "labels": labels, "encoder": vae.encoder}
    with pytest.raises((TypeError, ValueError), match=complaint):
        PosteriorExplorer(**(fitting | change(vae)))


def test_a_model_with_three_latents_is_refused():
    model = models.GaussianDecoder(models.Decoder(key=jax.random.key(0), latents=3))
    with pytest.raises(ValueError, match="`model` must have 2 latents, because the plane has two axes"):
        PosteriorExplorer(model, *twelve())


@pytest.mark.parametrize(
    ("name", "value"), [("image", 12), ("z", (np.nan, 0)), ("s", (1, -1)), ("strokes", 3)]
)
def test_what_does_not_fit_cannot_be_assigned(vae, name, value):
    explorer = make(vae)
    before = getattr(explorer, name)
    with pytest.raises((TypeError, ValueError), match=f"`{name}` must "):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == before


def test_without_an_encoder_each_digit_stands_at_its_mode(vae, T):
    explorer = PosteriorExplorer(vae.decoder, *twelve())
    codes = np.frombuffer(explorer._codes, np.float32).reshape(-1, 2)
    expected = [DecodedGrid(vae.decoder, latent_grid(200)).mode(x) for x in T]
    np.testing.assert_allclose(codes, expected, atol=1e-5)


def test_the_still_picture_shows_the_posterior_the_image_and_the_bar(vae, log_p, T):
    mean = DecodedGrid(vae.decoder, latent_grid(200)).mean(T[0])
    z = mean + jnp.array([0.05, -0.1])
    explorer = make(vae, parts=("evidence", "q"), z=z, s=(0.1, 0.1))
    plane, shown, decoded, bar = styled(explorer._figure)().axes
    np.testing.assert_allclose(np.reshape(plane.images[0].get_extent(), (2, 2)).mean(axis=1), mean, atol=1e-3)
    np.testing.assert_allclose(shown.images[0].get_array().ravel(), T[0])
    np.testing.assert_allclose(decoded.images[0].get_array().ravel(), vae.decoder(z), atol=1e-6)
    title = bar.get_title() + bar.get_title("left")
    parts = [float(found) for found in re.findall(r"-?[\d.]+", title)]
    assert sum(parts) == pytest.approx(log_p[0], abs=0.1)


def test_the_still_picture_has_the_posterior_and_a_q_that_lies_far_off(vae, T):
    mode = DecodedGrid(vae.decoder, latent_grid(200)).mode(T[0])
    z = mode + jnp.array([2.0, -1.0])
    plane = styled(make(vae, parts=("evidence", "q"), z=z)._figure)().axes[0]
    left, right, bottom, top = plane.images[0].get_extent()
    for z1, z2 in (mode, z):
        assert left < z1 < right
        assert bottom < z2 < top


def test_the_still_picture_of_a_drawing_has_the_ring_at_its_mode_and_the_encoders_bar(vae):
    explorer = make(vae, parts=("evidence", "encoder", "draw"), strokes=SEVEN)
    plane, bar = (lambda axes: (axes[0], axes[-1]))(styled(explorer._figure)().axes)
    heights = plane.images[0].get_array()
    row, column = np.unravel_index(heights.argmax(), heights.shape)
    left, right, bottom, top = plane.images[0].get_extent()
    place = left + (column + 0.5) * (right - left) / heights.shape[1]
    up = bottom + (row + 0.5) * (top - bottom) / heights.shape[0]
    np.testing.assert_allclose(explorer.z, (place, up), atol=0.02)
    log_p = log_marginals(vae.decoder, explorer.x[None], tolerance=1e-3).log_p[0]
    bound = quadrature_elbo(vae.decoder, explorer.x, *vae.encoder(explorer.x))
    title = bar.get_title() + bar.get_title("left")
    parts = [float(found) for found in re.findall(r"-?[\d.]+", title.replace("\N{MINUS SIGN}", "-"))]
    np.testing.assert_allclose(parts, [bound, log_p - bound], atol=0.1)
    m, s = map(np.asarray, vae.encoder(explorer.x))
    assert (m - 2 * s > [left, bottom]).all()
    assert (m + 2 * s < [right, top]).all()
    lines = [ellipse.get_linestyle() for ellipse in plane.patches if isinstance(ellipse, Ellipse)]
    assert len(lines) == 4
    assert lines.count("-") + lines.count("solid") == 2  # the white rims


def test_the_still_picture_draws_the_priors_samples_as_open_circles_sized_by_share(vae, T):
    plane = make(vae, parts=("evidence", "prior samples"), zoom=False)._figure().axes[0]
    circles = next(c for c in plane.collections if len(c.get_offsets()) == 100)
    Z, areas = np.asarray(circles.get_offsets()), circles.get_sizes()
    squared = np.sum((jax.vmap(vae.decoder)(jnp.asarray(Z)) - T[:1]) ** 2, axis=1)
    weights = np.exp(-(squared - squared.min()) / (2 * float(vae.decoder.sigma) ** 2))
    expected = np.maximum(3, 400 * weights / weights.sum())
    np.testing.assert_allclose(areas, expected, rtol=0.02)
    assert len(circles.get_facecolors()) == 0
    closed = make(vae, zoom=False)._figure().axes[0]
    assert not any(len(c.get_offsets()) == 100 for c in closed.collections)


def test_its_alternative_text_says_what_it_shows(vae):
    assert "log p(z given x)" in make(vae).still()
    assert "log p(x, z)" in make(vae, parts=()).still()


def test_a_new_image_takes_the_handle_along_and_the_reader_keeps_it(vae, T, shown):
    page = shown(make(vae))
    exactly(page)
    page.evaluate("() => window.model.set('image', 7)")
    page.wait_for_timeout(50)
    exactly(page)
    mode = DecodedGrid(vae.decoder, latent_grid(200)).mode(T[7])
    np.testing.assert_allclose(page.evaluate("() => window.model.get('z')"), mode, atol=5e-3)
    page.evaluate("() => { window.model.set('image', 3); window.model.set('z', [0.1, 0.2]); }")
    page.wait_for_timeout(50)
    exactly(page)
    assert page.evaluate("() => window.model.get('z')") == [0.1, 0.2]
