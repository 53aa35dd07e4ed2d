"""Shapes in signatures, checked when a function is called.

`Float[Array, "d"]` is a JAX array of d floats; a letter that stands twice in one signature must have one
size. A call that does not fit raises an error that names the argument, what was needed and what came.
Under `jax.jit` the check runs once, while tracing.
"""

from beartype import beartype
from jaxtyping import Array, Float, Int, PRNGKeyArray, jaxtyped

Key = PRNGKeyArray
Scalar = float | int | Float[Array, ""]

typed = jaxtyped(typechecker=beartype)


def check_size(name: str, value: Array, size: int) -> None:
    """Raise `ValueError`, naming the argument, unless `value` has the shape (size,)."""
    if value.shape != (size,):
        raise ValueError(f"`{name}` must have shape ({size},), got {value.shape}")


__all__ = ["Array", "Float", "Int", "Key", "Scalar", "check_size", "typed"]
