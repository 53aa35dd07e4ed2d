"""What training says while it runs, and what the stop button does. Neither stays in a saved notebook."""

import io
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

DELAY = 0.5  # s: a training that is over sooner needs no bar
FORMAT = "{percentage:3.0f}% |{bar:30}| {n:,} of {total:,} {unit}, {remaining} left{postfix}"
T = TypeVar("T")


def each(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items of a loop that lasts, and say how many are done. `what` they are is a plural."""
    with Bar(len(items), what, delay=0) as bar:
        for item in items:
            yield item
            bar.update()


class Bar(tqdm):
    """A line of text that says how far training is, and is gone at its end. Silent where CI is set.

    In a notebook all bars of a cell are one output, empty at their end: a line for a loop, and below it one
    for the training in it. A bar made of widgets would be stored, and be an error message when the notebook
    is opened on the next day.
    """

    monitor_interval = 0  # no thread that looks whether it hangs
    _place = ""  # the display of the cell that showed the last bar
    _open: dict["Bar", str] = {}  # noqa: RUF012 - what the bars of that cell say, the outermost first

    def __init__(self, total: int, what: str = "steps", delay: float | None = None):
        self._shell = _notebook_shell()
        self._cell = f"progress of cell {self._shell.execution_count}" if self._shell else ""
        super().__init__(
            total=total,
            unit=what,
            delay=DELAY if delay is None else delay,
            leave=False,
            disable="CI" in os.environ,
            file=io.StringIO() if self._shell else sys.stderr,
            bar_format=FORMAT,
        )

    def display(self, msg=None, pos=None):
        """Called by tqdm when there is something new to show; an empty `msg` at the end."""
        if not self._shell:
            return super().display(msg, pos)
        known = self._cell == Bar._place
        if not known:
            Bar._open.clear()
            Bar._place = self._cell
        Bar._open[self] = str(self) if msg is None else msg
        if not Bar._open[self]:
            del Bar._open[self]
        said = {"text/plain": "\n".join(Bar._open.values())} if Bar._open else {}
        self._shell.display_pub.publish(said, transient={"display_id": self._cell}, update=known)
        return True


_cut_short: list[str] = []  # what to say to the next training of the cell in which one was interrupted


def interrupted(said: str) -> None:
    """A training was interrupted, which `said` tells the reader. Its cell goes on with what there is.

    Run All has given the kernel all cells at once, and they stop at the first that fails. So this cell
    counts as failed when it is done, and no training begins in it any more.
    """
    print(said)
    shell = _notebook_shell()
    if not shell or _cut_short:
        return

    def at_the_end_of_the_cell(result):
        shell.events.unregister("post_run_cell", at_the_end_of_the_cell)
        _cut_short.clear()
        if result and result.success:
            result.error_in_exec = KeyboardInterrupt(said)

    _cut_short.append(said)
    shell.events.register("post_run_cell", at_the_end_of_the_cell)


def begin() -> None:
    """Raise `KeyboardInterrupt` if a training of the same cell was interrupted before."""
    if _cut_short:
        raise KeyboardInterrupt("the training before this one was interrupted, so this one does not begin")


def _notebook_shell():
    """The shell of the notebook that runs this; None in a script and in a terminal."""
    ipython = sys.modules.get("IPython")  # where it is not loaded, there is no notebook
    shell = ipython and ipython.get_ipython()
    return shell if hasattr(shell, "kernel") else None
