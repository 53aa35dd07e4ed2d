"""What is said of a place on a landscape: nothing yet, no hill, the highest hill, another hill."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from vae_course.marginal import latent_grid
from vae_course.teaching import hill

CENTRES = np.array([[-1.0, 0.0], [1.0, 0.0]])


def height(z):
    """Two round hills, the second a nat lower."""
    distances = np.sum((np.asarray(z)[..., None, :] - CENTRES) ** 2, axis=-1)
    return np.max(-200 * distances - np.array([0.0, 1.0]), axis=-1)


@pytest.fixture
def plane(monkeypatch):
    monkeypatch.setattr(hill, "log_joint", lambda model, x, z: height(z))
    grid = latent_grid(100, 2.0)
    heights = height(grid.points).reshape(100, 100)
    return SimpleNamespace(
        model=None, grid=grid, mode=lambda x: jnp.asarray(CENTRES[0]), log_joint=lambda x: heights
    )


@pytest.mark.parametrize(
    ("z", "found", "said"),
    [
        (..., False, "no place yet"),
        ((0.0, 0.0), False, "not on a hill: z is 200.0 nats below the top"),
        ((-1.05, 0.0), False, "on the highest hill: z is 0.5 nats below the top"),
        ((1.05, 0.0), True, "a second hill: z is 1.5 nats below the top, on another of 2 separate hills"),
    ],
)
def test_a_place_is_answered_in_words(plane, z, found, said):
    place = hill._looked_at(plane, jnp.zeros(64), z)
    assert place.found == found
    assert place.said.startswith(said)
    assert ("\N{HEAVY CHECK MARK}" in place._repr_html_()) == found
    assert not any(c.isdigit() for c in repr(place))


@pytest.mark.parametrize("z", ["here", (1.0, 2.0, 3.0), (np.nan, 0.0), None])
def test_what_is_no_place_is_told(plane, z):
    with pytest.raises((TypeError, ValueError), match="`z` must be finite numbers"):
        hill.second_hill(plane, jnp.zeros(64), z)


def test_the_answer_is_shown(plane, capsys):
    hill.second_hill(plane, jnp.zeros(64), ...)
    assert "second_hill: no place yet" in capsys.readouterr().out
