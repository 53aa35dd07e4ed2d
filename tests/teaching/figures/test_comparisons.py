"""Runs side by side: each run is a line, in its colour and style, with its name where it belongs."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from vae_course.elbo import Gaps
from vae_course.teaching.figures import APPROXIMATION, EXACT, PRIOR
from vae_course.teaching.figures import comparisons as figures

STEPS = [10, 20, 30]
RNG = np.random.default_rng(0)


def lines_of(ax):
    return [(*line.get_data(), line.get_color(), line.get_linestyle()) for line in ax.get_lines()]


def words_in(ax):
    return sorted(text.get_text() for text in ax.texts if text.get_text())


def same(found, x, y, color, style):
    np.testing.assert_allclose(found[0], x)
    np.testing.assert_allclose(found[1], y)
    assert found[2:] == (color, style)


def test_at_the_same_fit_draws_held_out_over_steps_and_over_train():
    runs = {name: RNG.normal(size=(2, 3, 2)) for name in ("grid", "MAP", "MAP, other start")}
    left, right = figures.at_the_same_fit(runs, STEPS, fit=0.5, title="The point").axes
    looks = (EXACT, "-"), (APPROXIMATION, "-"), (APPROXIMATION, ":")
    for i, (scores, look) in enumerate(zip(runs.values(), looks, strict=True)):
        for run in range(2):
            same(lines_of(left)[2 * i + run], STEPS, scores[run, :, 1], *look)
            same(lines_of(right)[2 * i + run], *scores[run].T, *look)
    assert [text.get_text() for text in left.get_legend().get_texts()] == list(runs)
    (band,) = right.patches
    assert (band.get_x(), band.get_width()) == (-0.5, 2)  # the fit, and a nat to each side
    assert left.figure.get_suptitle() == "The point"


def test_errors_by_samples_draws_what_is_missing_and_ends_at_a_hundredth():
    panels = {"ours": {"estimate": np.array([[-5, -0.5, -0.02], [-6, 0.001, -0.001]])}}
    (ax,) = figures.errors_by_samples(panels, STEPS).axes
    first, second = lines_of(ax)
    same(first, STEPS, [5, 0.5, 0.02], APPROXIMATION, "-")
    same(second, STEPS, [6, 0.01, 0.01], APPROXIMATION, "-")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_yticklabels()[0].get_text() == "< 0.01"
    assert words_in(ax) == ["estimate"]


def test_errors_by_samples_has_names_in_each_panel_and_no_empty_decade():
    panels = {title: {"estimate": -np.ones((2, 3))} for title in ("ours", "linear")}
    left, right = figures.errors_by_samples(panels, STEPS).axes
    assert words_in(left) == words_in(right) == ["estimate"]
    assert (left.get_ylim()[0], left.get_yticks()[0]) == (pytest.approx(1 / 1.5), 1)


def test_more_latents_draws_what_is_missing_for_each_k_and_the_samples_needed():
    errors = np.array([[-5, -0.5, 0.01], [-6, -3, -2]])
    left, right = figures.more_latents([2, 4], STEPS, errors, [1.0, 3.0]).axes
    for line, missing in zip(lines_of(left), ([5, 0.5, 0.01], [6, 3, 2]), strict=True):
        same(line, STEPS, missing, APPROXIMATION, "-")
    same(lines_of(right)[0], [2, 4], np.exp([1.0, 3.0]), EXACT, "-")
    assert words_in(left) == ["k = 2", "k = 4"]
    assert right.get_yscale() == "log"


def test_errors_by_samples_takes_a_look_for_each_name():
    panels = {title: {"prior": -np.ones(3), "wide": -np.ones(3)} for title in ("train", "held out")}
    looks = {"prior": (PRIOR, "-"), "wide": (APPROXIMATION, ":")}
    ax = figures.errors_by_samples(panels, STEPS, looks=looks).axes[0]
    assert [line[2:] for line in lines_of(ax)][:2] == [(PRIOR, "-"), (APPROXIMATION, ":")]


def test_gaps_are_sorted_by_the_encoders_and_the_room_between_is_shaded():
    approximation, amortization = np.array([[3.0, 1.0], [2.0, 4.0]]), np.array([[30.0, 10.0], [20.0, 40.0]])
    gaps = Gaps(approximation, amortization, *[None] * 5)
    figure = figures.shaded_gaps({"training": gaps, "held out": gaps}, cut=40, title="The point")
    names = ["amortization\ngap", "approximation\ngap"]
    for ax, style, named in zip(figure.axes, ("-", "--"), ([], names), strict=True):
        encoder, best = lines_of(ax)
        same(encoder, [12.5, 37.5, 62.5, 87.5], [11, 22, 33, 44], APPROXIMATION, style)
        same(best, encoder[0], [1, 2, 3, 4], EXACT, "-")
        assert (ax.get_yscale(), ax.get_ylim()) == ("linear", (0, 40))
        assert [each.get_facecolor()[0, :3].tolist() for each in ax.collections] == [
            list(to_rgb(color)) for color in (APPROXIMATION, EXACT)
        ]
        assert words_in(ax) == sorted([*named, "the encoder", "up to 44 \N{UPWARDS ARROW}"])


def test_the_cost_of_width_is_the_median_of_each_run_beside_the_formula():
    factors, kl = [0.5, 1, 3], np.abs(RNG.normal(size=(2, 5, 3)))
    (ax,) = figures.cost_of_width(factors, kl, ([0.5, 3], [1, 6]), title="The point").axes
    formula, *medians, _ = lines_of(ax)
    same(formula, [0.5, 3], [1, 6], EXACT, "-")
    for found, run in zip(medians, kl, strict=True):
        same(found, factors, np.median(run, axis=0), APPROXIMATION, "None")
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(np.quantile(kl.reshape(10, 3), 0.9, axis=0).max())


def test_a_falling_kl_has_a_line_for_each_start_and_one_for_the_best():
    panels = {title: {"fits": RNG.random((2, 3)), "best": 0.2} for title in ("image 0", "image 1")}
    left, right = figures.falling_kl(panels, STEPS).axes
    first, second, best = lines_of(right)
    same(first, STEPS, panels["image 1"]["fits"][0], APPROXIMATION, "-")
    same(second, STEPS, panels["image 1"]["fits"][1], APPROXIMATION, "-")
    same(best, STEPS, [0.2] * 3, EXACT, "--")
    assert words_in(left) == words_in(right) == ["the best q"]
    assert left.get_ylim()[0] < 0.1


def test_a_falling_kl_names_a_start_that_is_stuck():
    fits = np.array([[9.0, 8, 8], [9, 7, 7], [9, 2, 1]])
    (ax,) = figures.falling_kl({"image 0": {"fits": fits, "best": 0.2}}, STEPS).axes
    assert words_in(ax) == ["a worse hill", "the best q"]
    worse = next(text for text in ax.texts if text.get_text() == "a worse hill")
    assert worse.xy == (STEPS[1], 7)
