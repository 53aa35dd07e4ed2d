"""The browser's files, run as they are by a JavaScript engine without a browser."""

import json
import shutil
import subprocess
from pathlib import Path

import playwright
import pytest

import vae_course.teaching.explorer

STATIC = Path(vae_course.teaching.explorer.__file__).with_name("static")
NODE = shutil.which("node") or shutil.which("node", path=Path(playwright.__file__).parent / "driver")


CALL = """
import * as script from "./script.mjs";
import { readFileSync } from "fs";

const [name, first, points] = JSON.parse(readFileSync(0));
const [draws, calls] = [name.startsWith("draw"), []];
const noted = (method) => (...args) => (calls.push([method, args, { ...style }]), { width: 50 });
const style = {};
const context = new Proxy(style, { get: (_, key) => style[key] ?? noted(key) });
const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
const answers = points.map((last) => plain(script[name](...(draws ? [context] : []), ...first, last)));
console.log(JSON.stringify(draws ? calls : answers));
"""


class Script:
    """A file of `static`: script("clip", extent, z) calls a function that it exports.

    script.at(points, "clip", extent) does so for many last arguments at once. Of a function that draws the
    answer is what it did to the canvas: [method, arguments, {"fillStyle": ...}], in order.
    """

    def __init__(self, name, folder):
        shutil.copy(STATIC / name, folder / "script.mjs")
        self._call = folder / "call.mjs"
        self._call.write_text(CALL)

    def at(self, points, name, *first):
        question = json.dumps([name, first, points])
        done = subprocess.run([NODE, self._call], input=question, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def __call__(self, name, *arguments):
        answers = self.at([arguments[-1]], name, *arguments[:-1])
        return answers if name.startswith("draw") else answers[0]


@pytest.fixture(scope="session")
def script(tmp_path_factory):
    """script("explorer.js") is that file, to be called."""
    if NODE is None:
        pytest.skip("the browser's files are run by node, and there is none")
    return lambda name: Script(name, tmp_path_factory.mktemp("js"))
