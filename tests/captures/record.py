"""Makes captures of real programs talking to each other in a lab of two namespaces (root on Linux).

    python tests/captures/record.py              say which scenarios there are, and what each lacks here
    python tests/captures/record.py NAME...      make these again; `all` is every one
    python tests/captures/record.py --into DIR NAME...

Programs are Debian's. Some scenarios take packages from PyPI (aiocoap aioquic asyncvnc cassandra-driver dnp3py grpcio
kafka-python libtorrent mockupdb pymodbus pymongo<4 websockets): NETWATCH_LAB_PYTHON is the interpreter that has them.
Two take jars: NETWATCH_LAB_JARS, see scenarios/apache.py. `make golden` writes the records beside the captures anew.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from scenarios import SCENARIOS  # noqa: E402


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--into", type=Path, default=HERE)
    words.add_argument("names", nargs="*")
    given = words.parse_args()
    failed = 0
    for name in SCENARIOS if given.names in ([], ["all"]) else given.names:
        lacking = SCENARIOS[name].missing()
        if lacking or not given.names:
            print(f"{name}: {'not installed: ' + ' '.join(lacking) if lacking else 'can be made'}", flush=True)
            continue
        try:
            SCENARIOS[name].make(given.into)
            print(f"{name}: {(given.into / f'{name}.pcap').stat().st_size} bytes", flush=True)
        except Exception:
            traceback.print_exc()
            print(f"{name}: FAILED", flush=True)
            failed += 1
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
