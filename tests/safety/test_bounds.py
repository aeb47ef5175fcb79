"""What an input can make grow has a bound over all connections, which is counted; and `doctor --bounds` tells each."""

from __future__ import annotations

import importlib
import json
import random
import subprocess
import sys
import zlib

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

sys.path[:0] = [str(ROOT / "tests" / "engine"), str(ROOT)]
from running import open_bytes  # noqa: E402

from bench import attacks  # noqa: E402
from netwatch.cli.doctor import bounds  # noqa: E402
from netwatch.decrypt import qpack  # noqa: E402
from netwatch.decrypt.bodies import LIMIT, Body  # noqa: E402
from netwatch.decrypt.budget import CONTENT_MOST, FIELDS_MOST, Room  # noqa: E402
from netwatch.decrypt.messages import Messages  # noqa: E402
from netwatch.run.pipeline import Pipeline  # noqa: E402


def read(tmp_path, frames, **options):
    """The addon after it has read these frames; its records by the way."""
    path = tmp_path / "attack.pcap"
    attacks.write(path, frames)
    messages = Messages(**options)
    pipeline = Pipeline(open_bytes(path.read_bytes()), addons=[messages])
    most = 0
    while pipeline.step() is not None:
        most = max(most, messages._held)
    return messages, most


def test_fields_and_tables_of_all_connections_have_one_bound(tmp_path):
    bound = 2_000_000
    messages, most = read(tmp_path, attacks.hpack(20), most=bound)
    assert most <= bound and messages._dropped == 2, "two connections, each of more"
    messages, most = read(tmp_path, attacks.hpack_tables(200), most=bound)
    assert bound // 2 < most <= bound and messages._dropped > 100
    kept = {store.name: store for store in messages.stores()}["readers of messages"]
    assert kept.lost == messages._dropped


@pytest.mark.parametrize("attack", ["hpack", "hpack_tables", "bodies", "continuation", "many_data"])
def test_what_was_counted_is_given_back(tmp_path, attack):
    messages, most = read(tmp_path, getattr(attacks, attack)(5), follow=True)
    assert most > 0
    for key in list(messages._readers):
        messages._let_go(key)
    assert messages._held == 0


def test_one_list_of_fields_is_short(tmp_path):
    messages, _ = read(tmp_path, attacks.hpack(1))
    assert messages._readers
    for reader in messages._readers.values():
        assert [len(each.request.fields) for each in reader._streams.values()] == [FIELDS_MOST]


def test_bodies_of_a_chunk_share_their_room():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = packer.compress(bytes(LIMIT)) + packer.flush()
    room = Room()
    made = [len(Body("gzip").feed(data, room)) for _ in range(40)]
    assert sum(made) == CONTENT_MOST and made[:16] == [LIMIT] * 16 and room.refused == 25
    body = Body("gzip")
    assert body.feed(data[:100], room) == b"" and body.feed(data[100:], Room()) == b"", "what was not made stays so"
    room.renew()
    assert len(Body("gzip").feed(data, room)) == LIMIT


def test_a_qpack_block_is_counted_first():
    unpacker = qpack.Unpacker()
    assert len(unpacker.unpack(0, b"\0\0" + b"\xd1" * qpack.MAX_LINES)) == qpack.MAX_LINES
    with pytest.raises(qpack.Refused):
        unpacker.unpack(4, b"\0\0" + b"\xd1" * (qpack.MAX_LINES + 1))
    assert unpacker.unpack(8, b"\x05\0" + b"\x80" * 100) is None and unpacker.held == 102
    unpacker.forget(8)
    assert unpacker.held == 0


def test_doctor_tells_every_bound():
    done = subprocess.run([*COMMAND, "doctor", "--bounds", "--json"], env=ENVIRONMENT, capture_output=True, text=True,
                          timeout=60)
    told = json.loads(done.stdout)
    assert done.returncode == 0 and len(told) > 200
    for each in told:
        assert (ROOT / each["where"]).is_file() and each["most"] >= 0
        if each["where"].startswith("netwatch/decrypt/"):
            module = importlib.import_module(each["where"].removesuffix(".py").replace("/", "."))
            assert getattr(module, each["name"]) == each["most"], each
    assert {"STATE_MOST", "CONTENT_MOST", "ALL_MOST", "MAX_NODES"} <= {each["name"] for each in told}
    text = subprocess.run([*COMMAND, "doctor", "--bounds"], env=ENVIRONMENT, capture_output=True, text=True,
                          timeout=60).stdout
    assert "netwatch/decrypt/budget.py\n" in text and "67,108,864  STATE_MOST: bytes that readers" in text


def test_bounds_are_read_from_any_source(tmp_path):
    (tmp_path / "x.py").write_text("A = 3\nMAX_A = A << 2  # bytes  of\nMAX_B = f(3)\nMAX_C = True\nLIMIT = 5\n")
    (tmp_path / "y.pxd").write_text("cdef enum:\n    MAX_D = 1 << 4         # flows that are kept\n")
    assert [each[:4] for each in bounds.bounds(tmp_path)] == [
        ("MAX_A", 12, "bytes", "MAX_A: bytes of"), ("LIMIT", 5, "", "LIMIT"),
        ("MAX_D", 16, "flows", "MAX_D: flows that are kept")]


def test_text_of_live_streams_has_one_bound(tmp_path, monkeypatch, capfd):
    """What there was no room for is missing from the text, not from the count and the hash; and it is said."""
    from netwatch.records import streams

    path = tmp_path / "attack.pcap"
    attacks.write(path, attacks.streams(20))
    monkeypatch.setattr(streams, "ALL_MOST", 500_000)
    from netwatch.cli import read as command

    command.main([str(path), "--what", "streams", "--sandbox", "off"])
    out, said = capfd.readouterr()
    told = [json.loads(line) for line in out.splitlines()]
    assert [each["bytes"] for each in told] == [65536] * 20
    assert 400_000 < sum(len(each["text"]) for each in told) <= 500_000
    assert "text is missing" in said


def test_flows_that_are_being_opened_have_one_bound(tmp_path, monkeypatch):
    from netwatch.decrypt import decryptor

    keys = tmp_path / "keys"
    keys.write_text("CLIENT_RANDOM " + "0" * 64 + " " + "0" * 96 + "\n")
    bound = 100 * decryptor.TLS_COST
    monkeypatch.setattr(decryptor, "OPEN_MOST", bound)
    opener = decryptor.Decryptor([str(keys)])
    opener.open()
    path = tmp_path / "attack.pcap"
    attacks.write(path, attacks.hellos(300))
    pipeline = Pipeline(open_bytes(path.read_bytes()), addons=[opener])
    most = 0
    while pipeline.step() is not None:
        most = max(most, opener._open)
    assert 0 < most <= bound and opener._crowded == 200
    assert opener.stores()[1].lost == 200
    opener.close()


def test_what_waits_in_a_quic_connection_is_bounded_and_quickly_found(monkeypatch):
    """The stream of which most waits goes on after its hole; the sum is never more than the bound."""
    from netwatch.decrypt import quicstreams

    monkeypatch.setattr(quicstreams, "WAITING_MOST", 3000)
    monkeypatch.setattr(quicstreams, "HEAP_MOST", 40)
    for seed in range(50):
        chance = random.Random(seed)
        held = quicstreams.Streams()
        for _ in range(300):
            before = {number: each.waiting for number, each in held._open.items()}
            number, size = chance.randrange(6), chance.randint(1, 60)
            rows = list(held.put(number, chance.randrange(400), bytes(size), chance.random() < 0.01))
            jumped = [at for at, row in rows if row.missing]
            assert held.waiting == sum(each.waiting for each in held._open.values()) <= 3000
            if jumped and jumped[0] != number:
                assert before[jumped[0]] >= max(before.values()) - size - quicstreams.PART_COST
