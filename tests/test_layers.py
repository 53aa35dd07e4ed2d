"""The layout is a contract: an import that points the wrong way makes `make lint` fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint(['--no-cache', '--no-logo'])"


def lint(folder):
    command = [sys.executable, "-c", LINT_IMPORTS]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture
def copy(tmp_path):
    without_data = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(ROOT / "vae_course", tmp_path / "vae_course", ignore=without_data)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_points_the_right_way():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("data", "from vae_course import elbo", "the lecture,"),
        ("models", "from vae_course import fit", "the lecture,"),  # by way of the package's __init__
        ("losses", "from vae_course.teaching.checked import claim", "the lecture,"),
        ("a_new_room", "import jax", "the lecture,"),  # until it has its place in the list
        ("marginal/sampling", "from vae_course.marginal.grid import latent_grid", "log p(x)"),
        ("samples", "def draw():\n    import matplotlib.pyplot as plt", "the lecture draws nothing"),
        ("teaching/figures/style", "from vae_course.teaching import explorer", "what shows and asks"),
        (
            "teaching/exercises/__init__",
            "from vae_course.teaching import figures",
            "exercises draw no figures",
        ),
        ("teaching/exercises/__init__", "from vae_course.teaching import explorer", "what shows and asks"),
    ],
)
def test_a_wrong_import_is_found(copy, room, line, contract):
    with (copy / f"vae_course/{room}.py").open("a") as file:
        file.write(f"\n{line}\n")
    result = lint(copy)
    assert result.returncode == 1, result.stderr
    broken = [line for line in result.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), broken
