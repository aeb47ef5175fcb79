"""QUIC opened: published vectors, each suite and version, key updates, order, loss, late and wrong keys, paths."""

from __future__ import annotations

import random

import pytest
from opening import KINDS
from quicmake import V1, V2, varint
from quicpeer import CLIENT, SERVER, Datagram, Peer, frames, new_cid, stream
from running import Result, open_bytes, run
from test_quic import CLIENT_CRYPTO, SERVER_PAYLOAD, SERVER_V1, SERVER_V2
from wire import pcap

from netwatch.decrypt import handshake as hs
from netwatch.decrypt import quicwire
from netwatch.decrypt.decryptor import Decryptor
from netwatch.decrypt.messages import Messages
from netwatch.decrypt.quickeys import PacketKeys, initial_keys, whole_number
from netwatch.decrypt.quicstreams import PART_COST, WAITING_MOST, Streams
from netwatch.decrypt.records import Unverified
from netwatch.decrypt.suites import suite_of
from netwatch.model.event import Step
from netwatch.records.maker import RecordMaker
from netwatch.run.pipeline import Pipeline

DCID = bytes.fromhex("8394c8f03e515708")
# RFC 9001 appendix A.5, RFC 9369 appendix A.5
SECRET = bytes.fromhex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b")
CHACHA = {V1: "4cfe4189655e5cd55c41f69080575d7999c25a5bfb", V2: "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba"}
UPDATED = {V1: "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9",
           V2: "c69374c49e3d2a9466fa689e49d476db5d0dfbc87d32ceeaa6343fd0ae4c7d88"}


def read(datagrams: list[Datagram], keys: list[bytes], decryptor: Decryptor | None = None, **words: object) -> Result:
    decryptor = decryptor or Decryptor()
    decryptor.keys.take_lines(keys, "keylog")
    return run(frames(datagrams), kinds=KINDS, addons=[decryptor, Messages(follow=True)], **words)


def texts(result: Result) -> dict[tuple[int, str], str]:
    """Decrypted text by stream and direction."""
    return {(r["stream"], r["dir"]): r["text"] for r in result.by_kind["streams"]}


# --- vectors ---


@pytest.mark.parametrize(("version", "packet"), [(V1, SERVER_V1), (V2, SERVER_V2)])
def test_server_initial_of_the_rfcs(version, packet):
    data = bytes.fromhex(packet)
    header = quicwire.long_header(data)
    assert (header.kind, header.version, header.size) == (quicwire.INITIAL, version, len(data))
    assert initial_keys(version, DCID)[1].open(data, header.number_at, 0) == (1, bytes.fromhex(SERVER_PAYLOAD))


@pytest.mark.parametrize("version", [V1, V2])
def test_chacha20_packet_of_the_rfcs(version):
    keys = PacketKeys(suite_of(0x1303), SECRET, version)
    assert keys.open(bytes.fromhex(CHACHA[version]), 1, 654360563) == (654360564, b"\1")
    assert keys._expand(SECRET, "ku", 32).hex() == UPDATED[version]


def test_client_hello_of_the_rfc_is_read():
    (frame,) = quicwire.frames(bytes.fromhex(CLIENT_CRYPTO))
    hello = hs.client_hello(frame.data[4:])
    assert hello.suites == [0x1301, 0x1302] and hs.offered_alpn(frame.data[4:]) == [b"alpn"]


def test_packet_numbers_of_the_rfc():
    assert whole_number(0xA82F30EB, 0x9B32, 16) == 0xA82F9B32  # RFC 9000 appendix A.3
    assert [whole_number(following, 0xFF, 8) for following in (0, 0x100, 0x180, 0x181)] == [0xFF, 0xFF, 0x1FF, 0x1FF]


# --- connections ---

PLAIN = b"hq"  # an ALPN nobody reads further


def talk(peer: Peer) -> list[Datagram]:
    return [peer.hello(), peer.answer(), peer.said(CLIENT, stream(0, b"question", fin=True)),
            peer.said(SERVER, stream(0, b"answer", fin=True))]


BOTH = {(0, "out"): "question", (0, "in"): "answer"}


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("suite", [0x1301, 0x1302, 0x1303])
def test_every_suite_and_version(suite, version):
    peer = Peer(suite, version, PLAIN)
    result = read(talk(peer), peer.lines())
    assert texts(result) == BOTH
    assert result.flow["decrypted"] is True and result.flow["decrypt"] == {"keys": "keylog", "bytes": 14}
    assert result.flow["app"] == "quic" and result.flow["tls"]["alpn_chosen"] == "hq"


@pytest.mark.same
def test_any_order_gives_the_same():
    peer = Peer(alpn=PLAIN)
    datagrams = [*talk(peer)[:2], *(peer.said(CLIENT, stream(4, bytes([97 + i]) * 9, 9 * i, i == 7)) for i in range(8))]
    rng = random.Random(9)
    for _ in range(12):
        found = texts(read(datagrams, peer.lines()))
        assert found == {(4, "out"): "".join(c * 9 for c in "abcdefgh")}
        datagrams[1:] = rng.sample(datagrams[1:], len(datagrams) - 1)


def test_what_is_sent_twice_is_told_once():
    peer = Peer(alpn=PLAIN)
    datagrams = talk(peer)
    again = [peer.said(CLIENT, stream(0, b"question", fin=True))]
    result = read([*datagrams, *datagrams[2:], *again], peer.lines())
    assert texts(result) == BOTH


def test_a_hole_is_counted():
    peer = Peer(alpn=PLAIN)
    sent = [peer.said(CLIENT, stream(0, b"x" * 10, 10 * i)) for i in (0, 2)]
    result = read([peer.hello(), peer.answer(), *sent], peer.lines())
    (record,) = result.by_kind["streams"]
    assert record["text"] == "x" * 20 and record["missing_bytes"] == 10


def test_key_updates_of_both_and_packets_from_before():
    peer = Peer(alpn=PLAIN)
    datagrams = talk(peer)[:2]
    late = peer.said(CLIENT, stream(0, b"0", 0))
    for update in range(1, 5):
        peer.updates = [update, update // 2]
        datagrams.append(peer.said(CLIENT, stream(0, str(update).encode(), update)))
        datagrams.append(peer.said(SERVER, stream(0, str(update).encode(), update - 1)))
        if update == 1:
            datagrams.append(late)
    result = read(datagrams, peer.lines())
    assert texts(result) == {(0, "out"): "01234", (0, "in"): "1234"} and "failed" not in result.flow["decrypt"]


def test_an_update_that_was_lost_is_caught_up_with():
    peer = Peer(alpn=PLAIN)
    datagrams = talk(peer)
    for update in (2, 3, 5):
        peer.updates = [update, 0]
        datagrams.append(peer.said(CLIENT, stream(4, b"%d" % update)))
    assert read(datagrams, peer.lines()).flow["decrypt"] == {"keys": "keylog", "bytes": 17}


def test_early_data():
    peer = Peer(alpn=PLAIN)
    _, hello = peer.hello()
    early = peer.packet(CLIENT, 1, stream(0, b"early"))
    result = read([(CLIENT, hello + early), peer.answer()], peer.lines())
    assert texts(result) == {(0, "out"): "early"} and result.flow["quic"]["early_data"] is True


def test_wrong_keys_leave_the_flow_as_it_is():
    peer = Peer(alpn=PLAIN)
    without = read(talk(peer), []).flow
    found = read(talk(peer), peer.lines(wrong=True)).flow
    about = found.pop("decrypt")
    assert about["failed"] == 3 and about["reason"] == "a packet did not verify" and "decrypted" not in found
    without.pop("decrypt", None)
    assert found == without


def test_one_bad_packet_is_counted_and_no_more():
    peer = Peer(alpn=PLAIN)
    datagrams = talk(peer)
    bad = bytearray(peer.said(CLIENT, stream(8, b"lost"))[1])
    bad[-1] ^= 1
    datagrams[2:2] = [(CLIENT, bytes(bad)), (SERVER, b"\x40" + bytes(3)), (CLIENT, b"\xc3" + bytes(40))]
    result = read(datagrams, peer.lines())
    assert texts(result) == BOTH and result.flow["decrypt"]["failed"] == 2


def test_late_keys_open_from_the_start():
    """All is read before the first key comes, and the last key after that."""
    peer = Peer(alpn=PLAIN)
    decryptor = Decryptor()
    pipeline = Pipeline(open_bytes(pcap(frames(talk(peer)))), want=("streams",), hold=True,
                        addons=[decryptor, Messages(follow=True)])
    maker = RecordMaker(pipeline, {"flows", "streams"})
    pipeline.engines[0].listen("sealed")
    pipeline.read()
    pipeline.engines[0].process(pipeline._boxes[0])
    found = list(maker.records(pipeline._collect(Step(()))))
    assert not found
    for line in peer.lines():
        decryptor.keys.take_lines([line], "keylog")
        found += maker.records(pipeline._collect(Step(())))
    found += maker.records(pipeline.finish())
    records = found
    assert {(r["stream"], r["dir"]): r["text"] for r in records if r["schema"] == "netwatch.stream/1"} == BOTH
    assert [r["decrypt"] for r in records if r["schema"] == "netwatch.flow/1"] == [{"keys": "keylog", "bytes": 14}]
    pipeline.close()


def test_a_hello_that_was_not_seen():
    peer = Peer(alpn=PLAIN)
    result = read(talk(peer)[1:], peer.lines())
    assert result.flow["decrypt"]["reason"] == "a hello was not seen" and "decrypted" not in result.flow


def test_another_path_is_known_by_its_connection_id():
    peer = Peer(alpn=PLAIN)
    datagrams = [*talk(peer)[:2], peer.said(SERVER, new_cid(1, b"otherway")),
                 peer.said(CLIENT, new_cid(1, b"backways")),
                 peer.said(CLIENT, stream(0, b"here "))]
    peer.cids = [b"backways", b"otherway"]
    moved = [peer.said(CLIENT, stream(0, b"there", 5, True)), peer.said(SERVER, stream(0, b"yes", fin=True))]
    result = read([*datagrams, *((*each, 50000) for each in moved)], peer.lines())
    assert texts(result) == {(0, "out"): "here there", (0, "in"): "yes"}
    first, other = result.flows
    assert (first["app"], other["app"]) == ("quic", "quic") and other["sport"] == 50000
    assert first["decrypt"]["bytes"] == 5 and other["decrypt"] == {"keys": "keylog", "bytes": 8}


def test_a_flow_that_only_looks_like_a_path_opens_nothing():
    peer = Peer(alpn=PLAIN)
    alike = [(CLIENT, b"\x41serverid" + bytes(40), 50000)] * 12 + [(CLIENT, b"\x41nobodyis" + bytes(40), 50001)]
    result = read([*talk(peer), *alike], peer.lines())
    assert [flow.get("app") for flow in result.flows] == ["quic", "quic", None]   # the first of them by its ID alone
    assert result.flows[1]["quic"]["path"] and "decrypted" not in result.flows[1]
    assert texts(result) == BOTH


def test_nothing_is_handed_over_when_nobody_asks():
    peer = Peer(alpn=PLAIN)
    result = run(frames(talk(peer)), kinds=KINDS)
    assert result.flow["app"] == "quic" and not result.by_kind["streams"]


# --- frames and streams ---


def test_frames_of_every_kind_are_passed_by():
    ack = b"\3" + varint(70000) + b"\0\1\0\0\0\1\2\3"
    rest = b"\1" + ack + b"\5\4\1" + b"\7\2ab" + b"\x10\x01\x11\x00\x01\x12\1\x13\1\x14\1\x15\1\1\x16\1\x17\1"
    rest += b"\x1a" + bytes(8) + b"\x1b" + bytes(8) + b"\x1e" + b"\x31\1d" + b"\4\x08\1\2" + b"\x19\3" + b"\0" * 5
    kinds = [frame.kind for frame in quicwire.frames(rest + stream(4, b"end"))]
    assert kinds == [7, 0x1A, 0x1B, 0x30, 4, 0x19, 8]


def test_a_frame_that_is_cut_is_broken_wherever_it_is_cut():
    whole = b"\x18\1\0\x08" + b"c" * 8 + bytes(16)
    for end in range(1, len(whole)):
        with pytest.raises(hs.Broken):
            list(quicwire.frames(whole[:end]))
    assert [frame.data for frame in quicwire.frames(whole)] == [b"c" * 8]


def test_headers_that_are_cut_are_broken():
    data = bytes.fromhex(SERVER_V1)
    for end in range(len(data)):
        with pytest.raises(hs.Broken):
            quicwire.long_header(data[:end])


def test_what_waits_is_bounded():
    streams = Streams()
    size = 60000
    told = []
    for i in range(2 * WAITING_MOST // size):
        told += streams.put(0, 10 + i * (size + 1), bytes(size), False)
        assert streams.waiting <= WAITING_MOST + size + PART_COST
    assert told[0][1].missing == 10 and {number for number, _ in told} == {0}


def test_streams_overlap_and_end():
    streams = Streams()
    told = [*streams.put(0, 2, b"cdef", True), *streams.put(0, 0, b"abc", False), *streams.put(0, 0, b"abc", False)]
    assert [(row.data, row.missing, row.fin) for _, row in told] == [(b"abcdef", 0, True)]
    assert list(streams.put(4, 0, b"", True)) == [(4, (b"", 0, True))] and not streams.reset(4)


def test_damage_anywhere_is_only_counted():
    peer = Peer(alpn=PLAIN)
    datagrams = talk(peer)
    rng = random.Random(1)
    for _ in range(60):
        damaged = list(datagrams)
        at = rng.randrange(len(damaged))
        side, data = damaged[at]
        data = bytearray(data)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        damaged[at] = (side, bytes(data))
        result = read(damaged, peer.lines())
        assert set(texts(result).items()) <= set(BOTH.items())


def test_a_packet_under_another_key_does_not_open():
    data = bytes.fromhex(SERVER_V1)
    with pytest.raises(Unverified):
        initial_keys(V1, DCID[::-1])[1].open(data, quicwire.long_header(data).number_at, 0)
    assert initial_keys(0x12345678, DCID) is None
