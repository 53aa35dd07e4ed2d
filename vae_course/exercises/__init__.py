"""The exercises, in files that name their notebooks. Each has `check`, `hint` and `solution`."""

from vae_course.exercises.amortized import gaussian_head, kl_on_grid
from vae_course.exercises.autoencoder import linear_optimum, reconstruct, squared_error
from vae_course.exercises.bounds import elbo, elbo_sample
from vae_course.exercises.gaussians import kl_to_prior, reparametrized_gradient
from vae_course.exercises.map_latents import best_sigma, log_joint, log_likelihood, rescale
from vae_course.exercises.marginal import bayes_on_grid, log_importance_weight, log_mean_exp
from vae_course.exercises.start_here import blend, gradient_step, sample

__all__ = [
    "bayes_on_grid",
    "best_sigma",
    "blend",
    "elbo",
    "elbo_sample",
    "gaussian_head",
    "gradient_step",
    "kl_on_grid",
    "kl_to_prior",
    "linear_optimum",
    "log_importance_weight",
    "log_joint",
    "log_likelihood",
    "log_mean_exp",
    "reconstruct",
    "reparametrized_gradient",
    "rescale",
    "sample",
    "squared_error",
]
