"""How an `ImageExplorer` looks: its controls and pictures side by side, its sentence below."""

import html

import numpy as np
from ipywidgets import HTML, Box, Checkbox, VBox
from ipywidgets.widgets.widget_description import DescriptionWidget

from vae_course.explorer.pictures import image_png
from vae_course.figures import img_tag

ROW = "display: flex; flex-wrap: wrap; gap: 8px 16px; font-size: 14px; line-height: 1.4"
FRAMED = "display: inline-block; line-height: 0; border: 1px solid #555"
WIDTH = 128  # of each picture, in screen pixels


def laid_out(title: str, image, controls: dict, buttons: dict, pictures: HTML) -> list:
    """The heading, and below it the image's widget, the controls and the buttons beside the pictures."""
    for name, control in controls.items():
        control.description = control.description or name
    sliders = [widget for widget in (image, *controls.values()) if isinstance(widget, DescriptionWidget)]
    longest = max((len(s.description) for s in sliders if not isinstance(s, Checkbox)), default=0)
    for slider in sliders:
        slider.style.description_width = f"{longest}ch"
        slider.layout.width = "98%"
    row = [Box([*buttons.values()], layout={"flex_flow": "row wrap"})] if buttons else []
    if image in sliders:
        left, right, width = [image, *controls.values(), *row], [pictures], "min(360px, 100%)"
    else:  # a pad is as high as all the others together
        left, right, width = [image], [pictures, *controls.values(), *row], "min(300px, 100%)"
        pictures.layout.min_height = "180px"  # nothing jumps when the pad is cleared
    # the right column is wide enough for two pictures, or goes below
    columns = [
        VBox(left, layout={"width": width}),
        VBox(right, layout={"flex": "1 1 272px", "margin": "0 8px"}),
    ]
    heading = HTML(f'<strong style="font-size: 15px">{html.escape(title)}</strong>')
    return [heading, Box(columns, layout={"flex_flow": "row wrap"})]


def figures_html(pictures: dict) -> str:
    """{caption: image} as a row of pictures of one width, each over its caption."""
    figures = "".join(
        f'<figure style="margin: 2px 0 0"><span style="{FRAMED}">{_img(image, caption)}</span>'
        f'<figcaption style="max-width: {WIDTH}px">{html.escape(caption)}</figcaption></figure>'
        for caption, image in pictures.items()
    )
    return f'<div style="{ROW}">{figures}</div>'


def sentence_html(sentence: str, role: str) -> str:
    """The sentence, as a status or an alert that a screen reader speaks."""
    style = "font-size: 15px; line-height: 1.4"
    return f'<div class="{role}" role="{role}" style="{style}">{html.escape(sentence)}</div>'


def _img(image, caption):
    side = round(np.size(image) ** 0.5)
    return img_tag(image_png(image, WIDTH // min(max(side, 1), WIDTH)), caption)
