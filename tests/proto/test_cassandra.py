"""Cassandra: versions 1 to 5, frames, logins, errors, compression, traffic between nodes, false friends."""

import struct

import pytest
from cuts import same_however_cut
from databases import (
    CASSANDRA,
    CQL_AUTH,
    CQL_OFFERS,
    CQL_START,
    FRAMED,
    NODES,
    OLDEST,
    be16,
    envelope,
    frame,
    long_string,
    string,
    string_map,
)

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, OK, Probe
from netwatch._fast.proto.cassandra import text as cassandra


def make():
    return Probe("cassandra")


def described(turns, code=OK, **options):
    result = same_however_cut(make, turns)
    assert result["code"] == code
    return cassandra.describe(result["facts"], **options)


def test_both_directions():
    obj = described(CASSANDRA)
    assert obj == {
        "cql_version": "3.4.6",
        "driver": "Tester",
        "driver_version": "1.0",
        "keyspace": "shop",
        "authenticator": "org.apache.cassandra.auth.PasswordAuthenticator",
        "supported": ["CQL_VERSION=3.4.6"],
        "error_code": 0x2200,
        "error": "unconfigured table t",
        "version": "4",
        "opcodes": [
            "OPTIONS",
            "SUPPORTED",
            "STARTUP",
            "AUTHENTICATE",
            "AUTH_RESPONSE",
            "AUTH_SUCCESS",
            "QUERY",
            "PREPARE",
            "RESULT",
            "BATCH",
            "ERROR",
            "EXECUTE",
        ],
        "queries": [
            "USE shop",
            "SELECT v FROM t",
            "INSERT INTO t (v) VALUES (1)",
            "CREATE ROLE eve WITH PASSWORD = '***'",
        ],
        "user": "app",
        "password": "***",
    }
    assert cassandra.label(obj) == "Cassandra shop USE shop"
    assert same_however_cut(make, CASSANDRA)["initiator"] == 0


def test_secrets_are_shown_only_when_asked_for():
    obj = described(CASSANDRA, show_secrets=True)
    assert (obj["password"], obj["queries"][-1]) == ("hunter2", "CREATE ROLE eve WITH PASSWORD = 's3cret'")


def test_frames_of_version_5():
    obj = described(FRAMED)
    assert (obj["version"], obj["keyspace"]) == ("5", "shop")
    assert obj["queries"] == ["SELECT 1", "SELECT 2", "SELECT 3"]


def test_a_refused_version_goes_on_without_frames():
    refusal = envelope(0x85, 0, struct.pack(">I", 10) + string(b"Invalid or unsupported protocol version (5)"))
    turns = [(0, envelope(5, 1, CQL_START)), (1, refusal), (0, envelope(4, 1, CQL_START)), (1, envelope(0x84, 2))]
    obj = described([*turns, (0, envelope(4, 7, long_string(b"SELECT 1")))])
    assert (obj["error_code"], obj["queries"]) == (10, ["SELECT 1"])


def test_an_envelope_larger_than_its_frame_is_malformed():
    lie = frame(envelope(5, 7, long_string(b"SELECT 1"))[:-4])
    assert described([(0, envelope(5, 1, CQL_START)), (0, lie + bytes(20))], MALFORMED)["version"] == "5"


def test_version_1_logs_in_with_credentials():
    obj = described(OLDEST, show_secrets=True)
    assert (obj["version"], obj["compression"]) == ("1", "snappy")
    assert (obj["user"], obj["password"]) == ("app", "hunter2")


def test_between_nodes():
    obj = described(NODES, DONE)
    assert obj == {"internode": 12}
    assert cassandra.label(obj) == "Cassandra node to node"


def test_datastax_versions():
    assert described([(0, envelope(0x42, 5))])["version"] == "DSE 2"


def test_directions_must_fit():
    assert described([(0, envelope(4, 5)), (0, envelope(0x84, 2))], MALFORMED)["opcodes"] == ["OPTIONS"]
    assert described([(0, envelope(4, 5)), (0, envelope(4, 6))], MALFORMED)["opcodes"] == ["OPTIONS"]


def test_a_token_that_is_no_password_is_not_kept():
    turns = [(0, envelope(4, 1, CQL_START)), (0, envelope(4, 15, long_string(b"\0\x60\x82\1\0\6\x09")))]
    assert "user" not in described(turns, show_secrets=True)


def test_messages_are_bounded():
    probe = make()
    for number in range(600):
        probe.feed(0, envelope(4, 7, long_string(b"SELECT %d, '%s'" % (number, b"x" * 2000))))
    assert probe.code == DONE
    assert len(cassandra.describe(probe.facts)["queries"]) == 16
    assert probe.fact_bytes < 6000


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (envelope(4, 5, stream=0), 85),
        (envelope(2, 5, stream=0), 85),
        (envelope(4, 5)[:8], MORE_BYTES),
        (envelope(4, 5) + b"x", 0),
        (envelope(4, 5) + envelope(4, 1, CQL_START), 85),
        (envelope(4, 1, CQL_START), 95),
        (envelope(4, 1, CQL_START)[:14], MORE_BYTES),
        (envelope(4, 11, be16(1) + string(b"SCHEMA_CHANGE")), 95),
        (envelope(4, 7, long_string(b"SELECT 1 ")), 90),
        (envelope(4, 7, long_string(b"\x80" * 20)), 0),
        (envelope(4, 10, b"x" * 20), 0),
        (envelope(0x84, 6, CQL_OFFERS), 95),
        (envelope(0x84, 3, CQL_AUTH), 90),
        (envelope(0x84, 0, bytes(4) + string(b"no such thing")), 85),
        (envelope(0x84, 2), 85),
        (envelope(0x84, 1, CQL_START), 0),
        (envelope(4, 6, CQL_OFFERS), 0),
        (envelope(4, 1, string_map((b"\1\2\3\4\5", b"x"))), 0),
        (NODES[0][1], 95),
        (bytes.fromhex("ca552dfa00000000"), 0),
        (b"\5\1\0", 0),
        (b"\5\0", MORE_BYTES),
        (b"\5\1\0\5\1\0\1\x7f\0\0\1\0\x50", 0),
        (b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0", 0),
        (b"BYE BYE BYE", 0),
        (b"\4\1\0\x50\x0a\0\0\1user\0", 0),
    ],
)
def test_detection(data, sure):
    assert make().detect(data) == sure
