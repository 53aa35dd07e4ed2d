"""The gradient of an average over z ~ N(m, diag s^2), from one sample: two ways, both right on average.

What is asked is how E[f(z)] changes with m and s, although z was drawn at random.
"""

from collections.abc import Callable

import jax

from vae_course.distributions import check_spread, log_density, sample
from vae_course.typed import Array, Float, Key, typed

Gradient = tuple[Float[Array, "k"], Float[Array, "k"]]


@typed
def reparametrized_gradient(f: Callable, m: Float[Array, "k"], s: Float[Array, "k"], key: Key) -> Gradient:
    """The gradients by m and by s of f(m + s * eps), at one draw of the noise eps: through the sample.

    `f` takes z (k,) and returns one number. Source: Kingma and Welling, "Auto-encoding variational Bayes"
    (2013), section 2.4.
    """
    return jax.grad(lambda m, s: f(sample(m, s, key)), argnums=(0, 1))(m, s)


@typed
def score_function_gradient(f: Callable, m: Float[Array, "k"], s: Float[Array, "k"], key: Key) -> Gradient:
    """f(z) times the gradients by m and by s of log N(z; m, diag s^2), at one draw z: past the sample.

    It asks only for values of f, and not for its slope. `f` takes z (k,) and returns one number. Source:
    Williams, "Simple statistical gradient-following algorithms" (1992). Raises `ValueError` for an s that
    is not positive.
    """
    check_spread(s)
    z = sample(m, s, key)
    score = jax.grad(log_density, argnums=(1, 2))(z, m, s)
    return jax.tree.map(lambda slope: f(z) * slope, score)
