"""The front page: the instrument first, then what the course is, what it contains, and how it is started."""

import re
from pathlib import Path

from vae_course.teaching.explorer.strokes import THREE
from website import lessons
from website.page import Page

STEM, CELL = "06_worth", "pad-show"  # the notebook and the cell of its instrument
TITLE = "Variational autoencoders, held against the exact answer"
LEAD = (
    "Draw a digit: the bright spot is the exact posterior of its code, the dashed ellipses are the encoder's "
    "guess, and the bar shows what the guess costs, log p(x) = ELBO + KL."
)


def page(notebooks: list[Page], contents: str, html_of, source: str) -> Page:
    """The page, with the instrument of a notebook's page; `contents` is 00's cell with the table of all.

    The words about the course are those of its README.
    """
    (worth,) = [each for each in notebooks if each.file == f"{STEM}.html"]
    state = worth.states[CELL]["state"] | {"_title": "Draw a digit on the white paper", "strokes": THREE}
    still = re.search(
        rf'<div class="instrument" data-cell="{CELL}"[^>]*>(.*?</div>)</div>', worth.body, re.DOTALL
    )
    still = still[1].replace(' loading="lazy"', "")
    readme = Path("README.md").read_text(encoding="utf-8")
    _, about, start, *_ = re.split(r"^#+ .*\n", readme, flags=re.MULTILINE)
    about = re.sub(r"^!\[.*\n", "", about, flags=re.MULTILINE)  # a picture of what is alive above
    table = contents.split("\n\n")[0].replace("| 00 Start here |", "| [00 Start here](00_start_here.ipynb) |")
    body = f"""\
<h1 id="top">{TITLE}</h1>
<p class="lead">{LEAD}</p>
<div class="instrument" data-kind="PosteriorExplorer" data-cell="{CELL}">{still}</div>
<noscript><p class="aside">A still picture. It moves where JavaScript runs.</p></noscript>
<div class="prose">
<h2 id="the-course">The course</h2>
{html_of(about, "README.md")}
<p><a class="begin" href="{notebooks[0].file}">Start with notebook 00</a></p>
<h2 id="contents">Contents</h2>
{lessons.tables(html_of(table, "notebooks/00_start_here.ipynb"))}
<h2 id="how-to-start">How to start</h2>
{html_of(start, "README.md")}
</div>"""
    states = {CELL: {"class": "PosteriorExplorer", "state": state}}
    return Page("index.html", source, body, states=states, after=notebooks[0])
