"""The site's typefaces, cut down to its letters: Source Serif, Source Sans, STIX Two for mathematics.

All three are under the Open Font License, which the style sheet names.
"""

import base64
import importlib.metadata
import io
import logging

import font_source_sans_pro
import font_source_serif_pro
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

SERIF, SANS = font_source_serif_pro.font_files_ttf, font_source_sans_pro.font_files_ttf
# Only the file is wanted: importing the package would say that it uses something deprecated.
MATHS = importlib.metadata.distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")
FACES = {  # family, weight, style: the file
    ("Source Serif", 400, "normal"): SERIF["SourceSerifPro"],
    ("Source Serif", 400, "italic"): SERIF["SourceSerifProIt"],
    ("Source Serif", 600, "normal"): SERIF["SourceSerifProSemibold"],
    ("Source Sans", 400, "normal"): SANS["SourceSansPro"],
    ("Source Sans", 600, "normal"): SANS["SourceSansProSemibold"],
    ("STIX Two Math", 400, "normal"): MATHS,
}
# What a browser shows for the letters of a formula: Latin, h, which stands elsewhere, and Greek.
ITALICS = "".join(map(chr, [*range(0x1D434, 0x1D468), 0x210E, *range(0x1D6E2, 0x1D71C)]))
LICENSE = """\
Source Serif and Source Sans: Copyright 2010-2018 Adobe, with Reserved Font Name 'Source'.
STIX Two Math: Copyright 2001-2021 The STIX Fonts Project Authors, with Reserved Font Name 'TM Math'.
Both are under the SIL Open Font License, Version 1.1, https://openfontlicense.org
These files hold only the characters that this site uses.
"""


def style_sheet(text: str) -> str:
    """A style sheet that holds the typefaces, for the letters of `text`: a page on disk may load no font."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    rules = [f"/*\n{LICENSE}*/"]
    for (family, weight, style), file in FACES.items():
        data = base64.b64encode(_cut(file, text)).decode()
        rules.append(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style}; '
            f'font-display: swap; src: url("data:font/woff;base64,{data}") format("woff"); }}'
        )
    return "\n".join(rules)


def _cut(file, text):
    font = TTFont(str(file), recalcTimestamp=False)
    subsetter = Subsetter(Options(layout_features=["*"], notdef_outline=True))
    subsetter.populate(text=text + ITALICS)
    subsetter.subset(font)
    font.flavor = "woff"
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()
