#!/usr/bin/env bash
# dist/netwatch/ (one folder, for packages) and dist/netwatch-portable (one file) by PyInstaller; `make bundle`.
# Of a wheel, in a venv of its own: nothing is in them but netwatch and what it depends on, in the versions and with the
# sums of packaging/requirements.txt. Linux here; the same spec is
# for macOS and Windows, and each bundle is built on the system that it is for.
. "$(dirname "$(readlink -f "$0")")/common.sh"
MOST_MB=70
needs objdump binutils strip binutils
[ -n "$(wheel)" ] || packaging/wheel.sh
venv=$BUILD/bundle/venv
if ! [ "$BUILD/bundle/made" -nt "$(wheel)" ]; then
    fresh "$BUILD/bundle"
    .venv/bin/python -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r packaging/requirements.txt
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "$(wheel)"
    touch "$BUILD/bundle/made"
fi
rm -rf "$DIST/netwatch" "$DIST/netwatch-portable"
for form in one-dir one-file; do
    NETWATCH_BUNDLE=$form "$venv/bin/pyinstaller" --noconfirm --log-level ERROR \
        --workpath "$BUILD/bundle/$form" --distpath "$DIST" build/netwatch.spec
done
"$venv/bin/pip" freeze --disable-pip-version-check >"$DIST/netwatch.frozen.txt"
size=$(du -sm "$DIST/netwatch" | cut -f1)
[ "$size" -le $MOST_MB ] || fail "dist/netwatch has $size MB, and may have $MOST_MB"
for program in "$DIST/netwatch/netwatch" "$DIST/netwatch-portable"; do
    "$program" --self-test >"$BUILD/bundle/self-test.txt" || { cat "$BUILD/bundle/self-test.txt" >&2; exit 1; }
done
say "dist/netwatch: $size MB; dist/netwatch-portable: $(du -m "$DIST/netwatch-portable" | cut -f1) MB; both passed their self-test"
