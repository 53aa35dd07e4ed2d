"""Every rule about the values of arguments, once. Types and shapes are checked by the hook in `__init__`.

Each error names the argument, what it must be and what it was. What JAX is still tracing has no values yet,
and passes.
"""

import jax
import numpy as np
import optax


def require(fits, message: str, error: type = ValueError) -> None:
    """Raise `error` with this message unless something fits."""
    if not fits:
        raise error(message)


def _is_known(value) -> bool:
    """Whether the value is there to look at: not while JAX is tracing."""
    return not isinstance(value, jax.core.Tracer)


def size(name: str, value, n: int) -> None:
    """`value` has the shape (n,)."""
    require(value.shape == (n,), f"`{name}` must have shape ({n},), got {value.shape}")


def some(name: str, value) -> None:
    """`value` holds something."""
    require(value.size, f"`{name}` must hold at least one number, got shape {value.shape}")


def kind(name: str, value, *kinds: type) -> None:
    """`value` is of one of these classes."""
    if not isinstance(value, kinds):
        needed = " or ".join(f"a {each.__name__}" for each in kinds)
        raise TypeError(f"`{name}` must be {needed}, got {type(value).__name__}")


def key(value) -> None:
    """`value` is one key."""
    is_key = isinstance(value, jax.Array) and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key)
    needed = f"`key` must be one key, as from jax.random.key(0), got {value!r}"
    require(is_key and not value.ndim, needed, TypeError)


def whole(name: str, value, low: int, high: int | None = None) -> None:
    """`value` is a whole number from `low` to `high`."""
    if not isinstance(value, int | np.integer) or value < low or (high is not None and value > high):
        limits = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"`{name}` must be a whole number {limits}, got {value!r}")


def divides(name: str, values, n: int) -> None:
    """Each of `values` divides n."""
    for value in values:
        if value < 1 or n % value:
            raise ValueError(f"`{name}` must divide the number of draws, {n}, got {value}")


def above(name: str, value, low: float) -> None:
    """`value` is a finite number above `low`."""
    fits = not _is_known(value) or low < value < np.inf
    require(fits, f"`{name}` must be a finite number above {low:g}, got {value}")


def at_least(name: str, value, low: float) -> None:
    """`value` is a finite number of at least `low`."""
    fits = not _is_known(value) or low <= value < np.inf
    require(fits, f"`{name}` must be a finite number of at least {low:g}, got {value}")


def finite(name: str, value) -> None:
    """No number of `value` is NaN or infinite."""
    if _is_known(value) and not np.isfinite(value).all():
        raise ValueError(f"`{name}` must hold finite numbers, got NaN or infinity")


def standard_deviation(s) -> None:
    """`s` is positive and finite."""
    if _is_known(s) and not np.all((np.asarray(s) > 0) & np.isfinite(s)):
        raise ValueError(f"`s` must be positive, finite standard deviations, got {s}")


def images(model, **given) -> None:
    """One image or many, given by name: as many pixels as `model` draws, each from 0 to 1."""
    ((name, value),) = given.items()
    if value.shape[-1] != model.pixels or not value.size:
        raise ValueError(f"`{name}` must have {model.pixels} pixels per image, got shape {value.shape}")
    if _is_known(value):
        low, high = np.asarray(value).min(), np.asarray(value).max()
        if not (low >= 0 and high <= 1):
            needed = f"`{name}` must hold pixels from 0 (paper) to 1 (ink)"
            raise ValueError(f"{needed}, got {low:.4g} to {high:.4g}")


def plane(model) -> None:
    """A grid covers a plane, so `model` has two latents."""
    needed = "`model` must have 2 latents, one for each axis of the grid"
    require(model.latents == 2, f"{needed}, got {model.latents}")


def gaussian(model, m, s) -> None:
    """A Gaussian over the latents of `model`: a finite mean m and positive standard deviations s."""
    if m.shape != (model.latents,):
        raise ValueError(f"`m` must have {model.latents} numbers, one for each latent, got {len(m)}")
    finite("m", m)
    standard_deviation(s)


def gaussians(model, X, M, SD) -> None:
    """An image and a Gaussian in each row of X, M and SD; says how many rows are wrong."""
    images(model, X=X)
    if M.shape[1] != model.latents:
        raise ValueError(f"`M` must have {model.latents} columns, one for each latent, got {M.shape[1]}")
    positive = np.isfinite(SD) & (np.asarray(SD) > 0)
    rules = ("M", np.isfinite(M), "finite means"), ("SD", positive, "positive, finite standard deviations")
    for name, good, needed in rules:
        if wrong := (~good).any(axis=1).sum():
            raise ValueError(f"`{name}` must hold {needed}; for {wrong} of {len(M)} images it does not")


def training(params, loss, data, optimizer, steps, batch_size, marks) -> None:
    """What `fit` accepts: `data` is a pytree of arrays, and the first axis of each counts the examples."""
    require(
        jax.tree.leaves(params),
        "`model` must hold at least one array of floats to train, got none",
        TypeError,
    )
    require(
        callable(loss),
        f"`loss` must be a function of (model, example, key), got {type(loss).__name__}",
        TypeError,
    )
    kind("optimizer", optimizer, optax.GradientTransformation)
    whole("steps", steps, 1)
    whole("batch_size", 1 if batch_size is None else batch_size, 1)
    for mark in marks:
        whole("marks", mark, 1, steps)
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(data)]
    if len({shape[:1] for shape in shapes}) != 1 or shapes[0][:1] in [(), (0,)]:
        needed = "`data` must be arrays whose first axes have the same length, at least 1"
        raise ValueError(f"{needed}, got shapes {shapes}")
    examples = shapes[0][0]
    require(
        (batch_size or 0) <= examples,
        f"`batch_size` must be at most the number of examples, {examples}, got {batch_size}",
    )
