"""What all instruments share: one module out of several files, and the course's colours."""

import re
import subprocess

import pytest

from vae_course.teaching import explorer
from vae_course.teaching.explorer.instrument import (
    COLOURS,
    STATIC,
    Instrument,
    _bare,
    bundle,
    css,
    plain_script,
)

KINDS = [getattr(explorer, name) for name in explorer.__all__]
LIGHT = 100_000  # bytes, unpacked, of what one instrument sends besides its numbers


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_is_sent_is_one_module_that_javascript_can_read(node, kind, tmp_path):
    code = str(kind._esm)
    assert not re.search(r"^import ", code, re.MULTILINE)
    file = tmp_path / "widget.mjs"
    file.write_text(code)
    done = subprocess.run([node, "--check", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ask = f"import widget from {str(file)!r}; console.log(typeof widget.render)"
    done = subprocess.run([node, "--input-type=module", "-e", ask], capture_output=True, text=True)
    assert done.stdout.strip() == "function", done.stderr


def test_a_module_is_there_once_and_before_those_that_import_it():
    code = bundle("latent")
    parts = re.findall(r"^const \$(\w+) = \(\(\) => \{$", code, re.MULTILINE)
    assert len(parts) == len(set(parts))
    assert parts.index("kit") < parts.index("plane")


def test_a_worker_s_script_exports_and_imports_nothing():
    assert not re.search(r"^(?:export|import) ", plain_script("inference"), re.MULTILINE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_instrument_is_light(kind):
    worker = kind._worker.default_value if hasattr(kind, "_worker") else ""
    assert sum(len(str(part).encode()) for part in (kind._esm, kind._css, worker)) < LIGHT


@pytest.mark.parametrize("file", sorted(STATIC.glob("*.js")), ids=lambda file: file.name)
def test_comments_stay_at_home_and_nothing_else_does(file):
    sent = _bare(file.stem)
    assert not re.search(r"(^| )//|/\*\*", sent, re.MULTILINE)
    for line in file.read_text(encoding="utf-8").splitlines():
        code, aside, _ = line.partition(" // ")  # no string may hold this: it would be cut off
        if aside and not code.lstrip().startswith(("//", "/**", "*")):
            assert [code.count(quote) % 2 for quote in '"`'] == [0, 0], line


def test_python_and_css_share_their_colours():
    for role, colour in COLOURS.items():
        assert f"--{role}: {colour};" in css()
    code = "".join(file.read_text() for file in STATIC.iterdir())
    assert not [colour for colour in COLOURS.values() if colour in code]


def test_an_instrument_needs_a_title():
    with pytest.raises(TypeError, match="`title` must be words"):
        Instrument(title="", alt="nothing")
