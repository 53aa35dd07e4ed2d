"""The lists of dependencies say the same, and setup and checks say in one line what is missing."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import move_environment
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
UV_LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
ENVIRONMENT = (ROOT / "environment.yml").read_text()


def locked():
    """The lock's requirements: a list of (requirement, its hashes)."""
    blocks = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^ *#.*\n?", "", LOCK))
    return [
        (Requirement(block.split("\\")[0].strip()), set(re.findall(r"--hash=(sha256:\w+)", block)))
        for block in blocks
        if block.strip()
    ]


def files(package):
    """What uv.lock names for downloading a package: wheels, and the source if there is one."""
    return [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]


def wanted():
    project = PYPROJECT["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    return [Requirement(text) for text in project["dependencies"] + extras]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_every_dependency_is_locked_in_its_range(requirement):
    pins = [pin for pin, _ in locked() if canonicalize_name(pin.name) == canonicalize_name(requirement.name)]
    assert pins, f"{requirement} is not in requirements.lock: run `make lock`"
    for pin in pins:
        (exact,) = pin.specifier
        assert requirement.specifier.contains(exact.version), (
            f"{pin} is outside {requirement}: run `make lock`"
        )


def test_every_pin_is_exact_and_has_hashes():
    assert len(locked()) > 50
    for pin, hashes in locked():
        assert [s.operator for s in pin.specifier] == ["=="], pin
        assert hashes, f"{pin} has no hash"


def test_the_two_locks_agree():
    theirs = {
        (package["name"], f"=={package['version']}"): {file["hash"] for file in files(package)}
        for package in UV_LOCK["package"]
        if package["name"] != PYPROJECT["project"]["name"]
    }
    assert {(pin.name, str(pin.specifier)): hashes for pin, hashes in locked()} == theirs, "run `make lock`"


def test_uv_takes_packages_from_where_everybody_can():
    for package in UV_LOCK["package"]:
        assert package["source"] in ({"registry": "https://pypi.org/simple"}, {"editable": "."})
        for file in files(package):
            assert file["url"].startswith("https://files.pythonhosted.org/")


def test_uv_lock_is_made_from_this_pyproject():
    (course,) = [each for each in UV_LOCK["package"] if each["source"] == {"editable": "."}]
    asked = {(need["name"], need.get("specifier", "")) for need in course["metadata"]["requires-dist"]}
    assert asked == {(canonicalize_name(each.name), str(each.specifier)) for each in wanted()}


def test_environment_yml_has_the_pins_of_the_lock_and_the_course():
    *pins, course = re.findall(r"(?m)^    - (.+)$", ENVIRONMENT)
    assert course == "-e ."
    assert {str(Requirement(pin)) for pin in pins} == {str(pin) for pin, _ in locked()}, "run `make lock`"


def test_environment_yml_names_a_python_that_the_project_supports():
    (python,) = re.findall(r"(?m)^  - python=(\S+)$", ENVIRONMENT)  # one `=`: Binder reads nothing else
    assert python in {"3.11", "3.12", "3.13"}


def test_importing_the_tests_computes_nothing():
    """JAX is told of a device that does not exist, so that a first array anywhere is an error."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
    environment = os.environ | {"JAX_PLATFORMS": "nowhere"}
    result = subprocess.run(
        [*command, "--ignore=tests/browser"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, "\n".join(re.findall(r"(?m)^ERROR .*", result.stdout))


# Setup. Each test works in its own copy of the few files that setup reads, with fakes for what is missing.


@pytest.fixture
def copy(tmp_path):
    if sys.platform == "win32":
        pytest.skip("the scripts are for sh, which Windows lacks")
    folder = tmp_path / "the course"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def only_tools(tmp_path):
    """A PATH with what a shell script needs, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "cat", "cksum", "cp", "dirname", "grep", "mkdir", "mv", "rm", "tail", "tee"):
        (folder / tool).symlink_to(shutil.which(tool))
    return folder


def fake(folder, name, script):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def setup(copy, **environment):
    """Run the setup script; `None` takes a variable away."""
    merged = {k: v for k, v in (os.environ | {"PYTHON": ""} | environment).items() if v is not None}
    command = ["/bin/sh", "scripts/environment.sh"]
    return subprocess.run(command, cwd=copy, env=merged, capture_output=True, text=True, timeout=120)


def the_one_line(result):
    assert result.returncode != 0
    (line,) = result.stderr.splitlines()
    assert line.startswith("Setup stopped: ")
    return line


def test_no_python(copy, only_tools):
    line = the_one_line(setup(copy, PATH=str(only_tools)))
    assert "no Python found as 'python3'" in line
    assert "Install Python 3.11 or newer" in line


def test_python_too_old(copy, only_tools):
    pretend = "import sys, platform; sys.version_info = (3, 9, 2); platform.python_version = lambda: '3.9.2'"
    fake(only_tools, "python3", f"""exec '{sys.executable}' -c "{pretend}; $2" """)
    line = the_one_line(setup(copy, PATH=str(only_tools)))
    assert "'python3' is Python 3.9.2" in line
    assert "make lab PYTHON=/path/to/python3.12" in line
    assert not (copy / ".venv").exists()


def test_an_older_python_is_passed_over_for_a_newer_one(copy, only_tools):
    fake(only_tools, "python3", "exit 1")
    fake(
        only_tools, "python3.12", 'case "$2" in *ensurepip*) exit 1 ;; *exit*) exit 0 ;; *) echo 3.12 ;; esac'
    )
    assert "'python3.12' has no venv module" in the_one_line(setup(copy, PATH=str(only_tools)))


def test_the_python_that_was_asked_for_is_the_only_one_tried(copy, tmp_path):
    line = the_one_line(setup(copy, PYTHON=str(tmp_path / "nowhere")))
    assert f"no Python found as '{tmp_path / 'nowhere'}'" in line


def test_no_venv_module(copy, only_tools):
    fake(only_tools, "python3", 'case "$2" in *ensurepip*) exit 1 ;; *exit*) exit 0 ;; *) echo 3.11 ;; esac')
    line = the_one_line(setup(copy, PATH=str(only_tools)))
    assert "apt install python3.11-venv" in line


def test_no_network(copy):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": "/dev/null"}
    off = {"PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0", "PIP_FIND_LINKS": None, "PIP_EXTRA_INDEX_URL": None}
    result = setup(copy, PYTHON=sys.executable, **nowhere, **off)
    line = the_one_line(result)
    assert "needs the network" in line
    assert "running the same command again" in line
    assert "ERROR" in (copy / ".venv.new/setup.log").read_text()
    assert "ERROR" not in result.stdout
    assert not (copy / ".venv").exists()


def built(copy, only_tools):
    """A stand-in for pip that always works, so that only the script's own decisions are seen."""
    make = 'mkdir -p "$3/bin"; cp "$0" "$3/bin/python" 2>/dev/null || :'
    fake(only_tools, "python3", f'echo "$@" >>calls; case "$2" in venv) {make} ;; esac')
    return setup(copy, PATH=str(only_tools))


def calls(copy):
    """What the fake Python was asked since the last look."""
    text = (copy / "calls").read_text()
    (copy / "calls").unlink()
    return text


@pytest.fixture
def ready(copy, only_tools):
    first = built(copy, only_tools)
    assert first.returncode == 0, first.stderr
    asked = calls(copy)
    assert "--require-hashes -r requirements.lock" in asked
    assert "--no-deps --no-build-isolation --no-index -e ." in asked
    return copy


def test_the_second_time_nothing_is_done(ready, only_tools):
    again = built(ready, only_tools)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert "install" not in calls(ready)


@pytest.mark.parametrize("change", ["lock", "half", "broken"])
def test_built_again_when_it_does_not_fit(ready, only_tools, change):
    if change == "lock":
        (ready / "requirements.lock").write_text(LOCK + "\n")
    elif change == "half":
        (ready / ".venv/made-from").unlink()
    elif change == "broken":
        (ready / ".venv/bin/python").unlink()
    assert built(ready, only_tools).returncode == 0
    assert "--require-hashes" in calls(ready)


def test_when_the_folder_moved_its_paths_are_set_right_and_nothing_is_fetched(ready, only_tools):
    old, ready = ready, ready.rename(ready.with_name("else where"))
    assert built(ready, only_tools).returncode == 0
    asked = calls(ready)
    assert "--require-hashes" not in asked
    assert f"move_environment.py {old}/.venv {ready}/.venv" in asked
    assert "-e ." in asked
    assert built(ready, only_tools).stdout == ""


def test_an_environment_that_is_only_linked_here_is_left_as_it_is(ready, only_tools):
    elsewhere = ready.with_name("elsewhere")
    shutil.copytree(ready, elsewhere, ignore=shutil.ignore_patterns(".venv"))
    (elsewhere / ".venv").symlink_to(ready / ".venv")
    before = (ready / ".venv/made-from").read_text()
    built(elsewhere, only_tools)
    assert (ready / ".venv/made-from").read_text() == before
    assert not (elsewhere / ".venv").is_symlink()  # it has one of its own now


def test_the_old_environment_stays_until_the_new_one_is_there(ready, only_tools):
    (ready / "requirements.lock").write_text(LOCK + "\n")
    before = (ready / ".venv/made-from").read_text()
    fake(
        only_tools,
        "python3",
        'case "$2" in *exit* | *ensurepip*) exit 0 ;; *print*) echo 3.12 ;; *) exit 1 ;; esac',
    )
    line = the_one_line(setup(ready, PATH=str(only_tools)))
    assert "python3 -m venv" in line.replace("'", "")
    assert (ready / ".venv/made-from").read_text() == before
    assert (ready / ".venv/bin/python").exists()


OLD, NEW = "/the old/.venv", "/a new/place/.venv"
COMMANDS = {
    "plain": f"#!{OLD}/bin/python3.11\nimport a\n",
    "quoted": f"#!/bin/sh\n'''exec' \"{OLD}/bin/python\" \"$0\" \"$@\"\n' '''\nimport a\n",
    "long": f"#!/bin/sh\n'''exec' {OLD}/bin/python \"$0\" \"$@\"\n' '''\nimport a\n",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_command_of_a_moved_environment_finds_its_python(command):
    text = move_environment.moved(command, OLD, NEW)
    assert text.endswith("\n' '''\nimport a\n")
    assert f'"{NEW}/bin/python"' in text
    assert OLD not in text
    assert move_environment.moved(text, NEW, OLD) == COMMANDS["quoted"]  # and once more
    compile(text, "command", "exec")


@pytest.mark.parametrize("script", ["#!/bin/sh\necho\n", f"#!{OLD}er/bin/python\n", "# /the old/.venv\n"])
def test_other_scripts_of_a_moved_environment_stay_as_they_are(script):
    assert move_environment.moved(script, OLD, NEW) == script


def test_dates_do_not_matter(ready, only_tools):
    (ready / "requirements.lock").touch()
    built(ready, only_tools)
    assert "install" not in calls(ready)


def test_only_the_course_is_installed_again_when_only_pyproject_changed(ready, only_tools):
    (ready / "pyproject.toml").write_text("# changed")
    built(ready, only_tools)
    asked = calls(ready)
    assert "-e ." in asked
    assert "--require-hashes" not in asked


# PyTorch and Flax, with a stand-in for pip.


def peers(folder, install="", check=""):
    """Run their script; the arguments are what the stand-in for pip does, in Python."""
    shutil.copytree(ROOT / "scripts", folder / "scripts", dirs_exist_ok=True)
    (folder / "fake").mkdir(exist_ok=True)
    note = "import pathlib, sys\nwith open('calls', 'a') as calls:\n    print(*sys.argv[1:], file=calls)\n"
    make = "pathlib.Path('peers').mkdir()"
    does = f"if 'check' in sys.argv:\n    {check or 'pass'}\nelse:\n    {make}\n    {install or 'pass'}\n"
    (folder / "fake/pip.py").write_text(note + does)
    environment = os.environ | {"PYTHONPATH": str(folder / "fake")}
    command = [sys.executable, "scripts/peers.py", "peers"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_peers_are_fetched_once_apart_and_without_their_dependencies(tmp_path):
    assert peers(tmp_path).returncode == 0
    asked = calls(tmp_path)
    assert "install --no-deps " in asked
    assert "--target=peers " in asked
    assert peers(tmp_path, "sys.exit(1)").returncode == 0
    assert not (tmp_path / "calls").exists()
    (tmp_path / "peers/made-from").write_text("another list")
    assert peers(tmp_path).returncode == 0
    assert "install" in calls(tmp_path)


@pytest.mark.parametrize(
    ("pip", "says"),
    [
        ("sys.exit('ERROR: No matching distribution (from versions: none)')", "could not be downloaded"),
        ("sys.exit('ERROR: no space left')", "ERROR: no space left"),
    ],
)
def test_peers_that_cannot_be_fetched_are_said_and_tried_again(tmp_path, pip, says):
    for _ in range(2):
        result = peers(tmp_path, pip)
        assert result.returncode == 1
        (line,) = result.stderr.splitlines()
        assert line.startswith("The peers are not installed: ")
        assert says in line
        assert "install" in calls(tmp_path)


def test_peers_that_do_not_fit_the_course_are_said(tmp_path):
    result = peers(tmp_path, check="sys.exit(1)")
    assert result.returncode == 1
    assert "they do not fit the course's own packages" in result.stderr


# The front end's checks, with a stand-in for npm.


def front_end(copy, npm, lock="{}"):
    """Run its script; `npm` is what the stand-in does, None for no npm at all."""
    (copy / "package-lock.json").write_text(lock)
    folder = copy.with_name("bin")
    if npm:
        fake(folder, "npm", f'echo "$@" >>calls\n{npm}')
    command = [sys.executable, "scripts/frontend.py"]
    environment = os.environ | {"PATH": str(folder)}
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=120)


def test_without_npm_the_front_end_is_skipped(copy, only_tools):
    result = front_end(copy, npm=None)
    assert result.returncode == 0
    (line,) = result.stdout.splitlines()
    assert "not checked: there is no npm" in line


def test_without_a_network_the_front_end_is_skipped_and_tried_again(copy, only_tools):
    for _ in range(2):
        result = front_end(copy, 'echo "npm error code ENOTFOUND"; exit 1')
        assert result.returncode == 0
        (line,) = result.stdout.splitlines()
        assert "not checked: its packages could not be downloaded" in line
        assert "ci" in calls(copy)


def test_a_lock_that_does_not_fit_is_an_error(copy, only_tools):
    result = front_end(copy, 'echo "npm error the lock file does not fit package.json"; exit 1')
    assert result.returncode == 1
    assert "does not fit package.json" in result.stderr


def test_npm_installs_once_and_again_after_the_lock_changed(copy, only_tools):
    asked = []
    for lock in ("{}", "{}", "{ }"):
        assert front_end(copy, "exit 0", lock).returncode == 0
        asked.append([line.split()[0] for line in calls(copy).splitlines()])
    assert asked == [["ci", "run"], ["run"], ["ci", "run"]]


def test_what_the_front_ends_check_finds_fails(copy, only_tools):
    assert front_end(copy, '[ "$1" = ci ]').returncode == 1


# course.py, which make and uv call.


@pytest.fixture
def course():
    spec = importlib.util.spec_from_file_location("course", ROOT / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_command_is_described_and_a_target_of_make(course):
    assert re.findall(r"(?m)^([a-z]+)  ", course.__doc__) == list(course.COMMANDS)
    (targets,) = re.findall(r"(?m)^COMMANDS = (.*)$", (ROOT / "Makefile").read_text())
    assert targets.split() == list(course.COMMANDS)


@pytest.mark.parametrize(
    ("command", "how"), [("lab", "uv run course.py"), ("unit", "uv run --extra dev course.py")]
)
def test_a_python_without_the_packages_says_how_to_get_them(command, how):
    bare = [sys.executable, "-I", "-S", ROOT / "course.py", command]
    result = subprocess.run(bare, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "is not installed for this Python" in line
    assert f"{how} {command}, or: make {command}" in line


def test_a_word_that_is_no_command_is_said(course, capsys):
    with pytest.raises(SystemExit, match="no command 'labs'"):
        course.main("labs")
    assert "open JupyterLab" in capsys.readouterr().out


def test_what_fails_ends_the_command_with_its_status(course):
    course.python("-c", "")
    with pytest.raises(SystemExit) as error:
        course.python("-c", "import sys; sys.exit(3)")
    assert error.value.code == 3


def test_only_tests_and_measurements_are_told_that_nobody_reads(course):
    told = [command for command in course.COMMANDS if "CI" in course.variables(command)]
    assert told == ["unit", "test", "notebooks", "card", "peers", "bench"]


def test_every_link_to_the_course_is_the_one_of_pyproject():
    source = PYPROJECT["project"]["urls"]["Source"]
    *_, owner, name = source.split("/")
    places = (
        source,
        source.replace("github.com", "colab.research.google.com/github"),
        f"https://{owner}.github.io/{name}/",
    )
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "notebooks").glob("*.*")]
    link = re.compile(r"https://[^\s()\"\\<>]*vae-course[^\s()\"\\<>]*")
    found = [each for page in pages for each in link.findall(page.read_text(encoding="utf-8"))]
    assert found
    assert not [link for link in found if not link.startswith(places)]
