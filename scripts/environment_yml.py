"""Write every pin of requirements.lock into environment.yml, for conda, mamba and Binder.

pip refuses an editable install beside hashes, and there one file must be enough: hence no hashes.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"^(\S+==[^\s\\]+(?: ; [^\\\n]+?)?) *\\?$", re.MULTILINE)
TEMPLATE = """\
# Made by `course.py lock`; do not edit. The versions are those of requirements.lock.
name: vae-course
channels:
  - conda-forge
dependencies:
  - python=3.12
  - pip
  - pip:
{pins}
    - -e .
"""


def pins(text: str) -> list[str]:
    """The pins of a lock as `name==version` or `name==version ; marker`, without their hashes."""
    return PIN.findall(text)


if __name__ == "__main__":
    lock = (ROOT / "requirements.lock").read_text()
    lines = "\n".join(f"    - {pin}" for pin in pins(lock))
    (ROOT / "environment.yml").write_text(TEMPLATE.format(pins=lines), newline="\n")
