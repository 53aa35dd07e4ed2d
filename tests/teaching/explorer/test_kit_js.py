"""kit.js, the very file that the browser runs, without a browser."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def js(script):
    return script("kit.js")


@pytest.mark.parametrize("extent", [(-7.7, 7.1), (-10.3, 10.2), (-0.02, 0.031), (0, 1), (-300, 420), (5, 9)])
def test_ticks_are_round_and_inside(js, extent):
    ticks = np.array(js("ticks", *extent))
    assert 4 <= len(ticks) <= 9
    assert extent[0] <= ticks[0] < ticks[-1] <= extent[1]
    steps = np.diff(ticks)
    np.testing.assert_allclose(steps, steps[0])
    mantissa = steps[0] / 10 ** np.floor(np.log10(steps[0]))
    assert round(mantissa, 6) in (1, 2, 5, 10)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(-1.25, 1, "\N{MINUS SIGN}1.3"), (-0.001, 2, "0.00"), (3, 0, "3"), (-2, 0, "\N{MINUS SIGN}2")],
)
def test_a_number_has_a_true_minus_and_no_minus_zero(js, value, digits, text):
    assert js("written", value, digits) == text


def test_a_digit_has_its_article(js):
    assert [js("aDigit", digit) for digit in (1, 8)] == ["a 1", "an 8"]


PALETTE = {name: name for name in ("data", "prior", "exact", "approximation", "handle", "ink")}


def parts(js, elbo):
    """Where the bar's solid part ends and where log p(x) stands, on a scale of 10 nats."""
    calls = js("drawBar", 400, 76, {"low": 0, "logP": 10, "elbo": elbo}, PALETTE)
    solid = next(args for method, args, style in calls if method == "fillRect")
    colour = next(style["fillStyle"] for method, args, style in calls if method == "fillRect")
    mark = [args for method, args, style in calls if method == "fillRect" and style["fillStyle"] == "exact"][
        -1
    ]
    return solid, colour, mark


def test_the_bar_is_the_elbo_and_then_the_kl(js):
    (left, _, width, _), colour, mark = parts(js, 4)
    assert colour == "approximation"
    end = mark[0] + mark[2] / 2  # log p(x)
    assert width / (end - left) == pytest.approx(0.4)


def test_an_elbo_below_the_scale_leaves_no_solid_part(js):
    assert parts(js, -300)[0][2] == 0


def test_without_a_q_the_bar_is_log_p(js):
    (left, _, width, _), colour, mark = parts(js, None)
    assert colour == "exact"
    assert left + width == pytest.approx(mark[0] + mark[2] / 2)
