"""Copy notebook 05's report card, table and picture, from its stored outputs into the README and docs/.

.venv/bin/python scripts/report_card.py
"""

import base64
import html
import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOK, README, PICTURE = (
    ROOT / part for part in ("notebooks/05_elbo.ipynb", "README.md", "docs/report_card.png")
)
BEGIN, END = (
    "<!-- the report card: written by scripts/report_card.py -->\n",
    "<!-- end of the report card -->",
)


def stored():
    """The table's HTML and the picture's tag, as the notebook holds them."""
    outputs = {cell.id: cell.get("outputs", []) for cell in nbformat.read(NOTEBOOK, 4).cells}
    (table,), (figure,) = outputs["report-card-table"], outputs["report-card-figure"]
    return table["data"]["text/html"], figure["data"]["text/html"]


def markdown(table, tag):
    """The README's section: the table, under its caption, and the picture."""
    table = ElementTree.fromstring(table)
    rows = [[cell.text or "model" for cell in row] for row in table.iter("tr")]
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"the table of {NOTEBOOK.name} must have one number of columns, got {rows}")
    rows.insert(1, ["---"] * len(rows[0]))
    words = html.unescape(re.search(r'alt="([^"]+)"', tag)[1])
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{table.findtext('caption')}:\n\n{body}\n\n![{words}](docs/{PICTURE.name})\n"


def picture(tag):
    """The bytes of the PNG in the tag."""
    return base64.b64decode(re.search("base64,([A-Za-z0-9+/=]+)", tag)[1])


def written(readme, section):
    """The README with this section between its marks."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + section + END + rest.split(END)[1]


if __name__ == "__main__":
    table, tag = stored()
    PICTURE.write_bytes(picture(tag))
    README.write_text(written(README.read_text(), markdown(table, tag)))
