"""Notebook 03: log p(x) and p(z given x), on a grid, by sampling, and in closed form for a linear decoder.

All are in nats for one image, with the integral over z under the prior N(0, I).
"""

from vae_course.marginal.exact import LogMarginals, log_marginals, mean_log_marginals
from vae_course.marginal.grid import (
    DecodedGrid,
    LatentGrid,
    bayes_on_grid,
    for_each,
    grid_log_likelihood,
    latent_grid,
    log_evidence,
)
from vae_course.marginal.landscape import DEPTH, Landscapes, close_up, hills, landscapes
from vae_course.marginal.linear import fit_ppca, linear_log_marginal, linear_posterior
from vae_course.marginal.sampling import (
    estimates,
    importance_bound,
    log_importance_weight,
    log_likelihoods,
    log_marginal_monte_carlo,
    log_mean_exp,
    log_mixture_weight,
    log_weights,
)
