#!/usr/bin/env bash
# Runs netwatch from this checkout, with any arguments. The first start installs and compiles what it needs.
set -eu
. "$(dirname "$(readlink -f "$0")")/tools/prepare.sh"
ready ""
# -P: nothing is imported from the current folder, which may be anybody's when this runs as root
exec "$VENV/bin/python" -P -m netwatch "$@"
