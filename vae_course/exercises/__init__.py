"""The exercises, one file a notebook. Each has `check`, `hint` and `solution`."""

from vae_course.exercises.autoencoder import linear_optimum, reconstruct, squared_error
from vae_course.exercises.start_here import blend, gradient_step, sample

__all__ = ["blend", "gradient_step", "linear_optimum", "reconstruct", "sample", "squared_error"]
