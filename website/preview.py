"""The picture that stands beside a link to the site: the front page's instrument under the site's title."""

import re
from pathlib import Path

import font_source_sans_pro
from PIL import Image, ImageDraw, ImageFont

SIZE, MARGIN = (1200, 630), 48  # what link previews show whole


def draw(front: str, out: Path, title: str) -> None:
    """Write preview.png, from the front page's HTML and its still picture."""
    picture = Image.new("RGB", SIZE, "#fffefb")
    pen = ImageDraw.Draw(picture)
    words = title.replace(", ", ",\n")
    font = ImageFont.truetype(font_source_sans_pro.font_files_ttf["SourceSansProSemibold"], 54)
    pen.multiline_text((MARGIN, 36), words, fill="#1d1f23", font=font, spacing=8)
    still = Image.open(out / re.search(r'src="(pictures/\w+\.png)"', front)[1]).convert("RGB")
    still.thumbnail((SIZE[0] - 2 * MARGIN, SIZE[1] - 190), Image.Resampling.LANCZOS)
    picture.paste(still, ((SIZE[0] - still.width) // 2, 180))
    picture.quantize(128).save(out / "preview.png", optimize=True)
