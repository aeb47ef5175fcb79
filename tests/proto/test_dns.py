"""DNS, mDNS, LLMNR: matching, texts, strictness by port, hostile names; nothing depends on how the bytes were cut."""

import struct

import pytest
from cuts import at_once, outcome, same_however_cut, told

from netwatch._fast.out.probe import MALFORMED, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.proto.dns import text as dns

QUERY_STATE, RESPONSE_STATE = 18, 19  # ST_DNS_QUERY, ST_DNS_RESPONSE of flow/row.pxd
NAME = b"\x03www\x07example\x03com\0"


def message(flags=0x0100, ident=7, questions=(), answers=(), authorities=(), additionals=()):
    counts = [len(part) for part in (questions, answers, authorities, additionals)]
    return struct.pack(">6H", ident, flags, *counts) + b"".join([*questions, *answers, *authorities, *additionals])


def question(name=NAME, kind=1, cls=1):
    return name + struct.pack(">HH", kind, cls)


def rr(kind, data, name=b"\xc0\x0c", cls=1, ttl=60):
    return name + struct.pack(">HHIH", kind, cls, ttl, len(data)) + data


def framed(msg):
    return len(msg).to_bytes(2, "big") + msg


QUERY = message(questions=[question()], additionals=[rr(41, b"", name=b"\0", cls=1232, ttl=0)])
ANSWER = message(0x8180, questions=[question()], answers=[rr(5, b"\x03web\xc0\x10"), rr(1, b"\xc0\0\2\1")])


def udp(port=53, name="dns", **options):
    return Probe(name, datagram=True, dport=port, **options)


def test_query_and_response():
    probe = udp()
    assert probe.detect(QUERY) == 98
    probe.feed(0, QUERY)
    assert probe.state == QUERY_STATE
    probe.ts += 12_345_678
    probe.feed(1, ANSWER)
    assert (probe.state, probe.initiator, probe.code) == (RESPONSE_STATE, 0, OK)
    obj = dns.describe(probe.facts)
    assert obj == {
        "names": ["www.example.com"],
        "types": ["A"],
        "answers": ["web.example.com", "192.0.2.1"],
        "rcode": "NOERROR",
        "rcodes": ["NOERROR"],
        "latency_us": 12345,
        "transport": "udp",
    }
    assert dns.label(obj) == "DNS A www.example.com"
    query, answer = (dns.record(event[4]) for event in probe.events)
    assert query == {
        "id": 7,
        "qr": "query",
        "opcode": "QUERY",
        "flags": ["rd"],
        "answers": [],
        "transport": "udp",
        "questions": [{"name": "www.example.com", "type": "A", "class": "IN"}],
    }
    assert answer["answers"] == [
        {"name": "www.example.com", "type": "CNAME", "ttl": 60, "data": "web.example.com"},
        {"name": "www.example.com", "type": "A", "ttl": 60, "data": "192.0.2.1"},
    ]
    assert (answer["rcode"], answer["latency_us"], answer["flags"]) == ("NOERROR", 12345, ["rd", "ra"])


def test_over_tcp_however_cut():
    result = same_however_cut(lambda: Probe("dns", dport=53), [(0, framed(QUERY) * 2), (1, framed(ANSWER) * 2)])
    assert [dns.record(event[4])["transport"] for event in result["events"]] == ["tcp"] * 4
    assert result["state"] == 0


def test_latency_ignores_letter_case_and_other_questions():
    probe = udp()
    probe.feed(0, QUERY)
    probe.feed(0, message(ident=8, questions=[question()]))
    probe.ts += 5_000
    probe.feed(1, ANSWER.replace(b"www", b"wWw"))
    assert dns.record(probe.events[-1][4])["latency_us"] == 5
    probe.feed(1, ANSWER)
    assert "latency_us" not in dns.record(probe.events[-1][4])


def test_many_queries_at_once_are_matched():
    probe = udp()
    for i in range(64):
        probe.feed(0, message(ident=i, questions=[question()]))
    probe.ts += 9_000
    for i in range(64):
        probe.feed(1, message(0x8180, ident=i, questions=[question()]))
    assert [dns.record(event[4])["latency_us"] for event in probe.events[64:]] == [9] * 64


@pytest.mark.parametrize(
    "kind, data, text",
    [
        (28, bytes.fromhex("20010db8000000000000000000000001"), "2001:db8::1"),
        (2, b"\xc0\x10", "example.com"),
        (12, b"\x01a\xc0\x10", "a.example.com"),
        (15, b"\0\x0a\xc0\x10", "10 example.com"),
        (16, b'\x05a "b\\\x01z', '"a \\"b\\\\" "z"'),
        (33, b"\0\1\0\2\x1f\x90\xc0\x10", "1 2 8080 example.com"),
        (6, b"\x01a\0\x01b\0" + struct.pack(">5I", 1, 2, 3, 4, 5), "a b 1 2 3 4 5"),
        (65, b"\0\1\0\0\1\0\6\x02h3\x02h2\0\3\0\2\x01\xbb", "1 . alpn=h3,h2 port=443"),
        (257, b"\0\5issueca.example", '0 issue "ca.example"'),
        (47, b"\x01b\0\0\1\x40", "b A"),
        (43, b"\0\1\x08\2\xab\xcd", "1 8 2 abcd"),
        (999, b"\x01\x02", "\\# 2 0102"),
        (1, b"\1\2\3", "\\# 3 010203"),
        (2, b"\xc0\xff", "\\# 2 c0ff"),
        (10, b"", "\\# 0"),
        (35, b"\0\1\0\2\1u\3sip\0\0", '1 2 "u" "sip" "" .'),
    ],
)
def test_data_as_text(kind, data, text):
    assert dns.message(message(0x8180, questions=[question()], answers=[rr(kind, data)]))["answers"][0]["data"] == text


@pytest.mark.parametrize(
    "wire, text",
    [
        (b"\0", "."),
        (b"\x03a.b\1c\0", r"a\.b.c"),
        (b"\x01\\\0", r"\\"),
        (b"\x02\x00\x7f\0", r"\000\127"),
        (b"\x02A \0", "A "),
        ("\x0c小佛專機".encode() + b"\0", "小佛專機"),
        (b"\x02\xff\xfe\0", "\ufffd\ufffd"),
        (b"\x01A\x02bC\0", "A.bC"),
    ],
)
def test_names_as_text(wire, text):
    probe = udp()
    probe.feed(0, message(questions=[question(wire)]))
    assert dns.describe(probe.facts)["names"] == [text]
    assert dns.record(probe.events[0][4])["questions"][0]["name"] == text


def test_the_longest_name_of_the_longest_labels():
    wire = b"".join(b"\x3f" + b"\x01" * 63 for _ in range(3)) + b"\x3d" + b"\x01" * 61 + b"\0"
    assert len(wire) == 255
    probe = udp()
    probe.feed(0, message(questions=[question(wire)]))
    assert len(dns.record(probe.events[0][4])["questions"][0]["name"]) == 4 * 250 + 3
    probe = udp()
    probe.feed(0, message(questions=[question(b"\x01a" + wire)]))
    assert probe.malformed == 1


@pytest.mark.parametrize(
    "wire",
    [
        b"\xc0\x0c",
        b"\xc0\x0e\xc0\x0c",
        b"\x01a\xc0\x0c",
        b"\xc0\xff",
        b"\xc0",
        b"\x40a\0",
        b"\x80",
        b"\x3fshort",
        b"",
        b"\xc0\x00",
    ],
)
def test_names_that_loop_or_break(wire):
    probe = udp()
    assert probe.detect(message(questions=[question(wire)])) == 0
    probe.feed(0, message(questions=[question(wire)]))
    assert (probe.malformed, probe.events, probe.facts) == (1, [], [])


def test_a_long_chain_of_pointers_is_cut_off():
    chain = b"\0" + b"".join(struct.pack(">H", 0xC000 | (12 + max(0, 2 * i - 1))) for i in range(200))
    probe = udp()
    assert probe.detect(struct.pack(">6H", 1, 0x8180, 0, 1, 0, 0) + chain) == 0
    probe.feed(0, struct.pack(">6H", 1, 0x8180, 0, 0xFFFF, 0xFFFF, 0xFFFF) + chain * 20)
    assert probe.code == OK


@pytest.mark.parametrize("size", range(len(ANSWER)))
def test_every_truncation_is_survived(size):
    probe = udp()
    probe.detect(ANSWER[:size])
    probe.feed(1, ANSWER[:size])
    for event in probe.events:
        dns.record(event[4])
    strict = udp(port=4000)
    assert strict.detect(ANSWER[:size]) == 0
    dns.message(ANSWER[:size])


def test_a_broken_message_still_shows_its_question_on_the_port():
    probe = udp()
    probe.feed(1, ANSWER[:-2])
    obj = dns.record(probe.events[0][4])
    assert obj["questions"][0]["name"] == "www.example.com"
    assert [a["type"] for a in obj["answers"]] == ["CNAME"]


def test_truncated_flag_lets_counts_exceed_the_content():
    msg = struct.pack(">6H", 7, 0x8380, 1, 5, 0, 0) + question()
    assert udp(port=4000).detect(msg) == 85
    assert udp(port=4000).detect(msg.replace(b"\x83\x80", b"\x81\x80", 1)) == 0


@pytest.mark.parametrize(
    "name, port, data, sure",
    [
        ("dns", 53, QUERY, 98),
        ("dns", 53, QUERY + b"x", 90),
        ("dns", 53, ANSWER[:-1], 80),
        ("dns", 4000, QUERY, 85),
        ("dns", 4000, QUERY + b"x", 0),
        ("dns", 5353, QUERY, 0),
        ("dns", 5355, QUERY, 0),
        ("dns", 137, QUERY, 0),
        ("mdns", 5353, QUERY, 98),
        ("mdns", 53, QUERY, 0),
        ("llmnr", 5355, QUERY, 98),
        ("llmnr", 4000, QUERY, 0),
        ("dns", 53, b"", 0),
        ("dns", 53, b"\0" * 12, 0),
        ("dns", 53, b"\xff" * 40, 0),
        ("dns", 4000, b"\0" * 40, 0),
        ("dns", 4000, message(questions=[question(kind=0xABCD)]), 0),
        ("dns", 4000, message(questions=[question(cls=77)]), 0),
        ("dns", 4000, message(0x7900, questions=[question()]), 0),
        ("mdns", 5353, b"\x12" * 30, 0),
    ],
)
def test_detection_over_datagrams(name, port, data, sure):
    assert udp(port=port, name=name).detect(data) == sure


@pytest.mark.parametrize(
    "port, data, sure",
    [
        (53, framed(QUERY), 98),
        (53, framed(QUERY)[:-3], 90),
        (4000, framed(QUERY), 85),
        (53, b"\0", MORE_BYTES),
        (53, b"\0\5abc", 0),
        (4000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", MORE_BYTES),
        (4000, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0),
    ],
)
def test_detection_over_tcp(port, data, sure):
    assert Probe("dns", dport=port).detect(data) == sure


def test_mdns_flags_the_unicast_bit_and_makes_no_match():
    probe = udp(port=5353, name="mdns", sport=5353)
    probe.feed(0, message(0, 0, [question(b"\x05Lucas\x05local\0", 255, 0x8001)]))
    probe.feed(0, message(0x8400, 0, answers=[rr(1, b"\xc0\0\2\1", name=b"\x05Lucas\x05local\0", cls=0x8001)]))
    query, answer = (dns.record(event[4]) for event in probe.events)
    assert query["questions"] == [{"name": "Lucas.local", "type": "ANY", "class": "IN"}]
    assert (answer["transport"], answer["answers"][0]["data"], answer["flags"]) == ("mdns", "192.0.2.1", ["aa"])
    assert probe.initiator is None
    assert dns.label(dns.describe(probe.facts)) == "mDNS ANY Lucas.local"


def test_llmnr_is_matched():
    probe = udp(port=5355, name="llmnr")
    probe.feed(0, message(0, questions=[question(b"\x04mypc\0")]))
    probe.ts += 3000
    probe.feed(1, message(0x8000, questions=[question(b"\x04mypc\0")], answers=[rr(1, b"\xc0\0\2\1")]))
    assert dns.record(probe.events[1][4])["latency_us"] == 3
    assert dns.describe(probe.facts)["transport"] == "llmnr"


def test_extended_rcode():
    opt = rr(41, b"", name=b"\0", cls=1232, ttl=0x01000000)
    assert dns.message(message(0x8180, questions=[question()], additionals=[opt]))["rcode"] == "BADVERS"
    assert dns.message(message(0x8183, questions=[question()]))["rcode"] == "NXDOMAIN"


def test_facts_are_bounded():
    probe = udp()
    for i in range(200):
        name = b"\x04%04d" % i + NAME
        probe.feed(0, message(ident=i, questions=[question(name)]))
        probe.feed(1, message(0x8180, ident=i, questions=[question(name)], answers=[rr(1, bytes([10, 0, 0, i]))] * 3))
    obj = dns.describe(probe.facts)
    assert len(obj["names"]) == 8
    assert probe.fact_bytes < 1500


def test_garbage_on_a_flow_that_never_was_dns_is_given_back():
    probe = udp(port=4000)
    codes = [probe.feed(0, b"\xff" * 30) for _ in range(4)]
    assert codes == [OK, OK, OK, NOT_MINE]
    assert (
        told(lambda: Probe("dns", dport=53), [(0, framed(QUERY) + b"\0\x0c" + b"\xff" * 12)], at_once)["code"]
        == MALFORMED
    )


def test_nothing_is_reported_when_nobody_listens():
    probe = udp(want=False)
    probe.feed(0, QUERY)
    assert outcome(probe)["events"] == []


@pytest.mark.parametrize("rcode", [1, 2, 4, 5])
def test_a_refusal_without_a_question_answers_its_query(rcode):
    probe = Probe("dns", datagram=True, dport=53)
    probe.feed(0, b"\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1")
    probe.ts += 1_000_000
    refusal = b"\x12\x34\x81" + bytes([0x80 | rcode]) + bytes(8)
    probe.feed(1, refusal)
    assert dns.record(probe.events[1][4])["latency_us"] == 1000
    assert Probe("dns", datagram=True, dport=53).detect(refusal) == 70
    assert Probe("dns", datagram=True, dport=54).detect(refusal) == 0
    assert Probe("dns", dport=5353).detect(b"\0\x1d\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1") > 0
