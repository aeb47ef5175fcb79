#!/usr/bin/env bash
# dist/netwatch.rb, Homebrew's formula of this version with every resource pinned; `make formula`. NETWATCH_SDIST_URL is
# where the source archive will lie. Checked as far as ruby goes: brew is not for every machine.
. "$(dirname "$(readlink -f "$0")")/common.sh"
[ -e "$DIST/netwatch-$VERSION.tar.gz" ] || packaging/sdist.sh
.venv/bin/pip install --quiet --disable-pip-version-check uv
.venv/bin/uv pip compile --quiet --format pylock.toml --output-file "$BUILD/pylock.toml" pyproject.toml
.venv/bin/python packaging/homebrew/formula.py "$DIST/netwatch-$VERSION.tar.gz" "$BUILD/pylock.toml" \
    ${NETWATCH_SDIST_URL:+"$NETWATCH_SDIST_URL"} >"$DIST/netwatch.rb"
if command -v ruby >/dev/null; then
    ruby -wc "$DIST/netwatch.rb" >"$BUILD/ruby.txt" 2>&1 || { cat "$BUILD/ruby.txt" >&2; exit 1; }
fi
! command -v brew >/dev/null || brew style "$DIST/netwatch.rb"
say "$DIST/netwatch.rb: $(grep -c '^  resource' "$DIST/netwatch.rb") resources"
