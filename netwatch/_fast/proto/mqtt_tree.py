"""Fields of MQTT's control packets: MQTT 3.1.1 and 5.0, section 2 and 3."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, Region, Seen, hexed, string, u8, u16

TYPES = {
    1: "Connect",
    2: "Connect Ack",
    3: "Publish",
    4: "Publish Ack",
    5: "Publish Received",
    6: "Publish Release",
    7: "Publish Complete",
    8: "Subscribe",
    9: "Subscribe Ack",
    10: "Unsubscribe",
    11: "Unsubscribe Ack",
    12: "Ping Request",
    13: "Ping Response",
    14: "Disconnect",
    15: "Authentication",
}
CODES = {
    0: "accepted",
    1: "unacceptable version",
    2: "identifier rejected",
    3: "server unavailable",
    4: "bad credentials",
    5: "not authorized",
}


def _length(data: bytes) -> tuple[int, int]:
    """(remaining length, its bytes); (-1, 0) where it is not whole."""
    value = 0
    for i, byte in enumerate(data[1:5]):
        value |= (byte & 127) << 7 * i
        if not byte & 128:
            return value, i + 1
    return -1, 0


def _size(data: bytes) -> int:
    value, more = _length(data)
    return 1 + more + value if value >= 0 and data[0] >> 4 else 0


def _wide(at: Region, seen: Seen) -> int:
    return _length(at.data[at.at - 1 : at.at + 4])[1]


def _number(raw: bytes) -> str:
    return str(_length(b"\0" + raw)[0])


def _quality(at: Region, seen: Seen) -> object:
    return seen["mqtt.qos"] > 0


ID = u16("mqtt.msgid", "Packet id")
CONNECT = (
    u16("mqtt.proto_len", "Length of the protocol's name"),
    string("mqtt.protoname", "Protocol", "mqtt.proto_len"),
    u8("mqtt.ver", "Version"),
    u8(
        "mqtt.conflags",
        "Flags",
        base="x",
        bits=(
            Bits("mqtt.conflag.uname", "User name", 0x80),
            Bits("mqtt.conflag.passwd", "Password", 0x40),
            Bits("mqtt.conflag.retain", "Will retained", 0x20),
            Bits("mqtt.conflag.qos", "Will quality", 0x18),
            Bits("mqtt.conflag.willflag", "Will", 0x04),
            Bits("mqtt.conflag.cleansess", "Clean session", 0x02),
        ),
    ),
    u16("mqtt.kalive", "Keep alive", unit=" s"),
    Choice(
        "mqtt.ver",
        {5: (u8("mqtt.prop_len", "Properties", unit=" B"), hexed("mqtt.properties", "Properties", "mqtt.prop_len"))},
    ),
    u16("mqtt.clientid_len", "Length of the client's id"),
    string("mqtt.clientid", "Client", "mqtt.clientid_len"),
    Choice(
        "mqtt.conflag.willflag",
        {
            1: (
                Choice(
                    "mqtt.ver",
                    {
                        5: (
                            u8("mqtt.will.prop_len", "Will properties", unit=" B"),
                            hexed("mqtt.will.properties", "Properties", "mqtt.will.prop_len"),
                        )
                    },
                ),
                u16("mqtt.willtopic_len", "Length of the will's topic"),
                string("mqtt.willtopic", "Will topic", "mqtt.willtopic_len"),
                u16("mqtt.willmsg_len", "Length of the will"),
                string("mqtt.willmsg", "Will", "mqtt.willmsg_len"),
            )
        },
    ),
    Choice(
        "mqtt.conflag.uname",
        {1: (u16("mqtt.username_len", "Length of the name"), string("mqtt.username", "User", "mqtt.username_len"))},
    ),
    Choice(
        "mqtt.conflag.passwd",
        {1: (u16("mqtt.passwd_len", "Length of the password"), string("mqtt.passwd", "Password", "mqtt.passwd_len"))},
    ),
)
TOPIC = (u16("mqtt.topic_len", "Length of the topic"), string("mqtt.topic", "Topic", "mqtt.topic_len"))
TREE = Layout(
    "mqtt",
    "MQTT",
    (
        u8(
            "mqtt.hdrflags",
            "Head",
            base="x",
            bits=(
                Bits("mqtt.msgtype", "Message", 0xF0, TYPES),
                Bits("mqtt.dupflag", "Again", 8),
                Bits("mqtt.qos", "Quality of service", 6),
                Bits("mqtt.retain", "Retained", 1),
            ),
        ),
        Raw("mqtt.len", "Remaining length", _wide, _number),
        Choice(
            "mqtt.msgtype",
            {
                1: CONNECT,
                2: (u8("mqtt.conack.flags", "Session present"), u8("mqtt.conack.val", "Code", CODES)),
                3: (*TOPIC, Choice(_quality, {True: (ID,)}), Raw("mqtt.msg", "Message")),
                4: (ID,),
                5: (ID,),
                6: (ID,),
                7: (ID,),
                11: (ID,),
                8: (ID, Raw("mqtt.subscriptions", "Topics asked for")),
                9: (ID, Part("mqtt.suback", "Answer", (u8("mqtt.suback.qos", "Quality granted"),), count=None)),
                10: (ID, Raw("mqtt.unsubscriptions", "Topics")),
            },
        ),
    ),
    "{mqtt.msgtype} {mqtt.clientid} {mqtt.topic} {mqtt.conack.val}",
    _size,
)
