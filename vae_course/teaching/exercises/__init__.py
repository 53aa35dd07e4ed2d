"""The exercises, each with `check`, `hint` and `solution`.

The engine is `checker` (what is said), `answers` (run anything, in words), `laws` (random functions) and
`general` (mistakes that are made everywhere). The catalogue is a .toml file for each notebook.
"""

from vae_course.teaching.exercises import stand_in
from vae_course.teaching.exercises.catalogue import read
from vae_course.teaching.exercises.checker import Exercise
from vae_course.teaching.exercises.record import solved

blend, gradient_step, sample = read("ex00_start_here")
squared_error, reconstruct, linear_optimum = read("ex01_autoencoder")
log_likelihood, log_joint, best_sigma, rescale = read("ex02_map")
log_mean_exp, bayes_on_grid, log_importance_weight = read("ex03_marginal")
kl_on_grid, elbo_estimate, gaussian_head = read("ex04_amortized")
kl_to_prior, reparametrized_gradient, elbo_analytic_kl = read("ex05_elbo")

__all__ = sorted(name for name, value in globals().items() if isinstance(value, Exercise))
