"""MySQL: logins in clear, changes of plugin, TLS given back, compression, late joins, what is not taken for it."""

import pytest
from cuts import same_however_cut
from databases import (
    CAPS,
    MYSQL,
    MYSQL_CLEAR,
    MYSQL_OK,
    MYSQL_ZIPPED,
    TLS_LOGIN,
    greeting,
    login,
    mysql_error,
    packet,
    query,
)

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.proto.mysql import text as mysql


def make():
    return Probe("mysql")


def described(turns, code, **options):
    result = same_however_cut(make, turns)
    assert result["code"] == code
    obj = mysql.describe(result["facts"], **options)
    obj.pop("capabilities", None)
    return obj


def test_both_directions():
    obj = described(MYSQL, DONE)
    assert obj == {
        "version": "8.0.36",
        "schema": "shop",
        "plugin": "caching_sha2_password",
        "error_code": 1049,
        "sqlstate": "42000",
        "error": "Unknown database 'other'",
        "auth": "mysql_native_password",
        "login": "accepted",
        "client": "libmysql",
        "os": "Linux",
        "commands": ["QUERY", "STMT_PREPARE", "INIT_DB", "QUIT"],
        "queries": [
            "SELECT id,  name FROM t",
            "SELECT * FROM t WHERE id = ?",
            "CREATE USER 'eve'@'%' IDENTIFIED BY '***'",
        ],
        "user": "app",
    }
    assert mysql.label(obj) == "MySQL app@shop SELECT id,  name FROM t"
    assert same_however_cut(make, MYSQL)["initiator"] == 0


def test_secrets_are_shown_only_when_asked_for():
    assert "s3cret" in str(described(MYSQL, DONE, show_secrets=True)["queries"])
    obj = described(MYSQL_CLEAR, OK)
    assert (obj["password"], obj["auth"], obj["login"], obj["error_code"]) == (
        "***",
        "mysql_clear_password",
        "refused",
        1045,
    )
    assert described(MYSQL_CLEAR, OK, show_secrets=True)["password"] == "hunter2"


def test_a_clear_password_in_the_login_itself():
    turns = [(1, greeting()), (0, login(answer=b"hunter2\0", plugin=b"mysql_clear_password"))]
    assert described(turns, OK, show_secrets=True)["password"] == "hunter2"


def test_the_answer_to_a_challenge_is_no_fact():
    turns = [(1, greeting()), (0, login(answer=b"scrambledscrambled!!"))]
    assert "scrambled" not in str(same_however_cut(make, turns)["facts"])


def test_compression():
    obj = described(MYSQL_ZIPPED, OK)
    assert (obj["compression"], obj["error_code"], obj["sqlstate"]) == ("zlib", 1146, "42S02")
    assert obj["queries"][0] == "SELECT 1"
    assert obj["queries"][1].startswith("SELECT 'xxx")
    assert obj["commands"] == ["QUERY", "PING"]


def test_tls_gives_the_flow_back():
    probe = make()
    probe.feed(1, greeting())
    assert probe.feed(0, TLS_LOGIN + b"\x16\3\1") == NOT_MINE
    assert probe.left_over == (b"\x16\3\1", b"")
    assert mysql.describe(probe.facts)["tls"] is True


def test_what_was_inside_tls_begins_with_the_login():
    inside = login()[:3] + b"\2" + login()[4:]
    refused = packet(3, mysql_error(1044, b"Access denied", b"#42000"))
    obj = described([(0, inside), (1, refused)], OK)
    assert (obj["user"], obj["login"], obj["error_code"]) == ("app", "refused", 1044)
    assert make().detect(inside) == 90


def test_an_error_in_place_of_the_greeting():
    refusal = packet(0, mysql_error(1130, b"Host '10.0.0.9' is not allowed to connect to this server", b""))
    obj = described([(1, refusal)], DONE)
    assert obj == {"error_code": 1130, "error": "Host '10.0.0.9' is not allowed to connect to this server"}
    assert make().detect(refusal, 1) == 85
    assert make().detect(refusal[:40], 1) == MORE_BYTES


def test_a_late_join_reads_the_client_alone():
    obj = described([(0, query(b"INSERT INTO t VALUES (1)")), (1, b"\xff" * 90), (0, packet(0, b"\x01"))], DONE)
    assert obj == {"commands": ["QUERY", "QUIT"], "queries": ["INSERT INTO t VALUES (1)"]}


def test_the_oldest_login():
    body = (0x0008 | 0x0001).to_bytes(2, "little") + b"\0\0\1" + b"bob\0scramble\0old\0"
    obj = described([(1, greeting(b"4.0.1", caps=0x8)), (0, packet(1, body)), (1, packet(2, MYSQL_OK))], OK)
    assert (obj["user"], obj["schema"], obj["login"]) == ("bob", "old", "accepted")


def test_replication_is_left_alone():
    turns = [(1, greeting()), (0, login()), (1, packet(2, MYSQL_OK)), (0, packet(0, b"\x12" + bytes(20)))]
    assert described(turns, DONE)["commands"] == ["BINLOG_DUMP"]


def test_an_unknown_command_is_malformed():
    assert described([(1, greeting()), (0, login()), (0, packet(0, b"\x77"))], MALFORMED)["user"] == "app"


def test_what_follows_a_full_packet_is_part_of_it():
    probe = make()
    probe.feed(1, greeting())
    probe.feed(0, login() + b"\xff\xff\xff\0\x03SELECT 1" + b" " * 1015)
    probe.feed(0, b" " * (0xFFFFFF - 1024))
    assert probe.feed(0, b"\x08\0\0\1\x77 and 2;" + packet(0, b"\x01")) == DONE
    assert mysql.describe(probe.facts)["commands"] == ["QUERY", "QUIT"]


def test_commands_are_bounded():
    probe = make()
    probe.feed(1, greeting())
    probe.feed(0, login())
    for number in range(300):
        probe.feed(0, query(b"SELECT %d, '%s'" % (number, b"x" * 300)))
    assert probe.code == DONE
    assert len(mysql.describe(probe.facts)["queries"]) == 16
    assert probe.fact_bytes < 6000


def test_attributes_cut_short():
    whole = login(attributes=((b"program_name", b"mysqldump"), (b"_os", b"L" * 200)))
    body = whole[4:-60]
    obj = described([(1, greeting()), (0, packet(1, body))], OK)
    assert (obj["program"], "os" in obj) == ("mysqldump", False)


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (greeting(), 95),
        (greeting(b"5.5.5-10.6.12-MariaDB-0ubuntu0.22.04.1"), 95),
        (greeting()[:20], MORE_BYTES),
        (greeting(b"x.y.z"), 0),
        (login(), 90),
        (TLS_LOGIN, 90),
        (login(caps=CAPS & ~0x200), 0),
        (query(b"select @@version"), 70),
        (query(b"select @@version", b"\0\1"), 70),
        (query(b"select @@version") + b"x", 0),
        (query(b"selector"), 0),
        (query(b"\x80\x81\x82\x83\x84\x85\x86\x87"), 0),
        (packet(1, b"\x0a8.0.36\0" + bytes(60)), 0),
        (b"GET / HTTP/1.1\r\n", 0),
        (b"\x16\3\1\2\0\1\0\1\xfc\3\3", 0),
        (b"\x4a\0\0\0\x4c\x12", 0),
        (b"\x4a", MORE_BYTES),
        (packet(0, b"\xff\x15\x04" + b"\x01" * 30), 0),
    ],
)
def test_detection(data, sure):
    assert make().detect(data) == sure
