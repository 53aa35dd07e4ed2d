"""`round_trip`: the two images as they are, and the ring and both arrows at z."""

import numpy as np
import pytest
from matplotlib.patches import ConnectionPatch

from vae_course.teaching import figures

X, X_HAT = np.random.RandomState(0).uniform(size=(2, 64))
CODES, LABELS = np.array([[-1.0, 2.0], [3.0, 0.5], [0.0, -2.0]]), np.array([2, 7, 2])


def drawn(**changed):
    given = {"x": X, "z": [1.25, -0.75], "x_hat": X_HAT, "codes": CODES, "labels": LABELS} | changed
    return figures.round_trip(**given, title="There and back")


def test_the_image_is_on_the_left_and_what_is_drawn_from_z_on_the_right():
    before, _, after = drawn().axes
    for ax, image in (before, X), (after, X_HAT):
        (picture,) = ax.get_images()
        np.testing.assert_array_equal(picture.get_array(), image.reshape(8, 8))


def test_one_ring_stands_at_z_and_the_title_says_it():
    _, plane, _ = drawn().axes
    (ring,) = plane.lines
    np.testing.assert_array_equal(ring.get_xydata(), [[1.25, -0.75]])
    assert ring.get_markerfacecolor() == "none"  # never covers what it marks
    assert plane.get_title() == "two numbers, z = (1.2, \N{MINUS SIGN}0.8)"


def test_the_encoders_arrow_points_at_z_and_the_decoders_away_from_it():
    figure = drawn()
    encoder, decoder = figure.findobj(ConnectionPatch)
    before, plane, after = figure.axes
    for arrow, ax in (encoder, before), (decoder, after):
        assert arrow.xy2 == (1.25, -0.75)
        assert (arrow.coords1, arrow.coords2) == (ax.transData, plane.transData)
    assert encoder.get_arrowstyle().arrow == "-|>"
    assert decoder.get_arrowstyle().arrow == "<|-"
    assert [text.get_text() for ax in (before, after) for text in ax.texts] == ["encoder", "decoder"]


@pytest.mark.parametrize("wrong", [{"z": [1.0]}, {"x": X[:3]}, {"labels": LABELS[:1]}])
def test_what_does_not_fit_is_named(wrong):
    with pytest.raises(ValueError, match="must be finite numbers of shape"):
        drawn(**wrong)
