"""Flows that are not as they should be: keys that come late or are wrong, bytes that are missing or forged."""

from __future__ import annotations

import random

import pytest
from conversation import Talk
from opening import ANSWER, ASKED, HTTP, KINDS, MSS, frames, opened, plaintext
from peers import NO_ETM, Peers, Said
from running import open_bytes, run, run_capture
from wire import pcap

from netwatch._fast.input.box import Box
from netwatch.decrypt import decryptor as service
from netwatch.decrypt.decryptor import Decryptor
from netwatch.model.event import Step
from netwatch.records.maker import RecordMaker
from netwatch.run.pipeline import Pipeline

BOTH = {"out": ASKED.decode(), "in": ANSWER.decode()}
VERSIONS = ["1.0", "1.2", "1.3"]


def talk_of(version: str, turns: Said = HTTP) -> tuple[Said, list[bytes]]:
    peers = Peers(version)
    said = peers.talk(turns)
    return said, peers.log()


@pytest.mark.parametrize("version", VERSIONS)
def test_late_keys_open_from_the_start(version: str) -> None:
    """The flow is read to its last frame before the first key comes, and its last key after that."""
    said, keys = talk_of(version)
    source = open_bytes(pcap(frames(said)))
    decryptor = Decryptor()
    pipeline = Pipeline(source, want=("http", "streams"), hold=True, addons=[decryptor])
    maker = RecordMaker(pipeline, {"flows", "http", "streams"})
    pipeline.engines[0].listen("sealed")
    found = []
    pipeline.read()
    pipeline.engines[0].process(pipeline._boxes[0])
    held = pipeline._collect(Step(()))
    assert not list(maker.records(held))
    for line in keys:
        decryptor.keys.take_lines([line], "keylog")
        found += maker.records(pipeline._collect(Step(())))
    found += maker.records(pipeline.finish())
    texts = {r["dir"]: r["text"] for r in found if r["schema"] == "netwatch.stream/1" and r["source"] == "decrypted"}
    assert texts == BOTH
    assert [r["status"] for r in found if r["schema"] == "netwatch.http/1"] == [200]
    pipeline.close()


def test_nobody_pays_without_keys() -> None:
    """Without keys the engines are not asked for records, and the flow is done with as before."""
    said, _ = talk_of("1.3")
    box = Box()
    source = open_bytes(pcap(frames(said)))
    decryptor = Decryptor()
    engine = Pipeline(source, want=("http",), addons=[decryptor]).engines[0]
    decryptor.before([])
    box.fill(source)
    engine.process(box)
    from netwatch._fast.out.events import drain

    assert drain(engine) == []
    decryptor.keys.take_lines([b"CLIENT_RANDOM " + b"00" * 32 + b" " + b"00" * 48], "keylog")
    decryptor.before([])
    box.fill(open_bytes(pcap(frames(said, sport=40001))))
    engine.process(box)
    assert {event[2] for event in drain(engine)} == {"sealed"}


@pytest.mark.parametrize("version", VERSIONS)
def test_without_its_keys_a_flow_stays_opaque(version: str) -> None:
    said, keys = talk_of(version)
    _, others = talk_of(version)
    bare = run(frames(said), kinds=KINDS)
    result = opened(frames(said), others)
    assert plaintext(result) == {}
    assert result.flow.pop("decrypt") == {"reason": "no keys for it"}
    assert result.flow == bare.flow
    assert len(keys) == len(others)


@pytest.mark.parametrize("version", VERSIONS)
def test_wrong_keys_show_nothing(version: str) -> None:
    """The right random with another connection's secrets."""
    said, keys = talk_of(version)
    _, others = talk_of(version)
    forged = [b" ".join((mine.split()[0], mine.split()[1], other.split()[2]))
              for mine, other in zip(keys, others, strict=True)]
    result = opened(frames(said), forged)
    assert plaintext(result) == {}
    assert "decrypted" not in result.flow
    about = result.flow["decrypt"]
    assert about["failed"] > 0
    assert about["reason"] == "a record did not verify"
    assert result.flow["app"] == "tls"


@pytest.mark.parametrize("version", VERSIONS)
def test_one_side_without_keys(version: str) -> None:
    """A log that was cut short: what has keys is shown."""
    said, keys = talk_of(version)
    kept = [line for line in keys if not line.startswith(b"CLIENT_TRAFFIC_SECRET_0")]
    if len(kept) == len(keys):
        pytest.skip("one secret is for both sides")
    result = opened(frames(said), kept)
    assert plaintext(result) == {"in": ANSWER.decode()}
    assert result.flow["decrypt"]["failed"] == 2


def lossy(said: Said, lost: set[int], side: int) -> list[tuple[int, bytes]]:
    """The conversation without some of a side's segments, by their number."""
    talk, number = Talk(40000, 443).open(), 0
    for each, data in said:
        for at in range(0, len(data), MSS):
            if each == side and number in lost:
                talk.skip(side, len(data[at : at + MSS]))
            else:
                talk.say(each, data[at : at + MSS])
            number += each == side
        talk.ack(1 - each)
    return talk.close().frames


@pytest.mark.parametrize("options", [0, NO_ETM], ids=["etm", "mac first"])
@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3"])
@pytest.mark.parametrize("lost", [{12}, {9, 10, 30}, {20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33}])
def test_found_again_after_loss(version: str, lost: set[int], options: int) -> None:
    """What can be opened is the server's text, in order, with holes where segments were lost."""
    lines = [b"line %05d of what the server says\n" % i for i in range(3000)]
    turns: Said = [(0, ASKED), *[(1, b"".join(lines[at : at + 100])) for at in range(0, 3000, 100)], (0, b"thanks\r\n")]
    peers = Peers(version, "AES128-SHA" if version != "1.3" else "", options)
    said = peers.talk(turns)
    result = opened(lossy(said, lost, 1), peers.log(), max_frames=None)
    stream = next(s for s in result.by_kind["streams"] if s["dir"] == "in" and s["source"] == "decrypted")
    assert stream["missing_bytes"] > 0
    shown = stream["text"].encode()
    whole = b"".join(lines)
    assert len(shown) > 35_000
    for piece in shown.splitlines(keepends=True):
        assert piece in whole
    if version == "1.3":
        assert stream["bytes"] + stream["missing_bytes"] == len(whole)
    assert "thanks" in plaintext(result)["out"]


@pytest.mark.parametrize("version", VERSIONS)
def test_forged_bytes_are_never_shown(version: str) -> None:
    """One bit of each sealed record in turn is another: that record is not shown, those after it are."""
    peers = Peers(version, "ECDHE-RSA-AES128-SHA" if version != "1.3" else "")
    turns: Said = [(0, ASKED), *[(1, b"piece %d;" % i) for i in range(8)]]
    said = peers.talk(turns)
    records = [i for i, (side, data) in enumerate(said) if side == 1 and data[0] == 23][-9:-1]
    for number in records:
        forged = list(said)
        data = bytearray(forged[number][1])
        data[random.Random(number).randrange(5, len(data))] ^= 0x10
        forged[number] = (1, bytes(data))
        text = plaintext(opened(frames(forged), peers.log())).get("in", "")
        for i in range(8):
            assert text.count(f"piece {i};") <= 1
        assert sum(f"piece {i};" in text for i in range(8)) >= 6


def test_garbage_after_the_hellos_is_survived() -> None:
    said, keys = talk_of("1.3")
    rng = random.Random(7)
    noise: Said = [(rng.randrange(2), b"\x17\x03\x03" + n.to_bytes(2, "big") + rng.randbytes(n))
                   for n in (rng.randrange(1, 2000) for _ in range(400))]
    result = opened(frames(said[:2] + noise), keys)
    assert plaintext(result) == {}
    assert result.flow["decrypt"]["failed"] >= 200


def test_waiting_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow over its bound is left alone; all together stay under theirs."""
    monkeypatch.setattr(service, "FLOW_MOST", 20_000)
    monkeypatch.setattr(service, "ALL_MOST", 50_000)
    _, others = talk_of("1.3")
    timed: list[tuple[int, bytes]] = []
    for i in range(8):
        said, _ = talk_of("1.3", [(0, ASKED), *[(1, b"x" * 1000)] * (5 if i % 2 else 60)])
        timed += frames(said, sport=41000 + i)
    decryptor = Decryptor()
    peak = []
    hold = decryptor._hold
    monkeypatch.setattr(decryptor, "_hold", lambda *words: (hold(*words), peak.append(decryptor._held)))
    result = opened(sorted(timed), others, decryptor)
    assert len(result.flows) == 8
    assert 20_000 < max(peak) <= 50_000
    assert not any("decrypted" in flow for flow in result.flows)
    assert decryptor._held == 0


def test_who_waits_in_vain_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour later the engine knows the first flow no more."""
    _, others = talk_of("1.3")
    timed: list[tuple[int, bytes]] = []
    for i in range(2):
        said, _ = talk_of("1.3")
        timed += [(ns + i * 3_600_000_000_000, frame) for ns, frame in frames(said, sport=43000 + i)]
    decryptor = Decryptor()
    before, waiting = decryptor.before, []
    monkeypatch.setattr(decryptor, "before", lambda *words: (before(*words), waiting.append(len(decryptor._waiting))))
    opened(timed, others, decryptor)
    assert waiting == [0, 1]


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.same
def test_workers_change_nothing(workers: int) -> None:
    timed, keys = [], []
    for i in range(6):
        said, lines = talk_of(VERSIONS[i % 3])
        timed += frames(said, sport=42000 + i)
        keys += lines
    alone = opened(sorted(timed), keys)
    assert opened(sorted(timed), keys, workers=workers).text() == alone.text()


def test_secrets_are_zeroed_at_the_end() -> None:
    said, keys = talk_of("1.3")
    decryptor = Decryptor()
    decryptor.keys.take_lines(keys, "keylog")
    owner = bytes.fromhex(keys[0].split()[1].decode())
    secrets = decryptor.keys.of(owner)
    assert secrets
    held = list(secrets.by_label.values())
    assert all(any(secret) for secret in held)
    run_capture(pcap(frames(said)), KINDS, addons=[decryptor])
    assert not any(any(secret) for secret in held)
    assert len(decryptor.keys) == 0
