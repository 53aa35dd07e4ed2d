"""The exercises of notebook 02."""

import jax.numpy as jnp
import numpy as np

from vae_course import latents, models, objectives
from vae_course.exercises.autoencoder import _network
from vae_course.exercises.checker import Exercise, Mistake

LOG_2_PI = float(np.log(2 * np.pi))


def _model_inputs():
    """Two models, each with an image of six pixels and its z."""
    rng = np.random.default_rng(0)
    images, Z = jnp.float32(rng.uniform(size=(2, 6))), jnp.float32(rng.normal(size=(2, 2)))
    noisy = [models.GaussianDecoder(_network(models.LinearDecoder, rng), sigma=sigma) for sigma in (0.5, 1.7)]
    return list(zip(noisy, images, Z, strict=True))


def _likelihood(scale, price=1.0, constant=1.0):
    """The three terms, the squared error E divided by scale(sigma), the others times a number."""

    def f(model, x, z):
        E, sigma, d = jnp.sum((x - model(z)) ** 2), model.sigma, len(x)
        return -E / scale(sigma) - price * d * jnp.log(sigma) - constant * d / 2 * LOG_2_PI

    return f


def _right(sigma):
    return 2 * sigma**2


def _of_trained_number(model, x, z):
    return objectives.log_likelihood(model, x, z) + len(x) * (jnp.log(model.sigma) - model.log_sigma)


def _mean_error(model, x, z):
    return _likelihood(lambda sigma: len(x) * _right(sigma))(model, x, z)


def _pixel_by_pixel(model, x, z):
    return -((x - model(z)) ** 2) / _right(model.sigma) - jnp.log(model.sigma) - 0.5 * LOG_2_PI


log_likelihood = Exercise(
    solution=objectives.log_likelihood,
    inputs=_model_inputs,
    mistakes=[
        Mistake(
            "The constant -d/2 log(2 pi) is missing. Without it this is not the log of a density.",
            _likelihood(_right, constant=0),
        ),
        Mistake("The squared error is divided by 2 sigma, not 2 sigma^2.", _likelihood(lambda s: 2 * s)),
        Mistake("sigma is squared twice. It is a standard deviation.", _likelihood(lambda s: 2 * s**4)),
        Mistake("The factor 1/2 of the squared error is missing.", _likelihood(lambda s: s**2)),
        Mistake("This takes sigma to be one. It is model.sigma.", _likelihood(lambda s: 2, price=0)),
        Mistake("-d log sigma is missing: a wide noise would cost nothing.", _likelihood(_right, price=0)),
        Mistake("This has d log sigma^2, or 2 d log sigma. It is d log sigma.", _likelihood(_right, price=2)),
        Mistake("The sign of d log sigma is turned round.", _likelihood(_right, price=-1)),
        Mistake(
            "model.log_sigma is what training moves. It leaves out sigma's floor. Take jnp.log(model.sigma).",
            _of_trained_number,
        ),
        Mistake(
            "This is the mean over the pixels. With it the prior would be d times too strong. Sum instead.",
            lambda model, x, z: objectives.log_likelihood(model, x, z) / len(x),
        ),
        Mistake("The squared error is a mean over the pixels here. Sum all three terms.", _mean_error),
        Mistake(
            "The sign is turned round: this is a loss. The log-likelihood is large for a good image.",
            lambda model, x, z: -objectives.log_likelihood(model, x, z),
        ),
        Mistake("These are the pixels, one by one. Their noises are independent: add up.", _pixel_by_pixel),
    ],
    hints=[
        "Three terms. First decode: x_hat = model(z). The noise is model.sigma.",
        "The first is minus the squared error, over 2 sigma^2. Of the two others there are d each.",
        "-jnp.sum((x - x_hat) ** 2) / (2 * sigma**2) - d * jnp.log(sigma) - ..., with d = len(x).",
    ],
)


def _joint(combine):
    """A mistake written as combine(L, P, x, z), with L = log p(x|z) and P = log p(z)."""
    return lambda model, x, z: combine(objectives.log_likelihood(model, x, z), objectives.log_prior(z), x, z)


log_joint = Exercise(
    solution=objectives.log_joint,
    inputs=_model_inputs,
    mistakes=[
        Mistake("The prior is subtracted. The log of a product is a sum.", _joint(lambda L, P, x, z: L - P)),
        Mistake("The prior log p(z) is missing.", _joint(lambda L, P, x, z: L)),
        Mistake("The likelihood log p(x|z) is missing.", _joint(lambda L, P, x, z: P)),
        Mistake("The prior is averaged over the k latents. Sum.", _joint(lambda L, P, x, z: L + P / len(z))),
        Mistake(
            "The prior's constant -k/2 log(2 pi) is missing. In notebook 03, in an integral, it counts.",
            _joint(lambda L, P, x, z: L - 0.5 * jnp.sum(z**2)),
        ),
        Mistake(
            "The prior's factor 1/2 is missing: it is -|z|^2 / 2.",
            _joint(lambda L, P, x, z: L + P - 0.5 * jnp.sum(z**2)),
        ),
        Mistake(
            "The likelihood is averaged over the pixels. Sum.", _joint(lambda L, P, x, z: L / len(x) + P)
        ),
        Mistake("The logs are multiplied. The log of a product is a sum.", _joint(lambda L, P, x, z: L * P)),
        Mistake("This is the loss, minus what was asked.", _joint(lambda L, P, x, z: -L - P)),
    ],
    hints=[
        "p(x, z) = p(x|z) p(z). What does the log make of a product?",
        "log_likelihood(model, x, z) is there. For the prior there is objectives.log_prior(z).",
        "log_likelihood(model, x, z) + ...",
    ],
)


def _best_sigma_inputs():
    rng = np.random.default_rng(1)
    X, X_hat = jnp.float32(rng.uniform(size=(2, 4, 6)))
    Y, Y_hat = jnp.float32(rng.normal(size=(2, 7, 3)))
    return [(X, X_hat), (Y, Y_hat + 1)]


def _errors(formula):
    """A mistake written as formula(X - X_hat)."""
    return lambda X, X_hat: formula(X - X_hat)


best_sigma = Exercise(
    solution=objectives.best_sigma,
    inputs=_best_sigma_inputs,
    mistakes=[
        Mistake("This is sigma^2, the variance. Take the root.", _errors(lambda D: jnp.mean(D**2))),
        Mistake(
            "The squared error of an image is not divided by d. sigma is the noise of one pixel.",
            _errors(lambda D: jnp.sqrt(jnp.mean(jnp.sum(D**2, axis=1)))),
        ),
        Mistake("The sum is not divided by N.", _errors(lambda D: jnp.sqrt(jnp.sum(D**2) / D.shape[1]))),
        Mistake(
            "The sum is not divided by N d, the number of all pixels.",
            _errors(lambda D: jnp.sqrt(jnp.sum(D**2))),
        ),
        Mistake("These are absolute differences. Square them.", _errors(lambda D: jnp.mean(jnp.abs(D)))),
        Mistake(
            "This averages the images' own sigmas. Average the squares first, and take one root at the end.",
            _errors(lambda D: jnp.mean(jnp.sqrt(jnp.mean(D**2, axis=1)))),
        ),
        Mistake("The noise has mean 0. Do not subtract the mean of the differences.", _errors(jnp.std)),
        Mistake("There is a factor 1/2 too many.", _errors(lambda D: jnp.sqrt(jnp.mean(D**2) / 2))),
        Mistake(
            "This is one sigma an image. The model has one sigma for all: average over the images, too.",
            _errors(lambda D: jnp.sqrt(jnp.mean(D**2, axis=1))),
        ),
        Mistake(
            "This is one sigma a pixel. The model has one sigma for all: average over the pixels, too.",
            _errors(lambda D: jnp.sqrt(jnp.mean(D**2, axis=0))),
        ),
    ],
    hints=[
        "E is an image's mean squared error. Set the slope of -E / (2 sigma^2) - d log sigma to zero.",
        "The slope is E / sigma^3 - d / sigma. So sigma^2 = E / d: the mean squared error of a pixel.",
        "jnp.mean of an (N, d) array is the mean over images and pixels. And the root at the end.",
    ],
)


def _rescale_inputs():
    W, V = jnp.float32(np.random.default_rng(2).normal(size=(2, 5, 2)))
    b, Z = jnp.float32([0.3, -1.2, 0.7, 2.0, -0.4]), jnp.float32([[0.5, -1.0], [1.5, 0.2], [-0.7, 0.9]])
    return [(W, b, Z, 0.25), (V[:3], b[2:], -Z[:2], 3.0)]


rescale = Exercise(
    solution=latents.rescale,
    inputs=_rescale_inputs,
    mistakes=[
        Mistake("The weights are multiplied by c. Divide them.", lambda W, b, Z, c: (c * W, b, c * Z)),
        Mistake("W is as it was, so every image changes. Divide it by c.", lambda W, b, Z, c: (W, b, c * Z)),
        Mistake(
            "Z is as it was, so every image changes. Multiply it by c.", lambda W, b, Z, c: (W / c, b, Z)
        ),
        Mistake(
            "b is divided by c, too, but it sees no z. Leave it.", lambda W, b, Z, c: (W / c, b / c, c * Z)
        ),
        Mistake(
            "b is multiplied by c, but it sees no z. Leave it.", lambda W, b, Z, c: (W / c, c * b, c * Z)
        ),
        Mistake("This is the way back: the plane should grow by c.", lambda W, b, Z, c: (c * W, b, Z / c)),
        Mistake("Nothing is scaled.", lambda W, b, Z, c: (W, b, Z)),
    ],
    hints=[
        "The first layer is handed W z + b. If z becomes c z, what must become of W, so that the sum stays?",
        "(W / c)(c z) + b = W z + b. The offset b has no z.",
        "return W / c, ..., ...",
    ],
)
