#!/usr/bin/env bash
# dist/netwatch-VERSION-*.whl of this checkout for the Python of .venv; `make wheel`. What is compiled already is not again.
. "$(dirname "$(readlink -f "$0")")/common.sh"
. tools/prepare.sh
ready ""
rm -f "$DIST/netwatch-$VERSION"-*.whl
# modules of sources that are gone would be packed as well
rm -rf "$BUILD"/lib.* "$BUILD"/bdist.*
.venv/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$DIST" "$ROOT"
say "$(wheel)"
