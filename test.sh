#!/usr/bin/env bash
# Runs the tests, a file of them on each core, and one more as many only wait. Alone: those that take about a minute.
# --all: every one, some 20 minutes. Other arguments go to pytest, over all of them (-n 0: one after the other, as --pdb
# wants it).
# Tests whose tools (tshark, tmux, nginx ...) are absent say so and are skipped.
set -eu
. "$(dirname "$(readlink -f "$0")")/tools/prepare.sh"
ready test
cd "$ROOT"
case ${1:-} in
    "") set -- --quick ;;
    --all) shift ;;
esac
exec "$VENV/bin/python" -m pytest -n "$(($(nproc) + 1))" --dist loadfile --no-loadscope-reorder "$@"
