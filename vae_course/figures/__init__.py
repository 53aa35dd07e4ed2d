"""Figures in one style: one colour for one thing in every notebook, and words for who cannot see them.

Each function draws one kind of figure and returns it; `show` displays it with its alternative text.
"""

from vae_course.figures.curves import learning_curves
from vae_course.figures.digits import digit_grid, digit_rows, digit_shares, draw_digit
from vae_course.figures.lines import Line, named_lines
from vae_course.figures.planes import draw_codes, draw_prior, latent_plane
from vae_course.figures.posteriors import posteriors
from vae_course.figures.report_card import report_card
from vae_course.figures.style import (
    APPROXIMATION,
    DATA,
    DIGITS,
    EXACT,
    PRIOR,
    img_tag,
    show,
    small_png,
    styled,
)
from vae_course.figures.sweeps import falling_sigma, landscapes, likelihood_of_sigma, train_and_held_out

__all__ = [
    "APPROXIMATION",
    "DATA",
    "DIGITS",
    "EXACT",
    "PRIOR",
    "Line",
    "digit_grid",
    "digit_rows",
    "digit_shares",
    "draw_codes",
    "draw_digit",
    "draw_prior",
    "falling_sigma",
    "img_tag",
    "landscapes",
    "latent_plane",
    "learning_curves",
    "likelihood_of_sigma",
    "named_lines",
    "posteriors",
    "report_card",
    "show",
    "small_png",
    "styled",
    "train_and_held_out",
]
