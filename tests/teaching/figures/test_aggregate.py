"""The aggregate with its holes, and what is missing from log p(x), as they are drawn."""

import numpy as np

from vae_course.teaching import figures

AXIS = (np.arange(40) + 0.5) * 0.25 - 5
Z1, Z2 = np.meshgrid(AXIS, AXIS)


def drawn():
    log_prior = -(Z1**2 + Z2**2) + 3 * (np.hypot(Z1 - 1, Z2) < 0.6)  # e^3 times the aggregate
    places = np.array([[1.0, 0.0], [1.2, 0.1], [-1.0, 0.0], [0.0, 1.0]])
    bad = np.array([True, True, False, False])
    draws = {"draws of N(0, I)": (places, bad), "draws of the mixture": (-places, ~bad)}
    return figures.draws_and_holes(-(Z1**2 + Z2**2), log_prior, (-5, 5, -5, 5), draws, title="Holes")


def test_bad_draws_are_crosses_and_the_others_dots_in_each_panel():
    _, before, after = drawn().axes
    for ax in (before, after):
        dots, crosses = ax.get_lines()
        assert (dots.get_marker(), crosses.get_marker()) == ("o", "x")
        assert len(crosses.get_xdata()) == 2
    np.testing.assert_allclose(before.get_lines()[1].get_xdata(), [1.0, 1.2])
    np.testing.assert_allclose(after.get_lines()[1].get_xdata(), [1.0, 0.0])
    assert before.get_title("left") + before.get_title() == "draws of N(0, I)"


def test_the_arrow_points_into_the_hole_and_the_heat_shows_fifteen_nats():
    aggregate, before, _ = drawn().axes
    (words,) = [text for text in before.texts if text.get_text() == "a hole"]
    assert np.hypot(words.xy[0] - 1, words.xy[1]) < 0.4
    heights = aggregate.images[0].get_array()
    np.testing.assert_allclose(np.ptp(heights), 15, atol=1e-6)


def test_missing_nats_are_positive_lines_dashed_for_held_out():
    train, held_out = np.array([[2.0, 1.0], [3.0, 1.5]]), np.array([[9.0, 4.0], [8.0, 5.0]])
    figure = figures.missing_nats([1, 16], {"training images": train, "held-out images": held_out})
    for ax, rows, style in zip(figure.axes, (train, held_out), ("-", "--"), strict=True):
        assert ax.get_yscale() == "log"
        lines = ax.get_lines()
        np.testing.assert_allclose([line.get_ydata() for line in lines], rows)
        assert {line.get_linestyle() for line in lines} == {style}
    assert {text.get_text() for text in figure.axes[1].texts} == {"mean 8.5 nats", "mean 4.5 nats"}
