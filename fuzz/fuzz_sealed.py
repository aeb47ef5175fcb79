"""Records of real conversations, changed, lost, doubled and moved: nothing is shown that was not said, and no more.

python fuzz/fuzz_sealed.py [corpus folder] [libFuzzer options]      needs atheris

Input: the conversation (1 byte), then edits of three bytes each: what to do, which flight, where in it.
"""

import os
import sys

import atheris

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "tests", folder) for folder in ("decrypt", "engine")]

with atheris.instrument_imports(include=["netwatch.decrypt"]):
    from netwatch.decrypt.decryptor import Decryptor

from opening import frames, opened, plaintext  # noqa: E402
from peers import NO_ETM, Peers  # noqa: E402

PIECES = [(i % 2, b"piece %02d;" % i) for i in range(12)]
SAID = {side: [piece.decode() for who, piece in PIECES if who == side] for side in (0, 1)}
KINDS = [("1.3", "", 0), ("1.2", "", 0), ("1.2", "AES128-SHA", NO_ETM), ("1.0", "AES128-SHA", 0),
         ("1.1", "AES128-SHA", NO_ETM), ("1.2", "NULL-SHA256", 0)]
EDITS = 40


def conversation(version: str, suites: str, options: int) -> tuple[list[tuple[int, bytes]], list[bytes]]:
    peers = Peers(version, suites, options)
    return peers.talk(PIECES), peers.log()


TALKS = [conversation(*kind) for kind in KINDS]


def edited(said: list[tuple[int, bytes]], edits: bytes) -> tuple[list[tuple[int, bytes]], set[int]]:
    """(flights, those that were not captured)."""
    said, lost = list(said), set()
    for at in range(0, min(len(edits) - 2, 3 * EDITS), 3):
        what, number, place = edits[at] % 6, edits[at + 1] % len(said), edits[at + 2]
        side, data = said[number]
        place = place * len(data) // 256 if place < 250 else 255 - place
        if what == 0:
            said[number] = side, data[:place] + bytes((data[place] ^ (1 << place % 8),)) + data[place + 1 :]
        elif what == 1:
            lost.add(number)
        elif what == 2:
            said.insert(number, (side, data))
        elif what == 3:
            other = edits[at + 2] % len(said)
            said[number], said[other] = said[other], said[number]
        elif what == 4:
            said[number] = side, data[:place] + data[place + 1 :] or b"\x17"
        else:
            said[number] = side, data[:place] + edits + data[place:]
    return said, lost


def test_one(data: bytes) -> None:
    if not data:
        return
    said, keys = TALKS[data[0] % len(TALKS)]
    said, lost = edited(said, data[1:])
    decryptor = Decryptor()
    result = opened(frames(said, 1 + data[0] * 8, without=lost), keys, decryptor)
    for side, text in plaintext(result).items():
        mine = SAID[0] + SAID[1]
        for piece in text.split(";")[:-1]:
            assert f"{piece};" in mine, (side, text)
            mine.remove(f"{piece};")
    assert decryptor._held == 0


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one)
    atheris.Fuzz()
