"""chart.js and sliders.js, what all charts with sliders share, without a browser."""

import numpy as np
import pytest

LINEAR = {"across": [-2, 6], "up": [0, 10]}
LOG = {"across": [0.1, 10], "up": [-5, 5], "log": True}


@pytest.fixture(scope="module")
def chart(script):
    return script("chart.js")


@pytest.fixture(scope="module")
def sliders(script):
    return script("sliders.js")


@pytest.mark.parametrize("ranges", [LINEAR, LOG], ids=["linear", "log"])
def test_the_ends_of_the_ranges_lie_on_the_frame(chart, ranges):
    frame = chart("frameOf", 400, 250, ranges)
    low, high = ranges["across"]
    assert chart.at([low, high], "xOf", frame) == pytest.approx([frame["left"], frame["right"]])
    assert chart.at(ranges["up"], "yOf", frame) == pytest.approx([frame["bottom"], frame["top"]])


def test_the_middle_of_a_log_axis_is_the_geometric_mean(chart):
    frame = chart("frameOf", 400, 250, LOG)
    assert chart("xOf", frame, 1.0) == pytest.approx((frame["left"] + frame["right"]) / 2)


@pytest.mark.parametrize("ranges", [LINEAR, LOG], ids=["linear", "log"])
def test_a_pressed_place_is_the_value_drawn_there(chart, ranges):
    frame = chart("frameOf", 400, 250, ranges)
    values = [0.2, 1.0, 5.5]
    assert chart.at(chart.at(values, "xOf", frame), "valueAt", frame) == pytest.approx(values)


def test_log_ticks_are_round_and_inside(chart):
    assert chart("logTicks", 0.07, 0.6) == [0.1, 0.2, 0.5]
    assert chart("logTicks", 1, 200) == [1, 2, 5, 10, 20, 50, 100, 200]


def test_numbers_have_three_digits(sliders):
    assert sliders.at([0.2, 1, 0.015625, 12.345], "threeDigits") == ["0.200", "1.00", "0.0156", "12.3"]


def test_a_curve_is_the_function_at_each_pixel(chart):
    """`drawLevel` is the curve that can be asked for from here: all its points have one height."""
    frame = chart("frameOf", 400, 250, LINEAR)
    calls = chart("drawLevel", frame, 2.5, "red")
    points = np.array([arguments for method, arguments, _ in calls if method == "lineTo"])
    np.testing.assert_allclose(points[:, 1], chart("yOf", frame, 2.5))
    assert points[0, 0] == frame["left"]
    assert points[-1, 0] == pytest.approx(frame["right"], abs=2)


def test_a_dot_outside_waits_at_the_edge(chart):
    frame = chart("frameOf", 400, 250, LINEAR)
    calls = chart("drawDot", frame, 99, -99, "red")
    (x, y, *_), *_ = [arguments for method, arguments, _ in calls if method == "arc"]
    assert (x, y) == (frame["right"], frame["bottom"])
