"""PostgreSQL: refusals and switches of encryption, logins, settings, errors, late joins, what is not taken for it."""

import struct

import pytest
from cuts import same_however_cut
from databases import (
    ASK_GSSAPI,
    ASK_TLS,
    CANCEL,
    PG_ERROR,
    PG_READY,
    PG_ROWS,
    PG_START,
    POSTGRESQL,
    SCRAM,
    auth,
    message,
    startup,
)

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.proto import postgresql as pg


def make():
    return Probe("postgresql")


def described(turns, code, **options):
    result = same_however_cut(make, turns)
    assert result["code"] == code
    return pg.describe(result["facts"], **options)


def test_both_directions():
    obj = described(POSTGRESQL, DONE)
    assert obj == {
        "version": "16.4",
        "database": "shop",
        "application": "psql",
        "settings": ["client_encoding=UTF8", "TimeZone=Etc/UTC"],
        "severity": "ERROR",
        "sqlstate": "42P01",
        "error": 'relation "t" does not exist',
        "encryption": "refused",
        "auth": "password",
        "queries": ["SELECT id FROM t;", "SELECT $1", "ALTER ROLE app PASSWORD '***'"],
        "user": "app",
        "password": "***",
    }
    assert pg.label(obj) == "PostgreSQL app@shop SELECT id FROM t;"
    assert same_however_cut(make, POSTGRESQL)["initiator"] == 0


def test_secrets_are_shown_only_when_asked_for():
    obj = described(POSTGRESQL, DONE, show_secrets=True)
    assert (obj["password"], obj["queries"][-1]) == ("hunter2", "ALTER ROLE app PASSWORD 's3cret'")


def test_scram_names_its_mechanism_and_keeps_no_secret():
    obj = described(SCRAM, OK)
    assert (obj["auth"], obj["sqlstate"], "password" in obj) == ("SCRAM-SHA-256", "28P01", False)


@pytest.mark.parametrize(
    ("asked", "said", "code", "encryption"),
    [
        (ASK_TLS, b"S", NOT_MINE, "tls"),
        (ASK_TLS, b"N", OK, "refused"),
        (ASK_GSSAPI, b"G", DONE, "gssapi"),
        (ASK_GSSAPI, b"N", OK, "refused"),
        (ASK_TLS, b"G", MALFORMED, None),
    ],
)
def test_encryption(asked, said, code, encryption):
    probe = make()
    probe.feed(0, asked)
    assert probe.feed(1, said + (b"\x16\3\3" if said == b"S" else b"")) == code
    assert pg.describe(probe.facts).get("encryption") == encryption
    assert probe.left_over[1] == (b"\x16\3\3" if said == b"S" else b"")


def test_an_old_server_answers_the_request_with_an_error():
    obj = described([(0, ASK_TLS), (1, message("E", b"SFATAL\0C0A000\0Munsupported protocol\0\0"))], OK)
    assert (obj["severity"], obj["error"]) == ("FATAL", "unsupported protocol")


def test_cancelling():
    assert described([(0, CANCEL)], DONE) == {"cancel": True}


def test_replication_is_left_alone():
    turns = [(0, startup(user="r", replication="true")), (1, auth(0)), (1, message("W", b"\0\0\0") + b"\xff" * 90)]
    assert described(turns, DONE)["settings"] == ["replication=true"]


def test_a_late_join_at_a_query():
    obj = described([(0, message("Q", b"SELECT now();\0")), (1, PG_ROWS + PG_READY), (0, message("X"))], DONE)
    assert obj == {"queries": ["SELECT now();"]}


def test_a_late_join_where_the_server_is_in_the_middle_of_a_message():
    turns = [(0, message("Q", b"SELECT now();\0")), (1, b"\xff" * 90), (0, message("Q", b"COMMIT;\0"))]
    assert described(turns, OK)["queries"] == ["SELECT now();", "COMMIT;"]


def test_broken_messages():
    assert described([(0, PG_START), (1, b"\xff" * 20)], MALFORMED)["user"] == "app"
    assert described([(0, PG_START), (1, b"R\0\0\0\1")], MALFORMED)["user"] == "app"


def test_large_messages_are_passed_over():
    probe = make()
    probe.feed(0, PG_START)
    probe.feed(1, auth(0) + struct.pack(">cI", b"D", 50_000_000))
    for _ in range(50):
        probe.feed(1, b"D" * 999_999)
    probe.feed(1, b"D" * 46 + PG_ERROR)
    assert (probe.code, pg.describe(probe.facts)["sqlstate"]) == (OK, "42P01")


def test_messages_are_bounded():
    probe = make()
    probe.feed(0, PG_START)
    for number in range(1200):
        probe.feed(0, message("Q", b"SELECT %d, '%s'\0" % (number, b"x" * 2000)))
    assert probe.code == DONE
    assert len(pg.describe(probe.facts)["queries"]) == 16
    assert probe.fact_bytes < 6000


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (PG_START, 95),
        (ASK_TLS, 97),
        (ASK_GSSAPI, 97),
        (CANCEL, 97),
        (PG_START[:9], MORE_BYTES),
        (b"\0\0", MORE_BYTES),
        (struct.pack(">II", 9, 80877103), 0),
        (struct.pack(">II", 40, 0x30000) + b"\1\2\3\4", 0),
        (struct.pack(">II", 40, 0x20000) + b"user\0", 0),
        (b"\0\0\0\x85\xffSMBr", 0),
        (b"\0\0\1\x02\x6a\x81\xff\x30", 0),
        (auth(0), 85),
        (auth(5, b"salt"), 85),
        (auth(5), 0),
        (auth(99), 0),
        (auth(0) + b"?", 0),
        (PG_ERROR, 85),
        (message("E", b"SERROR\0Cxxxxx\0Mno\0" + bytes(9)), 0),
        (message("Q", b"SELECT 1;\0"), 75),
        (message("Q", b"SELECT 1;\0")[:9], MORE_BYTES),
        (message("Q", b"SELECTION\0"), 0),
        (message("P", b"s1\0SELECT $1\0\0\0") + message("S"), 75),
        (message("P", b"s1\0SELECT $1\0\0\0") + b"?", 0),
        (b"POST / HTTP/1.1\r\n", 0),
        (b"RTSP/1.0 200 OK\r\n", 0),
        (b"EHLO example.org\r\n", 0),
        (b"QUIT\r\n", 0),
        (b"\0" * 64, 0),
    ],
)
def test_detection(data, sure):
    assert make().detect(data) == sure
