"""For pytest: what examples in docstrings may name, each notebook's cells once more, backwards, and how the
tests are shared out to the workers.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

NOTEBOOKS = [path.stem for path in (Path(__file__).parent / "notebooks").glob("*.ipynb")]
LONG = ("tests/browser/", "tests/website/test_in_browsers.py")


@pytest.fixture(autouse=True)
def example_names(doctest_namespace):
    """`jax` and `jnp`, as in every notebook."""
    doctest_namespace.update(jax=jax, jnp=jnp)


def pytest_collection_modifyitems(config, items):
    """After a notebook's last cell nbval runs each once more, from bottom to top, in the same kernel.

    For a reader may run any cell again after Run All: with the same outcome, and no error.
    """
    if not config.getoption("nbval", False):  # lax runs compare nothing, so they would see less
        return
    for last in [i for i, item in enumerate(items) if _ends_a_notebook(items, i)][::-1]:
        notebook = items[last].parent
        cells = [item for item in items if item.parent is notebook]
        items[last + 1 : last + 1] = [_again(cell) for cell in cells[::-1]]


def _ends_a_notebook(items, i):
    is_cell = items[i].path.suffix == ".ipynb"
    return is_cell and (i + 1 == len(items) or items[i + 1].parent is not items[i].parent)


def _again(item):
    what = {"cell_num": item.cell_num, "cell": item.cell, "options": item.options}
    return type(item).from_parent(item.parent, name=f"{item.name}, again", **what)


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
