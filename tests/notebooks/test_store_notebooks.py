"""`make notebooks`: storing twice changes nothing, and what belongs to one run is not stored."""

import base64
import io
import json

import nbformat
import numpy as np
import pytest
import store_notebooks
from nbclient.exceptions import CellExecutionError
from PIL import Image

FIGURE = """\
import matplotlib.pyplot as plt
import numpy as np
plt.imshow(np.outer(np.arange(30), np.arange(30)))
plt.title("a picture")
plt.show()"""
ALT = """\
from IPython.display import Image, display
display(Image(data=bytes(FIGURE), alt="a red square"))"""
WIDGET = """\
import ipywidgets
ipywidgets.FloatSlider(description="z")"""


def red_square():
    file = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(file, "PNG")
    return file.getvalue()


def notebook(path, *sources):
    cells = [nbformat.v4.new_markdown_cell("# A small notebook")]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    for place, cell in enumerate(cells):
        cell.id = f"cell-{place}"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A notebook of every kind of output, stored once."""
    path = tmp_path_factory.mktemp("notebooks") / "small.ipynb"
    alt = ALT.replace("FIGURE", repr(list(red_square())))
    notebook(path, "print('one')\nprint('two')", "", FIGURE, WIDGET, alt, "6 * 7")
    store_notebooks.store(path)
    return path


def outputs(path):
    return {
        cell["id"]: cell["outputs"] for cell in json.loads(path.read_text())["cells"] if "outputs" in cell
    }


def test_storing_again_changes_nothing(stored):
    before = stored.read_bytes()
    store_notebooks.store(stored)
    assert stored.read_bytes() == before


def test_cells_are_counted_from_one_and_keep_their_names(stored):
    cells = json.loads(stored.read_text())["cells"]
    assert [cell["id"] for cell in cells] == [f"cell-{place}" for place in range(7)]
    counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
    assert counts == [1, None, 2, 3, 4, 5]
    assert outputs(stored)["cell-6"][0]["execution_count"] == 5


def test_what_belongs_to_one_run_is_left_out(stored):
    content = json.loads(stored.read_text())
    assert content["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert all(cell["metadata"] == {} for cell in content["cells"])


def test_a_widget_keeps_its_text_only(stored):
    (output,) = outputs(stored)["cell-4"]
    assert list(output["data"]) == ["text/plain"]
    assert output["data"]["text/plain"][0].startswith("FloatSlider(")


def test_pictures_have_few_colours_and_keep_their_words(stored):
    (figure,) = outputs(stored)["cell-3"]
    picture = Image.open(io.BytesIO(base64.b64decode(figure["data"]["image/png"])))
    assert picture.mode == "P"
    assert len(picture.getcolors()) <= 256
    (square,) = outputs(stored)["cell-5"]
    assert square["metadata"]["image/png"]["alt"] == "a red square"


def test_200_colours_are_kept_as_they_are():
    colours = np.array([(i, 255 - i, i // 2) for i in range(200)], np.uint8)
    picture = Image.fromarray(colours[np.random.default_rng(0).integers(200, size=(80, 80))])
    file = io.BytesIO()
    picture.save(file, "PNG")
    small = store_notebooks.smaller(file.getvalue())
    assert len(small) < len(file.getvalue()) / 2
    kept = Image.open(io.BytesIO(small)).convert("RGB")
    assert len(kept.getcolors()) > 100
    assert store_notebooks.look_the_same(small, file.getvalue())


def test_an_error_stops_and_leaves_the_file_as_it_was(tmp_path):
    path = notebook(tmp_path / "broken.ipynb", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match=r"1 / 0[\s\S]*ZeroDivisionError"):
        store_notebooks.store(path)
    assert path.read_bytes() == before


def png(colour, size=20):
    file = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("other", "same"), [(png((100, 0, 4)), True), (png((100, 0, 20)), False), (png((100, 0, 0), 21), False)]
)
def test_only_a_difference_that_an_eye_can_see_changes_a_picture(other, same):
    old = base64.b64encode(other).decode()
    new = store_notebooks.encode(png((100, 0, 0)), old)
    assert (new == old) is same


def test_a_picture_inside_html_is_treated_as_one_of_its_own():
    tag = '<img alt="a red square" src="data:image/png;base64,AbC+/1==">'
    output = nbformat.v4.new_output("display_data", {"text/html": tag, "image/png": "XyZ="})
    assert store_notebooks.pictures(output) == ["XyZ=", "AbC+/1=="]
    store_notebooks.change_pictures(output, str.upper)
    assert output.data == {"text/html": tag.replace("AbC", "ABC"), "image/png": "XYZ="}
