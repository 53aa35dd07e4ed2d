"""What holds for every unit test, and the browser for those that need one."""

import contextlib
import os
import shutil

import jax
import pytest

# A mistake in shapes shows up as silent broadcasting more often than as an error.
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_debug_nans", False)
# Much is compiled here to be run once, on small arrays: without optimising, that takes a seventh less time.
jax.config.update("jax_disable_most_optimizations", True)

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A second way to write machine code, which takes half the time for programs as small as ours.
QUICKER = "--xla_cpu_use_fusion_emitters=false"
QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")


@pytest.fixture(scope="session", autouse=True)
def quick_to_compile():
    """For the tests themselves: a kernel or a script that one starts compiles as a reader's does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XLA_FLAGS", f"{os.environ.get('XLA_FLAGS', '')} {QUICKER}")
        jax.devices()  # reads it, once


@pytest.fixture(scope="session")
def chromium():
    """`with chromium() as browser:` opens a real one. Without one the test is skipped, or fails in CI."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        reason = f"no browser: none of {', '.join(CHROMIUM)} is on the PATH"
        pytest.fail(reason) if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip(reason)
    arguments = [*QUIET, "--no-first-run", *(["--no-sandbox"] if os.geteuid() == 0 else [])]

    @contextlib.contextmanager
    def launched():
        from playwright.sync_api import sync_playwright  # most tests need none

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=arguments)
            yield browser
            browser.close()

    return launched


@pytest.fixture(scope="module")
def browser(chromium):
    """A real Chromium, closed at the end of each file: beside it neither another nor asyncio.run works."""
    with chromium() as browser:
        yield browser
