"""What a pen drew: strokes on paper of 32 x 32, pairs (x, y) with x to the right and y DOWN."""

from traitlets import TraitType

from vae_course.teaching.arguments import numbers

PAPER = 32  # points along one side of the paper
THREE = (  # one stroke of our own, to begin with something on the paper
    (
        *((10.0, 7.0), (12.5, 5.0), (16.0, 4.5), (19.5, 5.5), (21.0, 8.5), (20.0, 12.0), (17.5, 14.0)),
        *((14.5, 15.0), (18.5, 16.0), (21.5, 18.5), (22.0, 22.0), (20.0, 25.5), (16.5, 27.5)),
        *((12.5, 27.0), (9.5, 24.5)),
    ),
)
NO_DIGITS = {  # drawings that are none
    "cross": (((4.0, 4.0), (28.0, 28.0)), ((28.0, 4.0), (4.0, 28.0))),
    "house": (((6.0, 14.0), (16.0, 3.0), (26.0, 14.0), (26.0, 30.0), (6.0, 30.0), (6.0, 14.0)),),
    "bar": (((16.0, 2.0), (16.0, 30.0)),),
}


def on_paper(name: str, strokes) -> tuple:
    """`strokes` as a tuple of strokes, each a tuple of pairs (x, y) of floats.

    Each stroke may be anything that becomes an array of shape (n, 2), n >= 1, from 0 to 32. Raises
    `TypeError` or `ValueError` for anything else, and calls it `name`.

    >>> on_paper("strokes", [[(16, 4), (16, 28)]])
    (((16.0, 4.0), (16.0, 28.0)),)
    """
    if isinstance(strokes, str | bytes) or not hasattr(strokes, "__len__"):
        raise TypeError(f"`{name}` must be a list of strokes, got {type(strokes).__name__}")
    arrays = [numbers(f"{name}[{i}]", stroke, (None, 2)) for i, stroke in enumerate(strokes)]
    for i, stroke in enumerate(arrays):
        if not (stroke.min() >= 0 and stroke.max() <= PAPER):
            raise ValueError(
                f"`{name}[{i}]` must lie on the paper, from 0 to {PAPER}, "
                f"got {stroke.min():.3g} to {stroke.max():.3g}"
            )
    return tuple(tuple(map(tuple, stroke.tolist())) for stroke in arrays)


class Strokes(TraitType):
    """A trait that holds strokes as `on_paper` makes them, and refuses what it refuses."""

    def validate(self, obj, value):
        """The strokes, named as the trait is."""
        return on_paper(self.name, value)
