"""Processes that measure, each with its own number of threads, and asked in turns.

XLA's threads are fixed when it starts, so every number of threads needs a process. A worker answers
questions, one JSON line each, and sleeps while another works. None uses a cache of compiled code.
"""

import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEERS = Path(sys.prefix) / "peers"  # where `make peers` puts PyTorch and Flax
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
THREADS = sorted({1, CORES})
OF_THREADS = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
BEGIN = time.perf_counter()


class CannotMeasure(Exception):
    """Something that is needed is not here, or failed; the message says what."""


def say(what):
    """A line of progress, with the seconds since the beginning."""
    print(f"{time.perf_counter() - BEGIN:6.0f} s  {what}", flush=True)


def environment(threads=None, peers=False, **more):
    """The environment variables of a process that measures; all cores unless `threads` is given."""
    dropped = (*OF_THREADS, "MALLOC_ARENA_MAX", "JAX_COMPILATION_CACHE_DIR")
    found = {name: value for name, value in os.environ.items() if name not in dropped}
    paths = [str(ROOT), *[str(PEERS)] * peers, *filter(None, [os.environ.get("PYTHONPATH")])]
    found |= {"CI": "true", "JAX_PLATFORMS": "cpu", "JAX_ENABLE_COMPILATION_CACHE": "false"}
    found |= {"PYTHONPATH": os.pathsep.join(paths)} | more
    return found | {name: str(threads) for name in OF_THREADS if threads}


class Worker:
    """A process that runs `python -m module arguments...` and serves."""

    def __init__(self, module, *arguments, threads=None, peers=False, **variables):
        self.name = " ".join([module, *arguments])
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (until `close`)
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd=ROOT,
            env=environment(threads, peers, **variables),
        )

    def ask(self, **question):
        """The answer, or `CannotMeasure` with what the worker says is wrong."""
        with contextlib.suppress(BrokenPipeError):  # then it has ended, and said why
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            said = [text.strip() for text in self.errors if text.strip()]
            said = said or [f"without a word, with status {self.process.wait()}"]
            raise CannotMeasure(f"{self.name} ended: {said[-1]}")
        answer = json.loads(line)
        if "error" in answer:
            raise CannotMeasure(f"{self.name}: {answer['error']}")
        return answer

    def close(self):
        """End the process."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def serve(answer):
    """In a worker: answer the questions that come in with `answer(**question)`, until there are no more."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    for line in sys.stdin:
        try:
            reply = answer(**json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)


def there_and_back(things, rounds):
    """(round, thing), in turns: every second round from the last to the first."""
    return itertools.chain.from_iterable(
        ((i, thing) for thing in (things if i % 2 == 0 else things[::-1])) for i in range(rounds)
    )


def peak():
    """The largest memory that this process has used, in MB."""
    import resource  # Unix alone has it

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def pins():
    """{name: version} of the peers that the page's comparisons are meant for."""
    return dict(re.findall(r"(?m)^(torch|flax)==([\d.]+)", (ROOT / "scripts/peers.txt").read_text()))


def peers(path=None):
    """(versions, absent): which peers are installed, and a sentence for each that is not as it should be."""
    versions, absent = {}, []
    for name, wanted in pins().items():
        found = next(metadata.distributions(name=name, path=path or [str(PEERS), *sys.path]), None)
        if found is None:
            absent.append(f"{name} is not installed: `make peers` installs {name} {wanted}.")
            continue
        versions[name] = found.version
        if found.version.split("+")[0] != wanted:
            absent.append(f"{name} is {found.version}, and not {wanted} of scripts/peers.txt.")
    return versions, absent
