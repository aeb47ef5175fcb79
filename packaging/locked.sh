#!/usr/bin/env bash
# packaging/requirements.txt: every package that a bundle is made of, with its version and the sums of its archives, which
# `make bundle` insists on; `make locked` after a change of pyproject.toml, and look at the difference.
. "$(dirname "$(readlink -f "$0")")/common.sh"
.venv/bin/pip install --quiet --disable-pip-version-check uv
{
    echo "# Made by \`make locked\` of pyproject.toml and packaging/bundler.in: what the bundle is made of and by, and the sums of it."
    .venv/bin/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --generate-hashes --universal \
        pyproject.toml packaging/bundler.in
} >"$BUILD/requirements.txt"
mv "$BUILD/requirements.txt" packaging/requirements.txt
say "packaging/requirements.txt: $(grep -c '==' packaging/requirements.txt) packages"
