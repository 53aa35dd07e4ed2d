"""Build the site: `python -m website [folder]`, from the notebooks as they are stored. Nothing is run."""

import html
import re
import shutil
import sys
import tomllib
from functools import partial
from itertools import pairwise
from pathlib import Path

import jinja2

from vae_course.teaching import explorer
from vae_course.teaching.explorer.instrument import EXPORT, STATIC, css, plain_script
from vae_course.teaching.explorer.page import literal, packed
from website import fonts, front, lessons, preview, prose
from website.page import Page

HERE = Path(__file__).parent
NEIGHBOURS = re.compile(r"<p>(?:<a [^>]*>(?:← [^<]*|[^<]* →)</a>(?: · )?)+</p>")  # a page's foot has them
IMPORTS = re.compile(r"^import .*\n", re.MULTILINE)
SOURCE = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Source"]
OWNER, NAME = SOURCE.rstrip("/").split("/")[-2:]
HOME = f"https://{OWNER}.github.io/{NAME}/"
OTHERS = {  # the pages that are no notebooks: the file, and the name in the bar above
    "notebooks/one_sheet.md": ("one_sheet.html", "One sheet"),
    "notebooks/glossary.md": ("glossary.html", "Glossary"),
    "docs/your-framework.md": ("your_framework.html", "Your framework"),
    "docs/benchmarks.md": ("benchmarks.html", "Benchmarks"),
}


def build(out: Path) -> None:
    """Write the site into a folder, in place of what is there.

    Raises `ValueError`, naming the cell, for a notebook that was not run, ended in an error, or whose
    instruments' states were stored for another.
    """
    paths = sorted(Path("notebooks").glob("*.ipynb"))
    read = {path: lessons.read(path) for path in paths}  # what is wrong is said before anything is written
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("pictures", "notebooks", "instruments"):
        (out / folder).mkdir(parents=True)
    files = {path.as_posix(): f"{path.stem}.html" for path in paths}
    files |= {path: file for path, (file, _) in OTHERS.items()} | {"README.md": "index.html"}
    for path in Path("docs").glob("*.png"):
        files[path.as_posix()] = f"pictures/{path.name}"
        shutil.copy(path, out / "pictures")
    html_of = partial(prose.html_of, files=files, source=SOURCE)

    notebooks = []
    for path, (notebook, states) in read.items():
        body = lessons.main_part(notebook, path, states, html_of, out / "pictures")
        body = NEIGHBOURS.sub("", body).replace("</h1>", f"</h1>\n{_tools(path)}", 1)
        notebooks.append(Page(files[path.as_posix()], _source(path), body, path.stem[:2], states))
        shutil.copy(path, out / "notebooks")
    others = [
        Page(file, _source(path), _document(path, html_of), short) for path, (file, short) in OTHERS.items()
    ]
    for before, after in pairwise([*notebooks, others[0]]):  # the one sheet comes last
        before.after, after.before = after, before
    (contents,) = [cell.source for cell in read[paths[0]][0].cells if cell.id == "contents"]
    first = front.page(notebooks, contents, html_of, SOURCE)
    _write(out, [first, *notebooks, *others])
    preview.draw(first.body, out, front.TITLE)


def _source(path):
    return f"{SOURCE}/blob/main/{Path(path).as_posix()}"


def _tools(path):
    """What else can be done with a notebook."""
    colab = f"https://colab.research.google.com/github/{OWNER}/{NAME}/blob/main/{path.as_posix()}"
    return f"""<p class="aside">This is the notebook with its results, to be read. What can be dragged moves
here. To run cells, or to have a guess or an answer checked, take it to your machine or to Colab.</p>
<ul class="tools"><li><a href="notebooks/{path.name}" download>Download the notebook</a></li>
<li><a href="{colab}">Open it on Colab</a></li>
<li><a href="index.html#how-to-start">Run it on your machine</a></li></ul>"""


def _document(path, html_of):
    body = html_of(Path(path).read_text(encoding="utf-8"), path)
    return f'<div class="prose">{lessons.tables(body)}</div>'


def _write(out, pages):
    """All but the pictures."""
    loader = jinja2.FileSystemLoader(HERE / "templates")
    frame = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined).get_template("page.html.j2")
    static = {path.name: path.read_text(encoding="utf-8") for path in (HERE / "static").iterdir()}
    same = {"pages": pages, "source": SOURCE, "home": HOME, "theme": static["theme.js"]}
    written = {page.file: frame.render(page=page, **same) for page in pages}
    for kind in sorted({kind for page in pages for kind in page.kinds}):
        written[f"instruments/{kind}.js"] = _script(getattr(explorer, kind))
    for page in pages:
        if page.states:
            states = {cell: each["state"] for cell, each in page.states.items()}
            name = page.file.replace(".html", ".js")
            written[f"instruments/{name}"] = f"Object.assign(vae.states, {literal(states)});\n"
    sections = [section for page in pages for section in page.sections]
    written["sections.js"] = f"vae.sections = {literal(sections)};\n"
    written["site.js"] = f"(() => {{\n{plain_script('host')}\n{IMPORTS.sub('', static['site.js'])}}})();\n"
    sheets = sorted(path.stem for path in STATIC.glob("*.css") if path.stem != "instruments")
    written["site.css"] = f"{css(*sheets)}\n{static['site.css']}"
    written["icon.svg"] = static["icon.svg"]
    written["fonts.css"] = fonts.style_sheet("".join(map(html.unescape, written.values())))
    for name, text in written.items():
        (out / name).write_text(text, encoding="utf-8")


def _script(kind):
    """An instrument's front end as a script: a page that was opened from disk may not load a module."""
    preset, module = literal(packed(kind.preset())), EXPORT.sub("", str(kind._esm))
    widget = f"(() => {{\n{module.replace('export default', 'return')}\n}})()"
    return f"vae.kinds.{kind.__name__} = {{ preset: {preset}, widget: {widget} }};\n"


if __name__ == "__main__":
    try:
        build(Path(sys.argv[1] if len(sys.argv) > 1 else "site"))
    except ValueError as error:
        sys.exit(f"The site is not built. {error}.")
