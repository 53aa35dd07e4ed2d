"""Processes that measure, each with its own number of threads, and asked in turns.

XLA's threads are fixed when it starts, so every number of threads needs a process, which sleeps while another
works. None uses a cache of compiled code.
"""

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib import metadata
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).parents[1]
PEERS = Path(sys.prefix) / "peers"  # where `make peers` puts PyTorch and Flax
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
THREADS = sorted({1, CORES})
OF_THREADS = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MEASURING = {"CI": "true", "JAX_PLATFORMS": "cpu", "JAX_ENABLE_COMPILATION_CACHE": "false"}
FORGOTTEN = (*OF_THREADS, *MEASURING, "MALLOC_ARENA_MAX", "JAX_COMPILATION_CACHE_DIR")


def forget():
    """Unset what would change a measurement: then the environment is that of a learner's terminal."""
    for name in FORGOTTEN:
        os.environ.pop(name, None)


def worker(threads=None, **variables):
    """A process that runs `submit(f, ...)`, on all cores unless `threads` is given."""
    variables |= MEASURING | {name: str(threads) for name in OF_THREADS if threads}
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), begin, (variables,))


def begin(variables):
    """In the worker, before anything is imported that reads these variables."""
    os.environ.update(variables)
    sys.path.append(str(PEERS))


def turns(what, things, rounds):
    """[(round, thing)]: every second round from the last to the first. A bar shows how far it is."""
    return tqdm([(i, thing) for i in range(rounds) for thing in things[:: -1 if i % 2 else 1]], what)


def peak():
    """The largest memory that this process has used, in MB."""
    import resource  # Unix alone has it

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def peers(*names):
    """({name: version} of the peers that are installed, a sentence for each that is not)."""
    path = [*sys.path, str(PEERS)]
    found = {name: next(metadata.distributions(name=name, path=path), None) for name in names}
    absent = [f"{name} is not installed: `make peers` installs it." for name in names if not found[name]]
    return {name: each.version for name, each in found.items() if each}, absent
