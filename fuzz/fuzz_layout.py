"""Any bytes as messages of any protocol that has a table of fields → a tree such as fuzz_dissect.py asks for.

Input: which protocol (1), how they come (1: bit 0 over UDP, bit 1 sealed in the frame and opened), the bytes. Seeds are
the conversations of the protocols that have a talk. Run: python fuzz/fuzz_layout.py -max_total_time=600 CORPUS
"""

from __future__ import annotations

import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tests", "proto"))
ETHERNET = bytes(12) + b"\x08\x00"
ENDS = bytes((10, 0, 0, 1, 10, 0, 0, 2))
PORTS = (40000).to_bytes(2, "big") + (40001).to_bytes(2, "big")


def apps() -> list[str]:
    from netwatch._fast.out.protocols import DESCRIBING
    from netwatch.dissect.layout import layout_of

    return [app for app in DESCRIBING if layout_of(app) is not None]


def frame_of(data: bytes) -> Any:
    from netwatch.dissect import Frame
    from netwatch.dissect.tree import Opened

    names = apps()
    head, body = data[:2].ljust(2, b"\0"), data[2:60000]
    app = names[head[0] % len(names)]
    if head[1] & 1:
        proto, transport = 17, PORTS + (8 + len(body)).to_bytes(2, "big") + bytes(2)
    else:
        proto, transport = 6, PORTS + bytes(8) + b"\x50\x18\x04\x00" + bytes(4)
    size = 20 + len(transport) + len(body)
    packet = b"\x45\x00" + size.to_bytes(2, "big") + bytes(4) + bytes((64, proto, 0, 0)) + ENDS + transport + body
    opened = (Opened(app, -1, body),) if head[1] & 2 else ()
    return Frame(ETHERNET + packet, 1, len(ETHERNET + packet), app=app, opened=opened)


def one_input(data: bytes) -> None:
    from fuzz_dissect import check

    from netwatch.dissect import dissect, summary

    frame = frame_of(data)
    check(frame)
    check(frame._replace(data=frame.data[: len(frame.data) // 2]))
    assert summary(dissect(frame)).isprintable()


def seeds(folder: str) -> None:
    """One input for each turn of the conversations of the tests."""
    from spoken import SPOKEN, spoken

    names = apps()
    os.makedirs(folder, exist_ok=True)
    for name in SPOKEN:
        for i, turns in enumerate(spoken(name)):
            for k, (_, turn) in enumerate(turns[:12]):
                with open(os.path.join(folder, f"{name}{i}-{k}"), "wb") as f:
                    f.write(bytes((names.index(name), k & 3)) + turn[:4094])


def main() -> None:
    import atheris
    from seeded import fuzz

    with atheris.instrument_imports(include=["netwatch.dissect"]):
        import netwatch.dissect.layout
    assert netwatch.dissect.layout.layout_of("modbus") is not None
    fuzz(one_input, seeds)


if __name__ == "__main__":
    main()
