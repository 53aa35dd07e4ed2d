"""The ELBO from one draw: as notebook 04 finds it, and as notebook 05 writes it."""

import jax
import jax.numpy as jnp

from vae_course import objectives
from vae_course.distributions import kl_to_prior, log_density, sample
from vae_course.exercises.checker import Exercise, Mistake
from vae_course.exercises.draws import WRONG_DRAWS, model_inputs, one_number_over_keys
from vae_course.objectives import log_joint, log_likelihood, squared_error


def _draw(likelihood_and_q, shift=sample):
    """`likelihood_and_q(model, x, z, m, s)` at a draw z = shift(m, s, key)."""
    return lambda model, x, m, s, key: likelihood_and_q(model, x, shift(m, s, key), m, s)


def _weight(model, x, z, m, s):
    return log_joint(model, x, z) - log_density(z, m, s)


def _two_draws(model, x, m, s, key):
    key_1, key_2 = jax.random.split(key)
    return log_joint(model, x, sample(m, s, key_1)) - log_density(sample(m, s, key_2), m, s)


elbo_sample = Exercise(
    solution=objectives.elbo_sample,
    inputs=model_inputs,
    view=one_number_over_keys,
    rtol=0.0,
    atol=0.15,
    mistakes=[
        *(Mistake(says, _draw(_weight, shift)) for says, shift in WRONG_DRAWS),
        Mistake(
            "s is taken for a log here. It comes in as the standard deviation itself: leave out the exp.",
            _draw(
                lambda model, x, z, m, s: _weight(model, x, z, m, jnp.exp(s)),
                lambda m, s, key: sample(m, jnp.exp(s), key),
            ),
        ),
        Mistake(
            "Each term has a z of its own. The two belong together: draw z once, and use it in both.",
            _two_draws,
        ),
        Mistake(
            "log q(z) is forgotten: this is log p(x, z). It would be best for a q that is one point.",
            _draw(lambda model, x, z, m, s: log_joint(model, x, z)),
        ),
        Mistake(
            "The prior is forgotten: log p(x, z) is log p(x given z) + log p(z).",
            _draw(lambda model, x, z, m, s: log_likelihood(model, x, z) - log_density(z, m, s)),
        ),
        Mistake(
            "This is log p(x given z) alone. The prior's log p(z) is to be added, and log q(z) subtracted.",
            _draw(lambda model, x, z, m, s: log_likelihood(model, x, z)),
        ),
        Mistake(
            "log q(z) is added. It is subtracted: KL(q || p) has log q - log p, and this is minus that.",
            _draw(lambda model, x, z, m, s: log_joint(model, x, z) + log_density(z, m, s)),
        ),
        Mistake(
            "The sign is turned round: this is the loss, log q(z) - log p(x, z). The gain was asked.",
            _draw(lambda model, x, z, m, s: -_weight(model, x, z, m, s)),
        ),
        Mistake(
            "The spread of q is forgotten in log q(z): it is log_density(z, m, s), not log_density(z, m).",
            _draw(lambda model, x, z, m, s: _weight(model, x, z, m, 1.0)),
        ),
        Mistake(
            "log q is taken at m. It is asked at the z that was drawn.",
            _draw(lambda model, x, z, m, s: log_joint(model, x, z) - log_density(m, m, s)),
        ),
        Mistake(
            "Right on average, with KL(q || p(z)) in closed form: that is notebook 05's step. Here log p(z) "
            "and log q(z) are both taken at the z that was drawn.",
            _draw(lambda model, x, z, m, s: log_likelihood(model, x, z) - kl_to_prior(m, s)),
        ),
    ],
    hints=[
        "First z: draw eps = jax.random.normal(key, m.shape), scale it by s, shift it by m.",
        "Then two terms at that z: log p(x, z), which is log_joint(model, x, z), and log q(z), which is "
        "log_density(z, m, s).",
        "return log_joint(model, x, z) - ...",
    ],
)


def _elbo(terms, shift=sample):
    """`terms(likelihood, kl, model, x, z, m, s)` at a draw z = shift(m, s, key)."""

    def f(model, x, m, s, key):
        z = shift(m, s, key)
        return terms(log_likelihood(model, x, z), kl_to_prior(m, s), model, x, z, m, s)

    return f


def _right(likelihood, kl, *_):
    return likelihood - kl


elbo = Exercise(
    solution=objectives.elbo,
    inputs=model_inputs,
    view=one_number_over_keys,
    rtol=0.0,
    atol=0.15,
    mistakes=[
        *(Mistake(says, _elbo(_right, shift)) for says, shift in WRONG_DRAWS),
        Mistake(
            "The KL is added. It is a cost: subtract it.",
            _elbo(lambda likelihood, kl, *_: likelihood + kl),
        ),
        Mistake(
            "The KL is forgotten. This is the reconstruction term alone: q would shrink to a point.",
            _elbo(lambda likelihood, kl, *_: likelihood),
        ),
        Mistake(
            "The likelihood is a mean over the pixels, and the KL is a sum: d times too little of the first. "
            "You have silently set beta to d. Sum both.",
            _elbo(lambda likelihood, kl, model, x, *_: likelihood / len(x) - kl),
        ),
        Mistake(
            "The KL is averaged over the latent dimensions. Two equal ones cost twice one's price: sum.",
            _elbo(lambda likelihood, kl, model, x, z, *_: likelihood - kl / len(z)),
        ),
        Mistake(
            "The sign is turned round: this is the loss that one minimises. The ELBO itself was asked.",
            _elbo(lambda likelihood, kl, *_: kl - likelihood),
        ),
        Mistake(
            "The pixels' noise is taken to be 1. It is model.sigma: right only if that is 1.",
            _elbo(lambda likelihood, kl, model, x, z, *_: log_density(x, model(z), 1.0) - kl),
        ),
        Mistake(
            "The squared error stands where the log-likelihood should. sigma is what makes it comparable "
            "with the KL: log_likelihood(model, x, z).",
            _elbo(lambda likelihood, kl, model, x, z, *_: -squared_error(x, model(z)) - kl),
        ),
        Mistake(
            "The likelihood's constants -d log sigma - d/2 log(2 pi) are missing. Without them this is no "
            "bound on log p(x), and sigma cannot be learned.",
            _elbo(
                lambda likelihood, kl, model, x, z, *_: (
                    -squared_error(x, model(z)) / (2 * model.sigma**2) - kl
                )
            ),
        ),
        Mistake(
            "The prior is counted twice: log p(x, z) has it, and the KL has it again. With the KL, only "
            "log p(x given z) is wanted.",
            _elbo(lambda likelihood, kl, model, x, z, *_: log_joint(model, x, z) - kl),
        ),
        Mistake(
            "Right on average: this is notebook 04's sample, with log p(z) - log q(z) at one z. Here that "
            "part is known exactly: take -kl_to_prior(m, s).",
            objectives.elbo_sample,
        ),
    ],
    hints=[
        "Two terms: how well a z from q draws the image, minus what q costs.",
        "The first is log_likelihood(model, x, z) at z = m + s * eps, the second kl_to_prior(m, s), which "
        "you have written.",
        "log_likelihood(model, x, z) - ...",
    ],
)
elbo.arguments = "(model, x, m, s, key)"  # the library's beta is for those who have written this
