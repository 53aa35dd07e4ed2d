"""For pytest: what examples in docstrings may name, and how the tests are shared out to the workers."""

from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

NOTEBOOKS = [path.stem for path in (Path(__file__).parent / "notebooks").glob("*.ipynb")]
LONG = ("tests/browser/", "tests/notebooks/test_again")


@pytest.fixture(autouse=True)
def example_names(doctest_namespace):
    """`jax` and `jnp`, as in every notebook."""
    doctest_namespace.update(jax=jax, jnp=jnp)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A worker takes a whole module, or one notebook of those that are long: see LONG."""
    if config.getoption("dist") != "loadscope":
        return None  # xdist's own for what was asked for instead
    from xdist.scheduler import LoadScopeScheduling  # not there when pytest runs without xdist

    class ByNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            notebook = next((name for name in NOTEBOOKS if f"[{name}" in nodeid), "")
            return super()._split_scope(nodeid) + notebook * nodeid.startswith(LONG)

    return ByNotebook(config, log)
