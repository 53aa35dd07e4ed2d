"""log p(x) and p(z given x): exactly on a grid, by sampling, and in closed form for a linear decoder.

All are in nats for one image, with the integral over z under the prior N(0, I).
"""

from vae_course.marginal.grid import (
    LatentGrid,
    bayes_on_grid,
    latent_grid,
    log_joint_on_grid,
    log_marginal,
    log_marginal_one,
    log_posterior,
    posterior_mean,
    posterior_sd,
)
from vae_course.marginal.linear import fit_ppca, linear_log_marginal, linear_posterior
from vae_course.marginal.sampling import (
    log_importance_weight,
    log_likelihoods,
    log_marginal_importance,
    log_marginal_monte_carlo,
    log_mean_exp,
)

__all__ = [
    "LatentGrid",
    "bayes_on_grid",
    "fit_ppca",
    "latent_grid",
    "linear_log_marginal",
    "linear_posterior",
    "log_importance_weight",
    "log_joint_on_grid",
    "log_likelihoods",
    "log_marginal",
    "log_marginal_importance",
    "log_marginal_monte_carlo",
    "log_marginal_one",
    "log_mean_exp",
    "log_posterior",
    "posterior_mean",
    "posterior_sd",
]
