#!/usr/bin/env bash
# Runs the tests; arguments go to pytest. Tests whose tools (tshark, tmux, nginx ...) are absent say so and are skipped.
set -eu
. "$(dirname "$(readlink -f "$0")")/tools/prepare.sh"
ready test
cd "$ROOT"
exec "$VENV/bin/python" -m pytest "$@"
