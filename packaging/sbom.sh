#!/usr/bin/env bash
# dist/netwatch-VERSION.cdx.json: what the bundle is made of, as CycloneDX; `make sbom`.
. "$(dirname "$(readlink -f "$0")")/common.sh"
[ -x "$DIST/netwatch/netwatch" ] || packaging/bundle.sh
"$BUILD/bundle/venv/bin/python" packaging/held.py sbom "$DIST/netwatch" >"$DIST/netwatch-$VERSION.cdx.json"
say "$DIST/netwatch-$VERSION.cdx.json"
