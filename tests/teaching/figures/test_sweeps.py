"""The figures of sweeps, read back from their axes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from vae_course.teaching import figures

WIDTHS = (8, 32, 128)
TRAIN, HELD_OUT = np.arange(6.0).reshape(2, 3), -np.arange(6.0).reshape(2, 3)


def test_train_is_solid_and_held_out_dashed_in_each_panel_one_line_a_run():
    panels = {"early": (TRAIN, HELD_OUT), "late": (2 * TRAIN, 2 * HELD_OUT)}
    figure = figures.train_and_held_out(panels, WIDTHS, xlabel="width", ylabel="nats")
    assert [ax.get_title("left") for ax in figure.axes] == ["early", "late"]
    for ax, (train, held_out) in zip(figure.axes, panels.values(), strict=True):
        lines = ax.get_lines()
        assert [line.get_linestyle() for line in lines] == ["-", "-", "--", "--"]
        np.testing.assert_array_equal([line.get_ydata() for line in lines], [*train, *held_out])
        assert all(to_hex(line.get_color()).upper() == figures.APPROXIMATION for line in lines)
        low, high = ax.get_ylim()
        assert low < -10
        assert high > 10
    assert [text.get_text() for text in figure.axes[-1].texts] == ["train", "held out"]


def test_the_limits_of_y_are_those_asked_for():
    figure = figures.train_and_held_out({"a": (TRAIN, HELD_OUT)}, WIDTHS, xlabel="", ylabel="", ylim=(-1, 3))
    assert figure.axes[0].get_ylim() == (-1, 3)


def test_the_dot_is_at_the_highest_point():
    sigma = np.array([0.1, 0.2, 0.4, 0.8])
    figure = figures.likelihood_of_sigma(sigma, {"a": np.array([0.0, 3.0, 2.0, 1.0]), "b": -sigma})
    dots = [line.get_xydata()[0] for line in figure.axes[0].get_lines() if line.get_marker() == "o"]
    np.testing.assert_allclose(dots, [[0.2, 3.0], [0.1, -0.1]])
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "b"]


def test_falling_sigma_has_a_line_a_run_and_the_floor():
    figure = figures.falling_sigma((10, 100), np.array([[0.1, 0.01], [0.2, 0.02]]), floor=0.001)
    *runs, floor = figure.axes[0].get_lines()
    np.testing.assert_array_equal([line.get_ydata() for line in runs], [[0.1, 0.01], [0.2, 0.02]])
    assert floor.get_ydata()[0] == 0.001
    assert figure.axes[0].get_ylim()[0] < 0.001


@pytest.mark.parametrize("n", [1, 4, 5])
def test_landscapes_lie_the_right_way_up_under_one_scale_with_their_own_ring(n):
    values = -np.arange(6.0 * n).reshape(n, 2, 3)
    points = np.arange(2.0 * n).reshape(n, 2)
    figure = figures.landscapes(np.zeros((n, 64)), values, points, (-1, 2, -3, 4), unit="nats")
    drawn = [ax for ax in figure.axes if ax.get_visible() and ax.images and ax.get_label() != "<colorbar>"]
    assert len(drawn) == n
    for ax, heights, point in zip(drawn, values, points, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), heights)
        assert ax.images[0].origin == "lower"
        assert tuple(ax.images[0].get_extent()) == (-1, 2, -3, 4)
        assert ax.images[0].get_clim() == (values.min(), 0)
        np.testing.assert_array_equal(ax.get_lines()[-1].get_xydata()[0], point)
