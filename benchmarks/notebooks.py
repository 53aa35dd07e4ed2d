"""Each notebook: seconds from a cold kernel to the end of Run All, and memory. And the time of the import."""

import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
IMPORTS = 5


def kernel_of(process):
    """The kernel that this process started, or None while there is none."""
    return next(
        (child for child in process.children() if "ipykernel_launcher" in " ".join(child.cmdline())), None
    )


def watch(peak, done):
    """Note the largest memory in use by the kernel, in bytes, until the notebook is done."""
    process = psutil.Process()
    while not done.wait(0.02):
        try:
            kernel = kernel_of(process)
            peak[0] = max(peak[0], kernel.memory_info().rss if kernel else 0)
        except psutil.NoSuchProcess:
            pass


def measure(path):
    """(seconds, MB): Run All from before the kernel starts, and the peak memory of its process."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}})
    peak, done = [0], threading.Event()
    threading.Thread(target=watch, args=(peak, done), daemon=True).start()
    start = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - start
    done.set()
    return seconds, peak[0] / 1e6


def import_time():
    """Seconds for a fresh Python to start and import vae_course: the median of five."""
    seconds = []
    for _ in range(IMPORTS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import vae_course"], check=True)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    print(f"import vae_course: {import_time():.2f} s")
    print(f"{'notebook':<28}{'Run All':>10}{'peak memory':>14}")
    for path in NOTEBOOKS:
        seconds, megabytes = measure(path)
        print(f"{path.stem:<28}{seconds:>8.1f} s{megabytes:>11.0f} MB")
