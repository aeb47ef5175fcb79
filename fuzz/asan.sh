#!/usr/bin/env bash
# The compiled rooms under address and undefined behaviour sanitizers: every capture of tests/captures read whole, then
# every fuzz target for SECONDS each (default 20), by seeds and mutations: ./fuzz/asan.sh [SECONDS].
# They are built in a copy (.build/asan, or asan-some), so that the modules in use stay what they are. ASAN_MODULES=parse,streams: only
# those whose dotted name ends so, for a look within minutes; the others are as they are here.
set -eu
. "$(dirname "$(readlink -f "$0")")/../tools/prepare.sh"
ready test
SECONDS_EACH=${1:-20}
MODULES=${ASAN_MODULES:-}
COPY=$ROOT/.build/asan${MODULES:+-some}
mkdir -p "$COPY"
cd "$ROOT"
git ls-files --cached --others --exclude-standard | while read -r file; do [ ! -f "$file" ] || echo "$file"; done |
    tar -cf - -T - | tar -xf - -C "$COPY"
[ -d "$COPY/.build" ] || { mkdir "$COPY/.build" && cp -a .build/cython "$COPY/.build/"; }
[ ! -e netwatch/names/vendors.bin ] || cp -p netwatch/names/vendors.bin "$COPY/netwatch/names/"
[ -z "$MODULES" ] || find netwatch -name '*.so' | tar -cf - -T - | tar -xf - -C "$COPY"
cd "$COPY"
say "compiling with sanitizers${MODULES:+: $MODULES}"
NETWATCH_SANITIZE=address,undefined NETWATCH_ONLY=$MODULES \
    "$VENV/bin/python" setup.py -q build_ext --inplace ${MODULES:+--force}

exec "$VENV/bin/python" fuzz/sanitized.py "$SECONDS_EACH"
