"""Bounds under log p(x), and estimators beside their formulas."""

import numpy as np
import pytest

from vae_course.teaching import figures
from vae_course.teaching.pictures import APPROXIMATION, EXACT, PRIOR

STEPS = [1, 10, 100]


def drawn(ax):
    return [(line.get_color(), line.get_linestyle(), line.get_ydata().tolist()) for line in ax.lines]


def test_each_start_has_its_bound_and_its_truth_and_held_out_is_dashed():
    bounds, truths = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 2.0]]), np.array([[4.0, 5.0, 6.0]])
    panels = {"training images": (bounds, truths), "held-out images": (bounds[0], truths[0])}
    train, held_out = figures.bound_and_truth(STEPS, panels, xlabel="steps").axes
    assert drawn(train) == [
        (APPROXIMATION, "-", [1, 2, 3]),
        (APPROXIMATION, "-", [0, 1, 2]),
        (EXACT, "-", [4, 5, 6]),
    ]
    assert [text.get_text() for text in train.texts] == ["ELBO", "log p(x)"]
    assert drawn(held_out) == [(APPROXIMATION, "--", [1, 2, 3]), (EXACT, "--", [4, 5, 6])]
    assert train.get_xscale() == "log"


def test_the_kl_to_the_prior_is_a_line_of_its_own():
    panels = {"held-out images": ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])}
    (ax,) = figures.bound_and_truth(STEPS, panels, xlabel="beta", kl=[3.0, 2.0, 0.0]).axes
    assert drawn(ax)[-1] == (PRIOR, "--", [3, 2, 0])
    assert [text.get_text() for text in ax.texts] == ["KL to the prior", "ELBO", "log p(x)"]


def test_the_gap_is_shaded_between_the_means_and_named_where_it_is_widest():
    panels = {
        "training images": ([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]),
        "held-out images": ([1, 2, 1], [2, 4, 8]),
    }
    train, held_out = figures.bound_and_truth(STEPS, panels, xlabel="steps", gap="gap").axes
    assert [len(ax.collections) for ax in (train, held_out)] == [1, 1]
    outline = held_out.collections[0].get_paths()[0].vertices.tolist()
    assert all([x, y] in outline for x, y in ((1, 1), (1, 2), (100, 1), (100, 8)))
    assert not any("gap" in text.get_text() for text in train.texts)
    (name,) = [text for text in held_out.texts if "gap" in text.get_text()]
    assert name.get_text() == "gap\n7 nats"
    assert name.xy == (100, 4.5)


def test_a_formula_is_a_line_and_what_was_measured_are_dots():
    (ax,) = figures.variances([1, 2, 4, 8], {"a": ([1, 2, 4, 8], [1.1, 7.9])}, points=[1, 8]).axes
    assert drawn(ax) == [(EXACT, "-", [1, 2, 4, 8]), (APPROXIMATION, "None", [1.1, 7.9])]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert [text.get_text() for text in ax.texts] == ["a"]


def test_ratios_are_dots_and_a_formula_runs_through_them():
    values, ratios = np.linspace(-10, 40, 30), np.linspace(1, 100, 30)
    (ax,) = figures.variance_ratios(values, {"plain": ratios}, {"2": lambda c: 2 + 0 * c}).axes
    dots, line = ax.lines
    assert (dots.get_xdata().tolist(), dots.get_ydata().tolist()) == (values.tolist(), ratios.tolist())
    assert set(line.get_ydata()) == {2}
    assert (line.get_xdata().min(), line.get_xdata().max()) == (-10, 40)
    assert ax.get_yscale() == "log"


def test_curves_that_do_not_fit_are_named():
    with pytest.raises(
        ValueError, match=r"`a` must be finite numbers of shape \(any, 3\), got shape \(1, 2\)"
    ):
        figures.bound_and_truth(STEPS, {"a": ([1.0, 2.0], [1.0, 2.0, 3.0])}, xlabel="steps")
    with pytest.raises(ValueError, match=r"`kl` must be finite numbers of shape \(3,\)"):
        figures.bound_and_truth(STEPS, {"a": (STEPS, STEPS)}, xlabel="steps", kl=[1.0])
