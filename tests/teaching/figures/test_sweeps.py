"""The figures of sweeps, read back from their axes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Ellipse

from vae_course.teaching import figures

STEPS = (200, 400, 800)
VALUES = np.arange(12.0).reshape(2, 3, 2) * np.array([1, -1])  # starts, steps, (train, held out)


def test_train_is_solid_and_filled_held_out_dashed_and_open_and_both_are_named():
    panels = {"few": (STEPS, VALUES), "many": (STEPS, 2 * VALUES)}
    figure = figures.train_and_held_out(panels, ylabel="nats", title="the point")
    assert figure.get_suptitle() == "the point"
    assert [ax.get_title("left") for ax in figure.axes] == ["few", "many"]
    for ax, (_, values) in zip(figure.axes, panels.values(), strict=True):
        lines = ax.get_lines()
        assert [line.get_linestyle() for line in lines] == ["-", "-", "--", "--"]
        faces = [to_hex(line.get_markerfacecolor()).upper() for line in lines]
        assert faces == [figures.DATA] * 2 + ["#FFFFFF"] * 2
        assert len({to_hex(line.get_color()) for line in lines}) == 2
        drawn = [line.get_ydata() for line in lines]
        np.testing.assert_array_equal(drawn, [*values[..., 0], *values[..., 1]])
        assert [text.get_text() for text in ax.texts] == ["train", "held out"]
        assert not ax.collections


def test_the_gap_is_shaded_and_named_where_it_is_widest():
    figure = figures.train_and_held_out({"few": (STEPS, VALUES)}, ylabel="nats", gap="too sure", ylim=(-9, 9))
    (ax,) = figure.axes
    assert len(ax.collections) == 1
    assert ax.texts[-1].get_text() == "too sure"
    assert ax.texts[-1].xy == (800, VALUES.mean(axis=0)[2] @ [0.35, 0.65])
    assert ax.get_ylim() == (-9, 9)


def test_falling_sigma_has_a_line_a_start_and_a_named_level():
    values = np.array([[0.1, 0.01], [0.2, 0.02]])
    figure = figures.falling_sigma((10, 100), values, level=("grey", 0.06))
    *runs, level = figure.axes[0].get_lines()
    np.testing.assert_array_equal([line.get_ydata() for line in runs], values)
    assert level.get_ydata()[0] == 0.06
    assert [text.get_text() for text in figure.axes[0].texts] == ["grey"]


def test_codes_and_prior_are_counted_within_radius_1():
    codes, draws = np.array([[0.5, 0], [0, 0.5], [0.1, 0], [2, 0]]), np.array([[0.5, 0], [2, 2]])
    plane, radii = figures.codes_and_prior(codes, draws, title="the point").axes
    np.testing.assert_array_equal([line.get_xydata() for line in plane.get_lines()][1], codes)
    written = [text.get_text() for text in radii.texts]
    assert written == ["the codes:\n75% within radius 1", "draws from N(0, I):\n50% within radius 1"]


def test_of_many_codes_the_plane_shows_some_and_the_histogram_counts_all():
    codes, draws = np.zeros((1497, 2)), np.ones((250, 2))
    codes[1::5] = 2  # not among every fifth
    plane, radii = figures.codes_and_prior(codes, draws).axes
    drawn = [line.get_xydata() for line in plane.get_lines()]
    assert [len(each) for each in drawn] == [250, 300]
    np.testing.assert_array_equal(drawn[1], codes[::5])
    assert radii.texts[0].get_text() == "the codes:\n80% within radius 1"


def test_close_ups_have_a_square_a_name_and_a_bar_of_their_own():
    heights = -np.arange(6.0).reshape(2, 3)
    seen = [(heights, (0, 0.3, 1, 1.3)), (3 * heights, (-2, 2, -2, 2))]
    points = np.array([[0.1, 1.1], [1.0, 0.0]])
    figure = figures.close_ups(np.zeros((2, 64)), seen, points, ["needle", "ridge"], title="the point")
    for ax, (values, extent), point, name, bar in zip(
        figure.axes, seen, points, ("needle", "ridge"), (0.1, 1), strict=False
    ):
        np.testing.assert_array_equal(ax.images[0].get_array(), values)
        assert tuple(ax.images[0].get_extent()) == extent
        assert ax.images[0].get_clim() == (-15, 0)
        assert ax.get_title("left") == name
        *_, ring, line = ax.get_lines()
        np.testing.assert_array_equal(ring.get_xydata()[0], point)
        np.testing.assert_allclose(np.ptp(line.get_xdata()), bar)


def test_close_ups_lay_two_gaussians_on_each_at_two_standard_deviations():
    seen, M = [(-np.ones((2, 3)), (0, 1, 0, 1))] * 2, np.array([[0.1, 0.2], [0.6, 0.7]])
    gaussians = {"ours": (M, 0.1 * np.ones((2, 2))), "best": (M + 0.1, np.array([[0.1, 0.2]] * 2))}
    figure = figures.close_ups(np.zeros((2, 64)), seen, None, ["KL 1", "KL 2"], gaussians=gaussians)
    for i, ax in enumerate(figure.axes[:2]):
        *_, ours, _, best = (each for each in ax.patches if isinstance(each, Ellipse))
        assert (*ours.center, ours.width, ours.height) == pytest.approx((*M[i], 0.4, 0.4))
        assert (*best.center, best.width, best.height) == pytest.approx((*M[i] + 0.1, 0.4, 0.8))
        assert (ours.get_linestyle() == "-") != (best.get_linestyle() == "-")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ours", "best"]
