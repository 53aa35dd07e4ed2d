"""The browser's files, run as they are: by a JavaScript engine without a browser, and in a Chromium."""

import json
import shutil
import subprocess
from pathlib import Path

import playwright
import pytest

from vae_course.teaching.explorer.instrument import STATIC

NODE = shutil.which("node") or shutil.which("node", path=Path(playwright.__file__).parent / "driver")

CALL = """
import * as script from "./%s";
import { readFileSync } from "fs";

const [name, first, points] = JSON.parse(readFileSync(0));
const [draws, calls] = [name.startsWith("draw"), []];
const noted = (method) => (...args) => (calls.push([method, args, { ...style }]), { width: 50 });
const style = {};
const context = new Proxy(style, { get: (_, key) => style[key] ?? noted(key) });
const plain = (key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
const answers = points.map((last) => script[name](...(draws ? [context] : []), ...first, last));
console.log(JSON.stringify(draws ? calls : answers, plain));
"""


RUN = """
import * as script from "./%s";
import { readFileSync } from "fs";

const arrays = { float32: Float32Array, float64: Float64Array };
const revive = (_, value) => (value?.dtype ? arrays[value.dtype].from(value.numbers) : value);
const plain = (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
const given = JSON.parse(readFileSync(0), revive);
const answer = await (async () => {
%s
})();
process.stdout.write(JSON.stringify(answer, plain), () => process.exit());
"""


class Script:
    """A file of `static`: script("clip", extent, z) calls a function that it exports.

    script.at(points, "clip", extent) does so for many last arguments at once. Of a function that draws the
    answer is what it did to the canvas: [method, arguments, {"fillStyle": ...}], in order.

    script.run(body, x=x) runs lines of JavaScript that see the exports as `script` and x as `given.x`, and
    gives back what they return. An array becomes a typed array.
    """

    def __init__(self, name, folder):
        shutil.copytree(STATIC, folder, dirs_exist_ok=True)
        (folder / "package.json").write_text('{"type": "module"}')
        self._name, self._call, self._run = name, folder / "call.mjs", folder / "run.mjs"
        self._call.write_text(CALL % name)

    def at(self, points, name, *first):
        return _answer(self._call, [name, first, points])

    def run(self, body, **given):
        self._run.write_text(RUN % (self._name, body))
        return _answer(self._run, given)

    def __call__(self, name, *arguments):
        answers = self.at([arguments[-1]], name, *arguments[:-1])
        return answers if name.startswith("draw") else answers[0]


def _answer(program, question):
    question = json.dumps(question, default=lambda a: {"dtype": a.dtype.name, "numbers": a.ravel().tolist()})
    done = subprocess.run([NODE, program], input=question, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def node():
    """The JavaScript engine's place."""
    if NODE is None:
        pytest.skip("the browser's files are run by node, and there is none")
    return NODE


@pytest.fixture(scope="session")
def script(node, tmp_path_factory):
    """script("plane.js") is that file, to be called."""
    return lambda name: Script(name, tmp_path_factory.mktemp("js"))


@pytest.fixture
def shown(browser, tmp_path):
    """shown(instrument, width=360) is a page with it, and no Python, on which nothing may go wrong."""
    pages, troubles = [], []

    def show(instrument, width=1000, **context):
        file = tmp_path / f"page{len(pages)}.html"
        file.write_text(instrument.page(), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800}, **context)
        pages.append(page)
        page.set_default_timeout(5000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.goto(file.as_uri())
        page.wait_for_function("document.querySelector('.sentence')?.textContent")
        return page

    yield show
    for page in pages:
        page.close()
    assert not troubles


@pytest.fixture
def drag():
    """drag(page, ".handle", (0.3, 0.2), ...) moves it over places of the plane, each from 0 to 1."""

    def move(page, selector, *places):
        box = page.locator(".plane").first.bounding_box()
        page.locator(selector).first.hover()
        page.mouse.down()
        for across, down in places:
            page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=5)
        page.mouse.up()
        page.wait_for_timeout(60)

    return move
