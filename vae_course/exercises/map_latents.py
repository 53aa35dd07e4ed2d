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
    decoders = [_network(models.LinearDecoder, rng) for _ in range(2)]
    sigmas = (0.5, 1.7)
    return [
        (models.GaussianDecoder(decoder, sigma=sigma), x, z)
        for decoder, sigma, x, z in zip(decoders, sigmas, images, Z, strict=True)
    ]


def _log_likelihood(scaled_error, *, log_sigma=1.0, constant=1.0):
    """The three terms, the first from `scaled_error(error, sigma)`, the others times a number."""

    def f(model, x, z):
        error = jnp.sum((x - model(z)) ** 2)
        d = len(x)
        return (
            -scaled_error(error, model.sigma)
            - log_sigma * d * jnp.log(model.sigma)
            - constant * d / 2 * LOG_2_PI
        )

    return f


def _right(error, sigma):
    return error / (2 * sigma**2)


def _of_trained_number(model, x, z):
    error = jnp.sum((x - model(z)) ** 2)
    return -_right(error, model.sigma) - len(x) * model.log_sigma - len(x) / 2 * LOG_2_PI


log_likelihood = Exercise(
    solution=objectives.log_likelihood,
    inputs=_model_inputs,
    mistakes=[
        Mistake(
            "The constant -d/2 log(2 pi) is missing. It moves no maximum, but without it this is not the log "
            "of a density, and cannot be compared with one.",
            _log_likelihood(_right, constant=0.0),
        ),
        Mistake(
            "The squared error is divided by 2 sigma. It should be 2 sigma squared.",
            _log_likelihood(lambda error, sigma: error / (2 * sigma)),
        ),
        Mistake(
            "sigma is squared twice: the squared error is divided by 2 sigma^4. model.sigma is a standard "
            "deviation; square it once.",
            _log_likelihood(lambda error, sigma: error / (2 * sigma**4)),
        ),
        Mistake(
            "The factor 1/2 of the squared error is missing.",
            _log_likelihood(lambda error, sigma: error / sigma**2),
        ),
        Mistake(
            "This takes sigma to be one. It is model.sigma, and it is learned.",
            _log_likelihood(lambda error, sigma: error / 2, log_sigma=0.0),
        ),
        Mistake(
            "The term -d log sigma is missing: a wide noise would cost nothing.",
            _log_likelihood(_right, log_sigma=0.0),
        ),
        Mistake(
            "This has d log sigma^2, which is 2 d log sigma. It is d log sigma, or d/2 log sigma^2.",
            _log_likelihood(_right, log_sigma=2.0),
        ),
        Mistake("The sign of d log sigma is turned round.", _log_likelihood(_right, log_sigma=-1.0)),
        Mistake(
            "model.log_sigma is the number that training moves; model.sigma lies a little above its exp, "
            "because of its floor. Take jnp.log(model.sigma).",
            _of_trained_number,
        ),
        Mistake(
            "This is the mean over the pixels, d times too small. When the prior is added, the mean would "
            "make the prior d times too strong. Sum instead.",
            lambda model, x, z: objectives.log_likelihood(model, x, z) / len(x),
        ),
        Mistake(
            "The squared error is a mean over the pixels here, the other terms are sums. Sum all three.",
            lambda model, x, z: _log_likelihood(lambda error, sigma: error / len(x) / (2 * sigma**2))(
                model, x, z
            ),
        ),
        Mistake(
            "The sign is turned round: this is a loss, and the log-likelihood was asked. It is large for a "
            "good image.",
            lambda model, x, z: -objectives.log_likelihood(model, x, z),
        ),
        Mistake(
            "These are log densities of pixels, one number each. The pixels' noises are independent: add up.",
            lambda model, x, z: (
                -((x - model(z)) ** 2) / (2 * model.sigma**2) - jnp.log(model.sigma) - 0.5 * LOG_2_PI
            ),
        ),
    ],
    hints=[
        "Three terms. First decode: x_hat = model(z). The noise is model.sigma.",
        "The first term is minus the squared error, over 2 sigma^2. The other two do not see the image at "
        "all, but there are d of each.",
        "-jnp.sum((x - x_hat) ** 2) / (2 * sigma**2) - d * jnp.log(sigma) - ..., with d = len(x).",
    ],
)


def _joint(combine):
    return lambda model, x, z: combine(objectives.log_likelihood(model, x, z), objectives.log_prior(z), x, z)


log_joint = Exercise(
    solution=objectives.log_joint,
    inputs=_model_inputs,
    mistakes=[
        Mistake(
            "The prior is subtracted. p(x, z) is a product, so its log is a sum.",
            _joint(lambda likelihood, prior, x, z: likelihood - prior),
        ),
        Mistake(
            "This is the likelihood alone. The prior log p(z) is missing.",
            _joint(lambda likelihood, prior, x, z: likelihood),
        ),
        Mistake(
            "This is the prior alone. The likelihood log p(x|z) is missing.",
            _joint(lambda likelihood, prior, x, z: prior),
        ),
        Mistake(
            "The prior is averaged over the latent dimensions. Two dimensions cost twice one's price: sum.",
            _joint(lambda likelihood, prior, x, z: likelihood + prior / len(z)),
        ),
        Mistake(
            "The prior's constant -k/2 log(2 pi) is missing. It moves no maximum here, but log p(x, z) is "
            "integrated over z in notebook 03, and there it counts.",
            _joint(lambda likelihood, prior, x, z: likelihood - 0.5 * jnp.sum(z**2)),
        ),
        Mistake(
            "The prior's factor 1/2 is missing: it is -|z|^2 / 2.",
            _joint(lambda likelihood, prior, x, z: likelihood + prior - 0.5 * jnp.sum(z**2)),
        ),
        Mistake(
            "The likelihood is averaged over the pixels and the prior is not, so the prior is d times too "
            "strong. Sum both.",
            _joint(lambda likelihood, prior, x, z: likelihood / len(x) + prior),
        ),
        Mistake(
            "The logs are multiplied. The densities are multiplied, so their logs are added.",
            _joint(lambda likelihood, prior, x, z: likelihood * prior),
        ),
        Mistake(
            "The sign is turned round: this is the loss. Return log p(x, z) itself.",
            _joint(lambda likelihood, prior, x, z: -likelihood - prior),
        ),
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


best_sigma = Exercise(
    solution=objectives.best_sigma,
    inputs=_best_sigma_inputs,
    mistakes=[
        Mistake(
            "This is sigma^2, the variance. Take the root.",
            lambda X, X_hat: jnp.mean((X - X_hat) ** 2),
        ),
        Mistake(
            "The squared error of an image is not divided by d. sigma is the noise of one pixel: average "
            "over the pixels, too.",
            lambda X, X_hat: jnp.sqrt(jnp.mean(jnp.sum((X - X_hat) ** 2, axis=1))),
        ),
        Mistake(
            "The sum over the images is not divided by N. Average over images and pixels.",
            lambda X, X_hat: jnp.sqrt(jnp.sum((X - X_hat) ** 2) / X.shape[1]),
        ),
        Mistake(
            "This is the length of the whole difference: divide by N d inside the root.",
            lambda X, X_hat: jnp.sqrt(jnp.sum((X - X_hat) ** 2)),
        ),
        Mistake(
            "These are absolute differences. Square them, average, then take the root.",
            lambda X, X_hat: jnp.mean(jnp.abs(X - X_hat)),
        ),
        Mistake(
            "This averages the images' own sigmas. One sigma serves all images: average the squares first, "
            "and take one root at the end.",
            lambda X, X_hat: jnp.mean(jnp.sqrt(jnp.mean((X - X_hat) ** 2, axis=1))),
        ),
        Mistake(
            "A standard deviation subtracts the mean of the differences. The noise has mean 0 already, so "
            "nothing is subtracted.",
            lambda X, X_hat: jnp.std(X - X_hat),
        ),
        Mistake(
            "There is a factor 2 too many: the 1/2 of the Gaussian cancels when the slope is set to zero.",
            lambda X, X_hat: jnp.sqrt(jnp.mean((X - X_hat) ** 2) / 2),
        ),
        Mistake(
            "This is one sigma an image. The model has one sigma for all: average over the images, too.",
            lambda X, X_hat: jnp.sqrt(jnp.mean((X - X_hat) ** 2, axis=1)),
        ),
        Mistake(
            "This is one sigma a pixel. The model has one sigma for all: average over the pixels, too.",
            lambda X, X_hat: jnp.sqrt(jnp.mean((X - X_hat) ** 2, axis=0)),
        ),
    ],
    hints=[
        "Write E for the mean squared error of an image. As a function of sigma the mean log-likelihood is "
        "-E / (2 sigma^2) - d log sigma - d/2 log(2 pi). Set its slope to zero.",
        "The slope is E / sigma^3 - d / sigma. So sigma^2 = E / d: the mean squared error of a pixel.",
        "jnp.mean of an (N, d) array is the mean over images and pixels. And the root at the end.",
    ],
)


def _rescale_inputs():
    rng = np.random.default_rng(2)

    def some(*shape):
        return jnp.float32(rng.normal(size=shape))

    return [(some(5, 2), some(5), some(4, 2), 0.25), (some(3, 2), some(3), some(6, 2), 3.0)]


rescale = Exercise(
    solution=latents.rescale,
    inputs=_rescale_inputs,
    mistakes=[
        Mistake(
            "The weights are multiplied by c, and so is the plane: W z grows by c^2. Divide the weights.",
            lambda W, b, Z, c: (c * W, b, c * Z),
        ),
        Mistake(
            "The plane is scaled and the weights are as they were: every image changes. Divide W by c.",
            lambda W, b, Z, c: (W, b, c * Z),
        ),
        Mistake(
            "The weights are scaled and the plane is as it was: every image changes. Multiply Z by c.",
            lambda W, b, Z, c: (W / c, b, Z),
        ),
        Mistake(
            "b is divided by c as well. In W z + b only the product sees z; leave b as it is.",
            lambda W, b, Z, c: (W / c, b / c, c * Z),
        ),
        Mistake(
            "b is multiplied by c as well. In W z + b only the product sees z; leave b as it is.",
            lambda W, b, Z, c: (W / c, c * b, c * Z),
        ),
        Mistake(
            "This is the way back: it makes the plane 1/c times as large. The plane should grow by c.",
            lambda W, b, Z, c: (c * W, b, Z / c),
        ),
        Mistake("Nothing is scaled.", lambda W, b, Z, c: (W, b, Z)),
    ],
    hints=[
        "The first layer is handed W z + b. If z becomes c z, what must become of W, so that the sum stays?",
        "(W / c)(c z) + b = W z + b. The offset b has no z.",
        "return W / c, ..., ...",
    ],
)
