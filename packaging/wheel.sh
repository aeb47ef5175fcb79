#!/usr/bin/env bash
# dist/netwatch-VERSION-*.whl of this checkout for the Python of .venv; `make wheel`. What is compiled already is not again.
. "$(dirname "$(readlink -f "$0")")/common.sh"
. tools/prepare.sh
ready ""
rm -f "$DIST/netwatch-$VERSION"-*.whl
# modules of sources that are gone would be packed as well
rm -rf "$BUILD"/lib.* "$BUILD"/bdist.*
# what is compiled in the checkout is as new as its sources, and is taken from there
lib=$BUILD/$(.venv/bin/python -c 'import sys, sysconfig
print(f"lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}")')
mkdir -p "$lib"
find netwatch -name '*.so' | while read -r so; do
    { [ -e "${so%%.*}.pyx" ] || [[ $so = */cython_shared.* ]]; } && cp -p --parents -t "$lib" "$so"
done
.venv/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$DIST" "$ROOT"
say "$(wheel)"
