"""The functions that a reader's move calls: which controls they ask for, and whether their answer fits."""

import inspect
from collections.abc import Callable

from ipywidgets import FloatSlider
from ipywidgets.widgets.widget_description import DescriptionWidget
from traitlets import TraitError

ANSWERS = {  # of how many parts, and which
    "landscape": ((3, 4), "(values, extent, label) or (values, extent, label, z0)"),
    "readout": ((2,), "({caption: image}, sentence)"),
    "samples": ((0, 3), "(points, weights, label) or None"),
    "gaussian": ((0, 3), "(m, s, label) or None"),
    "buttons": ((2,), "(z, {control: value})"),
}


class Callbacks:
    """Functions by name, and the controls whose values they are handed by keyword if they name them.

    What a function must return is in ANSWERS under its name, that of `buttons["..."]` under "buttons".
    """

    def __init__(self, functions: dict[str, Callable], controls: dict):
        for control, widget in controls.items():
            if not isinstance(widget, DescriptionWidget) or not widget.has_trait("value"):
                raise TypeError(f"`{control}` must be an ipywidgets control, got {type(widget).__name__}")
        self._functions, self._controls = functions, controls
        self._asked = {name: _controls_of(name, f, controls) for name, f in functions.items()}
        for control in set(controls).difference(*self._asked.values()):
            raise TypeError(f"`{control}` is a control, but no function has an argument of that name")

    def values(self, name: str) -> dict:
        """The values now of the controls that a function asks for."""
        return {control: self._controls[control].value for control in self._asked[name]}

    def ask(self, name: str, *arguments) -> tuple | None:
        """What a function answers now; None if there is no such function. `TypeError` if it does not fit."""
        if name not in self._functions:
            return None
        answer = self._functions[name](*arguments, **self.values(name))
        kind = name.split("[")[0]
        sizes, needed = ANSWERS[kind]
        parts = len(answer) if isinstance(answer, tuple) else 0 if answer is None else None
        if parts not in sizes:
            raise TypeError(f"`{name}` must return {needed}, got {_kind(answer)}")
        types = {"readout": (dict, str), "buttons": (object, dict)}.get(kind)
        if types and not all(map(isinstance, answer, types)):
            raise TypeError(f"`{name}` must return {needed}, got ({', '.join(map(_kind, answer))})")
        return answer


def move(controls: dict, values: dict) -> None:
    """Set controls by name, a slider to the nearest step of its scale: all, or none and `ValueError`.

    The browser rounds to the step, too, and sends that back: what was drawn would be drawn again.
    """
    if unknown := sorted(set(values).difference(controls)):
        raise ValueError(f"there is no control {unknown[0]!r}, only {', '.join(controls) or 'none'}")
    before = {name: controls[name].value for name in values}
    try:
        for name, value in values.items():
            _set(controls[name], value)
    except ValueError:
        for name, value in before.items():
            controls[name].value = value
        raise


def _set(control, value):
    step = control.step if isinstance(control, FloatSlider) else 0
    try:
        place = control.min + round(float(value - control.min) / step) * step if step else value
        control.value = place
        if control.value != place and abs(control.value - place) >= step / 2:  # it went to its nearest end
            raise ValueError
    except (TypeError, ValueError, TraitError):
        raise ValueError(f"{control.description} has no value {value}") from None


def _controls_of(name, function, controls):
    if not callable(function):
        raise TypeError(f"`{name}` must be a function, got {type(function).__name__}")
    return [control for control in controls if control in inspect.signature(function).parameters]


def _kind(answer):
    return f"a tuple of {len(answer)}" if isinstance(answer, tuple) else type(answer).__name__
