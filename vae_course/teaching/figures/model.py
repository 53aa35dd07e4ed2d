"""The model, drawn: one diagram that grows from notebook to notebook, in the signs of graphical models.

What is observed is shaded, what is latent is open, a parameter is a dot, and a plate holds what there is once
for each image. Beside it: what is known about one latent, and what is sought.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon

from vae_course.teaching.figures.style import DPI, HALO, entitle, show, styled
from vae_course.teaching.pictures import APPROXIMATION, DATA, EXACT, PRIOR

WIDTH, HEIGHT = 760, 152  # in the browser's pixels, which are also the units of all places here
BEFORE, SHADE, SOFT = "#B8B8B8", "#D9D9D9", "#555555"  # known from the stage before; observed; small words
SIGNS = "shaded: observed; open: latent\ndot: parameter"

# For each stage: its point, what is sought in two lines, and the drawing in words.
STAGES = {
    "autoencoder": (
        "The autoencoder squeezes an image through two numbers",
        r"Sought: $\phi$ and $\theta$ with the smallest",
        r"$\Vert x - \hat x \Vert^2$",
        "From left to right: an image x of 64 pixels goes into the encoder e_phi, which narrows to a "
        "latent z of 2 numbers; from z the decoder d_theta widens again to the decoded image x-hat of "
        "64 pixels. Sought are phi and theta with the smallest squared error between x and x-hat. There "
        "is no probability yet.",
    ),
    "map": (
        "MAP: each image has its own latent, and we look for the best one",
        r"Sought: all $z_i$ and $\theta$ with the largest",
        r"$\log p_\theta(x_i \mid z_i) + \log p(z_i)$",
        "A graphical model. A plate, repeated for the N images, holds a latent z_i with an arrow to the "
        "observed image x_i. From outside come the prior p(z), with an arrow to z_i, and the parameter "
        "theta, decoder and sigma, with an arrow to x_i. There is no encoder. Beside it a curve over z: "
        "the wide prior, and one point on the axis, all that is kept of z_i. Sought are every z_i, and "
        "theta.",
    ),
    "decoder-only": (
        "Decoder only: the latent is unknown, so we average over all its values",
        r"Sought: $\theta$ alone, with the largest",
        r"$\log \int\;\; p_\theta(x_i \mid z)\, p(z)\, dz$",
        "The same graphical model: prior to z_i, z_i to the observed x_i, theta to x_i, a plate for the "
        "N images. Now z_i is a cloud instead of a point: it is integrated out. Beside it two curves "
        "over z: the wide prior, and the exact posterior of z_i, with two narrow hills of unequal "
        "height. Sought is theta alone.",
    ),
    "amortized": (
        "Amortization: one encoder says, for any image, where its latent lies",
        r"Sought: $\phi$, for a given $\theta$, that brings",
        r"$q_\phi(z \mid x_i)$ close to $p_\theta(z \mid x_i)$",
        "The same graphical model, with an encoder: a dashed arrow leads from the observed x_i back to "
        "z_i, named q_phi of z given x_i, and the parameter phi has a dashed arrow to z_i. theta, an "
        "open dot, stays as it is. Beside it three curves over z: the wide prior, the exact posterior "
        "with two hills, and q, one Gaussian on the higher hill. Sought is phi.",
    ),
    "vae": (
        "The variational autoencoder: encoder and decoder trained together",
        r"Sought: $\phi$ and $\theta$ with the largest",
        r"$\mathbb{E}_q[\,\log p_\theta(x_i, z) - \log q_\phi(z \mid x_i)\,]$",
        "The whole model: prior to z_i, z_i to the observed x_i, theta to x_i, a plate for the N "
        "images; dashed, the encoder from x_i back to z_i, with phi. A bracket joins phi and theta: "
        "they are trained together. Beside it three curves over z: the wide prior, the exact posterior, "
        "and q upon it. Sought are phi and theta.",
    ),
}
NEW = {
    "autoencoder": ("01  autoencoder", "a bottleneck", {"bottleneck"}),
    "map": ("02  MAP", "a latent per image", {"z", "prior", "plate"}),
    "decoder-only": ("03  decoder only", "z integrated out", {"z", "cloud"}),
    "amortized": ("04  amortized", "an encoder gives q", {"encoder"}),
    "vae": ("05  VAE", "all trained together", {"together"}),
}
ROAD = "road"
WORDS = 524  # where they begin


def show_model(name: str) -> None:
    """Display a stage of the model with its alternative text: one of `STAGES`, or "road" for all as a strip.

    Raises `ValueError` for another name.
    """
    if name not in (*STAGES, ROAD):
        raise ValueError(f"`name` must be one of {', '.join((*STAGES, ROAD))}; got {name!r}")
    show(_figure(name), alt=_alt(name))


def _alt(name: str) -> str:
    """The drawing in words."""
    if name != ROAD:
        return f"{STAGES[name][0]}. {STAGES[name][3]}"
    steps = [f"{heading}: {news}" for heading, news, _ in NEW.values()]
    return f"The road ahead, five small drawings of one model that grows. {'; '.join(steps)}.".replace(
        "  ", " "
    )


@styled
def _figure(name: str) -> Figure:
    """A stage of the model as a figure."""
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), layout="none")
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    ax.axis("off")
    if name == ROAD:
        _road(ax)
        return entitle(figure, "The road ahead: one model grows")
    _, sought, objective, _ = STAGES[name]
    board = _Board(ax)
    if name == "autoencoder":
        _bottleneck(board)
    else:
        _graph(board, name)
        _knowledge(ax, name)
    ax.text(WORDS, 58, sought, fontsize=10.5, va="center")
    ax.text(WORDS, 84, objective, fontsize=10.5, va="center")
    if name != "autoencoder":
        signs = SIGNS + ("; open dot: kept as it is" if name == "amortized" else "")
        ax.text(WORDS, 126, signs, fontsize=8.5, va="center", color=SOFT)
    return entitle(figure, STAGES[name][0])


class _Board:
    """A place to draw on, smaller by `scale`; if `new` is given, all that is not new is grey."""

    def __init__(self, ax: Axes, left=0.0, top=0.0, scale=1.0, new=None):
        self.ax, self.left, self.top, self.scale, self.new = ax, left, top, scale, new

    def at(self, x, y):
        return self.left + self.scale * x, self.top + self.scale * y

    def color(self, part, color):
        return color if self.new is None or part in self.new else BEFORE

    def words(self, part, x, y, words, *, color=DATA, size=13.0, **options):
        if not size:
            return
        options = {"ha": "center", "va": "center", "color": self.color(part, color), **options}
        self.ax.text(*self.at(x, y), words, fontsize=size * self.scale**0.6, **options)

    def node(self, part, x, y, letter, *, face="white", edge=DATA):
        edge = self.color(part, edge)
        self.ax.add_patch(Circle(self.at(x, y), 20 * self.scale, fc=face, ec=edge, lw=1.5, zorder=3))
        self.words(part, x, y, letter, zorder=4)

    def cloud(self, x, y):
        for radius, alpha in ((35, 0.12), (30, 0.16), (25, 0.2)):
            self.ax.add_patch(Circle(self.at(x, y), radius * self.scale, color=EXACT, alpha=alpha, lw=0))

    def dot(self, part, x, y, letter, beside, *, color=DATA, face=None):
        color = self.color(part, color)
        place = self.at(x, y)
        self.ax.add_patch(Circle(place, 5 * self.scale**0.6, fc=face or color, ec=color, lw=1.3, zorder=3))
        self.words(part, x + beside[0], y + beside[1], letter, color=color)

    def arrow(self, part, start, end, *, color=DATA, style="-", bend=0.0, free=(6, 21)):
        shrink = [72 / DPI * self.scale * room for room in free]
        look = {"color": self.color(part, color), "linestyle": style, "linewidth": 1.5, "zorder": 2}
        self.ax.add_patch(
            FancyArrowPatch(
                self.at(*start),
                self.at(*end),
                arrowstyle="-|>",
                mutation_scale=11 * self.scale**0.5,
                connectionstyle=f"arc3,rad={bend}",
                shrinkA=shrink[0],
                shrinkB=shrink[1],
                **look,
            )
        )

    def shape(self, part, corners, letter, x, y, *, face="#F0F0F0"):
        edge = self.color(part, DATA)
        self.ax.add_patch(Polygon([self.at(*corner) for corner in corners], fc=face, ec=edge, lw=1.3))
        self.words(part, x, y, letter)

    def box(self, part, left, top, right, bottom, *, face="none", edge=DATA, round_by=8.0):
        corner, scale = self.at(left, top), self.scale
        style = f"round,pad=0,rounding_size={round_by * scale}"
        size = scale * (right - left), scale * (bottom - top)
        look = {"fc": face, "ec": self.color(part, edge), "lw": 1.1, "zorder": 1}
        self.ax.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, **look))


def _bottleneck(board):
    """x, the encoder's trapezoid, z, the decoder's, x-hat."""
    part = "bottleneck"
    for middle, high, letter, face, edge, words in (
        (38, 48, "$x$", SHADE, DATA, "64 pixels"),
        (243, 18, "$z$", "white", DATA, "2 numbers"),
        (448, 48, r"$\hat x$", "white", APPROXIMATION, "64 pixels"),
    ):
        board.box(part, middle - 18, 80 - high, middle + 18, 80 + high, face=face, edge=edge, round_by=4)
        board.words(part, middle, 80, letter)
        if board.scale == 1:
            board.words(part, middle, 80 + high + 11, words, size=8.5, color=SOFT)
    for left, right, start, end, letter in (
        (80, 203, 44, 15, r"$e_\phi$"),
        (283, 406, 15, 44, r"$d_\theta$"),
    ):
        corners = [(left, 80 - start), (right, 80 - end), (right, 80 + end), (left, 80 + start)]
        board.shape(part, corners, letter, (left + right) / 2, 80)
        board.arrow(part, (left - 22, 80), (left, 80), free=(0, 0))
        board.arrow(part, (right, 80), (right + 22, 80), free=(0, 0))


def _graph(board, name):
    """The graphical model of a stage: prior and phi on the left of the plate, theta on its right."""
    whole, encoded = board.scale == 1, name in ("amortized", "vae")
    z, x, prior, theta, phi = (120, 78), (238, 78), (28, 78), (322, 78), (28, 120)
    board.box("plate", 72, 34, 284, 134)
    board.words("x", 179, 62, r"$p_\theta(x_i \mid z_i)$", size=10.5 * whole)
    board.words("plate", 278, 124, "$N$ images", size=8.5 * whole, color=SOFT, ha="right")
    board.node("x", *x, "$x_i$", face=SHADE)
    board.arrow("x", z, x, free=(21, 21))
    board.arrow("x", theta, x)
    board.dot("together", *theta, r"$\theta$", (17, 0), face="white" if name == "amortized" else None)
    board.words("together", 322, 58, r"decoder, $\sigma$", size=8.5 * whole, color=SOFT)
    board.arrow("prior", prior, z, color=PRIOR)
    board.dot("prior", *prior, "$p(z)$", (0, -18), color=PRIOR)
    if name == "decoder-only":
        board.cloud(*z)
    board.node("z", *z, "$z_i$", edge=APPROXIMATION if name == "map" else DATA)
    if encoded:
        look = {"color": APPROXIMATION, "style": (0, (4, 2.5))}
        board.arrow("encoder", x, z, bend=-0.5, free=(21, 21), **look)
        board.arrow("encoder", phi, z, **look)
        board.dot("encoder", *phi, r"$\phi$", (-15, 0))
        board.words("encoder", 28, 101, "encoder", size=8.5 * whole, color=SOFT)
        words = r"$q_\phi(z \mid x_i)$"
        board.words("encoder", 179, 121, words, size=10.5 * whole, color=APPROXIMATION)
    if name == "vae":
        corners = [board.at(*place) for place in ((28, 130), (28, 144), (322, 144), (322, 90))]
        board.ax.plot(*np.transpose(corners), color=DATA, linewidth=1.2)
        board.words("together", 175, 144, "trained together", size=8.5 * whole, path_effects=[HALO])


def _knowledge(ax, name):
    """What is known about one latent: curves over z."""
    z = np.linspace(-2.6, 2.6, 261)
    left, base, wide, high = 438, 122, 25, 58

    def bell(m, s):
        return np.exp(-((z - m) ** 2) / (2 * s**2)) / (s * np.sqrt(2 * np.pi))

    def curve(heights, color, fill=0.0, **look):
        x, y = left + wide * z, base - high * heights
        ax.fill_between(x, base, y, color=color, alpha=fill, linewidth=0)
        ax.plot(x, y, color=color, linewidth=1.5, **look)

    posterior = 0.72 * bell(0.75, 0.3) + 0.28 * bell(-0.55, 0.22)
    ax.plot([left - 66, left + 66], [base, base], color=PRIOR, linewidth=0.8)
    ax.text(left + 62, base + 12, "$z_i$", fontsize=11, ha="center", va="center")
    curve(bell(0, 1), PRIOR)
    small = {"fontsize": 8.5, "va": "center"}
    ax.text(left - 66, base - 20, "prior", color=PRIOR, ha="left", **small)
    if name == "map":
        ax.plot([left + wide * 0.75] * 2, [base, base - 50], color=APPROXIMATION, linewidth=1.5)
        ax.plot(left + wide * 0.75, base, "o", color=APPROXIMATION, markersize=5)
        ax.text(left + wide * 0.75 + 7, base - 46, "one point", color=APPROXIMATION, **small)
        return
    curve(posterior, EXACT, fill=0.18)
    ax.text(left - 24, base - 42, "posterior", color=EXACT, ha="right", **small)
    if name != "decoder-only":
        curve(bell(0.72, 0.36), APPROXIMATION, linestyle=(0, (4, 2)))
        ax.text(left + 40, base - 52, "$q$", color=APPROXIMATION, fontsize=11, va="center")


def _road(ax):
    """All stages in a strip, each with what is new in black and in colour."""
    step = WIDTH / len(NEW)
    for place, (name, (heading, news, new)) in enumerate(NEW.items()):
        left = step * place + 8
        if name == "autoencoder":
            _bottleneck(_Board(ax, left + 2, 44, 0.28, new))
        else:
            _graph(_Board(ax, left, 34, 0.39, new), name)
        ax.text(left + 4, 118, heading, fontsize=10, fontweight="bold", va="center")
        ax.text(left + 4, 136, news, fontsize=9, va="center", color=SOFT)
