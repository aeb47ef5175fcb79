"""HTTP/1: transactions, framing, tunnels, hostile heads; nothing depends on how the bytes were cut."""

import base64

import pytest
from cuts import at_once, outcome, same_however_cut, told

from netwatch._fast.out.probe import DONE, MALFORMED, MORE, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.proto.http import text as http

GET = b"GET /a?b=c HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: probe/1\r\n\r\n"
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\nServer: s/1\r\n\r\nhello"


def make():
    return Probe("http")


def records(result, **options):
    return [http.record(event[4], **options) for event in result["events"]]


def test_one_transaction():
    result = same_however_cut(make, [(0, GET), (1, HELLO)])
    assert (result["code"], result["initiator"]) == (OK, 0)
    assert http.describe(result["facts"]) == {
        "method": "GET", "host": "www.example.com", "path": "/a?b=c",
        "status": 200, "methods": ["GET"], "statuses": [200], "latency_us": 0, "user_agent": "probe/1",
        "content_type": "text/plain", "server": "s/1", "transactions": 1,
    }
    assert records(result) == [{
        "version": "1.1", "method": "GET", "host": "www.example.com", "path": "/a?b=c", "status": 200,
        "request_headers": {"host": "www.example.com", "user-agent": "probe/1"},
        "response_headers": {"content-length": "5", "content-type": "text/plain", "server": "s/1"},
        "request_bytes": 0, "response_bytes": 5, "latency_us": 0}]
    assert http.label(http.describe(result["facts"])) == "HTTP GET www.example.com/a?b=c"


def test_latency_runs_from_the_end_of_the_request_to_the_first_byte_of_the_response():
    probe = make()
    probe.ts = 1_000_000
    probe.feed(0, GET[:10])
    probe.ts = 2_000_000
    probe.feed(0, GET[10:])
    probe.ts = 5_500_000
    probe.feed(1, HELLO[:20])
    probe.ts = 9_000_000
    probe.feed(1, HELLO[20:])
    payload = probe.events[0][4]
    assert http.record(payload)["latency_us"] == 3500
    assert http.started(payload) == 1_000_000


def test_the_event_comes_with_the_last_byte_of_the_body():
    probe = make()
    probe.feed(0, GET)
    probe.feed(1, HELLO[:-1])
    assert probe.events == []
    probe.feed(1, HELLO[-1:])
    assert len(probe.events) == 1


def test_keep_alive_and_pipelining_pair_in_order():
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % i for i in range(5))
    responses = b"".join(b"HTTP/1.1 20%d X\r\nContent-Length: %d\r\n\r\n%s" % (i, i, b"x" * i) for i in range(4))
    result = same_however_cut(make, [(0, requests), (1, responses)])
    assert [(r["path"], r.get("status"), r.get("response_bytes")) for r in records(result)] == [
        ("/0", 200, 0),
        ("/1", 201, 1),
        ("/2", 202, 2),
        ("/3", 203, 3),
        ("/4", None, None),
    ]


def test_chunked_both_ways_with_extension_and_trailer():
    body = b"3;x=y\r\nabc\r\n1F\r\n" + b"z" * 31 + b"\r\n0\r\nTrailer: v\r\n\r\n"
    turns = [
        (0, b"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body + GET),
        (1, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n" + body + HELLO),
    ]
    result = same_however_cut(make, turns)
    assert [(r["method"], r["request_bytes"], r["response_bytes"]) for r in records(result)] == [
        ("POST", 34, 34),
        ("GET", 0, 5),
    ]


@pytest.mark.parametrize("line", [b"x\r\n", b"\r\n", b"-1\r\n", b"8000000000000000\r\n", b"g\r\n", b"1" * 5000])
def test_bad_chunk_size_ends_that_side_only(line):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    result = same_however_cut(make, [(0, GET), (1, head + line), (0, GET)])
    assert result["malformed"] == 1
    assert len(records(result)) == 2


def test_responses_without_a_body():
    turns = [
        (0, b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + GET * 3),
        (
            1,
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n" + HELLO,
        ),
    ]
    result = same_however_cut(make, turns)
    assert [(r["method"], r["status"], r["response_bytes"]) for r in records(result)] == [
        ("HEAD", 200, 0),
        ("GET", 304, 0),
        ("GET", 204, 0),
        ("GET", 200, 5),
    ]


def test_body_until_the_end_of_the_connection():
    result = same_however_cut(make, [(0, GET), (1, b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 3000)])
    assert records(result)[0]["response_bytes"] == 3000


def test_body_cut_short_counts_what_came():
    result = same_however_cut(make, [(0, GET), (1, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 300)])
    assert records(result)[0]["response_bytes"] == 300


def test_bare_line_feeds_folding_and_repeated_fields():
    request = b"\r\nGET / HTTP/1.0\nHost: h\nX-A: one\n\ttwo\nX-A: three\nNo colon\n\n"
    fields = records(same_however_cut(make, [(0, request)]))[0]["request_headers"]
    assert fields == {"host": "h", "x-a": ["one two", "three"]}


def test_joined_in_the_middle_a_response_comes_first():
    result = same_however_cut(make, [(1, HELLO), (0, GET)])
    assert result["initiator"] == 0
    assert records(result)[0]["status"] == 200
    assert "method" not in records(result)[0]
    assert records(result)[1]["method"] == "GET"


@pytest.mark.parametrize(
    "request_head, response, after",
    [
        (
            b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
            b"HTTP/1.1 200 Connected\r\n\r\n",
            b"\x16\x03\x03\x00\x02ab",
        ),
        (b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n", b"\x81\x00"),
    ],
)
def test_a_tunnel_gives_the_flow_back_with_its_bytes(request_head, response, after):
    result = same_however_cut(make, [(0, request_head), (1, response)])
    assert result["code"] == NOT_MINE
    assert len(records(result)) == 1
    probe = make()
    probe.feed(0, request_head + after)
    assert probe.code in (OK, MORE)
    probe.feed(1, response + after)
    assert probe.code == NOT_MINE
    assert probe.left_over == (after, after)
    assert http.describe(probe.facts)["status"] in (101, 200)


def test_a_refused_connect_goes_on():
    turns = [(0, b"CONNECT h:443 HTTP/1.1\r\n\r\n"), (1, b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"), (0, GET)]
    assert [r["method"] for r in records(same_however_cut(make, turns))] == ["CONNECT", "GET"]


def test_heads_cut_by_the_snap_length_are_told_as_far_as_their_lines_are_whole():
    probe = make()
    for number in (1, 2):
        probe.feed(0, b"GET /%d HTTP/1.1\r\nHost: h\r\nUser-Agent: cut he" % number)
        probe.lost(0, 40, cut=True)
        probe.feed(1, b"HTTP/1.1 20%d OK\r\nServer: s\r\nX-Cut" % number)
        probe.lost(1, 4000, cut=True)
    assert probe.malformed == 0
    assert records(outcome(probe)) == [
        {
            "version": "1.1",
            "method": "GET",
            "host": "h",
            "path": f"/{number}",
            "status": 200 + number,
            "request_headers": {"host": "h"},
            "response_headers": {"server": "s"},
        }
        for number in (1, 2)
    ]


def test_a_head_that_never_ends_is_told_as_far_as_its_lines_are_whole_unless_its_rest_was_lost():
    head = b"GET / HTTP/1.1\r\nHost: h\r\nX"
    for size in range(len(head)):
        ended, lost, cut = make(), make(), make()
        ended.feed(0, head[:size], fin=True)
        lost.feed(0, head[:size])
        lost.lost(0, 9)
        cut.feed(0, head[:size])
        cut.lost(0, 9, cut=True)
        assert records(outcome(lost)) == []
        assert len(records(outcome(ended))) == len(records(outcome(cut))) == (b"\n" in head[:size])


def test_a_request_without_a_version():
    result = same_however_cut(make, [(0, b"GET /old\r\nHost: h\r\n\r\n"), (1, HELLO)])
    assert http.describe(result["facts"])["path"] == "/old"
    assert [(r["path"], r["version"], r["status"]) for r in records(result)] == [("/old", "1.1", 200)]


def test_an_interim_response_is_told_when_no_final_one_comes():
    put = b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    result = same_however_cut(make, [(0, put), (1, interim)])
    assert [(r["method"], r["status"]) for r in records(result)] == [("PUT", 100)]
    assert "status" not in http.describe(result["facts"])
    result = same_however_cut(make, [(0, put), (1, interim + b"HTTP/1.1 103 Early\r\n\r\n" + HELLO)])
    assert [r["status"] for r in records(result)] == [200]
    assert [r["status"] for r in records(same_however_cut(make, [(1, interim)]))] == [100]


def test_more_than_64_waiting_requests_are_reported_and_not_paired():
    result = told(make, [(0, GET * 70), (1, HELLO)], at_once)
    assert [("status" in r, "method" in r) for r in records(result)] == (
        [(False, True)] * 6 + [(True, False)] + [(False, True)] * 64
    )


@pytest.mark.parametrize("count", [64, 65, 200, 1000])
def test_what_waits_is_paired_though_others_made_room_for_it(count):
    """The answers to those that made room come first, and are told alone; then all is in order again."""
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % i for i in range(count))
    responses = b"".join(b"HTTP/1.1 200 X\r\nServer: s%d\r\nContent-Length: 1\r\n\r\nx" % i for i in range(count))
    again = b"GET /again HTTP/1.1\r\nHost: h\r\n\r\n"
    last = b"HTTP/1.1 204 X\r\n\r\n"
    found = records(told(make, [(0, requests), (1, responses), (0, again), (1, last)], at_once))
    passed = count - 64
    assert [each["path"] for each in found[:passed]] == [f"/{i}" for i in range(passed)]
    assert all("status" not in each for each in found[:passed])
    assert ["method" in each for each in found[passed:2 * passed]] == [False] * passed
    assert [(each["path"], each["response_headers"]["server"]) for each in found[2 * passed:-1]] == [
        (f"/{i}", f"s{i}") for i in range(passed, count)]
    assert (found[-1]["path"], found[-1]["status"]) == ("/again", 204)


def test_bytes_that_are_no_message_after_one_that_was():
    result = same_however_cut(make, [(0, GET), (1, HELLO + b"\x00\x01garbage"), (0, GET)])
    assert result["malformed"] == 1
    assert len(records(result)) == 2
    both = same_however_cut(make, [(0, GET + b"\x00\x01"), (1, HELLO + b"\x00\x01")])
    assert both["code"] == MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        b"INVITE sip:a@b SIP/2.0\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"GET key\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"HTTP/2.0 200\r\n",
        b"HTTP/1.1 2x0 OK\r\n",
        b"220 hi\r\n",
        b"GET / HTTP/1.1x\r\n\r\n",
        b" / HTTP/1.1\r\n",
        b"A" * 80,
    ],
)
def test_what_is_not_http(data):
    assert make().detect(data) == 0
    assert same_however_cut(make, [(0, data)])["code"] == NOT_MINE


@pytest.mark.parametrize(
    "data, sure",
    [
        (GET, 98),
        (HELLO, 98),
        (b"HTTP/1.1 404\r\n", 98),
        (b"GE", MORE_BYTES),
        (b"HTTP/1", MORE_BYTES),
        (b"H", MORE_BYTES),
        (b"GET /" + b"a" * 90, 85),
        (b"PROPFIND /x HTTP/1.1\r\n", 98),
        (b"GET http://h/" + b"a" * 90, 85),
        (b"", MORE_BYTES),
    ],
)
def test_detection(data, sure):
    assert make().detect(data) == sure


@pytest.mark.parametrize("zeros", [1, 17, 40, 300])
def test_leading_zeros_count_for_nothing(zeros):
    head = b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * zeros + b"5, " + b"0" * zeros + b"5\r\n\r\nhello"
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * zeros + b"3\r\nabc\r\n0\r\n\r\n"
    result = same_however_cut(make, [(0, head + GET), (1, chunks + HELLO)])
    assert [(r["request_bytes"], r["response_bytes"]) for r in records(result)] == [(5, 3), (0, 5)]


@pytest.mark.parametrize("codings", [b"chunked, identity", b"identity, chunked", b"gzip,,chunked ,", b"CHUNKED"])
def test_lists_of_transfer_codings(codings):
    response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + codings + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    result = same_however_cut(make, [(0, GET * 2), (1, response + HELLO)])
    assert [r["response_bytes"] for r in records(result)] == [3, 5]


NTLM = b"NTLMSSP\0\3\0\0\0" + b"\0" * 8 + bytes([24, 0, 24, 0, 80, 0, 0, 0]) + bytes([2, 0, 2, 0, 64, 0, 0, 0]) + (
    bytes([8, 0, 8, 0, 66, 0, 0, 0]) + bytes([6, 0, 6, 0, 74, 0, 0, 0]) + b"\0" * 8 + bytes([1, 0, 0, 0])
) + "D".encode("utf-16-le") + "dave".encode("utf-16-le") + "PC1".encode("utf-16-le") + b"r" * 24


@pytest.mark.parametrize("scheme", [b"NTLM ", b"Negotiate "])
@pytest.mark.parametrize("name", [b"Authorization", b"proxy-authorization"])
def test_who_logs_in_by_ntlm(scheme, name):
    token = base64.b64encode(NTLM)
    request = b"GET / HTTP/1.1\r\nHost: h\r\n" + name + b": " + scheme + token + b"\r\n\r\n"
    result = same_however_cut(make, [(0, GET + request), (1, HELLO * 2)])
    login = http.describe(result["facts"])["login"]
    assert (login["user"], login["domain"], login["workstation"]) == ("dave", "D", "PC1")


@pytest.mark.parametrize(
    "field",
    [
        b"Content-Length: 5, 6",
        b"Content-Length: 5,",
        b"Content-Length: " + b"9" * 30,
        b"Content-Length: x",
        b"Content-Length: 1\r\nContent-Length: 2",
        b"Content-Length: ",
        b"Transfer-Encoding: gzip",
    ],
)
def test_framing_that_cannot_be_trusted(field):
    result = same_however_cut(make, [(0, b"POST / HTTP/1.1\r\n" + field + b"\r\n\r\nGET / HTTP/1.1\r\n\r\n")])
    assert result["malformed"] == 1
    assert len(records(result)) == 1


def test_secrets_are_masked_unless_asked_for():
    turns = [
        (0, b"GET http://u:pw@h/ HTTP/1.1\r\nAuthorization: Basic czM=\r\nCookie: a=1; b=2\r\n\r\n"),
        (1, b"HTTP/1.1 204 X\r\nSet-Cookie: sid=9; Path=/\r\nSet-Cookie: t=8\r\n\r\n"),
    ]
    result = same_however_cut(make, turns)
    masked, shown = records(result)[0], records(result, show_secrets=True)[0]
    assert masked["host"] == shown["host"] == "h"
    assert masked["path"] == "http://***@h/"
    assert masked["request_headers"] == {"authorization": "Basic ***", "cookie": "a=***; b=***"}
    assert masked["response_headers"]["set-cookie"] == ["sid=***; Path=/", "t=***"]
    assert shown["request_headers"] == {"authorization": "Basic czM=", "cookie": "a=1; b=2"}
    assert http.describe(result["facts"])["path"] == "http://***@h/"


def test_text_is_clean():
    result = told(make, [(0, b"GET /\xff\x1b[31m HTTP/1.1\r\nHost: \xe2\x80\xaeh\r\n\r\n")], at_once)
    assert http.describe(result["facts"])["path"] == "/\ufffd\ufffd[31m"
    assert records(result)[0]["host"] == "\ufffdh"


def test_nothing_is_kept_when_nobody_listens():
    result = told(lambda: Probe("http", want=False), [(0, GET), (1, HELLO)], at_once)
    assert result["events"] == []
    assert http.describe(result["facts"])["transactions"] == 1


def test_facts_of_a_usual_flow_are_small():
    probe = make()
    probe.feed(0, GET)
    probe.feed(1, HELLO)
    assert probe.fact_bytes <= 300
    assert probe.code != DONE
