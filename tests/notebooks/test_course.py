"""What makes the notebooks one course: a way from each to the next, one contents, one set of letters."""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PAGES = [*NOTEBOOKS, *sorted(FOLDER.glob("*.md"))]
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
EQUATION = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
WORDS = re.compile(r"\\(?:text|operatorname|mathrm|begin|end)\*?\{[^}]*\}")  # words inside of equations
LETTER = re.compile(r"\\(?:mathcal|mathbb|hat|bar|tilde)\s*\{?\\?[A-Za-z]+\}?|\\[a-zA-Z]+|[A-Za-z]")
NO_LETTERS = re.compile(  # signs and names of functions
    r"\\(approx|[bB]igg?[lr]?|cdot|c?dots|t?frac|geq?|in|int|leq?|left|right|[lr]?Vert|mid|partial|qquad|quad|sim"
    r"|prod|sqrt|sum|times|to|top|underbrace|log|exp|min|max|propto)"
)


def text_of(path, kind="markdown"):
    if path.suffix == ".md":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == kind)


def letters_in(text):
    """The letters of all equations in a text: "x", r"\\sigma", r"\\hat x", r"\\mathcal N"."""
    equations = [a or b for a, b in EQUATION.findall(CODE.sub(" ", text))]
    found = {letter for equation in equations for letter in LETTER.findall(WORDS.sub(" ", equation))}
    letters = {letter for letter in found if not NO_LETTERS.fullmatch(letter)}
    return {" ".join(re.sub("[{}]", " ", letter).split()) for letter in letters}


def glossary():
    """{letter: (the notebook in which it first stands, its names in code)} of each row of the glossary."""
    rows = {}
    for line in (FOLDER / "glossary.md").read_text().splitlines():
        if line.startswith("| $"):
            symbol, _, code, first = (part.strip() for part in line.strip("|").split("|"))
            rows[symbol] = (first, re.findall("`([^`]+)`", code))
    return rows


def test_there_are_seven():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["00", "01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_links_to_the_one_before_and_the_one_after_at_both_ends(path):
    cells = json.loads(path.read_text())["cells"]
    place = NOTEBOOKS.index(path)
    neighbours = [NOTEBOOKS[i].name for i in (place - 1, place + 1) if 0 <= i < len(NOTEBOOKS)]
    for cell in (cells[0], cells[-1]):
        (line,) = [line for line in "".join(cell["source"]).splitlines() if "→" in line or "←" in line]
        assert [target for _, target in LINK.findall(line) if target.endswith(".ipynb")] == neighbours


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_carry_the_titles_of_what_they_lead_to(path):
    titles = {page.name: text_of(page).splitlines()[0].lstrip("# ").replace(" ·", "") for page in PAGES}
    for name, target in LINK.findall(CODE.sub(" ", text_of(path))):
        name = name.strip("←→ ")
        if target in titles and re.match(r"\d\d ", name):
            assert name == titles[target]


def test_the_contents_name_every_notebook_with_its_time():
    road = re.findall(r"^\| \[?(\d\d) [^|]*\| (\d+) minutes \| \S", text_of(NOTEBOOKS[0]), re.MULTILINE)
    times = {
        path.stem[:2]: re.search(r"\*\*Time\*\*: about (\d+) minutes", text_of(path)) for path in NOTEBOOKS
    }
    assert dict(road) == {number: found[1] for number, found in times.items()}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_says_what_is_needed_and_what_one_can_do_afterwards(path):
    title = "".join(json.loads(path.read_text())["cells"][0]["source"])
    for point in ("- **You need**", "- **Time**", "- **Afterwards you can**"):
        assert point in title


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_letter_of_an_equation_is_in_the_glossary(path):
    known = set().union(*(letters_in(symbol) for symbol in glossary()))
    assert not letters_in(text_of(path)) - known


def test_the_glossary_says_where_each_letter_first_stands():
    explained = {}
    for symbol, (first, _) in glossary().items():
        for letter in letters_in(symbol):
            explained[letter] = min(first, explained.get(letter, "99"))
    stands = {}
    for path in reversed(NOTEBOOKS):
        stands.update(dict.fromkeys(letters_in(text_of(path)), path.stem[:2]))
    assert explained == {letter: stands.get(letter) for letter in explained}


def test_the_one_sheets_lines_of_code_stand_in_losses():
    source = (FOLDER.parent / "vae_course" / "losses.py").read_text()
    rows = [
        line.split(" | ") for line in text_of(FOLDER / "one_sheet.md").splitlines() if line.count(" | ") == 5
    ]
    models = [row for row in rows if row[0].startswith("| [")]
    assert len(models) == 7
    for row in models:
        line, loss = re.findall("`([^`]+)`", row[2])[:2]
        assert f"{line}\n" in source
        assert f"def {loss}(" in source


@pytest.mark.parametrize("symbol", glossary())
def test_the_code_uses_the_glossarys_names(symbol):
    first, names = glossary()[symbol]
    code = "\n".join(text_of(path, "code") for path in NOTEBOOKS if path.stem[:2] >= first)
    for name in names:
        assert re.search(rf"(?<!\w){re.escape(name)}", code), f"no notebook from {first} on has `{name}`"
