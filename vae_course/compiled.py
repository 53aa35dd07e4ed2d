"""What XLA has compiled is kept in a folder, so that nobody waits for it twice: JAX's persistent cache.

JAX's key of a program holds the versions of JAX and XLA and the features of the processor. So a folder that
was carried to another kind of processor does no harm there, and is of no use.

JAX's own limit of size is not used: it looks at all entries whenever it writes one, under a lock.
"""

import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import jax
import jaxlib
import platformdirs

NAME = "vae_course_compiled"
LIMIT = 500e6  # bytes; all notebooks together need 13 MB
A_MINUTE = 60  # s: an entry that is younger may still be being written, by another kernel
JAX_WARNS = "Error (reading|writing) persistent compilation cache entry for '(.*?)': (.*)"


def keep() -> None:
    """Switch the cache on, unless somebody has configured one, or has switched it off."""
    config: Any = jax.config  # its options are attributes that mypy does not know
    if config.jax_compilation_cache_dir is not None or not config.jax_enable_compilation_cache:
        return
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return _cannot_be_kept(folder, error.strerror)
    for other in folder.parent.iterdir():
        if other != folder:  # of another JAX
            shutil.rmtree(other, ignore_errors=True)
    _trim(folder, LIMIT)
    _watch(folder, config)
    config.update("jax_compilation_cache_dir", str(folder))
    config.update("jax_persistent_cache_min_compile_time_secs", 0)  # most programs are small
    config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _folder() -> Path:
    """In the environment, so that both go together; where that is read-only, with the user's caches."""
    inside = os.access(sys.prefix, os.W_OK)
    place = Path(sys.prefix) / NAME if inside else platformdirs.user_cache_path(NAME, appauthor=False)
    return place / f"jax-{jax.__version__}-jaxlib-{jaxlib.__version__}"


def _trim(folder: Path, limit: float) -> None:
    """Delete what was not used for longest, until `folder` holds at most `limit` bytes."""
    total = 0
    with contextlib.suppress(OSError):  # another kernel may be doing the same
        files = [(entry.stat(), entry) for entry in os.scandir(folder) if entry.is_file()]
        for status, entry in sorted(files, key=lambda file: file[0].st_atime, reverse=True):
            total += status.st_size
            if total > limit:
                os.unlink(entry)


def _watch(folder: Path, config: Any) -> None:
    """Say once what JAX warns of for each program, and mend what JAX leaves as it is."""
    shown, said = warnings.showwarning, set()

    def show(message, *where, **how):
        found = re.match(JAX_WARNS, str(message), re.DOTALL)
        if not found or config.jax_compilation_cache_dir != str(folder):
            return shown(message, *where, **how)
        what, program, reason = found.groups()
        with contextlib.suppress(OSError):
            if _mended(folder, what, program):
                return None
        if what not in said:
            said.add(what)
            (_cannot_be_read if what == "reading" else _cannot_be_kept)(folder, reason)

    warnings.showwarning = show
    warnings.filterwarnings("always", JAX_WARNS)


def _mended(folder: Path, what: str, program: str) -> bool:
    """Delete broken entries of `program`, for JAX keeps what is there. True if nothing need be said."""
    if not folder.exists():  # deleted while this kernel runs
        folder.mkdir(parents=True)
        return True
    entries = [path for path in folder.iterdir() if path.name.startswith(f"{program}-")]
    young = [path for path in entries if time.time() - path.stat().st_mtime < A_MINUTE]
    if what == "reading" and young:  # it is being written: this kernel compiles it as well
        return True
    for path in entries if what == "reading" else young:
        path.unlink(missing_ok=True)
    return False


def _cannot_be_read(folder, reason):
    print(
        f"Some compiled programs in {folder} cannot be read ({reason}), and are compiled again. "
        "If this comes back, delete that folder.",
        file=sys.stderr,
    )


def _cannot_be_kept(folder, reason):
    print(
        f"Compiled programs cannot be kept in {folder} ({reason}), so each kernel compiles again. "
        "Make room there, or name another folder in JAX_COMPILATION_CACHE_DIR.",
        file=sys.stderr,
    )
