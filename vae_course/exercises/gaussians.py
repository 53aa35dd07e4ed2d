"""Exercises of notebook 05: the KL from a Gaussian to the prior, and the gradient through a draw from it."""

import jax
import jax.numpy as jnp
import numpy as np

from vae_course import distributions, estimators
from vae_course.distributions import sample
from vae_course.exercises.checker import Exercise, Mistake
from vae_course.exercises.draws import WRONG_DRAWS, over_keys


def _kl_to_prior_inputs():
    rng = np.random.default_rng(0)
    return [
        (jnp.float32([1.0, 0.0, -0.5]), jnp.float32([1.0, 0.5, 2.0])),
        (jnp.float32(rng.normal(size=5)), jnp.float32(rng.uniform(0.2, 1.5, size=5))),
    ]


def _half_sum(each):
    """1/2 of the sum over the dimensions of what `each(m, s)` gives."""
    return lambda m, s: 0.5 * jnp.sum(each(m, s))


def _four_terms(m, s):
    return s**2 + m**2 - 1 - jnp.log(s**2)


kl_to_prior = Exercise(
    solution=distributions.kl_to_prior,
    inputs=_kl_to_prior_inputs,
    mistakes=[
        Mistake(
            "The half is missing. KL(N(1, 1) || N(0, 1)) is 1/2, and yours gives 1.",
            lambda m, s: jnp.sum(_four_terms(m, s)),
        ),
        Mistake(
            "The -1 is missing, once for each dimension. The prior's KL to itself is 0, and yours gives k/2.",
            _half_sum(lambda m, s: s**2 + m**2 - jnp.log(s**2)),
        ),
        Mistake(
            "The -1 is subtracted once. Each dimension has one: put it inside the sum.",
            lambda m, s: 0.5 * (jnp.sum(s**2 + m**2 - jnp.log(s**2)) - 1),
        ),
        Mistake(
            "The sign is turned round. A KL is never negative.",
            _half_sum(lambda m, s: -_four_terms(m, s)),
        ),
        Mistake(
            "This is averaged over the dimensions. Two equal dimensions cost twice what one does: sum.",
            lambda m, s: 0.5 * jnp.mean(_four_terms(m, s)),
        ),
        Mistake(
            "This is averaged over the dimensions, and the half is missing. For k = 2 the two make up for "
            "each other, and for no other k.",
            lambda m, s: jnp.mean(_four_terms(m, s)),
        ),
        Mistake(
            "This is one number for each dimension. The KLs of independent dimensions add up: sum.",
            lambda m, s: 0.5 * _four_terms(m, s),
        ),
        Mistake(
            "log s stands where log s^2 should: that is 2 log s.",
            _half_sum(lambda m, s: s**2 + m**2 - 1 - jnp.log(s)),
        ),
        Mistake(
            "s is taken for the variance. It is the standard deviation: the variance is s^2, in both places.",
            _half_sum(lambda m, s: s + m**2 - 1 - jnp.log(s)),
        ),
        Mistake(
            "s itself stands where s^2 should, in the first term. The log has it right.",
            _half_sum(lambda m, s: s + m**2 - 1 - jnp.log(s**2)),
        ),
        Mistake(
            "s is taken for log s^2, the log-variance. Here it is the standard deviation itself.",
            _half_sum(lambda m, s: jnp.exp(s) + m**2 - 1 - s),
        ),
        Mistake(
            "s is taken for log s. Here it is the standard deviation itself.",
            _half_sum(lambda m, s: jnp.exp(2 * s) + m**2 - 1 - 2 * s),
        ),
        Mistake(
            "The log has the wrong sign. As s goes to 0 the KL must grow: -log s^2 grows.",
            _half_sum(lambda m, s: s**2 + m**2 - 1 + jnp.log(s**2)),
        ),
        Mistake(
            "The log is missing. Nothing would keep s from going to 0.",
            _half_sum(lambda m, s: s**2 + m**2 - 1),
        ),
        Mistake(
            "This is KL(p(z) || q), the other way round.",
            _half_sum(lambda m, s: (1 + m**2) / s**2 - 1 + jnp.log(s**2)),
        ),
    ],
    hints=[
        "For one dimension it is 1/2 (s^2 + m^2 - 1 - log s^2). At m = 0, s = 1 it is 0, as it should be.",
        "Independent dimensions add up: jnp.sum.",
        "0.5 * jnp.sum(s**2 + m**2 - 1 - ... )",
    ],
)


def bowl(z):
    """A function to average over z, as is `wave`. Named, because a check may print its name."""
    return jnp.sum(z**2) / 2


def wave(z):
    """See `bowl`."""
    return jnp.sum(jnp.sin(z)) + z[0] * z[1] / 2


def _gradient_inputs():
    m_1, s_1, m_2, s_2 = map(jnp.float32, [[0.5, -0.8], [0.3, 0.5], [-0.2, 1.4], [0.7, 0.4]])
    return [(bowl, m_1, s_1, jax.random.key(7)), (wave, m_2, s_2, jax.random.key(8))]


def _gradients_over_keys(f, *inputs):
    (by_m, by_s), (spread_by_m, spread_by_s) = over_keys(f, *inputs)
    return {
        "mean gradient by m": by_m,
        "mean gradient by s": by_s,
        "spread of the gradient by m": spread_by_m,
        "spread of the gradient by s": spread_by_s,
    }


def _through(shift):
    """The gradient through z = shift(m, s, key)."""
    return lambda f, m, s, key: jax.grad(lambda m, s: f(shift(m, s, key)), argnums=(0, 1))(m, s)


def _by_hand(by_m_and_s):
    """What `by_m_and_s(slope, eps, s)` makes of the slope of f at z, and of the noise."""

    def g(f, m, s, key):
        eps = jax.random.normal(key, m.shape)
        return by_m_and_s(jax.grad(f)(m + s * eps), eps, s)

    return g


reparametrized_gradient = Exercise(
    solution=estimators.reparametrized_gradient,
    inputs=_gradient_inputs,
    view=_gradients_over_keys,
    rtol=0.0,
    atol=0.1,
    mistakes=[
        *(Mistake(says, _through(shift)) for says, shift in WRONG_DRAWS),
        Mistake(
            "s is taken for a log here. It comes in as the standard deviation itself: leave out the exp.",
            _through(lambda m, s, key: sample(m, jnp.exp(s), key)),
        ),
        Mistake(
            "Both are 0: z was drawn outside of what jax.grad differentiates, so it does not see m and s in "
            "z. Draw z inside.",
            _by_hand(lambda slope, eps, s: (0 * slope, 0 * slope)),
        ),
        Mistake(
            "This is the slope of f at z, twice. For m that is right; s moves z by eps, so by the chain rule "
            "its gradient is the slope times eps.",
            _by_hand(lambda slope, eps, s: (slope, slope)),
        ),
        Mistake(
            "The gradient by s is multiplied by s. s moves z by eps, so it is the slope times eps.",
            _by_hand(lambda slope, eps, s: (slope, slope * s)),
        ),
        Mistake(
            "This is the gradient by log s: one factor s too many. Differentiate by s itself.",
            _by_hand(lambda slope, eps, s: (slope, slope * eps * s)),
        ),
        Mistake(
            "The two come in the wrong order: m's gradient first.",
            _by_hand(lambda slope, eps, s: (slope * eps, slope)),
        ),
        Mistake(
            "The sign is turned round: this is the way downhill. The gradient itself was asked.",
            _by_hand(lambda slope, eps, s: (-slope, -slope * eps)),
        ),
        Mistake(
            "This is the gradient by m alone. Ask jax.grad for both: argnums=(0, 1).",
            _by_hand(lambda slope, eps, s: slope),
        ),
        Mistake(
            "This is the score-function estimator: right on average, but it goes past the sample, and its "
            "spread is larger. Let the gradient go through z = m + s * eps.",
            estimators.score_function_gradient,
        ),
    ],
    hints=[
        "Write a function of m and s: it draws z = m + s * eps, with the key, and returns f(z). The noise "
        "eps depends on neither m nor s.",
        "jax.grad(that function, argnums=(0, 1)) gives both gradients.",
        "jax.grad(lambda m, s: f(sample(m, s, key)), argnums=...)(m, s)",
    ],
)
