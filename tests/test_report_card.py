"""The stored report card is what its code gives, is whole, and is what the README shows."""

import io
import json
import re

import card
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from vae_course import losses, report_card
from vae_course.data import load_digits
from vae_course.report_card import BUDGET, LONGER, MODELS, Row
from vae_course.teaching import figures

STORED = report_card.load()


@pytest.mark.parametrize("name", ["AE, rescaled", "VAE"])
def test_a_row_trained_again_lands_where_its_stored_starts_are(name):
    again, stored = report_card.measure(report_card.train(name, starts=[1])), STORED.rows[name, BUDGET]
    for field in ("log_p", "elbo", "sigma"):
        if getattr(stored, field) is not None:
            starts, one = (np.array(getattr(row, field)) for row in (stored, again))
            # Last digits differ between processors, and training makes them grow: as far as starts differ.
            room = np.ptp(starts, axis=0) + 0.05 * np.abs(starts).mean()
            assert np.all(one > starts.min(axis=0) - room), field
            assert np.all(one < starts.max(axis=0) + room), field


def test_every_model_has_both_budgets_and_three_starts():
    assert list(STORED.rows) == [(name, steps) for steps in (BUDGET, LONGER) for name in MODELS]
    assert len(STORED.betas) >= 10
    assert {BUDGET, 10 * BUDGET} == {BUDGET, LONGER}
    assert {warm_up for _, warm_up in STORED.warm_ups} == {False, True}
    for key, row in (STORED.rows | STORED.betas | STORED.warm_ups).items():
        with_encoder = key not in STORED.rows or key[0] == "VAE"
        assert row.log_p.shape == (3, 2), key
        assert row.sigma.shape == row.bad.shape == row.rarest.shape == (3,), key
        assert row.off_by.max() < 0.05, key
        assert (row.seconds is not None) == (key in STORED.rows), key
        assert (row.elbo is not None) == (row.kl is not None) == with_encoder, key
        if with_encoder:
            assert np.all(row.elbo < row.log_p + 0.05), key  # it is a bound


def test_beta_1_is_the_vae():
    vae, also = STORED.rows["VAE", BUDGET], STORED.betas[1]
    np.testing.assert_allclose(vae.log_p, also.log_p, atol=1)
    np.testing.assert_allclose(vae.kl, also.kl, atol=0.3)


def test_held_out_takes_one_measure_of_all_rows():
    assert report_card.held_out(STORED.betas, "kl").shape == (len(STORED.betas), 3)
    np.testing.assert_array_equal(
        report_card.held_out(STORED.betas, "elbo")[1], [*STORED.betas.values()][1].elbo[:, 1]
    )
    np.testing.assert_array_equal(report_card.held_out(STORED.betas, "sigma")[0], STORED.betas[0.1].sigma)


def test_the_card_says_how_it_was_made():
    assert STORED.made["command"] == "make card"
    assert STORED.made["starts"] == list(report_card.STARTS)
    assert set(STORED.made["versions"]) >= {"jax", "numpy", "equinox", "optax"}
    assert STORED.made["seconds"] > 0


def test_what_is_saved_is_loaded(tmp_path):
    card.save(STORED, tmp_path / "card.json")
    assert (tmp_path / "card.json").read_text() == report_card.STORED.read_text()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{"model": "AE"}]}'])
def test_a_file_that_is_no_card_is_named(tmp_path, text):
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(f"{path} must be a report card that `make card` wrote")):
        report_card.load(path)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: report_card.train("GAN"), "`name` must be one of AE, .*, VAE, got 'GAN'"),
        (
            lambda: report_card.train("VAE", starts=[]),
            "`starts` must be a list of numbers, at least one, .*, got none",
        ),
        (lambda: report_card.train("VAE", starts=3), "`starts` must be a list of numbers, .*, got 3"),
        (lambda: report_card.train("VAE", starts=[-1]), "`starts` must be a whole number of at least 0"),
        (lambda: report_card.train("AE", 0), "`steps` must be a whole number of at least 1"),
        (lambda: report_card.train_beta(-1.0), "`beta` must be a finite number of at least 0, got -1.0"),
        (
            lambda: report_card.measure([]),
            "`models` must be a list of trained models, at least one, got none",
        ),
        (lambda: report_card.measure(3), "`models` must be a list of trained models, at least one, got int"),
        (lambda: report_card.measure([3]), "`models` must be a GaussianDecoder or a VAE, got int"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_with_warm_up_the_weight_is_beta_from_half_of_the_steps_on():
    X, key, (vae,) = load_digits().train_images, jax.random.key(3), report_card._new_vaes([0])
    loss = report_card._shared_beta_loss
    for share, weight in ((0.0, 0.0), (0.25, 2.0), (1.0, 8.0), (1.9, 8.0)):
        with_share = float(loss((vae, jnp.array(share)), (X[0], 8.0), key))
        assert with_share == pytest.approx(float(losses.beta_vae_loss(vae, (X[0], weight), key)), rel=1e-6)
    ((trained, share),) = report_card._fit([(vae, jnp.array(0.0))], loss, (X, jnp.ones(len(X))), 20, [0])
    assert float(share) == pytest.approx(2)  # so it was 1 after half of the steps
    assert not eqx.tree_equal(trained, vae)


def test_cells_say_the_lowest_and_the_highest_start():
    pairs = np.array([[20.0, -1.0], [21.0, -2.04]])
    row = Row(
        pairs, np.zeros(2), pairs, pairs, np.array([0.15, 0.15]), np.array([0.2, 0.304]), np.zeros(2), 7.4
    )
    wanted = ["20.0 to 21.0", "−2.0 to −1.0", "−2.0 to −1.0", "0.150", "20 to 30", "0.0", "7.4"]  # noqa: RUF001
    assert report_card.cells(row) == wanted
    assert report_card.cells(row._replace(elbo=None, seconds=None))[2::4] == ["", ""]
    assert len(report_card.COLUMNS) == len(wanted)


def test_the_readme_shows_the_stored_card():
    readme, rows = card.README.read_text(), STORED.rows
    assert card.written(readme, card.section(rows)) == readme, "run `scripts/card.py --readme`"
    drawn, stored = (
        np.asarray(Image.open(file).convert("L"), float)
        for file in (io.BytesIO(card.picture(rows)), card.PICTURE)
    )
    assert drawn.shape == stored.shape
    assert abs(drawn - stored).mean() < 1, "run `scripts/card.py --readme`"


def test_the_figure_has_a_line_for_each_start_and_the_gap():
    rows = {key: STORED.rows[key] for key in (("AE", BUDGET), ("VAE", BUDGET))}
    (ax,) = figures.report_card(rows, title="The point").axes
    drawn = {line.get_marker(): line for line in ax.lines if line.get_markerfacecolor() == "white"}
    vae = STORED.rows["VAE", BUDGET]
    np.testing.assert_array_equal(drawn["D"].get_xdata(), vae.elbo[:, 1])
    np.testing.assert_array_equal(drawn["o"].get_xdata(), vae.log_p[:, 1])
    assert len({*drawn["o"].get_ydata()}) == 3  # no dot covers another
    words = [text.get_text() for text in ax.texts]
    gaps = vae.log_p[:, 1] - vae.elbo[:, 1]
    assert f"{gaps.min():.0f} to {gaps.max():.0f} nats below" in words
    assert {"AE", "VAE", "train", "held out", "ELBO, held out"} <= {*words}


def test_the_figure_over_beta_marks_where_the_collapse_is_expected():
    left, right = figures.over_beta(STORED.betas, collapse=9.5).axes
    betas, rows = zip(*STORED.betas.items(), strict=True)
    np.testing.assert_array_equal(left.lines[0].get_xdata(), betas)
    np.testing.assert_array_equal(left.lines[0].get_ydata(), [row.kl[0, 1] for row in rows])
    assert len(right.lines) == 2 * 3 + 1
    assert left.lines[-1].get_xdata()[0] == 9.5


@pytest.mark.parametrize("draw", [figures.report_card, lambda rows: figures.over_beta(rows, collapse=9.5)])
def test_a_figure_without_rows_says_so(draw):
    with pytest.raises(TypeError, match=r"`rows` must be a dictionary .* with an entry, got {}"):
        draw({})


def test_the_file_has_no_number_that_is_not_one():
    assert "NaN" not in report_card.STORED.read_text()
    json.loads(report_card.STORED.read_text())
