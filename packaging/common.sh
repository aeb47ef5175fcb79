# shellcheck shell=bash
# Sourced by the scripts beside it: where things are, which version it is, what is needed.
# What they make is in dist/, what they need meanwhile in .build/.

set -euo pipefail
ROOT=$(cd -P "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
DIST=$ROOT/dist
export BUILD=$ROOT/.build
cd "$ROOT"
VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
# the same sources give the same bits, whenever they are built
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y pyproject.toml)}
export SOURCE_DATE_EPOCH PYTHONHASHSEED=0 LC_ALL=C.UTF-8 TZ=UTC
umask 022

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
fail() { say "$@"; exit 1; }

# needs COMMAND PACKAGE...: or say what Debian calls it.
needs() {
    local missing=()
    while [ $# -gt 0 ]; do
        command -v "$1" >/dev/null || missing+=("$2")
        shift 2
    done
    [ ${#missing[@]} -eq 0 ] || fail "needs these Debian packages: ${missing[*]}"
}

# The newest wheel of this version in dist/ for the Python that packages are built with; made when there is none.
wheel() {
    local tag
    tag=$("$ROOT/.venv/bin/python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
    compgen -G "$DIST/netwatch-$VERSION-$tag-$tag-*.whl" | head -n 1
}

# fresh FOLDER: an empty one.
fresh() {
    rm -rf "$1"
    mkdir -p "$1"
}

# All files of a folder as old as the sources, so that archives of it have the same bits.
same_age() {
    find "$1" -print0 | xargs -0 touch -h -d "@$SOURCE_DATE_EPOCH"
}
