"""`Slides`: pictures made beforehand, one for each setting, chosen by a slider or by two."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from traitlets import Dict, List, TraitType

from vae_course.data import SIDE
from vae_course.teaching.arguments import text
from vae_course.teaching.explorer.instrument import Instrument, bundle, css
from vae_course.teaching.explorer.plane import images_of


class Setting(TraitType):
    """One of the settings that the instrument knows: a number, or a pair of numbers."""

    def validate(self, obj, value):
        """The setting as it was given: a pair comes as a list from the browser."""
        wanted = tuple(value) if isinstance(value, list | tuple | np.ndarray) else value
        for setting in obj._settings:
            if setting == wanted:
                return setting
        raise ValueError(f"`setting` must be one of {obj._settings}, got {value!r}")


class Slides(Instrument):
    """Rows of images and a sentence for each setting of something trained beforehand; a slider chooses.

    `choices` is {setting: ({caption: images}, sentence)}: a setting is a number, the images (n, 64) are ink
    from 0 to 1, and all settings have the same captions and numbers of images. `name` stands beside the
    slider. With a pair of names each setting is a pair of numbers, every combination is there, and there are
    two sliders. `start` is the number of the setting shown first, from 0; -1 is the last. `title` is the
    heading, and `alt` says in words what is shown. Raises `TypeError` or `ValueError`, naming the argument
    that does not fit.

    `.setting` is what the reader has chosen, a number or a pair, in both directions.
    """

    _esm = bundle("slides")
    _css = css("sliders")

    setting = Setting().tag(sync=True)
    _slides = Dict().tag(sync=True)  # settings, names, the values on each slider, sentences, an image's side
    _rows = List().tag(sync=True)  # caption, and uint8: setting after setting, image after image

    def __init__(
        self,
        choices: Mapping[float | tuple, tuple[Mapping[str, Sequence], str]],
        *,
        name: str | tuple[str, str],
        title: str,
        alt: str,
        start: int = 0,
    ):
        names = _names(name)
        self._settings = list(_checked(choices))
        axes = _axes(self._settings, names)
        if not isinstance(start, int) or not -len(choices) <= start < len(choices):
            raise ValueError(f"`start` must be the number of one of {len(choices)} settings, got {start!r}")
        super().__init__(
            title=title,
            alt=text("alt", alt),
            setting=self._settings[start],
            _rows=_rows(choices),
            _slides={
                "settings": self._settings,
                "names": names,
                "axes": axes,
                "sentences": [text("sentence", sentence) for _, sentence in choices.values()],
                "side": SIDE,
            },
        )

    def _figure(self) -> Figure:
        from vae_course.teaching.figures import draw_digit  # imports pyplot

        number = self._settings.index(self.setting)
        figure = Figure(figsize=(7.4, 0.4 + 0.85 * len(self._rows)))
        axes = figure.subplots(len(self._rows), 1, squeeze=False)[:, 0]
        for ax, row in zip(axes, self._rows, strict=True):
            for column, image in enumerate(self._images(row)[number]):
                draw_digit(ax, image, 0, column)
            ax.set_title(row["caption"], loc="left")
            ax.set_anchor("W")
        figure.suptitle(self._slides["sentences"][number], fontsize=9, x=0.01, ha="left")
        return figure

    def _images(self, row):
        """The images of one row for each setting, (settings, n, 64)."""
        return np.frombuffer(row["images"], np.uint8).reshape(len(self._settings), -1, SIDE**2) / 255


def _names(name):
    """The names of the sliders: one, or two."""
    if isinstance(name, tuple | list) and len(name) == 2:
        return [text("name", one) for one in name]
    return [text("name", name)]


def _checked(choices):
    """`choices`, if each of them is a pair of rows and a sentence."""
    pairs = choices.values() if isinstance(choices, Mapping) else ()
    fits = [isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], Mapping) for pair in pairs]
    if not fits or not all(fits):
        needed = "{setting: ({caption: images}, sentence)} with an entry"
        raise TypeError(f"`choices` must be {needed}, got {choices!r:.60}")
    return choices


def _axes(settings, names):
    """The values on each slider, in the order in which they come."""
    pairs = [(setting,) if len(names) == 1 else setting for setting in settings]
    for pair in pairs:
        fits = isinstance(pair, tuple) and len(pair) == len(names)
        if not fits or not all(isinstance(value, int | float) and np.isfinite(value) for value in pair):
            needed = "a finite number" if len(names) == 1 else f"{len(names)} finite numbers"
            raise TypeError(f"`choices` must have {needed} as each setting, as `name` has it, got {pair!r}")
    axes = [list(dict.fromkeys(values)) for values in zip(*pairs, strict=True)]
    if len(pairs) != np.prod([len(values) for values in axes]):
        raise ValueError(f"`choices` must have every combination of {axes}, got {len(pairs)} of them")
    return axes


def _rows(choices):
    """For each caption the images of all settings as bytes."""
    captions = [list(rows) for rows, _ in choices.values()]
    if not captions[0] or any(one != captions[0] for one in captions):
        raise ValueError(
            f"`choices` must have the same captions at each setting, at least one, got {captions}"
        )
    made = []
    for caption in captions[0]:
        every = [images_of(caption, rows[caption]) for rows, _ in choices.values()]
        if len({len(images) for images in every}) != 1:
            counts = [len(images) for images in every]
            raise ValueError(
                f"`choices` must have equally many images at each setting, got {counts} for {caption!r}"
            )
        made.append({"caption": text("caption", caption), "images": _bytes(np.concatenate(every))})
    return made


def _bytes(images):
    return (255 * images).round().astype(np.uint8).tobytes()
