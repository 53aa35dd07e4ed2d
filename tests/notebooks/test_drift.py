"""No drift: a function is learned in one notebook, then imported; whatever the package offers is used."""

import ast
import importlib
import inspect
import json
import re
from collections import defaultdict
from pathlib import Path
from types import ModuleType

from vae_course.teaching import exercises

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SCRIPTS = [*sorted((ROOT / "scripts").glob("*.py")), *sorted((ROOT / "website").glob("*.py"))]  # `make` calls
FILES = sorted((ROOT / "vae_course").glob("**/*.py"))
# The one-sheet names each loss, and the catalogue of exercises what its inputs and mistakes are made of.
TEXTS = (ROOT / "notebooks" / "one_sheet.md").read_text() + "".join(
    path.read_text() for path in sorted((ROOT / "vae_course").glob("**/*.toml"))
)


def code_of(path):
    """A notebook's code as one tree."""
    cells = json.loads(path.read_text())["cells"]
    return ast.parse("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))


def room(path):
    """The module that a file of the package is."""
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def home(thing):
    """Where a function or a class of ours is defined, as (room, name); None for all else."""
    where = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    return where if callable(thing) and where[1] and str(where[0]).startswith("vae_course.") else None


def offered(module):
    """The home of each public function and class that a room defines."""
    public = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    homes = {home(getattr(module, name)) for name in public} - {None}
    return {(where, name) for where, name in homes if where == module.__name__}


def used(tree):
    """The home of each of our functions and classes that a piece of code names, by import or by attribute."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            ours = [alias for alias in node.names if alias.name.split(".")[0] == "vae_course"]
            for alias in ours:
                name = alias.name if alias.asname else "vae_course"
                names[alias.asname or name] = importlib.import_module(name)
        elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "vae_course":
            for alias in node.names:
                names[alias.asname or alias.name] = imported(node.module, alias.name)
    attributes = [named(node, names) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {home(thing) for thing in [*names.values(), *attributes]} - {None}


def imported(module, name):
    """What `from module import name` brings."""
    module = importlib.import_module(module)
    return (
        getattr(module, name)
        if hasattr(module, name)
        else importlib.import_module(f"{module.__name__}.{name}")
    )


def named(node, names):
    """What `a` or `a.b.c` stands for, if it is ours."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    owner = named(node.value, names) if isinstance(node, ast.Attribute) else None
    return getattr(owner, node.attr, None) if isinstance(owner, ModuleType) else None


def test_no_name_is_defined_in_two_notebooks():
    notebooks = defaultdict(list)
    for path in NOTEBOOKS:
        defined = {n.name for n in code_of(path).body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
        for name in defined:
            notebooks[name].append(path.stem[:2])
    twice = {name: where for name, where in sorted(notebooks.items()) if len(where) > 1}
    assert not twice, "define it where it is learned, and import it from vae_course afterwards"


def classes_named(module, tree):
    """The home of each class that a room itself names: as what its functions return or raise."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {home(thing) for name, thing in vars(module).items() if name in names and isinstance(thing, type)}


def test_whatever_the_package_offers_is_used_by_a_notebook_a_script_or_another_room():
    rooms = {room(path): ast.parse(path.read_text()) for path in FILES if path.name != "__init__.py"}
    unused = set().union(*map(offered, rooms))
    for path in NOTEBOOKS:
        unused -= used(code_of(path))
    for path in SCRIPTS:
        unused -= used(ast.parse(path.read_text()))
    unused -= {home(inspect.unwrap(getattr(exercises, name).library)) for name in exercises.__all__}
    unused -= {(where, name) for where, name in unused if re.search(rf"\b{name}\b", TEXTS)}
    for module, tree in rooms.items():  # a package's `__init__` only passes names on
        unused -= {(where, name) for where, name in used(tree) if where != module.__name__}
        unused -= classes_named(module, tree)
    assert not sorted(unused), "use it, make it private, or delete it"
