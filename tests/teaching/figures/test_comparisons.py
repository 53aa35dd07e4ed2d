"""Runs side by side: each run is a line, in its colour and style, with its name where it belongs."""

import numpy as np

from vae_course.teaching.figures import APPROXIMATION, EXACT, PRIOR
from vae_course.teaching.figures import comparisons as figures

STEPS = [10, 20, 30]
RNG = np.random.default_rng(0)
SCORES = {
    title: {name: RNG.normal(size=(2, 3, 2)) for name in ("MAP", "grid")} for title in ("narrow", "wide")
}


def lines_of(ax):
    return [(*line.get_data(), line.get_color(), line.get_linestyle()) for line in ax.get_lines()]


def words_in(ax):
    return sorted(text.get_text() for text in ax.texts if text.get_text())


def same(found, x, y, color, style):
    np.testing.assert_allclose(found[0], x)
    np.testing.assert_allclose(found[1], y)
    assert found[2:] == (color, style)


def test_scores_over_steps_draws_train_solid_and_held_out_dashed():
    left, right = figures.scores_over_steps(SCORES, STEPS, ylabel="nats").axes
    assert [ax.get_title("left") for ax in (left, right)] == ["narrow", "wide"]
    lines = lines_of(right)
    assert len(lines) == 8
    for name, color, first in ("MAP", APPROXIMATION, 0), ("grid", EXACT, 4):
        for part, style in enumerate(["-", "--"]):
            for run in range(2):
                place = first + 2 * part + run
                same(lines[place], STEPS, SCORES["wide"][name][run, :, part], color, style)


def test_names_stand_once_in_the_last_panel():
    left, right = figures.scores_over_steps(SCORES, STEPS, ylabel="nats").axes
    assert words_in(left) == []
    assert words_in(right) == ["MAP, held out", "MAP, train", "grid, held out", "grid, train"]


def test_held_out_is_drawn_over_train():
    left, right = figures.held_out_against_train(SCORES, unit="nats").axes
    same(lines_of(left)[2], *SCORES["narrow"]["grid"][0].T, EXACT, "-")
    assert words_in(right) == ["MAP", "grid"]
    assert left.get_xlabel() == "training images, nats"
    assert left.get_ylabel() == "held-out images, nats"


def test_errors_by_samples_has_a_line_for_each_run_and_exact_at_zero():
    panels = {"ours": {"estimate": RNG.normal(size=(2, 3))}, "linear": {"k = 2": RNG.normal(size=3)}}
    left, right = figures.errors_by_samples(panels, STEPS).axes
    assert len(lines_of(left)) == 3
    same(lines_of(left)[1], STEPS, panels["ours"]["estimate"][1], APPROXIMATION, "-")
    same(lines_of(right)[-1], STEPS, np.zeros(3), EXACT, "-")
    assert words_in(left) == ["estimate", "exact"]
    assert words_in(right) == ["exact", "k = 2"]


def test_errors_by_samples_takes_a_look_for_each_name():
    panels = {title: {"prior": np.ones(3), "wide": np.ones(3)} for title in ("train", "held out")}
    looks = {"prior": (PRIOR, "-"), "wide": (APPROXIMATION, ":")}
    ax = figures.errors_by_samples(panels, STEPS, looks=looks).axes[0]
    assert [line[2:] for line in lines_of(ax)][:2] == [(PRIOR, "-"), (APPROXIMATION, ":")]


def test_gaps_are_sorted_over_the_share_of_images():
    gaps = {"best": np.array([3.0, 1.0, 2.0, 4.0]), "encoder": np.array([30.0, 10.0, 20.0, 40.0])}
    ax = figures.sorted_gaps({"held out": gaps}, ylabel="nats").axes[0]
    best, encoder = lines_of(ax)
    same(best, [0.125, 0.375, 0.625, 0.875], [1, 2, 3, 4], EXACT, "-")
    same(encoder, [0.125, 0.375, 0.625, 0.875], [10, 20, 30, 40], APPROXIMATION, "-")
    assert ax.get_yscale() == "log"


def test_a_falling_kl_has_a_line_for_each_start_and_one_for_the_best():
    panels = {title: {"fits": RNG.random((2, 3)), "best": 0.2} for title in ("image 0", "image 1")}
    left, right = figures.falling_kl(panels, STEPS).axes
    first, second, best = lines_of(right)
    same(first, STEPS, panels["image 1"]["fits"][0], APPROXIMATION, "-")
    same(second, STEPS, panels["image 1"]["fits"][1], APPROXIMATION, "-")
    same(best, STEPS, [0.2] * 3, EXACT, "--")
    assert words_in(left) == []
    assert words_in(right) == ["best"]
