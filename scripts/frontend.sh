#!/bin/sh
# Checks the explorer's JavaScript and CSS: `npm run check`. The course itself needs no node, so where there is none,
# or no network to fetch its packages, one line says so and that is all.
set -eu
cd "$(dirname "$0")/.."

log=node_modules/.setup.log
stamp=node_modules/.made-from # the lock that node_modules was installed from; written last

skip() { echo "The front end is not checked: $*"; exit 0; }

[ -e package.json ] || skip "there is no package.json."
command -v npm >/dev/null || skip "there is no npm here; it comes with node (https://nodejs.org)."

made_from="$(cksum <package-lock.json)"
if [ "$(cat $stamp 2>/dev/null)" != "$made_from" ]; then
    # npm empties node_modules, so what it says is kept in a variable until it is done.
    said=$(npm ci --no-audit --no-fund 2>&1) && worked=yes || worked=no
    mkdir -p node_modules
    echo "$said" >$log
    if [ $worked = no ]; then
        echo "$said" | grep -Eq 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|ENETUNREACH' &&
            skip "its packages could not be downloaded. What npm said is in $log."
        echo "npm ci failed: what it said is in $log, at its end:" "$(echo "$said" | grep -i error | tail -n 1)" >&2
        exit 1
    fi
    echo "$made_from" >$stamp
fi
npm run --silent check
