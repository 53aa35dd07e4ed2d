#!/bin/sh
# Opens JupyterLab on the first notebook, in the reader's own copy. If the usual port is taken, JupyterLab looks
# for the next one. How it looks and what it does by itself stands in scripts/jupyterlab.
set -eu
cd "$(dirname "$0")/.."

.venv/bin/python scripts/own_copy.py

set -- --LabApp.default_url=/lab/tree/my_notebooks/00_start_here.ipynb \
    --LabApp.app_settings_dir=scripts/jupyterlab \
    --LabApp.custom_css=True --ServerApp.tornado_settings="{'static_custom_path': ['scripts/jupyterlab']}" \
    --ServerApp.log_level=ERROR --LabApp.log_level=ERROR --ServerApp.answer_yes=True "$@"
if [ "$(id -u)" = 0 ]; then
    set -- "$@" --allow-root
fi
# Without a screen there may still be a text browser, and it would take over the terminal.
if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    set -- "$@" --no-browser
    echo "There is no screen here: open the address below that begins with http://localhost in a browser."
fi
echo "JupyterLab is starting. Ctrl-C in this window ends it; save your notebooks before."
exec .venv/bin/python -m jupyterlab "$@"
