"""Figures in one style: one colour for one thing in every notebook, and alternative text for each.

Each function draws one kind of figure and returns it; `show` displays it with its alternative text.
"""

from vae_course.teaching.figures.aggregate import draws_and_holes, missing_nats
from vae_course.teaching.figures.bounds import bound_and_truth, variance_ratios, variances
from vae_course.teaching.figures.components import principal_directions
from vae_course.teaching.figures.digits import digit_grid, digit_rows, draw_digit, frame
from vae_course.teaching.figures.likelihoods import cross_entropy_area, decoded_and_drawn
from vae_course.teaching.figures.lines import Line, histograms, learning_curves, named_lines
from vae_course.teaching.figures.model import show_model
from vae_course.teaching.figures.planes import draw_codes, holes, latent_plane
from vae_course.teaching.figures.posteriors import close_up, posteriors
from vae_course.teaching.figures.report_card import over_beta, report_card
from vae_course.teaching.figures.round_trip import round_trip
from vae_course.teaching.figures.strips import digit_balance, distributions
from vae_course.teaching.figures.style import entitle, figure_html, show, styled
from vae_course.teaching.figures.sweeps import close_ups, codes_and_prior, falling_sigma, train_and_held_out
from vae_course.teaching.pictures import APPROXIMATION, DATA, DIGITS, EXACT, PRIOR

__all__ = [
    "APPROXIMATION",
    "DATA",
    "DIGITS",
    "EXACT",
    "PRIOR",
    "Line",
    "bound_and_truth",
    "close_up",
    "close_ups",
    "codes_and_prior",
    "cross_entropy_area",
    "decoded_and_drawn",
    "digit_balance",
    "digit_grid",
    "digit_rows",
    "distributions",
    "draw_codes",
    "draw_digit",
    "draws_and_holes",
    "entitle",
    "falling_sigma",
    "figure_html",
    "frame",
    "histograms",
    "holes",
    "latent_plane",
    "learning_curves",
    "missing_nats",
    "named_lines",
    "over_beta",
    "posteriors",
    "principal_directions",
    "report_card",
    "round_trip",
    "show",
    "show_model",
    "styled",
    "train_and_held_out",
    "variance_ratios",
    "variances",
]
