"""A page of the site, and what its frame needs to know of it."""

import html
import re
from dataclasses import dataclass, field

from website import lessons, prose

DESCRIPTION = 160  # letters, of what a search engine shows


@dataclass
class Page:
    """A file of the site, the HTML of its main part, and where its source is."""

    file: str
    source: str
    body: str
    short: str = ""  # its name in the bar above
    states: dict = field(default_factory=dict)  # of its instruments, by their cells
    before: "Page | None" = None
    after: "Page | None" = None

    def __post_init__(self):
        sections = lessons.sections(self.body)
        self.title = sections[0][1]
        keys = ("page", "title", "anchor", "heading", "text")
        self.sections = [dict(zip(keys, (self.file, self.title, *each), strict=True)) for each in sections]
        self.headings = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', self.body)
        self.kinds = sorted({each["class"] for each in self.states.values()})
        first = re.search(r'<p(?: class="lead")?>(?!<a)(.*?)</p>', self.body, re.DOTALL)
        goal = re.search(r"<strong>Afterwards you can</strong>(.*?)</li>", self.body, re.DOTALL)
        text = f"Afterwards you can {prose.words(goal[1])}" if goal else prose.words(first[1])
        self.description = html.escape(_shortened(text))


def _shortened(text):
    return text if len(text) <= DESCRIPTION else text[:DESCRIPTION].rsplit(" ", 1)[0] + " …"
