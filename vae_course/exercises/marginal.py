"""The exercises of notebook 03."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from vae_course import marginal, models
from vae_course.distributions import log_density
from vae_course.exercises.checker import Exercise, Mistake
from vae_course.objectives import log_joint, log_likelihood, log_prior


def _log_mean_exp_inputs():
    rng = np.random.default_rng(0)
    near, far = rng.normal(size=6), rng.normal(size=5) - 2000
    return [(jnp.float32(near),), (jnp.float32(far),), (jnp.float32([0.5]),)]


log_mean_exp = Exercise(
    solution=marginal.log_mean_exp,
    inputs=_log_mean_exp_inputs,
    mistakes=[
        Mistake(
            "This is the mean of the logs. By Jensen's inequality it is too low, often by far: one sample "
            "that misses, with a log of -2000, drags it down. Take the mean first, and its log after that.",
            lambda log_values: jnp.mean(log_values),
        ),
        Mistake(
            "This is the log of the sum: the 1/S is forgotten, so it is log S too high. Subtract log S.",
            lambda log_values: logsumexp(log_values),
        ),
        Mistake(
            "log S is added. The mean is the sum divided by S, so its log is log S less.",
            lambda log_values: logsumexp(log_values) + jnp.log(len(log_values)),
        ),
        Mistake(
            "The log of the sum is divided by S. It is the sum that wants dividing, before the log: subtract "
            "log S from the log of the sum.",
            lambda log_values: logsumexp(log_values) / len(log_values),
        ),
        Mistake(
            "Right as long as the numbers are not tiny. But exp(-2000) is 0 in 32 bits, and its log is -inf. "
            "Take the largest log out first, and add it again at the end: jax.scipy.special.logsumexp does.",
            lambda log_values: jnp.log(jnp.mean(jnp.exp(log_values))),
        ),
        Mistake(
            "The largest was taken out, and not added again at the end.",
            lambda log_values: jnp.log(jnp.mean(jnp.exp(log_values - log_values.max()))),
        ),
        Mistake(
            "This is the largest of them. It is what counts most, but the others count, too.",
            lambda log_values: jnp.max(log_values),
        ),
        Mistake("This is the mean. Its log was asked.", lambda log_values: jnp.mean(jnp.exp(log_values))),
        Mistake(
            "The sign is turned round. A loss is minus this; here the log of the mean itself was asked.",
            lambda log_values: jnp.log(len(log_values)) - logsumexp(log_values),
        ),
    ],
    hints=[
        "S numbers come in, as their logs. Undo the logs, take the mean, take its log.",
        "exp of a very negative number is 0. jax.scipy.special.logsumexp(log_values) is log(sum(exp(...))) "
        "without that harm.",
        "The mean is the sum divided by S = len(log_values). What does dividing do to a log?",
        "jax.scipy.special.logsumexp(log_values) - jnp.log( ... )",
    ],
)


def _bayes_inputs():
    rng = np.random.default_rng(1)
    near, far = rng.normal(size=(4, 4)), 3 * rng.normal(size=(3, 3)) - 900
    return [
        (jnp.float32(near), jnp.float32(rng.normal(size=(4, 4))), 0.25),
        (jnp.float32(far), jnp.float32(rng.normal(size=(3, 3))), 0.01),
    ]


def _normalised(log_values, cell_area):
    return log_values - logsumexp(log_values) - jnp.log(cell_area)


bayes_on_grid = Exercise(
    solution=marginal.bayes_on_grid,
    inputs=_bayes_inputs,
    mistakes=[
        Mistake(
            "These add up to one, so they are the probabilities of cells. A density is per unit of area: "
            "divide by the cell's area, that is, subtract its log.",
            lambda log_likelihood, log_prior, cell_area: _normalised(log_likelihood + log_prior, 1.0),
        ),
        Mistake(
            "The log of the area has the wrong sign: a cell's probability is its density times its area.",
            lambda log_likelihood, log_prior, cell_area: _normalised(
                log_likelihood + log_prior, 1 / cell_area
            ),
        ),
        Mistake(
            "This is the joint, log p(x, z). It is not normalised: divide by p(x), its integral over z.",
            lambda log_likelihood, log_prior, cell_area: log_likelihood + log_prior,
        ),
        Mistake(
            "The prior is forgotten. The posterior is proportional to p(x given z) times p(z).",
            lambda log_likelihood, log_prior, cell_area: _normalised(log_likelihood, cell_area),
        ),
        Mistake(
            "The prior is in the joint, but not in the integral that normalises it.",
            lambda log_likelihood, log_prior, cell_area: (
                log_likelihood + log_prior - logsumexp(log_likelihood) - jnp.log(cell_area)
            ),
        ),
        Mistake(
            "The prior is divided out instead of multiplied in: add its log.",
            lambda log_likelihood, log_prior, cell_area: _normalised(log_likelihood - log_prior, cell_area),
        ),
        Mistake(
            "The largest value was subtracted. That makes the peak 0; what it takes is the whole integral.",
            lambda log_likelihood, log_prior, cell_area: (
                log_likelihood + log_prior - jnp.max(log_likelihood + log_prior)
            ),
        ),
        Mistake(
            "The mean over the cells was taken. An integral is the sum over the cells, times their area.",
            lambda log_likelihood, log_prior, cell_area: (
                _normalised(log_likelihood + log_prior, cell_area) + jnp.log(log_prior.size)
            ),
        ),
        Mistake(
            "Each column was normalised by itself. The integral is over the whole plane: sum over both axes.",
            lambda log_likelihood, log_prior, cell_area: (
                log_likelihood
                + log_prior
                - logsumexp(log_likelihood + log_prior, axis=0, keepdims=True)
                - jnp.log(cell_area)
            ),
        ),
        Mistake(
            "Right as long as the numbers are not tiny. But exp(-900) is 0 in 32 bits. Normalise the logs: "
            "subtract jax.scipy.special.logsumexp(log_joint).",
            lambda log_likelihood, log_prior, cell_area: (
                log_likelihood + log_prior - jnp.log(jnp.sum(jnp.exp(log_likelihood + log_prior)) * cell_area)
            ),
        ),
        Mistake(
            "This is the density. Its log was asked.",
            lambda log_likelihood, log_prior, cell_area: jnp.exp(
                _normalised(log_likelihood + log_prior, cell_area)
            ),
        ),
    ],
    hints=[
        "Bayes' rule: p(z given x) = p(x given z) p(z) / p(x). In logs, products become sums.",
        "p(x) is the integral of p(x, z) over z: the sum over all cells, each times its area.",
        "log p(x) = jax.scipy.special.logsumexp(log_joint) + jnp.log(cell_area)",
    ],
)


def _weight_inputs():
    rng = np.random.default_rng(2)

    def model(kind, **size):
        shapes = eqx.filter_eval_shape(kind, key=jax.random.key(0), pixels=6, latents=2, **size)
        is_empty = lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct)  # noqa: E731
        decoder = jax.tree.map(
            lambda leaf: jnp.float32(0.5 * rng.normal(size=leaf.shape)) if is_empty(leaf) else leaf, shapes
        )
        return models.GaussianDecoder(decoder, sigma=0.8)

    def case(model):
        vectors = (rng.uniform(size=6), rng.normal(size=2), rng.normal(size=2), rng.uniform(0.2, 0.7, size=2))
        return (model, *map(jnp.float32, vectors))

    return [case(model(models.Decoder, width=4)), case(model(models.LinearDecoder))]


log_importance_weight = Exercise(
    solution=marginal.log_importance_weight,
    inputs=_weight_inputs,
    mistakes=[
        Mistake(
            "The prior is forgotten: above the line stands p(x, z), which is p(x given z) times p(z).",
            lambda model, x, z, m, s: log_likelihood(model, x, z) - log_density(z, m, s),
        ),
        Mistake(
            "The proposal is forgotten. z was drawn from q, more often where q is large; dividing by q(z) "
            "makes up for it.",
            lambda model, x, z, m, s: log_joint(model, x, z),
        ),
        Mistake(
            "Prior and proposal are both forgotten. This weight is right only if z was drawn from the prior.",
            lambda model, x, z, m, s: log_likelihood(model, x, z),
        ),
        Mistake(
            "The sign is turned round: this is q over p. A z that explains x well must weigh much.",
            lambda model, x, z, m, s: log_density(z, m, s) - log_joint(model, x, z),
        ),
        Mistake(
            "The proposal is multiplied in, not divided out: subtract its log.",
            lambda model, x, z, m, s: log_joint(model, x, z) + log_density(z, m, s),
        ),
        Mistake(
            "Prior and proposal have changed places: the prior goes above the line, the proposal below.",
            lambda model, x, z, m, s: log_likelihood(model, x, z) + log_density(z, m, s) - log_prior(z),
        ),
        Mistake(
            "s is squared once too often. It is a standard deviation, and log_density squares it itself.",
            lambda model, x, z, m, s: log_joint(model, x, z) - log_density(z, m, s**2),
        ),
        Mistake(
            "The proposal's mean is forgotten: q is N(m, diag s^2).",
            lambda model, x, z, m, s: log_joint(model, x, z) - log_density(z, 0.0, s),
        ),
        Mistake(
            "The proposal's spread is forgotten: q is N(m, diag s^2).",
            lambda model, x, z, m, s: log_joint(model, x, z) - log_density(z, m),
        ),
        Mistake(
            "This is the weight. Its log was asked: weights overflow and underflow, their logs do not.",
            lambda model, x, z, m, s: jnp.exp(log_joint(model, x, z) - log_density(z, m, s)),
        ),
    ],
    hints=[
        "The weight is p(x, z) / q(z). In logs the quotient is a difference.",
        "objectives.log_joint(model, x, z) is log p(x, z); distributions.log_density(z, m, s) is log q(z).",
        "objectives.log_joint(model, x, z) - ...",
    ],
)
