"""Markdown as HTML: mathematics as MathML, links to the site's own pages, headings that can be linked to."""

import html
import posixpath
import re

import math_core
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

LONG = 40  # letters of LaTeX; what is longer can be scrolled on a narrow screen
MATHS = math_core.LatexToMathML(annotation=True)  # with the LaTeX inside, to be copied
AFTER = re.compile(r"(?<=</math>)</span>([.,;:?!)]+)")  # a line does not begin with what ends a formula
# Chromium draws a stretched brace too short on sharp screens: a rounded line under its terms stands for it.
BRACE = re.compile(r'<munder accentunder="true">((?:(?!<munder).)*?)<mo[^>]*>\u23df</mo></munder>')


def html_of(markdown: str, where: str, files: dict, source: str) -> str:
    """The HTML of some markdown that stands in `where`, a file's path in the course.

    `files` says what each file that the site has is called there; another is linked to where its source is.
    Raises `ValueError`, naming the place, for mathematics that cannot be set.
    """
    found = MarkdownWithMath(renderer=_Renderer(where, files, source)).render(markdown)
    return AFTER.sub(r"\1</span>", found)


class _Renderer(IPythonRenderer):
    def __init__(self, where, files, source):
        super().__init__(escape=False, exclude_anchor_links=True)
        self._where, self._files, self._source = where, files, source

    def block_math(self, body):
        return f'<div class="equation">{self._maths(body, True)}</div>'

    def inline_math(self, body):
        kind = "long" if len(body) > LONG else "short"
        return f'<span class="{kind}">{self._maths(body, False)}</span>'

    def latex_environment(self, name, body):
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def link(self, text, url, title=None):
        return super().link(text, self._address(url), title)

    def image(self, text, url, title=None):
        return super().image(text, self._address(url), title)

    def heading(self, text, level, **attrs):
        minor = ' class="minor"' * (level > 3)  # the exercises', whose level may skip one
        return f'<h{min(level, 3)}{minor} id="{anchor(text)}">{text}</h{min(level, 3)}>\n'

    def _address(self, target):
        """Where a link leads on the site."""
        if re.match(r"[a-z]+:|#", target):
            return target
        file, mark, section = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._where), file))
        return self._files.get(path, f"{self._source}/blob/main/{path}") + mark + section

    def _maths(self, body, display):
        try:
            found = MATHS.convert_with_local_state(body, displaystyle=display)
        except math_core.LatexError as error:
            raise ValueError(f"{self._where}: this cannot be set as mathematics: {body} ({error})") from None
        return BRACE.sub(r'<mrow class="braced">\1</mrow>', found)


def anchor(heading: str) -> str:
    """A heading's name in an address."""
    return re.sub(r"[^a-z0-9]+", "-", words(heading).lower()).strip("-")


def words(text: str) -> str:
    """What a reader sees of some HTML, in one line."""
    text = re.sub(r"<annotation.*?</annotation>", "", text, flags=re.DOTALL)
    text = re.sub(r"</?(?:a|b|em|strong|code|span|small|math|semantics|m[a-z]+)\b[^>]*>", "", text)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).replace("\u2061", " ").split())
