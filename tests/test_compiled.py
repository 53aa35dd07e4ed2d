"""What XLA has compiled is found again by the next kernel; whatever is wrong with the folder is said once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vae_course import compiled

# Imports the course in an environment that is at `argv[1]`, runs two programs, and says how many were found.
PROGRAM = """
import sys
sys.prefix = sys.argv[1]
import vae_course
import jax
found = []
jax.monitoring.register_event_listener(lambda name, **_: found.append(name))
two = [jax.jit(lambda x: x * 2 + 1)(3.0).item(), jax.jit(lambda x: x * 3 + 1)(3.0).item()]
print(two, sum(name.endswith("cache_hits") for name in found), jax.config.jax_compilation_cache_dir)
"""


def results(prefix, **variables):
    """What the program prints: its two numbers and hits, the folder; and what was said besides."""
    left_out = ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "PYTHONWARNINGS")
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | variables
    command = [sys.executable, "-c", PROGRAM, str(prefix)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    numbers, _, rest = done.stdout.strip().rpartition("] ")
    hits, folder = rest.split(" ", 1)
    assert numbers == "[7.0, 10.0"
    return int(hits), folder, done.stderr.strip()


def entries(prefix):
    return sorted((prefix / compiled.NAME).glob("*/*-cache"))


def test_the_next_kernel_finds_it_and_a_broken_entry_is_said_once_and_mended(tmp_path):
    hits, folder, said = results(tmp_path)
    assert (hits, said) == (0, "")
    assert Path(folder).parent == tmp_path / compiled.NAME
    written = entries(tmp_path)
    assert len(written) >= 2
    assert results(tmp_path)[::2] == (len(written), "")

    for entry in written:
        entry.write_bytes(entry.read_bytes()[:100])
        os.utime(entry, (1e9, 1e9))
    hits, _, said = results(tmp_path)
    assert hits == 0
    assert said.count("\n") == 0
    assert said.startswith(f"Some compiled programs in {folder} cannot be read")
    assert results(tmp_path)[::2] == (len(written), "")


def test_an_entry_that_is_just_being_written_is_no_news(tmp_path):
    results(tmp_path)
    for entry in entries(tmp_path):
        entry.write_bytes(b"")
    assert results(tmp_path)[::2] == (0, "")


def test_where_nothing_can_be_written_the_course_works_without(tmp_path):
    (tmp_path / compiled.NAME).write_text("a file where the folder should be")
    hits, folder, said = results(tmp_path)
    assert (hits, folder) == (0, "None")
    assert said.count("\n") == 0
    assert said.startswith(f"Compiled programs cannot be kept in {tmp_path / compiled.NAME}")


@pytest.mark.parametrize(
    "variables", [{"JAX_COMPILATION_CACHE_DIR": "mine"}, {"JAX_ENABLE_COMPILATION_CACHE": "false"}]
)
def test_who_has_configured_it_keeps_that(tmp_path, variables):
    wanted = {name: str(tmp_path / value) if value == "mine" else value for name, value in variables.items()}
    _, folder, _ = results(tmp_path, **wanted)
    assert folder == wanted.get("JAX_COMPILATION_CACHE_DIR", "None")
    assert not (tmp_path / compiled.NAME).exists()


def test_what_another_jax_has_left_is_deleted(tmp_path):
    other = tmp_path / compiled.NAME / "jax-0.1.2-jaxlib-0.1.1"
    other.mkdir(parents=True)
    (other / "program-cache").write_bytes(b"old")
    results(tmp_path)
    assert not other.exists()
    assert entries(tmp_path)


def test_it_is_bounded_and_what_was_not_used_for_longest_goes_first(tmp_path):
    for age in range(5):
        (tmp_path / f"{age}-cache").write_bytes(bytes(10))
        os.utime(tmp_path / f"{age}-cache", (1e9 - age, 1e9))
    compiled.trim(tmp_path, 35)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0-cache", "1-cache", "2-cache"]
    compiled.trim(tmp_path, 35)
    assert len(list(tmp_path.iterdir())) == 3
