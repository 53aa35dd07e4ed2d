"""`JensenSlider`: averages of weights and their logs, against scipy and a closed form."""

import re

import numpy as np
import pytest
from scipy.special import logsumexp

from vae_course.teaching.explorer import JensenSlider
from vae_course.teaching.explorer.jensen import _log_averages

MEAN, SD, S = -20.0, 1.2, 4000
LOGS = MEAN + SD * np.random.default_rng(2).standard_normal(S)
LOG_P = MEAN + SD**2 / 2  # the mean of a log-normal weight


@pytest.fixture(scope="module")
def js(script):
    return script("jensen.js")


def bounds_of(log_weights, **arguments):
    """What is sent for each K: K, L_K, its standard error and averages."""
    sent = JensenSlider(log_weights, **arguments)._bounds
    return {bound["K"]: bound | {"averages": np.frombuffer(bound["averages"], np.float32)} for bound in sent}


@pytest.mark.parametrize("shift", [0, -800, 700])
def test_the_log_of_a_mean_does_not_overflow(shift):
    logs = LOGS[:50] + shift
    assert JensenSlider(logs)._truth == pytest.approx(logsumexp(logs) - np.log(50), abs=1e-9)


@pytest.mark.parametrize("K", [1, 2, 7, 50])
def test_averages_are_of_disjoint_groups(K):
    logs = LOGS[:101]
    groups = [logs[i : i + K] for i in range(0, 101 - K + 1, K)]
    expected = [logsumexp(group) - np.log(K) for group in groups]
    np.testing.assert_allclose(_log_averages(logs, K), expected, atol=1e-9)


def test_the_first_averages_are_sent():
    sent = bounds_of(LOGS)[2]["averages"]
    expected = [logsumexp(pair) - np.log(2) for pair in LOGS[:600].reshape(-1, 2)]
    np.testing.assert_allclose(sent, expected, atol=1e-5)


def test_the_bound_rises_from_the_elbo_to_log_p():
    bounds = bounds_of(LOGS)
    assert list(bounds) == [1, 2, 5, 10, 20, 50, 100, 200]
    nats, errors = (np.array([bound[part] for bound in bounds.values()]) for part in ("nats", "error"))
    assert nats[0] == pytest.approx(LOGS.mean())
    assert errors[0] == pytest.approx(LOGS.std(ddof=1) / S**0.5)
    assert abs(nats[0] - MEAN) < 4 * errors[0]  # the closed form: the mean of log w
    assert (np.diff(nats) > 0).all()
    variance = (np.exp(SD**2) - 1) / 200  # of an average over its mean: log 1 + a falls short by half of it
    assert LOG_P - nats[-1] == pytest.approx(variance / 2, abs=4 * errors[-1])


def test_equal_weights_leave_no_gap():
    two = bounds_of([-3.0] * 40)[2]
    assert (two["nats"], two["error"]) == (pytest.approx(-3), pytest.approx(0, abs=1e-12))


def test_the_sentence_says_the_bound_and_the_gap(js):
    answers = {"K": 1, "elbo": -20.5, "bound": -20.5, "logP": -19.25, "exact": True}
    minus = "\N{MINUS SIGN}"
    words = f"With K = 1 the bound L is the ELBO, {minus}20.50 nats; "
    words += f"log p(x) is {minus}19.25, so the gap is 1.25 nats."
    assert js("describe", answers) == words
    more = js("describe", answers | {"K": 10, "bound": -19.75, "exact": False})
    bounds = f"With K = 10 the bound L is {minus}19.75 nats, and with K = 1, the ELBO, {minus}20.50; "
    assert more.startswith(bounds)
    assert more.endswith(f"the log of the mean weight is {minus}19.25, so the gap is 0.50 nats.")


def test_K_goes_as_far_as_twenty_groups():
    assert JensenSlider(LOGS)._counts == [1, 2, 5, 10, 20, 50, 100, 200]
    assert JensenSlider(LOGS[:40])._counts == [1, 2]
    assert JensenSlider(LOGS[:99])._counts == [1, 2]


def test_K_is_a_trait():
    slider = JensenSlider(LOGS, LOG_P, K=5)
    slider.set_state({"K": 100})
    assert slider.K == 100
    slider.K = np.int64(20)
    assert type(slider.K) is int
    for wrong in (3, 0, 500, 1.5, None, "many"):
        with pytest.raises((TypeError, ValueError), match="`K` must be"):
            slider.K = wrong


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"log_weights": LOGS[:39]}, "`log_weights` must hold at least 40.*got 39"),
        ({"log_weights": LOGS[:, None]}, r"`log_weights` must .*got shape \(4000, 1\)"),
        (
            {
                "log_weights": np.log(
                    np.r_[0.0, np.ones(50)] + 0.0, where=[False] + [True] * 50, out=np.full(51, -np.inf)
                )
            },
            "got NaN or infinity",
        ),
        ({"log_weights": []}, r"`log_weights` must .*got shape \(0,\)"),
        ({"log_p": np.nan}, "`log_p` must .*got NaN"),
        ({"log_p": [1.0]}, r"`log_p` must .*got shape \(1,\)"),
        ({"K": 7}, "`K` must be one of"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(change, complaint):
    with pytest.raises((TypeError, ValueError), match=complaint):
        JensenSlider(**({"log_weights": LOGS} | change))


def test_the_still_picture_marks_the_gap():
    figure = JensenSlider(LOGS, LOG_P, K=10)._figure()
    bound = np.mean([logsumexp(group) for group in LOGS.reshape(-1, 10)]) - np.log(10)
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert f"gap {LOG_P - bound:.2f}" in texts
    assert f"log p(x) {LOG_P:.2f}" in texts
    alone = JensenSlider(LOGS)._figure()
    mean = logsumexp(LOGS) - np.log(S)
    assert f"log of the mean {mean:.2f}" in [text.get_text() for text in alone.axes[1].texts]


def test_without_averages_only_the_weights_are_left(shown):
    slider = JensenSlider(LOGS, LOG_P, averages=False)
    assert slider._counts == [1]
    (ax,) = slider._figure().axes
    assert f"gap {LOG_P - LOGS.mean():.2f}" in [text.get_text() for text in ax.texts]
    page = shown(slider)
    assert (page.locator("canvas").count(), page.get_by_role("slider").count()) == (1, 0)


def test_in_a_browser_a_larger_K_closes_the_gap(shown):
    page = shown(JensenSlider(LOGS, LOG_P))
    slider = page.get_by_role("slider", name="the number of weights in each average")
    gaps = []
    for key in ("Home", "ArrowRight", "End"):
        slider.press(key)
        page.wait_for_timeout(100)
        gaps.append(float(re.search(r"gap is (\S+) nats", page.locator(".sentence").inner_text())[1]))
    assert page.evaluate("model.get('K')") == 200
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] == pytest.approx(LOG_P - LOGS.mean(), abs=0.01)
    assert gaps[-1] < 0.1
