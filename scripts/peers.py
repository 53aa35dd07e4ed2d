"""Put PyTorch and Flax, as scripts/peers.txt says, into a folder: python scripts/peers.py .venv/peers

Only who names that folder in PYTHONPATH sees them: the course and its lock stay as they are. Does nothing
when they are there and fit.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

LIST = Path("scripts/peers.txt")
NO_NETWORK = re.compile(
    "connection broken|from versions: none|timed out|ConnectionError|IncompleteRead", re.IGNORECASE
)


def main(peers):
    """Fetch them, and see that they fit the course's own packages."""
    stamp = peers / "made-from"  # the list that they were installed from; written last
    log = peers.with_suffix(".log")
    made_from = hashlib.sha256(LIST.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == made_from:
        return

    def pip(*arguments):
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
        with log.open("a") as output:
            return subprocess.run(command, stdout=output, stderr=subprocess.STDOUT).returncode == 0

    def fail(why):
        sys.exit(f"The peers are not installed: {why} What pip said is in {log}.")

    print(f"PyTorch and Flax are fetched into {peers}, once: 200 MB, a minute or two.", flush=True)
    shutil.rmtree(peers, ignore_errors=True)
    log.unlink(missing_ok=True)
    if not pip("install", "--no-deps", "--progress-bar=off", f"--target={peers}", "-r", str(LIST)):
        said = log.read_text()
        if NO_NETWORK.search(said):
            fail("the packages could not be downloaded. The same command again tries once more.")
        fail(" ".join([line for line in said.splitlines() if "ERROR" in line][-1:]))
    if not pip("check"):
        fail("they do not fit the course's own packages.")
    stamp.write_text(made_from)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
