"""How long something takes."""

import time
from collections.abc import Callable

import jax


def seconds(f: Callable, runs: int = 3) -> float:
    """The seconds of the fastest of several runs of `f()`, after one that compiles.

    >>> seconds(lambda: jax.numpy.ones(3).sum()) > 0
    True
    """
    times = []
    for _ in range(runs + 1):
        begin = time.perf_counter()
        jax.block_until_ready(f())
        times.append(time.perf_counter() - begin)
    return min(times[1:])
