#!/bin/sh
# Makes .venv from requirements.lock, with this course installed in it. Does nothing when it is there and fits.
# It is built again when the lock changed or its Python is gone, beside the old one, which goes when the new one is
# complete. If only the folder moved, its paths are set right. It does not look at dates.
set -eu
cd "$(dirname "$0")/.."

new=.venv.new
stamp=.venv/made-from         # what .venv was built from, and where; written last, so half a .venv has none
course_stamp=.venv/installed  # the pyproject.toml that vae_course was installed with

fail() { echo "Setup stopped: $*" >&2; exit 1; }
version() { "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

works() {
    .venv/bin/python -c 'import pip' 2>/dev/null || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version "$PYTHON")" = "$(version .venv/bin/python)" ]
}

# What names the folder: `activate`, the first line of each command, and where vae_course is.
set_paths() {
    { .venv/bin/python -m venv .venv --without-pip && .venv/bin/python scripts/move_environment.py "$1" "$PWD/.venv"; } \
        >>.venv/setup.log 2>&1 || fail "the paths in .venv could not be set right. What was said is in .venv/setup.log."
    rm -f $course_stamp
    echo "$lock $PWD" >$stamp
}

find_python() {
    for python in ${PYTHON:+"$PYTHON"} ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if new_enough "$python"; then return; fi
    done
    python=${PYTHON:-python3}
    another='make lab PYTHON=/path/to/python3.12'
    found=$(version "$python") || fail "no Python found as '$python'. Install Python 3.11 or newer" \
        "(Debian, Ubuntu: apt install python3 python3-venv), or name one: $another"
    fail "this course needs Python 3.11 or newer, and '$python' is Python $found. Name another: $another"
}

# Runs pip in an environment, its words in the log and a dot for each package. A pipe hides its status, hence the file.
run_pip() {
    venv=$1 log=$1/setup.log
    shift
    rm -f $venv/pip-worked
    { $venv/bin/python -m pip install --no-user --progress-bar off --disable-pip-version-check "$@" 2>&1 &&
        : >$venv/pip-worked; } |
        tee -a $log | while read -r line; do case $line in Collecting* | Processing*) printf . ;; esac; done
    echo
    [ -e $venv/pip-worked ] && return
    if grep -Eqi 'connection broken|from versions: none|timed out|ConnectionError|IncompleteRead' $log; then
        fail "the packages could not be downloaded. The first setup needs the network; running the same command" \
            "again goes on from here. What pip said is in $log."
    fi
    fail "pip could not install the packages. What it said is in $log, at its end:" "$(grep ERROR $log | tail -n 1)"
}

lock=$(cksum <requirements.lock)
made_from=$(cat $stamp 2>/dev/null) || made_from=
if works && [ "$made_from" = "$lock $PWD" ]; then
    :
elif works && [ ! -L .venv ] && [ "${made_from#"$lock" /}" != "$made_from" ]; then
    echo "The folder has moved: the paths in .venv are set right."
    set_paths "${made_from#"$lock" }/.venv"
else
    find_python
    "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "'$python' has no venv module. Debian, Ubuntu:" \
        "apt install python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv (as root)," \
        "then the same command again."
    echo "Setting up .venv with Python $(version "$python"), once. This takes about a minute."
    rm -rf $new
    mkdir $new
    "$python" -m venv $new >$new/setup.log 2>&1 ||
        fail "'$python -m venv $new' failed. What it said is in $new/setup.log."
    # The lock is complete. Where it names no extra (coverage[toml]), pip would look for one that has no hash.
    run_pip $new --no-deps --require-hashes -r requirements.lock
    rm -rf .venv.old
    [ ! -e .venv ] || mv .venv .venv.old
    mv $new .venv
    rm -rf .venv.old
    set_paths "$PWD/$new"
fi

course="$(cksum <pyproject.toml)"
if [ "$(cat $course_stamp 2>/dev/null)" != "$course" ]; then
    run_pip .venv --no-deps --no-build-isolation --no-index -e . >/dev/null
    echo "$course" >$course_stamp
    echo "The environment in .venv is ready."
fi
