"""The site's files, read without a browser, and what a notebook must be to become a page."""

import json
import re
import time
from copy import copy
from itertools import pairwise

import nbformat
import pytest
from bs4 import BeautifulSoup

from vae_course.teaching.explorer import states
from website import lessons, prose
from website.__main__ import HOME, SOURCE, build

MB = 1_000_000


@pytest.fixture(scope="module")
def pages(site):
    return {
        path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in site.glob("*.html")
    }


def test_there_is_a_page_for_each_notebook_and_each_document(pages):
    notebooks = {
        "00_start_here",
        "01_autoencoder",
        "02_map",
        "03_decoder_only",
        "04_amortized",
        "05_elbo",
        "06_worth",
    }
    others = {"index", "one_sheet", "glossary", "your_framework", "benchmarks"}
    assert {name.removesuffix(".html") for name in pages} == notebooks | others


def test_no_link_is_broken(site, pages):
    broken = []
    for name, page in pages.items():
        for link in page.find_all(["a", "link", "script", "img"]):
            target = link.get("href") or link.get("src")
            if not target or re.match(r"https?:|data:", target):
                continue
            file, _, section = target.partition("#")
            there = (site / (file or name)).is_file()
            if there and section:
                there = pages[file or name].find(id=section) is not None
            broken += [] if there else [(name, target)]
    assert broken == []


def test_what_leads_out_of_the_site_leads_to_the_course_s_source_or_to_a_place_in_prose(pages):
    for page in pages.values():
        for part in page.find_all(["link", "script", "img"]):
            target = part.get("href") or part.get("src") or ""
            assert not target.startswith("http")
        assert page.find("a", string="Page source")["href"].startswith(SOURCE)


def test_no_equation_is_left_as_latex(pages):
    for name, page in pages.items():
        shown = copy(page)  # the other tests read what is taken out here
        for hidden in shown.find_all(["annotation", "script", "pre", "code", "style"]):
            hidden.extract()
        words = shown.get_text(" ")
        assert not re.search(r"\\[a-zA-Z]+|\$[^$]{1,80}\$", words), name
    assert sum(len(page.find_all("math")) for page in pages.values()) > 800


def test_each_page_has_a_title_a_description_and_a_preview_of_its_own(pages):
    for what in ("title", "description"):
        if what == "title":
            found = [page.title.string for page in pages.values()]
        else:
            found = [page.find("meta", {"name": what})["content"] for page in pages.values()]
        assert len(set(found)) == len(pages)
        assert all(10 < len(each) < 170 for each in found), found
    assert all(
        page.find("meta", property="og:image")["content"] == f"{HOME}preview.png" for page in pages.values()
    )


def test_each_picture_has_its_words(pages):
    for page in pages.values():
        assert all(len(image.get("alt", "")) > 20 for image in page.find_all("img"))


def test_each_exercise_has_its_hints_and_its_solution_folded(pages):
    count = 0
    for page in pages.values():
        for exercise in page.select(".exercise"):
            folds = [fold.summary.string for fold in exercise.find_all("details")]
            assert folds[-1] == "Solution"
            assert folds[0].startswith("Hint 1 of")
            assert all(not fold.has_attr("open") for fold in exercise.find_all("details"))
            count += 1
    assert count == 35


def test_what_is_of_use_only_where_cells_run_is_left_out(pages):
    text = "".join(page.get_text() for page in pages.values())
    assert not re.search("Click into the grey cell|Exercises solved so far", text)


def test_each_lesson_leads_to_its_neighbours_once_and_the_last_to_the_one_sheet(pages):
    names = sorted(name for name in pages if name[:2].isdigit())
    for before, after in pairwise([*names, "one_sheet.html"]):
        assert [link["href"] for link in pages[before].find_all("a", rel="next")] == [after]
        assert [link["href"] for link in pages[after].find_all("a", rel="prev")] == [before]
        assert len(pages[before].find_all("a", string=re.compile("→$"))) == 1


def test_long_code_is_folded(pages):
    for page in pages.values():
        for code in page.select("div.code pre"):
            assert code.get_text().rstrip("\n").count("\n") + 1 <= lessons.LONG


def test_the_site_is_small(site, pages):
    def weigh(name):
        page = pages[name]
        files = {tag.get("src") or tag.get("href") for tag in page.find_all(["script", "img", "link"])} - {
            None
        }
        return sum((site / file).stat().st_size for file in files) + (site / name).stat().st_size

    assert weigh("index.html") < 1.5 * MB
    assert {name for name in pages if weigh(name) >= 2 * MB} == set()
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 12 * MB


def test_it_is_built_quickly_and_again_into_the_same(site, tmp_path):
    began = time.process_time()
    build(tmp_path / "again")
    assert time.process_time() - began < 60
    names = [path.relative_to(site) for path in site.rglob("*") if path.is_file()]
    assert all((site / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in names)


@pytest.fixture
def small(tmp_path):
    """small(change) writes a notebook of two cells, one an instrument, after `change(notebook)`."""

    def write(change):
        run = nbformat.v4.new_code_cell("1 + 1", execution_count=1, id="sum")
        still = nbformat.v4.new_output(
            "display_data", {"text/html": "<p><em>A still picture. Run it.</em></p>"}
        )
        shown = nbformat.v4.new_code_cell("show()", execution_count=2, id="show", outputs=[still])
        notebook = nbformat.v4.new_notebook(cells=[run, shown])
        path = tmp_path / "small.ipynb"
        state = {
            "sources": states._sources(notebook),
            "instruments": {"show": {"class": "Slides", "state": {}}},
        }
        (tmp_path / "instruments").mkdir(exist_ok=True)
        (tmp_path / "instruments" / "small.json").write_text(json.dumps(state))
        change(notebook)
        nbformat.write(notebook, path)
        return path

    return write


def no_change(notebook):
    pass


def not_run(notebook):
    notebook.cells[0].execution_count = None


def error(notebook):
    notebook.cells[0].outputs = [
        nbformat.v4.new_output("error", ename="NameError", evalue="no x", traceback=[])
    ]


def edited(notebook):
    notebook.cells[0].source = "1 + 2"


def new_cell(notebook):
    notebook.cells.append(nbformat.v4.new_code_cell("2", execution_count=3, id="another"))


def cell_gone(notebook):
    del notebook.cells[0]


def no_instrument(notebook):
    notebook.cells[1].outputs = []


def test_a_notebook_as_it_should_be_is_read(small):
    assert lessons.read(small(no_change))[1] == {"show": {"class": "Slides", "state": {}}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (not_run, "'sum' was not run"),
        (error, "'sum' ended in NameError: no x"),
        (edited, "does not belong to small.ipynb: cell 'sum'"),
        (new_cell, "does not belong to small.ipynb: cell 'another'"),
        (cell_gone, "does not belong to small.ipynb: cell 'sum'"),
        (no_instrument, "'show' has an instrument in its state alone"),
    ],
)
def test_a_notebook_that_is_no_page_is_named_with_its_cell(small, change, says):
    with pytest.raises(ValueError, match=r"small\.ipynb") as raised:
        lessons.read(small(change))
    assert says in str(raised.value)


def test_an_instrument_without_its_state_is_named(small):
    path = small(no_change)
    (path.parent / "instruments" / "small.json").unlink()
    with pytest.raises(ValueError, match="'show' has an instrument in its output alone"):
        lessons.read(path)


def test_mathematics_that_cannot_be_set_is_named():
    with pytest.raises(ValueError, match=r"here\.md: this cannot be set as mathematics: \\nonsense"):
        prose.html_of(r"Say $\nonsense$.", "here.md", {}, SOURCE)


def test_no_line_begins_with_what_ends_a_formula():
    assert prose.html_of("Is it $x$?", "here.md", {}, SOURCE).endswith("</math>?</span></p>\n")


def test_a_link_leads_to_a_page_or_else_to_the_source():
    files = {"notebooks/one.ipynb": "one.html"}
    text = "[a](one.ipynb#part) [b](../LICENSE) [c](https://x.org) [d](#here)"
    found = re.findall('href="(.*?)"', prose.html_of(text, "notebooks/two.ipynb", files, "https://s"))
    assert found == ["one.html#part", "https://s/blob/main/LICENSE", "https://x.org", "#here"]
