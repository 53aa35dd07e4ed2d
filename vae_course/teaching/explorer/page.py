"""An instrument as a page of its own, without Python: it opens from disk, and needs no network."""

import base64
import html
import json
from string import Template

from vae_course.teaching.explorer.instrument import STATIC, Instrument


def standalone(instrument: Instrument) -> str:
    """The instrument as it is now, as HTML; where scripts do not run, its still picture."""
    instrument._still = instrument.still()
    page = Template((STATIC / "page.html").read_text(encoding="utf-8"))
    return page.safe_substitute(
        title=html.escape(instrument._title),
        css=instrument._css,
        still=instrument._still,
        state=_literal(_packed(instrument.sent())),
        code=_literal(str(instrument._esm)),
    )


def _packed(value):
    """JSON's values, and bytes as {"base64": ...}."""
    if isinstance(value, dict):
        return {key: _packed(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(one) for one in value]
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    return value


def _literal(value):
    """A literal that may stand in a script: nothing in it ends the script."""
    return json.dumps(value).replace("</", "<\\/")
