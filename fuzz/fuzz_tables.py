"""Any bytes come from `netwatch feed --tables`: moments, or a ValueError; bounds hold; cuts change nothing.

The first byte says what the others are: 0 the stream, 1 a piece, 2 texts, 3 what lies around, each packed and framed as
it should be, so that what unpacks them is reached. Where a table comes of it, every flow of it is told.
python fuzz/fuzz_tables.py [corpus folder] [libFuzzer options]      needs atheris
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "agent")]


def whole_stream() -> bytes:
    """What a feed of the tour would send."""
    from tables_lab import fed

    return fed(ROOT / "docs" / "tour.pcap")


def packed(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(data)


def framed(kind: int, data: bytes) -> bytes:
    """A stream of one message that stands alone, with that for one of its parts."""
    from netwatch._fast.flow.series import COUNTED
    from netwatch.history.moments import MARK
    from netwatch.history.wire import MAGIC

    piece = packed(data if kind == 1 else EMPTY)
    texts = len(data).to_bytes(4, "little") + packed(data) if kind == 2 else b""
    around = data if kind == 3 else b""
    head = json.dumps({"at": 10**18, "alone": True, "size": len(data if kind == 1 else EMPTY),
                       "counted": [10**18, 10**18, 1, 1, 1, 0], "left_out": 0, "first": 10**9,
                       "counts": [[1] * len(COUNTED)], "drops": dict.fromkeys(
                           ("kernel_drops", "interface_drops", "ring_drops"), 0), "here": [],
                       "interfaces": [{"name": "eth0", "link": 1, "snaplen": 65535}], "apps": [],
                       "sizes": [len(piece), len(texts), len(around)]}).encode()
    return (MAGIC + json.dumps({"mark": MARK, "version": "x"}).encode() + b"\n" + len(head).to_bytes(4, "little") + head
            + piece + texts + around)


def moments(stream: bytes, step: int) -> list[tuple[object, ...]]:
    """What is told of each moment, up to the damage, which ends it."""
    from netwatch._fast.view.engineview import screen_record
    from netwatch._fast.view.reel import Reel
    from netwatch.history.tape import Kept, unpacked
    from netwatch.history.wire import Inlet
    from netwatch.model.session import Moment
    from netwatch.run.past_session import restored
    from netwatch.run.tables import DAMAGE, ROWS

    inlet, back, texts, found = Inlet(), Reel(), {}, []
    try:
        for at in range(0, len(stream), step):
            for message in inlet.take(stream[at:at + step]):
                back.apply(unpacked(message.piece), message.piece.alone, ROWS)
                texts.update(message.texts)
                kept = Kept(Moment(message.piece.at_ns, None, 0, 0, 0, 0), (message.piece,), texts.get, message.around)
                engine, flows, _ = restored(kept, {}, back)
                told = [screen_record(engine, row, message.interfaces) for row, _, _ in flows[:64]]
                found.append((message.piece.at_ns, len(flows), json.dumps(told, default=str)))
    except DAMAGE as e:
        found.append((type(e).__name__,))
    return found


def test_one(data: bytes) -> None:
    """The property."""
    stream = data[1:] if not data or data[0] % 4 == 0 else framed(data[0] % 4, data[1:])
    whole = moments(stream, len(stream) + 1)
    assert moments(stream, 1 + len(stream) // 7) == whole


EMPTY = b"\0" * 64  # no rows


def changed(data: bytes, seed: int) -> bytes:
    """The same with a few bytes of it others: near the beginning oftener, where it says what there is."""
    chance, out = random.Random(seed), bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(1, max(2, len(out) if chance.random() < 0.5 else min(len(out), 600)))
        out[at:at + 1] = bytes([chance.choice((0, 1, 2, 127, 128, 255, chance.randrange(256)))])
    return bytes(out[:chance.randrange(len(out))] if chance.random() < 0.1 else out)


def seeds() -> list[bytes]:
    """The tour's stream, and pieces and surroundings of it."""
    from netwatch.history.tape import unpacked
    from netwatch.history.wire import Inlet

    stream = whole_stream()
    messages = list(Inlet().take(stream))
    return [b"\0" + stream, *(b"\1" + unpacked(message.piece) for message in messages if message.piece.alone),
            b"\3" + messages[-1].around]


def main() -> None:
    import atheris

    there = seeds()
    atheris.Setup(sys.argv, test_one, custom_mutator=lambda data, size, seed: changed(there[seed % len(there)], seed))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
