"""Any bytes are a key log: lines are secrets, nothing, or counted; bounds hold; how the file is cut changes nothing.

python fuzz/fuzz_keylog.py [corpus folder] [libFuzzer options]      needs atheris
"""

import os
import sys
import tempfile

import atheris

with atheris.instrument_imports(include=["netwatch.decrypt"]):
    from netwatch.decrypt import keyfile
    from netwatch.decrypt.keyfile import Followed
    from netwatch.decrypt.keylog import MAX_LABELS, MAX_SECRET, TLS_KEY_LOG, KeyLog

MOST = 8
SECRETS = b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48 + b"\n"
OTHERS = b"SERVER_TRAFFIC_SECRET_0 " + b"12" * 32 + b" " + b"34" * 32 + b"\n"
FOLDER = tempfile.mkdtemp()


def lines_of(data: bytes, size: int) -> tuple[list[bytes], bytes]:
    """What a file of these bytes gives when it is read and written in steps of `size`: its lines but blank ones, and
    the beginning of another."""
    path = os.path.join(FOLDER, "keys")
    keyfile.READ_BYTES = max(size // 2, 1)
    file = Followed(path)
    lines: list[bytes] = []
    with open(path, "wb", buffering=0) as out:
        for at in range(0, len(data), size):
            out.write(data[at : at + size])
            lines += filter(None, file.poll())
    rest = file.unfinished
    file.close()
    return lines, rest


def test_one(data: bytes) -> None:
    keys = KeyLog(MOST)
    pieces = data.split(b"\n")
    for line in pieces:
        keys.take_lines([line + SECRETS[: line[0] if line else 0], line], "keylog")
    keys.take_block(TLS_KEY_LOG, data)
    assert len(keys) <= MOST
    for owner in keys.fresh():
        found = keys.of(owner)
        if found:
            assert 0 < len(found.by_label) <= MAX_LABELS
            assert all(0 < len(secret) <= MAX_SECRET for secret in found.by_label.values())
    keys.close()
    assert len(keys) == 0
    whole = lines_of(data, len(data) + 1)
    assert lines_of(data, 1 + len(data) // 7) == whole
    assert [*whole[0], whole[1]] == [*filter(None, pieces[:-1]), pieces[-1]] or len(data) > 4096


SEEDS = [SECRETS, OTHERS * 2 + SECRETS, b"#\r\n" + SECRETS[:-1], b"RSA Session-ID:00 Master-Key:" + b"0" * 96]

if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one)
    atheris.Fuzz()
