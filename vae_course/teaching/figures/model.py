"""The model, drawn: one diagram that grows from notebook to notebook, as graphical models are drawn.

What is observed is shaded, what is latent is open, a parameter is a dot, a plate stands for the N images.
"""

from matplotlib.figure import Figure

from vae_course.teaching.figures.style import entitle, show, styled

HEIGHT, WIDTH = 150, 760  # CSS pixels
STAGES = {
    "autoencoder": ("An image is squeezed through two numbers", "x to z to x-hat."),
    "map": ("Every image gets its own latent: find the best one", "z to x."),
    "decoder-only": ("The latent is unknown: average over all its values", "z to x."),
    "amortized": ("An encoder guesses where z lies, for any image at once", "x to q."),
    "vae": ("Encoder and decoder are trained together", "all."),
    "road": ("The road ahead: one model grows", "all stages."),
}


@styled
def model_figure(name: str) -> Figure:
    """A stage of the model as a figure."""
    figure = Figure(figsize=(WIDTH / 110, HEIGHT / 110), layout="none")
    return entitle(figure, STAGES[name][0])


def show_model(name: str) -> None:
    """Display a stage of the model with its alternative text: one of `STAGES`, "road" for all in a strip.

    Raises `ValueError` for another name.
    """
    if name not in STAGES:
        raise ValueError(f"`name` must be one of {', '.join(STAGES)}; got {name!r}")
    show(model_figure(name), alt=STAGES[name][1])
