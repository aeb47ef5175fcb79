"""STUN and TURN: both directions, round trip, addresses, TCP with ChannelData, the classic kind."""

from cuts import same_however_cut
from datagrams import check_datagrams, flow, said
from messages import STUN_ASK, STUN_NO, STUN_OLD, STUN_SAY, attribute, be16
from messages import stun as message

from netwatch._fast.out.probe import DONE, MORE_BYTES, NOT_MINE, Probe
from netwatch._fast.proto import stun


def test_both_directions():
    probe = said("stun", [(0, STUN_ASK), (1, STUN_SAY)])
    obj = stun.describe(probe.facts)
    assert obj == {
        "messages": ["Binding request", "Binding success"],
        "software": "tester 1.0",
        "username": "alice:bob",
        "mapped": "192.0.2.7:4000",
        "rtt_us": 1500,
    }
    assert stun.label(obj) == "STUN Binding request tester 1.0"
    assert probe.initiator == 0


def test_a_turn_server_wants_to_know_who():
    obj = stun.describe(said("stun", [(1, STUN_NO)]).facts)
    assert (obj["error"], obj["realm"]) == ("401 Unauthorized", "example.com")
    assert stun.label(obj) == "TURN Allocate error example.com"


def test_six_bytes_of_a_version_6_address():
    cover = bytes.fromhex("2112a442") + b"transaction!"
    raw = bytes(a ^ b for a, b in zip(bytes.fromhex("20010db8") + bytes(11) + b"\1", cover, strict=True))
    say = message(0x0101, attribute(0x20, b"\0\2" + be16(53 ^ 0x2112) + raw))
    assert stun.describe(said("stun", [(1, say)]).facts)["mapped"] == "[2001:db8::1]:53"


def test_the_classic_kind_must_fit_exactly():
    assert flow("stun", 4321).detect(STUN_OLD) == 60
    assert stun.describe(said("stun", [(1, STUN_OLD)]).facts)["classic"] is True
    assert flow("stun", 4321).detect(STUN_OLD + b"\0") == 0
    assert flow("stun", 4321).detect(message(0x0101, attribute(0x77, b"abcd"), cookie=1)) == 0
    assert flow("stun", 4321).detect(bytes.fromhex("00010000") + bytes(16)) == 0


def test_tcp_however_cut():
    channel = bytes.fromhex("40000006") + b"media!" + bytes(2)
    turns = [(0, STUN_ASK), (1, STUN_NO + STUN_SAY), (0, channel * 3 + STUN_ASK)]
    result = same_however_cut(lambda: Probe("stun", dport=3478), turns)
    assert stun.describe(result["facts"])["messages"] == ["Binding request", "Allocate error", "Binding success"]
    assert Probe("stun").detect(STUN_ASK[:3]) == MORE_BYTES
    assert Probe("stun").detect(STUN_ASK[:8]) == 98
    assert Probe("stun").detect(b"\0\1\0\0abcd") == 0


def test_media_and_dtls_are_somebody_elses():
    assert said("stun", [(0, STUN_ASK), (0, b"\x80" + bytes(30))]).code == NOT_MINE
    assert said("stun", [(0, STUN_ASK), (0, b"\x16\xfe\xfd" + bytes(30))]).code == NOT_MINE


def test_channel_data_ends_the_reading():
    assert said("stun", [(0, STUN_ASK)] + [(0, b"\x40" + bytes(30))] * 300).code == DONE


def test_hostile():
    check_datagrams("stun", stun)


def test_each_message_with_its_length_before_it_however_cut():
    turns = [(0, be16(len(STUN_ASK)) + STUN_ASK), (1, be16(len(STUN_SAY)) + STUN_SAY + be16(3) + b"\x80rt")]
    result = same_however_cut(lambda: Probe("stun", dport=42000), turns)
    assert stun.describe(result["facts"])["messages"] == ["Binding request", "Binding success"]


def test_media_over_tcp_are_named():
    """RFC 4571: three packets in a row of one stream, not three of any."""
    def rtp(number, source):
        return b"\x80\x60" + be16(number) + bytes(4) + source + bytes(20)

    asked = [(0, be16(len(STUN_ASK)) + STUN_ASK)]
    for sources, stack in ((b"aaaa", ["rtp"]), (b"abab", None)):
        packets = [rtp(n, bytes([sources[n % 4]]) * 4) for n in range(6)]
        turns = [*asked, *((0, be16(len(p)) + p) for p in packets)]
        result = same_however_cut(lambda: Probe("stun", dport=42000), turns)
        assert stun.describe(result["facts"]).get("stack") == stack


def test_an_answer_of_the_classic_kind_may_have_as_many_later_attributes_as_its_own():
    known, later = attribute(6, b"user"), attribute(0x101, b"\0\0\0\1")
    assert flow("stun", 4321).detect(message(0x0101, known + later, cookie=1)) == 60
    assert flow("stun", 4321).detect(message(0x0101, known + later + later, cookie=1)) == 0


def test_a_request_of_the_classic_kind_may_have_any_or_none():
    for attributes in (b"", attribute(0x7701, b"zoom"), attribute(6, b"user")):
        assert flow("stun", 4321).detect(message(0x0001, attributes, cookie=1)) == 60
    assert flow("stun", 4321).detect(b"\0\1\0\0" + bytes(16)) == 0
