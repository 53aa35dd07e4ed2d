"""`second_hill`: a place that the reader has found on a landscape, looked at and answered in words."""

import html
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from IPython.display import display

from vae_course.map_latents import log_joint
from vae_course.marginal import DEPTH, DecodedGrid, hills
from vae_course.teaching.arguments import numbers
from vae_course.teaching.pictures import TICK


class Place(NamedTuple):
    """What `second_hill` says, with a tick if the place is one."""

    found: bool
    said: str

    def __repr__(self):
        return f"second_hill: {self.said.split(':')[0]}."

    def _repr_html_(self):
        return f'<p class="numbers">{f"{TICK} " * self.found}{html.escape(self.said)}</p>'


def second_hill(plane: DecodedGrid, x, z) -> None:
    """Say whether z stands on a hill of log p(x, z) other than the highest one.

    A hill is a piece of the places within 5 nats of the top that is separate from the others. z is a pair, or
    dots while nothing has been found. Raises `TypeError` or `ValueError` for anything else.
    """
    display(_looked_at(plane, jnp.asarray(x), z))


def _looked_at(plane, x, z):
    if z is ...:
        return Place(False, "no place yet: put the handle on a second hill, then hand over its z")
    z = jnp.asarray(numbers("z", z, (2,)), float)
    top = plane.mode(x)
    depth = float(log_joint(plane.model, x, top) - log_joint(plane.model, x, z))
    pieces = hills(np.asarray(plane.log_joint(x) - log_joint(plane.model, x, top)))
    here, highest = (_piece_at(pieces, plane.grid.axes, point) for point in (z, top))
    if depth > DEPTH or not here:
        return Place(
            False, f"not on a hill: z is {depth:.1f} nats below the top, and at most {DEPTH:g} are asked"
        )
    if here == highest:
        same = "a way that never goes 5 nats down leads from there to the top"
        return Place(False, f"on the highest hill: z is {depth:.1f} nats below the top, and {same}")
    count = pieces.max()
    return Place(
        True, f"a second hill: z is {depth:.1f} nats below the top, on another of {count} separate hills"
    )


def _piece_at(pieces, axes, z):
    """The number of the piece that z lies on: that of its cell or, at a shore, of a neighbouring one."""
    column, row = (int(np.argmin(abs(np.asarray(axis) - value))) for axis, value in zip(axes, z, strict=True))
    if pieces[row, column]:
        return int(pieces[row, column])
    return int(pieces[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].max())
