"""The types in signatures: `Image` is a JAX array of d floats, `Latents` one of (N, k).

A letter that appears twice in a signature is one size. The import hook in `__init__` checks this at each
call, and under `jax.jit` once, while tracing; what does not fit raises a `TypeError` that names the argument.
"""

from jaxtyping import Array, Float, Int, PRNGKeyArray

Key = PRNGKeyArray
Number = Float[Array, ""]
Numbers = Float[Array, "N"]
Ints = Int[Array, "N"]
Scalar = float | int | Number
Image = Float[Array, "d"]  # of d pixels
Images = Float[Array, "N d"]
Latent = Float[Array, "k"]  # a point, a mean or standard deviations
Latents = Float[Array, "N k"]
Plane = Float[Array, "n n"]  # over a grid, rows z2 and columns z1, the lowest first
