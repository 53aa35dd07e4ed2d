"""What was compiled is found again by the next process. With whatever folder, the course works.

Each test has an environment of its own, an empty folder as `sys.prefix`, and each program is a new process.
"""

import os
import subprocess
import sys
import time

import pytest

from vae_course import compiled

PROGRAM = """
import sys
sys.prefix = sys.argv[1]
{before}
import collections
import jax
events = collections.Counter()
jax.monitoring.register_event_listener(lambda event, **more: events.update([event.rsplit("/")[-1]]))
{keep}
import jax.numpy as jnp
for n in 1, 2, 3:
    {within}
    total = float(jnp.sum(jax.jit(jnp.sin)(jnp.arange(n * 1.0))))
    assert abs(total - [0, 0.8414710, 1.7507684][n - 1]) < 1e-6
print(events["cache_hits"], events["cache_misses"])
"""


ROOM_ALONE = f"import runpy; runpy.run_path({compiled.__file__!r})['keep']()"  # soon imported


def start(prefix, before="", keep=ROOM_ALONE, within="", **variables):
    """A new process that computes a little; by default nothing is configured."""
    kept = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    program = PROGRAM.format(before=before, keep=keep, within=within)
    return subprocess.Popen(
        [sys.executable, "-c", program, str(prefix)],
        env=kept | {"JAX_PLATFORMS": "cpu"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process):
    """(found, newly compiled, what it said), of a process that did not fail."""
    out, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return *map(int, out.split()), said


def folder(prefix):
    (found,) = (prefix / compiled.NAME).iterdir()
    return found


def make_old(found):
    before = time.time() - 2 * compiled.A_MINUTE
    for path in found.iterdir():
        os.utime(path, (before, before))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """An environment in which one process has run; what another JAX had left is gone."""
    prefix = tmp_path_factory.mktemp("environment")
    other = prefix / compiled.NAME / "jax-0.1-jaxlib-0.1"
    other.mkdir(parents=True)
    (other / "jit_f-1-cache").touch()
    found, new, said = ended(start(prefix))
    assert (found, said) == (0, "")
    assert new == len(list(folder(prefix).iterdir())) > 3
    return prefix


def test_the_next_process_compiles_nothing(filled):
    n = len(list(folder(filled).iterdir()))
    assert ended(start(filled, keep="import vae_course")) == (n, 0, "")


def test_what_somebody_has_configured_or_switched_off_stays(tmp_path):
    theirs, ours = tmp_path / "theirs", tmp_path / "environment"
    ours.mkdir()
    ended(start(ours, JAX_COMPILATION_CACHE_DIR=str(theirs)))
    assert theirs.is_dir()
    assert ended(start(ours, JAX_ENABLE_COMPILATION_CACHE="false")) == (0, 0, "")
    assert not list(ours.iterdir())


def test_an_environment_that_cannot_be_written_leaves_it_to_the_users_own_folder(tmp_path):
    there = f"lambda name, **more: pathlib.Path({str(tmp_path)!r}, name)"
    point_there = f"import pathlib, platformdirs; platformdirs.user_cache_path = {there}"
    _, new, said = ended(start(tmp_path / "nowhere", point_there))
    assert said == ""
    assert new == len(list(folder(tmp_path).iterdir())) > 3


def test_broken_entries_are_said_once_and_mended(filled):
    files = sorted(folder(filled).iterdir())
    for number, path in enumerate(files):
        path.write_bytes([path.read_bytes()[:-9], b"", b"no program"][number % 3])
    make_old(folder(filled))
    found, new, said = ended(start(filled))
    assert (found, new) == (0, len(files))
    (line,) = said.splitlines()
    assert f"in {folder(filled)} cannot be read" in line
    assert line.endswith("delete that folder.")
    assert ended(start(filled)) == (len(files), 0, "")


def test_an_entry_that_is_being_written_is_nobodys_fault(filled):
    files = sorted(folder(filled).iterdir())
    whole = {path: path.read_bytes() for path in files}
    files[0].write_bytes(whole[files[0]][:-9])
    assert ended(start(filled)) == (len(files) - 1, 1, "")
    for path, content in whole.items():
        path.write_bytes(content)
    assert ended(start(filled)) == (len(files), 0, "")


def test_several_at_once_on_an_empty_folder(tmp_path):
    together = [start(tmp_path) for _ in range(2)]
    assert [said for *_, said in map(ended, together)] == ["", ""]
    assert ended(start(tmp_path))[1:] == (0, "")


def test_a_file_in_the_folders_place(tmp_path):
    (tmp_path / compiled.NAME).write_text("not a folder")
    found, new, said = ended(start(tmp_path))
    assert (found, new) == (0, 0)
    (line,) = said.splitlines()
    assert f"cannot be kept in {tmp_path / compiled.NAME}" in line
    assert line.endswith("JAX_COMPILATION_CACHE_DIR.")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_a_full_disk(tmp_path):
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))"
    _, new, said = ended(start(tmp_path, within=small))
    assert new > 3
    (line,) = said.splitlines()
    assert f"cannot be kept in {folder(tmp_path)} (OSError: " in line
    assert not list(folder(tmp_path).iterdir())  # nothing half written


def test_the_folder_may_be_deleted_at_any_time(tmp_path):
    delete = "import shutil; shutil.rmtree(jax.config.jax_compilation_cache_dir, ignore_errors=True)"
    *_, said = ended(start(tmp_path, within=delete))
    assert said == ""
    assert list(folder(tmp_path).iterdir())


def test_trimming_deletes_what_was_not_used_for_longest(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}").write_bytes(bytes(100))
        os.utime(tmp_path / f"{number}", (1e9 + (number + 2) % 5, 1e9 + number))  # used, written
    compiled._trim(tmp_path, 300)
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1", "2"}
