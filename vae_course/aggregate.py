"""Notebook 06: what the latents of all images look like together, and what another prior is worth.

The aggregated posterior is the mean over the images of their posteriors, or of their q. If it were the prior,
a draw from the prior would look like an image's latent.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Bool

from vae_course import checks
from vae_course.gaussian import log_density
from vae_course.map_latents import log_prior
from vae_course.marginal import DecodedGrid, for_each, log_mean_exp
from vae_course.models import VAE, apply
from vae_course.samples import bad_limit, nearest_to_each
from vae_course.typed import Array, Float, Images, Latents, Numbers, Plane

THIN = 10  # times less than the prior: a hole


@eqx.filter_jit
def aggregated_posterior(plane: DecodedGrid, X: Images) -> Plane:
    """log (1/N sum_i p(z given x_i)) at each point of a decoded grid: a log density, in nats.

    Summed image by image, to save memory. Where it is below the smallest float32, it is -inf.
    """
    checks.images(plane.model, X=X)
    add = lambda shares, x: (shares + plane.weights(x), None)  # noqa: E731
    shares, _ = jax.lax.scan(add, jnp.zeros(len(plane.log_priors)), X)
    log_shares = jnp.log(shares / len(X)) - plane.grid.log_cell_area
    return log_shares.reshape(plane.grid.axes.shape[1], -1)


@eqx.filter_jit
def aggregated_gaussians(Z: Float[Array, "P k"], M: Latents, SD: Latents) -> Float[Array, "P"]:
    """log (1/N sum_i N(z; m_i, diag s_i^2)) at each row z of Z, in nats: the mean of the q of N images.

    Source: Hoffman and Johnson, "ELBO surgery" (2016), where it is the aggregated posterior q(z). The mean of
    KL(q_i || p(z)) is KL of this mean to p(z), plus what a draw of q_i tells about i, at most log N.
    """
    of_each = jax.vmap(log_density, in_axes=(None, 0, 0))
    return jax.lax.map(lambda z: log_mean_exp(of_each(z, M, SD)), Z, batch_size=500)


def in_hole(Z: Float[Array, "P k"], M: Latents, SD: Latents) -> Bool[Array, "P"]:
    """For each row of Z: is the mean of the q of all images there less than a tenth of the prior N(0, I)?"""
    return aggregated_gaussians(Z, M, SD) < jax.vmap(log_prior)(Z) - jnp.log(THIN)


def is_bad(vae: VAE, Z: Float[Array, "P k"], X: Images, held_out) -> Bool[Array, "P"]:
    """For each row of Z: is what is decoded there farther from all training images X than it should be?

    Nine in ten reconstructions of the `held_out` images (M, d) are nearer: the limit of notebook 01.
    """
    limit = bad_limit(lambda x: vae.encoder(x)[0], vae.decoder, held_out, X)
    return nearest_to_each(apply(vae.decoder, Z), X)[1] > limit


def change_of_prior(plane: DecodedGrid, X: Images, log_new: Float[Array, "P"]) -> Numbers:
    """log of p(x) under another prior over p(x) under N(0, I), in nats for each image; theta stays.

    It is log E[p_new(z) / p(z)], averaged over the posterior p(z given x): a sum over the points of a decoded
    grid, at which `log_new` is the new prior's log density.
    """
    checks.images(plane.model, X=X)
    return _change_of_prior(plane, X, jnp.exp(log_new - plane.log_priors))


@eqx.filter_jit
def _change_of_prior(plane, X, ratio):
    return for_each(lambda x: jnp.log(plane.weights(x) @ ratio), X)
