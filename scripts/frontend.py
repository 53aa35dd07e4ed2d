"""Check the explorer's JavaScript and CSS: `npm run check`.

The course itself needs no node. Where there is none, or no network to fetch its packages, one line says so.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

LOCK, MODULES = Path("package-lock.json"), Path("node_modules")
STAMP = MODULES / ".made-from"  # the lock that node_modules was installed from; written last
LOG = MODULES / ".setup.log"
NO_NETWORK = re.compile("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|ENETUNREACH")


def skip(why):
    """Say why nothing is checked. That is no failure."""
    print("The front end is not checked:", why)
    sys.exit()


def main():
    """Install its packages if they do not fit the lock, then check."""
    npm = shutil.which("npm")  # npm.cmd on Windows
    if not npm:
        skip("there is no npm here; it comes with node (https://nodejs.org).")
    made_from = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not STAMP.exists() or STAMP.read_text() != made_from:
        command = [npm, "ci", "--no-audit", "--no-fund"]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
        MODULES.mkdir(exist_ok=True)
        LOG.write_text(result.stdout, encoding="utf-8")
        if result.returncode:
            if NO_NETWORK.search(result.stdout):
                skip(f"its packages could not be downloaded. What npm said is in {LOG}.")
            errors = [line for line in result.stdout.splitlines() if "error" in line.lower()]
            sys.exit(f"npm ci failed: what it said is in {LOG}, at its end: {' '.join(errors[-1:])}")
        STAMP.write_text(made_from)
    sys.exit(subprocess.run([npm, "run", "--silent", "check"]).returncode)


if __name__ == "__main__":
    main()
