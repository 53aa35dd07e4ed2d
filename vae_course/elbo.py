"""Notebooks 04 and 05: a Gaussian q(z) = N(m, diag s^2) that approximates the posterior, and its bound.

One draw from q gives an *estimate* of the ELBO. A Gauss-Hermite *quadrature* averages over q with nothing
random in it; it is accurate as long as the decoder bends little between the nodes.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vae_course import checks, progress
from vae_course.gaussian import kl_to_prior, log_density, sample
from vae_course.map_latents import log_joint, log_likelihood
from vae_course.marginal import DecodedGrid, for_each, latent_grid, log_marginals
from vae_course.models import GaussianDecoder, apply
from vae_course.training import climb
from vae_course.typed import Image, Images, Key, Latent, Latents, Number, Numbers, Plane, Scalar

MAX_NODES = 10**5  # in all; with more, memory runs to gigabytes
NODES = 20  # per axis; with fewer, the ELBO of a wide q over a steep decoder moves by hundredths of a nat
NARROW = 0.05  # the standard deviation from which the climb to a best Gaussian starts
Gradient = tuple[Latent, Latent]


def elbo_estimate(model: GaussianDecoder, x: Image, m: Latent, s: Latent, key: Key) -> Number:
    """log p_theta(x, z) - log q(z) in nats, for one draw z = m + s * eps from q = N(m, diag s^2).

    Its mean over draws is the ELBO, the evidence lower bound: log p_theta(x) - KL(q || p_theta(z given x)).
    If q is the posterior, every draw gives log p_theta(x). Raises `ValueError` if s is not positive.
    """
    checks.standard_deviation(s)
    z = sample(m, s, key)
    return log_joint(model, x, z) - log_density(z, m, s)


def elbo_analytic_kl(
    model: GaussianDecoder, x: Image, m: Latent, s: Latent, key: Key, beta: Scalar = 1.0
) -> Number:
    """log p_theta(x given z) - beta KL(q || p(z)) in nats, for one draw z from q = N(m, diag s^2).

    With beta = 1 its mean over draws is the ELBO, like that of `elbo_estimate`, but the KL to the prior is
    in closed form. Raises `ValueError` if beta is negative or s is not positive. Source: Kingma and Welling,
    "Auto-encoding variational Bayes" (2013), eq. 10; Higgins et al., "beta-VAE" (2017).
    """
    checks.at_least("beta", beta, 0)
    z = sample(m, s, key)
    return log_likelihood(model, x, z) - beta * kl_to_prior(m, s)


def reparametrized_gradient(f: Callable, m: Latent, s: Latent, key: Key) -> Gradient:
    """The gradient of E_q[f(z)] with respect to m and s, estimated by that of f(m + s * eps) for one eps.

    `f` takes z (k,) and returns one number. Source: Kingma and Welling (2013), section 2.4.
    """
    return jax.grad(lambda m, s: f(sample(m, s, key)), argnums=(0, 1))(m, s)


def score_function_gradient(f: Callable, m: Latent, s: Latent, key: Key, baseline: Scalar = 0.0) -> Gradient:
    """The same gradient, estimated by (f(z) - baseline) times the gradient of log q(z), for one draw z.

    It needs the values of f, and never its gradient. Any baseline that does not depend on z leaves the mean
    as it is, because the gradient of log q is 0 on average; the mean of f over other draws takes most of the
    noise away. Raises `ValueError` if s is not positive.
    Source: Williams, "Simple statistical gradient-following algorithms" (1992).
    """
    checks.standard_deviation(s)
    z = sample(m, s, key)
    score = jax.grad(log_density, argnums=(1, 2))(z, m, s)
    return jax.tree.map(lambda slope: (f(z) - baseline) * slope, score)


def _means_of_the_others(values: Numbers) -> Numbers:
    """For each of n values the mean of all others: a baseline for each draw that does not depend on it.

    >>> _means_of_the_others(jnp.array([0.0, 2.0, 4.0])).tolist()
    [3.0, 2.0, 1.0]
    """
    return (values.sum() - values) / (values.size - 1)


@eqx.filter_jit
def three_gradients(f: Callable, m: Latent, s: Latent, keys) -> tuple:
    """Gradients with respect to m, one for each of n keys: (3, n, k); and the mean of f over their draws.

    First by the score function, then with the mean of all other draws as a baseline, then reparametrized.
    """

    def score(key, baseline=0.0):
        return score_function_gradient(f, m, s, key, baseline)[0]

    heights = jax.vmap(lambda key: f(sample(m, s, key)))(keys)
    with_baseline = jax.vmap(score)(keys, _means_of_the_others(heights))
    through = jax.vmap(lambda key: reparametrized_gradient(f, m, s, key)[0])(keys)
    return jnp.stack([jax.vmap(score)(keys), with_baseline, through]), heights.mean()


@eqx.filter_jit
def gradient_variances(model: GaussianDecoder, X: Images, M: Latents, SD: Latents, keys):
    """Variances of `three_gradients` of log p(x given z), summed over the latents, (N, 3); the means of f."""

    def one(row):
        x, m, s = row
        draws, mean = three_gradients(eqx.Partial(log_likelihood, model, x), m, s, keys)
        return draws.var(axis=1).sum(axis=1), mean

    return jax.lax.map(one, (X, M, SD))


def kl_on_grid(log_q: Plane, log_p: Plane, cell_area: Scalar) -> Number:
    """KL(q || p) = integral of q (log q - log p) in nats, as a sum over the cells of a grid.

    Both are log densities at the points of one grid, whose cells must be small beside q and cover it. Where
    q is zero nothing is added; where p is zero and q is not, the KL is infinite.
    """
    q = jnp.exp(log_q)
    return jnp.sum(jnp.where(q > 0, q * (log_q - log_p), 0)) * cell_area


def around_gaussian(model: GaussianDecoder, x: Image, m: Latent, s: Latent) -> tuple[Plane, Plane, Number]:
    """log q(z) and log p(x, z) on a grid of 40 x 40 cells laid over q, and the area of a cell.

    The points are m + s * eps, with eps on a grid over [-6, 6]^2: six standard deviations to each side.
    """
    grid = latent_grid(40, 6.0)
    points = m[None] + s[None] * grid.points  # (1600, 2)
    log_q = jax.vmap(log_density, (0, None, None))(points, m, s).reshape(40, 40)
    log_joints = jax.vmap(log_joint, (None, None, 0))(model, x, points).reshape(40, 40)
    return log_q, log_joints, jnp.exp(grid.log_cell_area) * s.prod()


def expectation(f: Callable, m: Latent, s: Latent, nodes: int = NODES) -> Number:
    """E[f(z)] for z from N(m, diag s^2), by a Gauss-Hermite quadrature with `nodes` points for each latent.

    Raises `ValueError` for fewer than 1 node or more than 10^5 in all.
    """
    eps, weights = _hermite(nodes, len(m))  # (S, k), (S,)
    return weights @ jax.vmap(lambda eps: f(m + s * eps))(eps)


def quadrature_elbo(model: GaussianDecoder, x: Image, m: Latent, s: Latent, nodes: int = NODES) -> Number:
    """E_q[log p_theta(x given z)] - KL(q || p(z)) in nats, for q = N(m, diag s^2), without sampling.

    The average over q is a Gauss-Hermite quadrature with `nodes` points for each latent. Raises `ValueError`
    for fewer than 1 node or more than 10^5 in all, if s is not positive, or if x does not fit the model.
    """
    checks.images(model, x=x)
    checks.gaussian(model, m, s)
    return expectation(lambda z: log_likelihood(model, x, z), m, s, nodes) - kl_to_prior(m, s)


def fit_gaussian(
    model: GaussianDecoder,
    x: Image,
    m: Latent,
    s: Latent,
    *,
    steps: int = 150,
    learning_rate: Scalar = 0.03,
    nodes: int = 5,
) -> tuple[Latent, Latent]:
    """The m and s of the Gaussian with the largest ELBO for the image x, found uphill from the given ones.

    It ends on the nearest hill: start it at the posterior's mode, or several times. The ELBO is a quadrature,
    so nothing is random. Raises what `quadrature_elbo` and `climb` raise.
    """
    checks.images(model, x=x)
    checks.gaussian(model, m, s)

    def height(q):
        return quadrature_elbo(model, x, q[0], jnp.exp(q[1]), nodes)

    m, log_s = climb(height, (m, jnp.log(s)), steps=steps, learning_rate=learning_rate)
    return m, jnp.exp(log_s)


def quadrature_elbos(model: GaussianDecoder, X: Images, M: Latents, SD: Latents) -> Numbers:
    """`quadrature_elbo` in nats for each image of X and its Gaussian, in the rows of M and SD."""
    checks.gaussians(model, X, M, SD)
    return _quadrature_elbos(model, X, M, SD)


def fit_gaussians(model: GaussianDecoder, X: Images, M: Latents, SD: Latents) -> tuple[Latents, Latents]:
    """`fit_gaussian` for each image of X, each from its own row of M and SD: 2k numbers per image."""
    checks.gaussians(model, X, M, SD)
    return _fit_gaussians(model, X, M, SD)


@eqx.filter_jit
def kl_to_posteriors(model: GaussianDecoder, X: Images, M: Latents, SD: Latents, log_p: Numbers) -> Numbers:
    """KL(q || p(z given x)) in nats for each image of X, its q and log p(x): summed on a grid around q."""

    def one(row):
        x, m, s, log_p = row
        log_q, log_joints, cell_area = around_gaussian(model, x, m, s)
        return kl_on_grid(log_q, log_joints - log_p, cell_area)

    return jax.lax.map(one, (X, M, SD, log_p))


def best_gaussians(model: GaussianDecoder, X: Images) -> tuple[Latents, Latents]:
    """The Gaussian with the largest ELBO for each image of X, found uphill from its posterior's mode."""
    modes = for_each(DecodedGrid(model, latent_grid(200)).mode, X)
    return fit_gaussians(model, X, modes, jnp.full(modes.shape, NARROW))


class Gaps(NamedTuple):
    """How far the ELBO of a q is below log p(x), in nats for each image, (N,), in two parts; and q itself."""

    approximation: np.ndarray  # log p(x) minus the best Gaussian's ELBO: no Gaussian does better
    amortization: np.ndarray  # the best Gaussian's ELBO minus that of the given q
    local: np.ndarray  # log p(x) minus the ELBO that a climb from the given q reaches
    off: np.ndarray  # how far the given m is from the best one, in its own s, along the worse axis
    width: np.ndarray  # the given s over the best one, mean of the axes
    M: np.ndarray  # of the Gaussians found from the modes, (N, k)
    SD: np.ndarray


def gaps(model: GaussianDecoder, X: Images, M: Latents, SD: Latents, log_p) -> Gaps:
    """Both gaps of the Gaussians in M and SD. The best one is the better of two climbs: from mode and from q.

    Source: Cremer, Li and Duvenaud, "Inference suboptimality in variational autoencoders" (2018).
    """
    climbed = best_gaussians(model, X)
    ends = [(M, SD), climbed, fit_gaussians(model, X, M, SD)]
    given, from_mode, from_given = (np.asarray(quadrature_elbos(model, X, *q)) for q in ends)
    best = np.maximum(from_mode, from_given)
    best_M, best_SD = map(np.asarray, climbed)
    off, width = (np.abs(M - best_M) / SD).max(axis=1), (SD / best_SD).mean(axis=1)
    of_q = np.asarray(off), np.asarray(width)
    return Gaps(log_p - best, best - given, log_p - from_given, *of_q, best_M, best_SD)


def bounds_and_truths(vae, X: Images) -> np.ndarray:
    """The ELBO of the encoder's q, a quadrature, and log p(x), both in nats, for each image of X: (2, N)."""
    bounds = quadrature_elbos(vae.decoder, X, *apply(vae.encoder, X))
    return np.stack([np.asarray(bounds), log_marginals(vae.decoder, X, tolerance=0.05).log_p])


def gaps_of_vaes(vaes, X: Images) -> tuple[np.ndarray, Gaps]:
    """log p(x) in nats and the `gaps` of the encoder's q for each image of X (N, d), (starts, N) each."""
    log_p, of_each = [], []
    for vae in progress.each(vaes, "models"):
        log_p.append(log_marginals(vae.decoder, X).log_p)
        M, SD = apply(vae.encoder, X)
        of_each.append(gaps(vae.decoder, X, M, SD, log_p[-1]))
    return np.stack(log_p), jax.tree.map(lambda *of_starts: np.stack(of_starts), *of_each)


_quadrature_elbos = eqx.filter_jit(eqx.filter_vmap(quadrature_elbo, in_axes=(None, 0, 0, 0)))
_fit_gaussians = eqx.filter_jit(eqx.filter_vmap(fit_gaussian, in_axes=(None, 0, 0, 0)))


def _hermite(nodes, k):
    """Points and weights of an average over N(0, I) in k dimensions, (nodes^k, k) and (nodes^k,)."""
    checks.whole("nodes", nodes, 1)
    too_many = f"`nodes` must be smaller: {nodes} for each of {k} latents make {nodes**k} in all"
    checks.require(nodes**k <= MAX_NODES, too_many)
    points, weights = (
        np.stack(np.meshgrid(*[part] * k, indexing="ij"), axis=-1).reshape(-1, k)
        for part in np.polynomial.hermite_e.hermegauss(nodes)
    )
    return jnp.asarray(points, float), jnp.asarray(weights.prod(axis=1) / weights.prod(axis=1).sum(), float)
