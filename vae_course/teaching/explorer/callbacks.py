"""The functions that a reader's move calls: which controls they ask for, and whether their answer fits."""

import inspect
from collections.abc import Callable

from ipywidgets import FloatSlider
from traitlets import TraitError

ANSWERS = {  # of which parts, and in words
    "landscape": ([(object,) * 3, (object,) * 4], "(values, extent, label) or (values, extent, label, z0)"),
    "readout": ([(dict, str)], "({caption: image}, sentence)"),
    "samples": ([(), (object,) * 3], "(points, weights, label) or None"),
    "gaussian": ([(), (object,) * 3], "(m, s, label) or None"),
    "buttons": ([(object, dict)], "(z, {control: value})"),
}


class Callbacks:
    """Functions by name, and the controls whose values they are handed by keyword if they name them.

    What a function must return is in ANSWERS under its name, that of `buttons["..."]` under "buttons".
    """

    def __init__(self, functions: dict[str, Callable], controls: dict):
        self._functions, self._controls, self._asked = functions, controls, {}
        for name, function in functions.items():
            if not callable(function):
                raise TypeError(f"`{name}` must be a function, got {type(function).__name__}")
            parameters = inspect.signature(function).parameters
            self._asked[name] = [control for control in controls if control in parameters]
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
        forms, needed = ANSWERS[name.split("[")[0]]
        parts = () if answer is None else answer
        sized = isinstance(parts, tuple) and len(parts) in map(len, forms)
        if sized and any(len(form) == len(parts) and all(map(isinstance, parts, form)) for form in forms):
            return answer
        kinds = ", ".join(map(_kind, parts)) if sized else ""
        raise TypeError(f"`{name}` must return {needed}, got {f'({kinds})' if kinds else _kind(answer)}")


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


def _kind(answer):
    return f"a tuple of {len(answer)}" if isinstance(answer, tuple) else type(answer).__name__
