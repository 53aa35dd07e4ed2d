"""The growing diagram: what is connected to what, in each stage, in the drawing and in its words."""

import base64
import io
import re

import pytest
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.text import Text
from PIL import Image

from vae_course.teaching import figures
from vae_course.teaching.figures import model

GRAPHS = [name for name in model.STAGES if name != "autoencoder"]


def words(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def places(figure):
    """Where each letter of the graph stands."""
    letters = ("$z_i$", "$x_i$", r"$\theta$", r"$\phi$", "$p(z)$")
    texts = [text for text in figure.findobj(Text) if text.get_text() in letters]
    return {text.get_text().strip("$\\"): text.get_position() for text in reversed(texts)}


def arrows(figure):
    """(from, to, dashed) of each arrow, by the letter that is nearest to its ends."""
    letters = places(figure)

    def nearest(end):
        return min(
            letters,
            key=lambda letter: (letters[letter][0] - end[0]) ** 2 + (letters[letter][1] - end[1]) ** 2,
        )

    found = set()
    for arrow in figure.findobj(FancyArrowPatch):
        start, end = arrow._posA_posB
        found.add((nearest(start), nearest(end), arrow.get_linestyle() != "-"))
    return found


DECODER = {("p(z)", "z_i", False), ("z_i", "x_i", False), ("theta", "x_i", False)}
ENCODER = {("x_i", "z_i", True), ("phi", "z_i", True)}


@pytest.mark.parametrize("name", GRAPHS)
def test_each_graph_connects_what_the_model_connects(name):
    encoded = name in ("amortized", "vae")
    assert arrows(model._figure(name)) == DECODER | (ENCODER if encoded else set())


@pytest.mark.parametrize("name", GRAPHS)
def test_the_image_is_shaded_and_the_latent_open_in_the_plate_of_n_images(name):
    figure = model._figure(name)
    nodes = {node.center: node for node in figure.findobj(Circle) if node.radius == 20}
    letters = places(figure)
    assert nodes[letters["x_i"]].get_facecolor()[:3] != (1, 1, 1)
    assert nodes[letters["z_i"]].get_facecolor()[:3] == (1, 1, 1)
    assert "$N$ images" in words(figure)


@pytest.mark.parametrize(("name", "clouds"), [("map", 0), ("decoder-only", 3), ("vae", 0)])
def test_only_where_it_is_integrated_out_the_latent_is_a_cloud(name, clouds):
    assert len([node for node in model._figure(name).findobj(Circle) if node.radius > 20]) == clouds


def test_theta_is_an_open_dot_only_while_it_is_kept():
    for name in GRAPHS:
        faces = [dot.get_facecolor()[:3] for dot in model._figure(name).findobj(Circle) if dot.radius == 5]
        assert ((1, 1, 1) in faces) is (name == "amortized")


@pytest.mark.parametrize("name", [*model.STAGES, model.ROAD])
def test_every_stage_is_shown_in_one_size_nothing_cut_with_words_for_all_of_it(name, monkeypatch):
    displayed = []
    monkeypatch.setattr(figures.style, "display", lambda data, raw: displayed.append(data))
    figures.show_model(name)
    (shown,) = displayed
    png = base64.b64decode(re.search('base64,([^"]*)', shown["text/html"])[1])
    assert Image.open(io.BytesIO(png)).size == (2 * model.WIDTH, 2 * model.HEIGHT)
    assert len(png) < 30_000
    assert len(shown["text/plain"].split()) > 30
    figure = model._figure(name)
    figure.draw_without_rendering()
    for text in figure.findobj(Text):
        if text.get_text():
            box = text.get_window_extent()
            assert box.x0 >= 0, text
            assert box.x1 <= figure.bbox.x1, text
            assert box.y0 >= -1, text
            assert box.y1 <= figure.bbox.y1, text


def test_the_road_names_all_stages_and_what_is_new():
    found = " ".join(words(model._figure(model.ROAD)))
    for heading, news, _ in model.NEW.values():
        assert heading in found
        assert news in found
        assert news in model._alt(model.ROAD)
    assert list(model.NEW) == list(model.STAGES)


@pytest.mark.parametrize("name", ["VAE", "", None, 5, ["map"]])
def test_a_stage_that_there_is_not_is_refused_with_those_that_there_are(name):
    with pytest.raises(
        ValueError, match="`name` must be one of autoencoder, map, decoder-only, amortized, vae, road"
    ):
        figures.show_model(name)
