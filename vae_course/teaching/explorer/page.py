"""An instrument as a page of its own, without Python: it opens from disk, and needs no network."""

import base64
import html
import json
import zlib
from string import Template

from vae_course.teaching.explorer.instrument import STATIC, Instrument, plain_script


def standalone(instrument: Instrument) -> str:
    """The instrument as it is now, as HTML; where scripts do not run, its still picture."""
    instrument._still = instrument.still()
    page = Template((STATIC / "page.html").read_text(encoding="utf-8"))
    return page.safe_substitute(
        title=html.escape(instrument._title),
        css=instrument._css,
        still=instrument._still,
        host=plain_script("host"),
        state=literal(packed(instrument.sent())),
        code=literal(str(instrument._esm)),
    )


def packed(value):
    """JSON's values, and bytes as {"deflate": ...}, compressed, which `unpacked` in host.js undoes."""
    if isinstance(value, dict):
        return {key: packed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [packed(one) for one in value]
    if isinstance(value, bytes | memoryview):
        return {"deflate": base64.b64encode(zlib.compress(value, 9)).decode()}
    return value


def unpacked(value):
    """What `packed` was given, but a tuple comes back as a list."""
    if isinstance(value, dict) and "deflate" in value:
        return zlib.decompress(base64.b64decode(value["deflate"]))
    if isinstance(value, dict):
        return {key: unpacked(one) for key, one in value.items()}
    return [unpacked(one) for one in value] if isinstance(value, list) else value


def literal(value) -> str:
    """A literal that may stand in a script: nothing in it ends the script."""
    return json.dumps(value).replace("</", "<\\/")
