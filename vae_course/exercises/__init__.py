"""The exercises, one file a notebook. Each has `check`, `hint` and `solution`."""

from vae_course.exercises.autoencoder import linear_optimum, reconstruct, squared_error
from vae_course.exercises.map_latents import best_sigma, log_joint, log_likelihood, rescale
from vae_course.exercises.marginal import bayes_on_grid, log_importance_weight, log_mean_exp
from vae_course.exercises.start_here import blend, gradient_step, sample

__all__ = [
    "bayes_on_grid",
    "best_sigma",
    "blend",
    "gradient_step",
    "linear_optimum",
    "log_importance_weight",
    "log_joint",
    "log_likelihood",
    "log_mean_exp",
    "reconstruct",
    "rescale",
    "sample",
    "squared_error",
]
