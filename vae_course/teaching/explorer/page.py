"""What the instruments' pages share: the browser's files, controls in a column, pictures and sentences."""

import html
from pathlib import Path

from ipywidgets import HTML, Checkbox
from ipywidgets.widgets.widget_description import DescriptionWidget

from vae_course.teaching.pictures import EXACT, HANDLE

STATIC = Path(__file__).with_name("static")
FRAME = {"border": "1px solid #d5d5d5", "padding": "12px 18px", "max_width": "800px"}
PAPER = "display: inline-block; line-height: 0; border: 1px solid #555"


def css(name: str) -> str:
    """A style sheet of `static`, under the colours that it shares with Python."""
    colours = f".latent-explorer, .digit-pad {{ --handle: {HANDLE}; --exact: {EXACT}; }}\n"
    return colours + (STATIC / name).read_text(encoding="utf-8")


def heading(title: str) -> HTML:
    """The line above an instrument."""
    return HTML(f'<strong style="font-size: 15px">{html.escape(title)}</strong>')


def sentence(words: str, error: Exception | None) -> str:
    """The words as a status, or as an alert if there is an error, which a screen reader speaks."""
    role = "alert" if error else "status"
    style = "font-size: 15px; line-height: 1.4"
    return f'<div class="{role}" role="{role}" style="{style}">{html.escape(words)}</div>'


def settings(controls: dict) -> list[str]:
    """Where the controls stand, for a sentence about what went wrong there."""
    return [f"{name} = {control.value!r}" for name, control in controls.items()]


def check(controls: dict) -> None:
    """Each is a control of ipywidgets; what has no description is described by its name."""
    for name, control in controls.items():
        if not isinstance(control, DescriptionWidget) or not control.has_trait("value"):
            raise TypeError(f"`{name}` must be an ipywidgets control, got {type(control).__name__}")
        control.description = control.description or name


def align(controls: list, width: str) -> None:
    """All as wide as that, and their descriptions as wide as the longest."""
    sliders = [control for control in controls if not isinstance(control, Checkbox)]
    longest = max((len(slider.description) for slider in sliders), default=0)
    for control in controls:
        control.style.description_width = f"{longest}ch"
        control.layout.width = width
