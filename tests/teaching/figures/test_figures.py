"""Figures draw the numbers that they are given. Whether they are good to look at, only a look can tell."""

import base64
import io
import re

import jax
import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.markers import MarkerStyle
from matplotlib.text import Text
from PIL import Image

from vae_course import marginal
from vae_course.data import load_digits
from vae_course.samples import AroundCodes
from vae_course.teaching import figures

IMAGES = np.random.RandomState(0).uniform(size=(7, 64))


def pictures(ax):
    """The images on an axes, by their (left, top) corner."""
    return {tuple(picture.get_extent()[::3]): np.asarray(picture.get_array()) for picture in ax.get_images()}


def words(ax):
    return [text.get_text() for text in ax.texts]


@pytest.fixture
def shown(monkeypatch):
    """What `show` displays."""
    displayed = []
    monkeypatch.setattr(figures.style, "display", lambda data, raw: displayed.append(data))
    figure = figures.styled(Figure)(figsize=(2, 1))
    figure.subplots().imshow(np.arange(6).reshape(2, 3))
    figures.show(figure, alt='a "heat" picture')
    return displayed[0]


def test_show_gives_the_picture_its_words(shown):
    assert shown["text/plain"] == 'a "heat" picture'
    alt, png = re.search(
        '<img alt="([^"]*)" width="220" src="data:image/png;base64,([^"]*)">', shown["text/html"]
    ).groups()
    assert alt == "a &quot;heat&quot; picture"
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    assert picture.size == (440, 220)  # inches at the style sheet's dpi, twice what is shown
    assert len(picture.convert("RGB").getcolors()) > 5


def test_heat_pictures_and_digits_are_the_holes_of_the_dark_veil():
    figure = figures.styled(Figure)(figsize=(4, 2), layout="none")
    heat = figure.add_axes((0.1, 0.2, 0.4, 0.6))
    mesh = heat.imshow(np.eye(2), aspect="auto")
    figure.add_axes((0.6, 0.2, 0.1, 0.6)).plot([0, 1])
    figure.colorbar(mesh, cax=figure.add_axes((0.8, 0.2, 0.05, 0.6)))
    figures.draw_digit(heat.inset_axes([0, 0, 0.5, 0.5]), IMAGES[0])
    page = figures.figure_html(figure, "words")
    (polygon,) = re.findall(r"polygon\(evenodd, (.*)\)", page)
    around = [
        f"{left}% 20.0%, {right}% 20.0%, {right}% 80.0%, {left}% 80.0%, {left}% 20.0%, -1% -1%"
        for left, right in ((10.0, 50.0), (80.0, 85.0))  # and none for the inset
    ]
    assert polygon.split(", ", 5)[-1] in (", ".join(around), ", ".join(around[::-1]))


LETTERS = "αβθφσμεπ₁₂\u0302−≥≤×·√²½→"  # noqa: RUF001


def typefaces(figure):
    return {text.get_fontname() for text in figure.findobj(Text) if text.get_text()}


def test_the_typeface_is_the_courses_own_with_the_letters_of_the_course():
    figure = figures.learning_curves({"model": np.ones(3)}, ylabel="nats", title="losses")
    assert typefaces(figure) == {"Source Sans Pro"}
    for weight in ("normal", "bold"):
        face = get_font(findfont(FontProperties(family="Source Sans Pro", weight=weight)))
        assert not [letter for letter in LETTERS if ord(letter) not in face.get_charmap()]


CURVES = {"model": np.linspace(5, 1, 60)}
PAIR = (np.ones((1, 2)), np.ones((1, 2)))
PAIR3 = np.stack(PAIR, axis=2)


@pytest.mark.parametrize(
    "draw",
    [
        lambda title: figures.named_lines({"a": LINES}, xlabel="x", ylabel="y", title=title),
        lambda title: figures.learning_curves(CURVES, ylabel="y", title=title),
        lambda title: figures.histograms({"a": np.arange(9)}, xlabel="x", title=title),
        lambda title: figures.digit_grid(IMAGES, title=title),
        lambda title: figures.digit_rows({"a": IMAGES}, title=title),
        lambda title: figures.latent_plane({"a": (np.eye(2), np.arange(2))}, title=title),
        lambda title: figures.train_and_held_out({"a": ((1, 2), PAIR3)}, ylabel="", title=title),
    ],
)
def test_the_title_says_the_point_above_all_panels_on_the_left_and_is_not_cut(draw):
    point = "The point of the figure, in words that need some room"
    figure = draw(point)
    figure.draw_without_rendering()
    (words,) = [text for text in figure.texts if text.get_text() == point]
    box = words.get_window_extent()
    assert 0 <= box.x0 < 20
    assert box.x1 <= figure.bbox.x1
    panels = [ax.title if ax.title.get_text() else ax for ax in figure.axes]
    assert box.y0 >= max(panel.get_window_extent().y1 for panel in panels) - 1
    assert box.y1 <= figure.bbox.y1
    assert not [text for text in draw("").texts if text.get_text() == point]


def test_a_small_table_of_digits_is_a_small_picture():
    one, many = figures.digit_grid(IMAGES[:1]), figures.digit_grid(np.tile(IMAGES, (3, 1)))
    assert one.get_figwidth() < 1
    assert many.get_figwidth() == pytest.approx(7)
    (ax,) = one.axes
    np.testing.assert_allclose(ax.get_position().bounds, (0, 0, 1, 1))


def test_framed_images_have_a_vermilion_frame_and_the_others_none():
    (ax,) = figures.digit_grid(IMAGES, columns=3, framed=np.arange(7) == 4).axes
    frames = [patch for patch in ax.patches if to_hex(patch.get_edgecolor()).upper() == figures.APPROXIMATION]
    (frame,) = frames
    x, y = frame.get_xy()
    assert x < 9 < 17 < x + frame.get_width()
    assert y < 9 < 17 < y + frame.get_height()


def test_the_frames_of_neighbours_stay_apart():
    figure = figures.digit_grid(IMAGES, columns=4, framed=np.ones(7))
    frames = [patch for patch in figure.axes[0].patches if patch.get_linewidth() > 1]
    left, right, *_ = [frame.get_window_extent() for frame in frames]
    line = frames[0].get_linewidth() * figure.dpi / 72
    assert right.x0 - left.x1 > 1.5 * line  # each line reaches half its width outwards


def test_names_at_the_ends_of_lines_are_kept_apart_near_their_lines():
    ends = [10.0, 0.0, 10.1, 9.9]
    lines = [figures.Line([1, 2], [5, end], figures.EXACT, str(end)) for end in ends]
    figure = figures.named_lines({"a": lines}, xlabel="x", ylabel="y")
    figure.draw_without_rendering()
    (ax,) = figure.axes
    middles = {}
    for words in ax.texts:
        box = words.get_window_extent()
        middles[float(words.get_text())] = (box.y0 + box.y1) / 2 * 72 / figure.dpi
    low, *others = [middles[end] for end in sorted(ends)]
    assert np.diff(others).min() > 12
    assert others[1] == pytest.approx(ax.transData.transform((2, 10))[1] * 72 / figure.dpi, abs=2)
    assert low == pytest.approx(ax.transData.transform((2, 0))[1] * 72 / figure.dpi, abs=2)


def test_ticks_are_few_and_plain_numbers():
    lines = [figures.Line([1, 10, 10_000], [0.001, 0.3, 2], figures.EXACT)]
    figure = figures.named_lines({"a": lines}, xlabel="x", ylabel="y", xscale="log")
    figure.draw_without_rendering()
    (ax,) = figure.axes
    ticks = {label.get_text() for label in ax.get_xticklabels()}
    assert {"1", "10", "100", "1,000", "10,000"} <= ticks
    assert len(ax.get_yticks()) <= 7


def test_histograms_share_their_bins_and_show_shares():
    values = {"near": np.array([0.0, 0.1, 0.1, 4.0]), "far": np.array([3.9, 4.0])}
    (ax,) = figures.histograms(values, xlabel="distance", bins=4).axes
    outlines = [patch for patch in ax.patches if not patch.get_fill()]
    for outline, shares in zip(outlines, ([0.75, 0, 0, 0.25], [0, 0, 0, 1]), strict=True):
        np.testing.assert_allclose(outline.get_data().values, shares)
        np.testing.assert_allclose(outline.get_data().edges, np.arange(5))
    assert words(ax) == ["near", "far"]
    assert [text.xy[0] for text in ax.texts] == [0.5, 3.5]


def test_a_limit_is_a_dashed_line_across_histograms_with_its_name():
    (ax,) = figures.histograms({"a": np.arange(9.0)}, xlabel="x", limit=("as far as this", 4.5)).axes
    (line,) = ax.lines
    assert set(line.get_xdata()) == {4.5}
    assert line.get_linestyle() == "--"
    assert words(ax) == ["a", "as far as this"]


@pytest.mark.parametrize(("crowd", "corner"), [((1, 1), (1, -1)), ((1, -1), (1, 1))])
def test_the_name_of_the_prior_stands_outside_its_circles_where_no_codes_lie(crowd, corner):
    codes = 1.8 * np.array([crowd, (-1, -1), (-1, 1)])
    (ax,) = figures.latent_plane({"a": (codes, np.arange(3))}, prior=True).axes
    (name,) = [text for text in ax.texts if text.get_text() == "N(0, I)"]
    assert np.hypot(*name.get_position()) > 2
    np.testing.assert_array_equal(np.sign(name.get_position()), corner)


@pytest.mark.parametrize("alt", ["", " ", None])
def test_show_wants_words(alt):
    with pytest.raises(TypeError, match="`alt` must be words"):
        figures.show(Figure(), alt=alt)


def test_the_style_sheet_is_left_behind():
    before = dict(matplotlib.rcParams)
    figures.digit_grid(IMAGES)
    assert dict(matplotlib.rcParams) == before


def test_digit_grid_draws_every_image_in_reading_order():
    (ax,) = figures.digit_grid(IMAGES, columns=3).axes
    drawn = pictures(ax)
    assert sorted(drawn, key=lambda corner: corner[::-1]) == [
        (0, 0), (9, 0), (18, 0), (0, 9), (9, 9), (18, 9), (0, 18),
    ]  # fmt: skip
    np.testing.assert_array_equal(drawn[9, 9], IMAGES[4].reshape(8, 8))
    assert all(picture.get_clim() == (0, 1) for picture in ax.get_images())


def test_digit_rows_are_named_and_titled():
    (ax,) = figures.digit_rows({"above": IMAGES[:2], "below": IMAGES[2:5]}, titles=["a", "b", "c"]).axes
    np.testing.assert_array_equal(pictures(ax)[18, 9], IMAGES[4].reshape(8, 8))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["above", "below"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a", "b", "c"]


def test_learning_curves_end_at_the_mean_of_the_last_fifty_steps():
    losses = np.linspace(5, 1, 200) ** 2
    (ax,) = figures.learning_curves({"model": losses}, exact=("best", 1.0), ylabel="nats").axes
    curve, best = ax.lines
    assert curve.get_xdata()[-1] == 200
    np.testing.assert_allclose(curve.get_ydata()[-1], losses[-50:].mean())
    np.testing.assert_allclose(best.get_ydata(), 1.0)
    assert to_hex(best.get_color()).upper() == figures.EXACT
    assert words(ax) == ["model", "best"]


LINES = [
    figures.Line([1, 2, 3], [40, 20, 30], figures.EXACT, "first", at=0),
    figures.Line(np.arange(20), np.arange(20) ** 2, figures.APPROXIMATION, style="--"),
]


def test_named_lines_put_x_across_and_y_up():
    figure = figures.named_lines(
        {"left": LINES, "right": LINES[:1]}, xlabel="steps", ylabel="nats", xscale="log"
    )
    left, right = figure.axes
    assert [ax.get_title("left") for ax in figure.axes] == ["left", "right"]
    assert len(right.lines) == 1
    for drawn, line in zip(left.lines, LINES, strict=True):
        np.testing.assert_array_equal(drawn.get_xdata(), line.x)
        np.testing.assert_array_equal(drawn.get_ydata(), line.y)
        assert (drawn.get_color(), drawn.get_linestyle()) == (line.color, line.style)
    assert (left.get_xlabel(), left.get_ylabel()) == ("steps", "nats")
    assert (left.get_xscale(), left.get_yscale()) == ("log", "linear")
    assert words(left) == ["first"]
    assert left.texts[0].xy == (1, 40)


def test_a_posterior_is_a_spot_on_the_plane_and_a_close_up_with_its_mode_and_mean():
    X = load_digits().train_images
    model = marginal.fit_ppca(X, 2)
    plane = marginal.DecodedGrid(model, marginal.latent_grid(200, 4.0))
    *axes, bar = figures.posteriors(plane, X[:2], floor=8, title="A spot").axes
    axes = np.array(axes).reshape(3, 2)
    for x, small, wide, near in zip(X[:2], *axes, strict=True):
        mean, covariance = map(np.asarray, marginal.linear_posterior(model, x))  # the mode is the mean
        shown = [np.asarray(picture.get_array()).reshape(-1) for picture in small.images]
        np.testing.assert_allclose(shown, [x, *2 * [model(jax.numpy.asarray(mean))]], atol=0.02)
        (picture,) = near.images
        left, right, bottom, top = picture.get_extent()
        assert (picture.origin, picture.get_clim()) == ("lower", (-8, 0))  # row 0 is the lowest z2
        reach = 4 * np.sqrt(np.diag(covariance))  # where it is 8 nats below its mode
        assert np.all([left, bottom] < mean - 0.9 * reach)
        assert np.all([right, top] > mean + 0.9 * reach)
        for line in near.lines:
            np.testing.assert_allclose(np.ravel(line.get_data()), mean, atol=0.02)
        frame = wide.patches[-1]
        np.testing.assert_allclose(frame.get_bbox().extents, [left, bottom, right, top], atol=1e-6)
        assert [text.get_text() for text in near.texts] == ["mode", "mean"]
    assert bar.get_ylabel() == "log p(z | x), nats\nbelow the mode"
    assert bar.figure.get_suptitle() == "A spot"


def test_the_prior_is_two_circles():
    ax = figures.styled(Figure)().subplots()
    figures.planes._draw_prior(ax)
    radii = [np.hypot(*line.get_data()) for line in ax.lines]
    np.testing.assert_allclose(radii, np.repeat([[1.0], [2]], 100, axis=1))


def test_the_priors_circles_lie_beneath_the_codes_and_cut_none_of_them():
    (ax,) = figures.latent_plane({"a": (np.eye(2), np.arange(2))}, prior=True).axes
    assert max(line.get_zorder() for line in ax.lines) < min(codes.get_zorder() for codes in ax.collections)


def test_each_code_is_written_as_its_digit():
    ax = figures.styled(Figure)().subplots()
    figures.draw_codes(ax, np.arange(20.0).reshape(10, 2), np.arange(10))
    for digit, collection in enumerate(ax.collections):
        marker = MarkerStyle(rf"$\mathsf{{{digit}}}$")
        expected = marker.get_path().transformed(marker.get_transform())
        np.testing.assert_array_equal(collection.get_paths()[0].vertices, expected.vertices)
        assert to_hex(collection.get_facecolor()).upper() == figures.DIGITS[digit]
    assert ax.get_aspect() == 1


def test_the_latent_plane_puts_each_code_at_its_place():
    codes, labels = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]]), np.array([7, 0, 7])
    figure = figures.latent_plane({"left": (codes, labels), "right": (codes, labels)}, prior=True)
    for ax, title in zip(figure.axes, ["left", "right"], strict=True):
        assert ax.get_title("left") == title
        np.testing.assert_array_equal(ax.collections[7].get_offsets(), codes[[0, 2]])
        assert len(ax.lines) == 2  # the prior's circles


@pytest.mark.parametrize(("n", "drawn"), [(300, 300), (301, 151), (1497, 300)])
def test_of_many_codes_the_latent_plane_shows_at_most_300(n, drawn):
    codes = np.random.RandomState(0).standard_normal((n, 2))
    (ax,) = figures.latent_plane({"a": (codes, np.zeros(n))}).axes
    step = -(-n // 300)
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), codes[::step])
    assert len(codes[::step]) == drawn


@pytest.mark.parametrize("title", ["", "the point"])
def test_the_names_of_the_latent_planes_axes_are_not_cut(title):
    codes = np.random.RandomState(0).standard_normal((1497, 2)) * [0.55, 0.6]
    planes = {"left": (codes, np.arange(1497) % 10), "right": (codes, np.arange(1497) % 10)}
    figure = figures.latent_plane(planes, title=title)
    figure.savefig(io.BytesIO(), dpi=220)
    figure.set_dpi(220)
    assert min(ax.xaxis.label.get_window_extent().y0 for ax in figure.axes) > 2


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.digit_grid(IMAGES[:, :32]), r"`images` must be .*\(any, 64\), got shape \(7, 32\)"),
        (lambda: figures.digit_grid(IMAGES * np.nan), "`images` must be finite numbers.*got NaN"),
        (lambda: figures.digit_rows({"a": IMAGES[0]}), r"`a` must be .*, got shape \(64,\)"),
        (lambda: figures.digit_rows([IMAGES]), "`rows` must be a dictionary"),
        (lambda: figures.digit_grid(IMAGES, framed=[True]), r"`framed` must be .*\(7,\), got shape \(1,\)"),
        (lambda: figures.histograms({"a": 3.0}, xlabel="x"), r"`a` must be .*, got shape \(\)"),
        (lambda: figures.learning_curves({"a": 3.0}, ylabel="nats"), r"`a` must be .*, got shape \(\)"),
        (lambda: figures.latent_plane({"a": (np.ones((3, 3)), np.ones(3))}), r"`codes` must be .*\(any, 2\)"),
        (lambda: figures.latent_plane({"a": (np.ones((3, 2)), np.ones(2))}), r"`labels` must be .*\(3,\)"),
    ],
)  # fmt: skip
def test_wrong_numbers_are_named(draw, message):
    with pytest.raises((TypeError, ValueError), match=message):
        draw()


def test_the_ring_is_around_the_worst_place_in_the_middle():
    distances = np.zeros((6, 6))
    distances[3, 2], distances[0, 0] = 1.5, 9.0  # z = (-0.5, 0.5); and far out
    codes, images = np.array([[0.0, 0.0]] * 9), np.zeros((36, 64))
    images[20] = 1.0
    plane = AroundCodes(codes, images, distances.ravel())
    ax, *_ = figures.holes({"a": (plane, 1.0)}, np.zeros(9)).axes
    (ring, _) = [line for line in ax.lines if line.get_marker() == "o"]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == pytest.approx((-0.5, 0.5))
    assert "8% bad" in [text.get_text() for text in ax.texts]  # one of the twelve cells within radius 2
    (corner,) = ax.child_axes
    assert corner.get_images()[0].get_array().min() == 1
