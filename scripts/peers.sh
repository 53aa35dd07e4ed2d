#!/bin/sh
# Puts PyTorch and Flax into .venv/peers, as scripts/peers.txt says. Only who names that folder in PYTHONPATH sees them:
# the course and its lock stay as they are. Does nothing when they are there and fit; they go when .venv is built again.
set -eu
cd "$(dirname "$0")/.."

peers=.venv/peers
stamp=$peers/made-from # the list that they were installed from; written last
log=.venv/peers.log

fail() { echo "The peers are not installed: $* What pip said is in $log." >&2; exit 1; }

made_from=$(cksum <scripts/peers.txt)
[ "$(cat $stamp 2>/dev/null)" != "$made_from" ] || exit 0

echo "PyTorch and Flax are fetched into $peers, once: 200 MB, a minute or two."
rm -rf $peers
if ! .venv/bin/python -m pip install --no-deps --target $peers --progress-bar off --disable-pip-version-check \
    -r scripts/peers.txt >$log 2>&1; then
    grep -Eqi 'connection broken|from versions: none|timed out|ConnectionError|IncompleteRead' $log &&
        fail "the packages could not be downloaded. The same command again tries once more."
    fail "$(grep ERROR $log | tail -n 1)"
fi
PYTHONPATH=$peers .venv/bin/python -m pip check >>$log 2>&1 || fail "they do not fit the course's own packages."
echo "$made_from" >$stamp
