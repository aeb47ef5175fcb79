"""Makes a data pack: `python tools/make_data_pack.py KIND DATE KEY.pem FOLDER FILE... [--source S] [--licence L]`.

KIND is geoip, vendors or clients, DATE (YYYY-MM-DD) the day of the tables, KEY the private key (Ed25519, PEM).
build/vendors.py makes vendors.bin of IEEE's registries; with DB-IP Lite's .mmdb the attribution has to be said.
"""
from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from netwatch.store.packs import KINDS, PackError, make_pack


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("made", type=date.fromisoformat)
    parser.add_argument("key", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="+", type=Path)
    for name in ("source", "licence", "attribution"):
        parser.add_argument(f"--{name}", default="")
    options = parser.parse_args()
    target = options.folder / f"{options.kind}-{options.made.isoformat()}.nwdata"
    try:
        make_pack(target, options.kind, options.made, options.files,
                  {name: getattr(options, name) for name in ("source", "licence", "attribution")}, options.key)
    except (OSError, PackError) as e:
        print(f"make_data_pack: {e}", file=sys.stderr)
        return 1
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
