"""The aggregate with its holes, and what is missing from log p(x), as they are drawn."""

import numpy as np

from vae_course.teaching import figures

AXIS = (np.arange(40) + 0.5) * 0.25 - 5
Z1, Z2 = np.meshgrid(AXIS, AXIS)


def drawn():
    log_prior = -(Z1**2 + Z2**2) + 3 * (np.hypot(Z1 - 1, Z2) < 0.6)  # e^3 times the aggregate
    places = np.array([[1.0, 0.0], [1.2, 0.1], [-1.0, 0.0], [0.0, 1.0]])
    bad = np.array([True, True, False, False])
    hole = np.array([True, False, False, True])
    draws = {"draws of N(0, I)": (places, bad, hole), "draws of the mixture": (-places, ~bad, hole)}
    return figures.draws_and_holes(-(Z1**2 + Z2**2), log_prior, (-5, 5, -5, 5), draws, title="Holes")


def test_bad_draws_are_crosses_in_and_out_of_holes_and_the_others_dots_in_each_panel():
    _, before, after = drawn().axes
    for ax, expected in ((before, ([-1, 0], [1.2], [1.0])), (after, ([-1, -1.2], [1.0], [0.0]))):
        lines = ax.get_lines()
        assert [line.get_marker() for line in lines] == ["o", "x", "x"]
        for line, places in zip(lines, expected, strict=True):
            np.testing.assert_allclose(line.get_xdata(), places, atol=1e-12)
        assert lines[1].get_color() != lines[2].get_color()
        assert ax.get_xlabel() == "50% bad, 50% of them in holes"
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
        assert ax.get_ylim()[0] == 0
        lines = ax.get_lines()
        np.testing.assert_allclose([line.get_ydata() for line in lines], rows)
        assert {line.get_linestyle() for line in lines} == {style}
    words = {text.get_text() for text in figure.axes[1].texts}
    assert words == {"8.0 to 9.0 nats", "4.0 to 5.0 nats\nstill missing"}
