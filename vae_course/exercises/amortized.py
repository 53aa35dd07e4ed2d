"""Exercises of notebook 04: the KL on the grid, and the encoder's head."""

import jax
import jax.numpy as jnp
import numpy as np

from vae_course import models, variational
from vae_course.exercises.checker import Exercise, Mistake


def _kl_on_grid_inputs():
    rng = np.random.default_rng(0)
    near, far = rng.normal(size=(2, 4, 4)), rng.normal(size=(2, 3, 3))
    far[0, 0] -= 2000  # a row where q is zero in 32 bits
    far[1, 2] -= 500  # and one where p is
    return [(*map(jnp.float32, near), 0.25), (*map(jnp.float32, far), 0.01)]


def _kl(each_cell):
    """A sum over the cells of what `each_cell(log_q, log_p)` gives, times their area."""
    return lambda log_q, log_p, cell_area: jnp.sum(each_cell(log_q, log_p)) * cell_area


def _right_kl(log_q, log_p):
    return jnp.exp(log_q) * (log_q - log_p)


kl_on_grid = Exercise(
    solution=variational.kl_on_grid,
    inputs=_kl_on_grid_inputs,
    mistakes=[
        Mistake(
            "The cell's area is forgotten. The integral over z is the sum over the cells, times their area.",
            lambda log_q, log_p, cell_area: jnp.sum(_right_kl(log_q, log_p)),
        ),
        Mistake(
            "The mean over the cells was taken. An integral is the sum over the cells, times their area.",
            lambda log_q, log_p, cell_area: jnp.mean(_right_kl(log_q, log_p)) * cell_area,
        ),
        Mistake(
            "This is one number for each cell. Add them up.",
            lambda log_q, log_p, cell_area: _right_kl(log_q, log_p) * cell_area,
        ),
        Mistake(
            "This is KL(p || q), the other way round. The average is over q: weigh each cell by q, and put q "
            "above p in the log.",
            _kl(lambda log_q, log_p: jnp.exp(log_p) * (log_p - log_q)),
        ),
        Mistake(
            "The difference of the logs is right, but it is averaged over p. KL(q || p) weighs it by q.",
            _kl(lambda log_q, log_p: jnp.exp(log_p) * (log_q - log_p)),
        ),
        Mistake(
            "The sign is turned round: log q minus log p is asked. A KL is never negative.",
            _kl(lambda log_q, log_p: -_right_kl(log_q, log_p)),
        ),
        Mistake(
            "The weight q is forgotten: every cell counts the same here, even where q never goes.",
            _kl(lambda log_q, log_p: log_q - log_p),
        ),
        Mistake(
            "The densities are subtracted. It is their logs that are: log q - log p.",
            _kl(lambda log_q, log_p: jnp.exp(log_q) * (jnp.exp(log_q) - jnp.exp(log_p))),
        ),
        Mistake(
            "This is minus the average of log p. The average of log q belongs to it, too.",
            _kl(lambda log_q, log_p: -jnp.exp(log_q) * log_p),
        ),
        Mistake(
            "q is made to add up to one, as if it were the probabilities of cells. log_q is a density's log: "
            "weigh by jnp.exp(log_q) * cell_area.",
            lambda log_q, log_p, cell_area: jnp.sum(jax.nn.softmax(log_q, axis=None) * (log_q - log_p)),
        ),
        Mistake(
            "Right as long as no density is tiny. But exp(-2000) is 0 in 32 bits, and 0 log 0 is nan. Keep "
            "the logs that you are given: the log of q / p is log_q - log_p.",
            _kl(lambda log_q, log_p: jnp.exp(log_q) * jnp.log(jnp.exp(log_q) / jnp.exp(log_p))),
        ),
    ],
    hints=[
        "An average over q on a grid: weigh each cell by its probability under q, and add up.",
        "The probability of a cell is its density times its area: jnp.exp(log_q) * cell_area. What is "
        "averaged is log q - log p, and both logs are there.",
        "jnp.sum(jnp.exp(log_q) * ( ... )) * cell_area",
    ],
)


def _gaussian_head_inputs():
    rng = np.random.default_rng(1)
    return [(jnp.float32([0.3, -1.2, 0.8, -0.5]),), (jnp.float32(rng.normal(size=6)),)]


def _spread(rule):
    """The first half, and `rule` of the second."""
    return lambda h: (h[: len(h) // 2], rule(h[len(h) // 2 :]))


gaussian_head = Exercise(
    solution=models.gaussian_head,
    inputs=_gaussian_head_inputs,
    mistakes=[
        Mistake(
            "The second half is handed on as it is. A network says any number, and a spread must be "
            "positive: here it is log s.",
            _spread(lambda half: half),
        ),
        Mistake(
            "relu gives 0 for every negative number, and a spread of 0 has no density. Take jnp.exp.",
            _spread(jax.nn.relu),
        ),
        Mistake(
            "The spread is 1 whatever the network says. It should come from the second half.",
            _spread(jnp.ones_like),
        ),
        Mistake(
            "The second half is read as log s^2, the log-variance, as many codes do. Here it is log s: leave "
            "out the 1/2.",
            _spread(lambda half: jnp.exp(half / 2)),
        ),
        Mistake(
            "This is s^2, the variance. The standard deviation was asked.",
            _spread(lambda half: jnp.exp(2 * half)),
        ),
        Mistake(
            "softplus is positive, too, and a good choice. But in this course the second half is log s: "
            "take jnp.exp.",
            _spread(jax.nn.softplus),
        ),
        Mistake(
            "The absolute value is not negative, but it can be 0, and it has a kink there. Take jnp.exp.",
            _spread(jnp.abs),
        ),
        Mistake(
            "The halves are swapped: the first is m, the second log s.",
            lambda h: (h[len(h) // 2 :], jnp.exp(h[: len(h) // 2])),
        ),
        Mistake(
            "m and s come back in the wrong order: m first.",
            lambda h: (jnp.exp(h[len(h) // 2 :]), h[: len(h) // 2]),
        ),
        Mistake(
            "Every second number is m here. The first k numbers are m, and the k behind them log s.",
            lambda h: (h[::2], jnp.exp(h[1::2])),
        ),
    ],
    hints=[
        "m may be any number, so the first half is m as it is. With k = len(h) // 2 it is h[:k].",
        "The second half may be negative, and s may not. Which function makes every number positive, and is "
        "undone by log?",
        "return h[:k], jnp.exp( ... )",
    ],
)
