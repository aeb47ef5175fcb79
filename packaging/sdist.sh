#!/usr/bin/env bash
# dist/netwatch-VERSION.tar.gz: the sources, as pip and Homebrew take them; `make sdist`.
. "$(dirname "$(readlink -f "$0")")/common.sh"
. tools/prepare.sh
ready ""
.venv/bin/pip install --quiet --disable-pip-version-check build
rm -f "$DIST/netwatch-$VERSION.tar.gz"
.venv/bin/python -m build --sdist --no-isolation --outdir "$BUILD/sdist" . >"$BUILD/sdist.log" 2>&1 ||
    { tail "$BUILD/sdist.log" >&2; exit 1; }
# setuptools writes the times of now: unpacked and packed again, the same sources are the same bits
fresh "$BUILD/sdist/again"
tar -C "$BUILD/sdist/again" -xf "$BUILD/sdist/netwatch-$VERSION.tar.gz"
same_age "$BUILD/sdist/again"
mkdir -p "$DIST"
tar --sort=name --owner=root:0 --group=root:0 --format=gnu -C "$BUILD/sdist/again" -c "netwatch-$VERSION" |
    gzip -9n >"$DIST/netwatch-$VERSION.tar.gz"
rm -rf "$BUILD/sdist"
built=$(tar -tf "$DIST/netwatch-$VERSION.tar.gz" | grep -E '\.(so|c|pyc)$' | grep -v '\.bpf\.c$' || true)
[ -z "$built" ] || fail "built files are among the sources: $built"
say "$DIST/netwatch-$VERSION.tar.gz: $(du -k "$DIST/netwatch-$VERSION.tar.gz" | cut -f1) kB"
