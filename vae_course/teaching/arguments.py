"""What figures, tables and explorers accept: each rule returns its argument, or says what is wrong."""

import numpy as np


def numbers(name: str, value, shape: tuple) -> np.ndarray:
    """`value` as an array of finite floats of this shape, where None is any size but zero."""
    wanted = ", ".join("any" if n is None else str(n) for n in shape)
    needed = f"`{name}` must be finite numbers of shape ({wanted}{',' if len(shape) == 1 else ''})"
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{needed}, got {type(value).__name__}") from None
    fits = [m == n if n else m > 0 for m, n in zip(array.shape, shape, strict=False)]
    if array.ndim != len(shape) or not all(fits):
        raise ValueError(f"{needed}, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{needed}, got NaN or infinity")
    return array


def text(name: str, value) -> str:
    """`value`, if it is a string that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"`{name}` must be words that say what is shown, got {value!r}")
    return value


def named(name: str, value) -> dict:
    """`value`, if it is a dictionary from names to what is drawn under them, with at least one entry."""
    if not isinstance(value, dict) or not value or not all(isinstance(key, str) for key in value):
        raise TypeError(f"`{name}` must be a dictionary {{name: numbers}} with an entry, got {value!r:.80}")
    return value


def every(count: int, most: int) -> int:
    """One in how many of `count` to show, so that at most `most` are."""
    return -(-count // most) or 1
