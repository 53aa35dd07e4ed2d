"""What a reader may count on in every stored notebook. That they still come out is nbval's part."""

import copy
import json
import re
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import store_notebooks

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MAX_LINES, MAX_CELL = 220, 12  # of code in a notebook, and in one of its cells
MAY_BE_LONGER = {}
MAX_BYTES = 500_000
PATH_OF_ONE_MACHINE = re.compile(r"/(?:root|home|work|tmp|opt|Users)/[\w.\-/]*")
MARKDOWN_LINK = re.compile(r"(!?)\[([^\]]*)\]\(\s*<?([^)\s>]+)")
HTML_LINK = re.compile(r"""<(?:img|a)\b[^>]*?\b(?:src|href)=["']([^"']+)""")


def of_each_notebook(function):
    return pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)(function)


def cells(path, kind):
    """(place, cell) of each cell of one kind that is not empty, with its source and streams as plain text."""
    for place, cell in enumerate(json.loads(path.read_text())["cells"]):
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == kind and cell["source"].strip():
            yield f"cell {place}", cell


def outputs(path):
    for place, cell in cells(path, "code"):
        for output in cell["outputs"]:
            yield place, output


def prose(path):
    """Markdown cells without their code, in which brackets are not links."""
    for place, cell in cells(path, "markdown"):
        yield place, re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", "", cell["source"], flags=re.DOTALL)


@of_each_notebook
def test_it_was_run_from_top_to_bottom_in_one_go(path):
    counts = [cell["execution_count"] for _, cell in cells(path, "code")]
    assert counts
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks`"


@of_each_notebook
def test_it_stores_no_error_and_no_warning(path):
    assert not [(place, o["evalue"]) for place, o in outputs(path) if o["output_type"] == "error"]
    assert not [(place, o["text"]) for place, o in outputs(path) if o.get("name") == "stderr"]


@of_each_notebook
def test_nothing_of_one_machine_or_one_run_is_stored(path):
    assert "widgets" not in json.loads(path.read_text())["metadata"], "run `make notebooks`"
    for place, output in outputs(path):
        data = output.get("data", {})
        assert "application/vnd.jupyter.widget-view+json" not in data, f"{place}: run `make notebooks`"
        texts = [output.get("text", "")] + [v for k, v in data.items() if not k.startswith("image/png")]
        for text in texts:
            text = text if isinstance(text, str) else "".join(map(str, text))
            assert "it/s]" not in text, f"{place}: a progress bar; run `make notebooks`"
            text = re.sub('data:image/png;base64,[^"]*', "", text)
            assert not PATH_OF_ONE_MACHINE.search(text), place
            assert not re.search(r" at 0x[0-9a-f]{6,}", text), f"{place}: the address of an object"


@of_each_notebook
def test_storing_it_again_without_running_it_changes_nothing(path):
    stored = nbformat.read(path, as_version=4)
    again = copy.deepcopy(stored)
    store_notebooks.normalise(again, stored)
    unchanged = nbformat.writes(again) + "\n" == path.read_text()
    assert unchanged, "it holds what belongs to one run or one editor: run `make notebooks`"


@of_each_notebook
def test_cells_have_stable_names(path):
    notebook = json.loads(path.read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)


def lines_of_code(source):
    """How many lines are not blank, not a comment and not an import."""
    first_words = [words[0] for line in source.splitlines() if (words := line.split())]
    return sum(word not in ("import", "from") and word[0] != "#" for word in first_words)


def tags(cell):
    return cell["metadata"].get("tags", [])


def test_all_begin_with_the_same_cell_for_colab_or_none_does():
    first = [next(cell for _, cell in cells(path, "code")) for path in NOTEBOOKS]
    assert len({cell["source"] if "colab" in tags(cell) else "" for cell in first}) == 1
    tagged = [cell for path in NOTEBOOKS for _, cell in cells(path, "code") if "colab" in tags(cell)]
    assert len(tagged) in (0, len(NOTEBOOKS))
    assert all(cell["metadata"]["jupyter"]["source_hidden"] and not cell["outputs"] for cell in tagged)


@of_each_notebook
def test_it_is_small_enough_to_read(path):
    assert path.stat().st_size < MAX_BYTES
    own = [(place, cell) for place, cell in cells(path, "code") if "colab" not in tags(cell)]
    lengths = {place: lines_of_code(cell["source"]) for place, cell in own}
    assert not {place: lines for place, lines in lengths.items() if lines > MAX_CELL}
    assert sum(lengths.values()) <= MAY_BE_LONGER.get(path.stem, MAX_LINES)


@of_each_notebook
def test_every_picture_is_also_told_in_words(path):
    for place, output in outputs(path):
        data = output.get("data", {})
        for tag in re.findall(r"<img\b[^>]*>", "".join(data.get("text/html", ""))):
            assert re.search(r"""\balt=["'][^"']+""", tag), f"{place}: a picture without alternative text"
        if "image/png" in data:
            words = output["metadata"].get("image/png", {}).get("alt") or "".join(data.get("text/plain", ""))
            assert words, f"{place}: a picture without alternative text"
            assert not re.match(r"<(Figure|PIL\.|IPython\.)", words), f"{place}: {words} says nothing"
    for place, text in prose(path):
        for image, words, target in MARKDOWN_LINK.findall(text):
            assert not image or words.strip(), f"{place}: {target} has no alternative text"
        for tag in re.findall(r"<img\b[^>]*>", text):
            assert re.search(r"""\balt=["'][^"']+""", tag), f"{place}: {tag} has no alternative text"


@of_each_notebook
def test_links_lead_to_files_that_exist(path):
    for place, text in prose(path):
        targets = [target for _, _, target in MARKDOWN_LINK.findall(text)] + HTML_LINK.findall(text)
        for target in targets:
            if not re.match(r"[a-z]+:|#", target):
                assert (path.parent / unquote(target.split("#")[0])).exists(), f"{place}: {target}"


@of_each_notebook
def test_it_begins_with_its_title(path):
    first = json.loads(path.read_text())["cells"][0]
    assert first["cell_type"] == "markdown"
    assert re.match(r"# \S", "".join(first["source"]))
    titles = [line for _, text in prose(path) for line in text.splitlines() if re.match(r"# ", line)]
    assert len(titles) == 1, "one title; sections have two #"
