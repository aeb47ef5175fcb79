"""MongoDB: commands in OP_MSG and in the older opcodes, who asks, logins, errors, compression, false friends."""

import struct

import pytest
from cuts import same_however_cut
from databases import HELLO, MONGO_OLD, MONGODB, bson, element, le32, op_msg, op_query, op_reply, squeezed, wire

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.proto.mongodb import text as mongodb


def make():
    return Probe("mongodb")


def described(turns, code=OK, **options):
    result = same_however_cut(make, turns)
    assert result["code"] == code
    return mongodb.describe(result["facts"], **options)


def test_both_directions():
    obj = described(MONGODB)
    assert obj == {
        "commands": ["ismaster", "buildInfo", "insert", "getMore", "ping"],
        "databases": ["admin", "shop"],
        "collections": ["shop.orders", "shop.carts"],
        "application": "billing",
        "driver": "PyMongo|c",
        "driver_version": "4.6.1",
        "os": "Linux",
        "version": "7.0.4",
        "replica_set": "rs0",
        "error_code": 13,
        "error": "not authorized on shop",
        "compression": ["snappy", "none"],
        "auth": "SCRAM-SHA-256",
        "user": "app",
    }
    assert mongodb.label(obj) == "MongoDB ismaster shop.orders"
    assert same_however_cut(make, MONGODB)["initiator"] == 0


def test_the_opcodes_before_op_msg():
    assert described(MONGO_OLD) == {
        "commands": ["insert", "update", "query", "getMore", "delete", "isMaster"],
        "databases": ["shop", "admin"],
        "collections": ["shop.orders", "shop.carts", "shop.system.users"],
        "error_code": 10107,
        "error": "not master",
    }


def test_a_password_in_clear():
    start = {"saslStart": 1, "mechanism": "PLAIN", "payload": b"\0ldapuser\0hunter2", "$db": "$external"}
    obj = described([(0, op_msg(start))])
    assert (obj["auth"], obj["user"], obj["password"]) == ("PLAIN", "ldapuser", "***")
    assert described([(0, op_msg(start))], show_secrets=True)["password"] == "hunter2"


def test_a_new_user_s_password():
    turns = [(0, op_msg({"createUser": "eve", "pwd": "s3cret", "roles": [], "$db": "shop"}))]
    assert described(turns)["password"] == "***"
    assert described(turns, show_secrets=True)["password"] == "s3cret"


def test_a_command_wrapped_in_a_query():
    obj = described([(0, op_query(b"shop.$cmd", {"$query": {"count": "orders"}, "$readPreference": {}}))])
    assert (obj["commands"], obj["collections"]) == (["count"], ["shop.orders"])


def test_every_type_of_value_is_passed_over():
    values = b"".join(
        (
            element(0x06, "a", b""),
            element(0x07, "b", b"i" * 12),
            element(0x08, "c", b"\1"),
            element(0x09, "d", bytes(8)),
            element(0x0A, "e", b""),
            element(0x0B, "f", b"^x\0i\0"),
            element(0x0C, "g", le32(2) + b"n\0" + b"i" * 12),
            element(0x0D, "h", le32(3) + b"js\0"),
            element(0x0F, "i", le32(14 + 5) + le32(2) + b"x\0" + bson({}) + bytes(4)),
            element(0x11, "j", bytes(8)),
            element(0x12, "k", bytes(8)),
            element(0x13, "l", bytes(16)),
            element(0x7F, "m", b""),
            element(0xFF, "n", b""),
            element(0x05, "o", le32(0) + b"\0"),
            element(0x02, "$db", le32(5) + b"shop\0"),
        )
    )
    body = element(0x02, "find", le32(7) + b"orders\0") + values
    document = le32(len(body) + 5) + body + b"\0"
    assert described([(0, wire(2013, le32(0) + b"\0" + document))])["collections"] == ["shop.orders"]


def test_a_document_longer_than_is_read():
    large = op_msg({"insert": "orders", "documents": [{"v": "x" * 9000}], "$db": "shop"})
    assert described([(0, large), (0, op_msg({"ping": 1}))]) == {"commands": ["insert", "ping"]}


def test_a_section_of_documents_may_stand_first():
    rest = b"\1" + le32(4 + 2 + 5) + b"d\0" + bson({})
    body = le32(0) + rest + b"\0" + bson({"update": "t", "$db": "d"})
    assert described([(0, wire(2013, body))])["collections"] == ["d.t"]


def test_a_late_join_at_an_answer():
    result = same_however_cut(make, [(1, op_msg({"ok": 0.0, "errmsg": "no", "code": 1}, 5)), (0, op_msg({"ping": 1}))])
    assert result["initiator"] == 0
    assert mongodb.describe(result["facts"]) == {"commands": ["ping"], "error_code": 1, "error": "no"}


def test_broken_messages():
    assert described([(0, op_msg({"ping": 1}) + b"\xff" * 16)], MALFORMED)["commands"] == ["ping"]
    assert described([(0, b"\xff" * 20)], NOT_MINE) == {}
    assert described([(0, op_msg({"ping": 1}) + wire(2012, b"\0"))], MALFORMED)["commands"] == ["ping"]


def test_messages_are_bounded():
    probe = make()
    for number in range(600):
        probe.feed(0, op_msg({f"command{number}" * 3: f"c{number}", "$db": "d" * 200}))
    assert probe.code == DONE
    assert probe.fact_bytes < 8192
    assert len(mongodb.describe(probe.facts)["commands"]) == 16


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (op_query(b"admin.$cmd", HELLO), 95),
        (op_msg({"ping": 1, "$db": "admin"}), 95),
        (op_msg({"ok": 1.0}, 9), 95),
        (op_reply({"ok": 1.0}), 95),
        (squeezed(2013, 2, b"\x78\x9c" * 20), 90),
        (squeezed(2013, 9, b"\x78\x9c" * 20), 0),
        (wire(2002, le32(0) + b"shop.t\0" + bson({"a": 1})), 95),
        (wire(2002, le32(0) + b"shop\0" + bson({"a": 1})), 0),
        (wire(2005, le32(0) + b"shop.t\0" + bytes(12)), 90),
        (wire(2007, le32(0) + le32(1) + bytes(8)), 85),
        (op_msg({"ping": 1})[:3], MORE_BYTES),
        (op_msg({"ping": 1})[:20], MORE_BYTES),
        (wire(2013, le32(4) + b"\0" + bson({"a": 1})), 0),
        (wire(2013, le32(0) + b"\0" + le32(9999) + b"\1a\0"), 0),
        (wire(2013, le32(0) + b"\0" + le32(12) + b"\x55a\0" + bytes(5)), 0),
        (wire(2003, bytes(40)), 0),
        (wire(1, bytes(40)), 0),
        (struct.pack("<iiii", 12, 1, 0, 2013) + bytes(20), 0),
        (b"GET / HTTP/1.1\r\n\r\n", 0),
        (b"\x16\3\1\2\0\1\0\1\xfc\3\3" + bytes(30), 0),
        (bytes(64), 0),
    ],
)
def test_detection(data, sure):
    assert make().detect(data) == sure
