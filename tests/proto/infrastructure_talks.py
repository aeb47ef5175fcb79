"""Hand-made messages of brokers, routing and industrial protocols: builders, and conversations.

These are [(side, bytes)], side 0 the client. For tests/proto and for the fuzzers.
"""

import struct

from messages import be16, be32


# --- mqtt ---
def text16(data: bytes) -> bytes:
    return be16(len(data)) + data


def packet(head: int, body: bytes) -> bytes:
    size, out = len(body), b""
    while True:
        out += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
        if not size:
            return bytes([head]) + out + body


def connect(level: int, flags: int, *fields: bytes, properties: bytes = b"") -> bytes:
    name = text16(b"MQIsdp" if level == 3 else b"MQTT")
    return packet(0x10, name + bytes([level, flags]) + be16(60) + properties + b"".join(fields))


MQTT_OLD = connect(4, 0xC4, text16(b"sensor-7"), text16(b"dead/7"), text16(b"bye"), text16(b"alice"), text16(b"s3cret"))
MQTT_FIVE = connect(
    5,
    0xC4,
    text16(b""),
    b"\x05\x02" + be32(30),
    text16(b"dead/9"),
    text16(b"bye"),
    text16(b"bob"),
    text16(b"hunter2"),
    properties=b"\x18\x21" + be16(9) + b"\x15" + text16(b"SCRAM-SHA-1") + b"\x26" + text16(b"k") + text16(b"v"),
)
MQTT_OLD_TALK = [
    (0, MQTT_OLD),
    (1, packet(0x20, b"\0\0")),
    (0, packet(0x82, be16(1) + text16(b"plant/#") + b"\1" + text16(b"alerts/+") + b"\0")),
    (1, packet(0x90, be16(1) + b"\1\0")),
    (0, packet(0x32, text16(b"plant/temperature") + be16(2) + b"21.5" * 200)),
    (1, packet(0x40, be16(2)) + packet(0x30, text16(b"alerts/fire") + b"no")),
    (0, packet(0xA2, be16(3) + text16(b"alerts/+")) + packet(0xC0, b"")),
    (1, packet(0xD0, b"")),
    (0, packet(0xE0, b"")),
]
MQTT_FIVE_TALK = [
    (0, MQTT_FIVE),
    (1, packet(0x20, b"\0\0\x0b\x12" + text16(b"broker-3"))),
    (0, packet(0x82, be16(1) + b"\0" + text16(b"plant/#") + b"\1")),
    (1, packet(0x30, text16(b"plant/a") + b"\0x") + packet(0xE0, b"\x8e\0")),
]


# --- amqp ---
def text8(data: bytes) -> bytes:
    return bytes([len(data)]) + data


def text32(data: bytes) -> bytes:
    return be32(len(data)) + data


def amqp(kind: int, channel: int, body: bytes) -> bytes:
    return bytes([kind]) + be16(channel) + text32(body) + b"\xce"


def method(channel: int, group: int, number: int, body: bytes) -> bytes:
    return amqp(1, channel, be16(group) + be16(number) + body)


def amqp_table(**values: bytes) -> bytes:
    inner = text8(b"capabilities") + b"F" + text32(text8(b"basic.nack") + b"t\1") + text8(b"n") + b"I" + be32(7)
    return text32(inner + b"".join(text8(k.encode()) + b"S" + text32(v) for k, v in values.items()))


AMQP_SERVER = amqp_table(product=b"RabbitMQ", version=b"3.12.1")
AMQP_CLIENT = amqp_table(product=b"pika", version=b"1.3")
AMQP_START = method(0, 10, 10, b"\0\x09" + AMQP_SERVER + text32(b"PLAIN AMQPLAIN") + text32(b"en_US"))
AMQP_START_OK = method(0, 10, 11, AMQP_CLIENT + text8(b"PLAIN") + text32(b"\0guest\0s3cret") + text8(b"en_US"))
AMQP_PUBLISH = method(1, 60, 40, be16(0) + text8(b"orders") + text8(b"eu.new") + b"\0")
AMQP_TALK = [
    (0, b"AMQP\0\0\x09\x01"),
    (1, AMQP_START),
    (0, AMQP_START_OK),
    (1, method(0, 10, 30, b"\0" * 8)),
    (0, method(0, 10, 31, b"\0" * 8) + method(0, 10, 40, text8(b"/prod") + b"\0\0")),
    (1, method(0, 10, 41, b"\0")),
    (0, method(1, 20, 10, b"\0") + method(1, 50, 10, be16(0) + text8(b"bills") + b"\2" + be32(0))),
    (1, method(1, 50, 11, text8(b"bills") + bytes(8))),
    (0, method(1, 40, 10, be16(0) + text8(b"orders") + text8(b"topic") + b"\0" + be32(0))),
    (0, method(1, 50, 20, be16(0) + text8(b"bills") + text8(b"orders") + text8(b"eu.#") + b"\0" + be32(0))),
    (0, AMQP_PUBLISH + amqp(2, 1, be16(60) + be16(0) + bytes(10)) + amqp(3, 1, b"x" * 700)),
    (0, method(1, 60, 20, be16(0) + text8(b"bills") + text8(b"me") + b"\0" + be32(0))),
    (1, method(1, 60, 60, text8(b"me") + bytes(9) + text8(b"orders") + text8(b"eu.old")) + amqp(8, 0, b"")),
    (1, method(0, 10, 50, be16(320) + text8(b"CONNECTION_FORCED") + bytes(4))),
]


# --- kafka ---
def text_compact(data: bytes) -> bytes:
    return bytes([len(data) + 1]) + data


def kafka(api: int, version: int, ident: int, body: bytes, client: bytes | None = b"app-1", tags: bytes = b"") -> bytes:
    name = be16(0xFFFF) if client is None else text16(client)
    return text32(be16(api) + be16(version) + be32(ident) + name + tags + body)


def kafka_answer(ident: int, body: bytes = b"\0" * 12) -> bytes:
    return text32(be32(ident) + body)


KAFKA_HELLO = kafka(18, 3, 1, text_compact(b"apache-kafka-java") + text_compact(b"3.5.1") + b"\0", tags=b"\0")
KAFKA_FETCH = bytes(4) + be32(500) + be32(1) + be32(1 << 20) + b"\0" + bytes(8)
KAFKA_TALK = [
    (0, KAFKA_HELLO),
    (1, kafka_answer(1)),
    (0, kafka(17, 1, 2, text16(b"PLAIN"))),
    (1, kafka_answer(2)),
    (0, kafka(36, 2, 3, text_compact(b"\0alice\0s3cret") + b"\0", tags=b"\0")),
    (1, kafka_answer(3)),
    (0, kafka(3, 9, 4, b"\3\7orders\0\6bills\0\1\0\0\0", tags=b"\0")),
    (1, kafka_answer(4, b"m" * 3000)),
    (0, kafka(10, 2, 5, text16(b"billing") + b"\0")),
    (1, kafka_answer(5)),
    (0, kafka(0, 7, 6, be16(0xFFFF) + be16(1) + be32(30000) + be32(1) + text16(b"events") + be32(1) + b"r" * 2000)),
    (0, kafka(1, 11, 7, KAFKA_FETCH + be32(1) + text16(b"orders") + be32(0) + be32(0) + text16(b""))),
    (1, kafka_answer(6) + kafka_answer(7)),
]


# --- bgp ---
def bgp(kind: int, body: bytes = b"") -> bytes:
    return b"\xff" * 16 + be16(19 + len(body)) + bytes([kind]) + body


def capability(code: int, data: bytes = b"") -> bytes:
    return bytes([2, len(data) + 2, code, len(data)]) + data


def bgp_open(number: int, ident: bytes, *capabilities: bytes) -> bytes:
    options = b"".join(capabilities)
    return bgp(1, b"\4" + be16(number) + be16(180) + ident + bytes([len(options)]) + options)


def attribute(kind: int, data: bytes) -> bytes:
    return bytes([0x50, kind]) + be16(len(data)) + data


def update(nets: bytes, *attributes: bytes, gone: bytes = b"") -> bytes:
    return bgp(2, text16(gone) + text16(b"".join(attributes)) + nets)


V6_NET = b"\x30\x20\x01\x0d\xb8\0\1"
BGP_REACH = attribute(14, b"\0\2\1\x10" + bytes(16) + b"\0" + V6_NET)
BGP_OPEN = bgp_open(
    23456,
    bytes([192, 0, 2, 1]),
    capability(1, b"\0\1\0\1"),
    capability(1, b"\0\2\0\1"),
    capability(65, be32(4200000001)),
    capability(73, b"\2r1\0"),
)
BGP_TALK = [
    (0, BGP_OPEN),
    (1, bgp_open(65002, bytes([192, 0, 2, 2]), capability(2), capability(1, b"\0\1\0\1")) + bgp(4)),
    (0, bgp(4) + update(b"\x18\x0a\0\2\x0a\x0a\x40", attribute(1, b"\0"))),
    (0, update(b"", BGP_REACH) + update(b"", gone=b"\x18\x0a\0\2")),
    (1, update(b"", attribute(15, b"\0\2\1" + V6_NET)) + bgp(5, b"\0\1\0\1")),
    (1, bgp(3, b"\6\2" + text8(b"maintenance"))),
]


# --- modbus ---
def modbus(ident: int, unit: int, function: int, body: bytes) -> bytes:
    return be16(ident) + be16(0) + be16(len(body) + 2) + bytes([unit, function]) + body


MODBUS_DEVICE = b"\x0e\1\1\0\0\3" + b"\0" + text8(b"ACME") + b"\1" + text8(b"PLC-9") + b"\2" + text8(b"V2.1")
MODBUS_TALK = [
    (0, modbus(1, 1, 3, be16(0) + be16(10))),
    (1, modbus(1, 1, 3, text8(bytes(20)))),
    (0, modbus(2, 1, 5, be16(7) + b"\xff\0")),
    (1, modbus(2, 1, 5, be16(7) + b"\xff\0")),
    (0, modbus(3, 2, 16, be16(100) + be16(2) + text8(bytes(4)))),
    (1, modbus(3, 2, 0x90, b"\2")),
    (0, modbus(4, 1, 23, be16(5) + be16(1) + be16(6) + be16(1) + text8(b"\0\1"))),
    (1, modbus(4, 1, 23, text8(b"\0\1"))),
    (0, modbus(5, 1, 43, b"\x0e\1\0")),
    (1, modbus(5, 1, 43, MODBUS_DEVICE)),
]


# --- dnp3 ---
def dnp3_crc(data: bytes) -> bytes:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA6BC if crc & 1 else 0)
    return struct.pack("<H", crc ^ 0xFFFF)


def dnp3(control: int, to: int, come: int, data: bytes = b"") -> bytes:
    head = b"\x05\x64" + bytes([len(data) + 5, control]) + struct.pack("<HH", to, come)
    blocks = [data[i : i + 16] for i in range(0, len(data), 16)]
    return head + dnp3_crc(head) + b"".join(block + dnp3_crc(block) for block in blocks)


DNP3_READ = dnp3(0xC4, 10, 1, b"\xc0\xc1\1" + b"\x3c\2\6\x3c\3\6\x1e\5\0\0\x09\x3c\1\6")
DNP3_SAY = dnp3(0x44, 1, 10, b"\x41\xe1\x81\x90\0" + b"\x1e\5\0\0\4" + b"v" * 25)
DNP3_TALK = [
    (0, dnp3(0xC9, 10, 1)),
    (1, dnp3(0x0B, 1, 10)),
    (0, DNP3_READ),
    (1, DNP3_SAY + dnp3(0x44, 1, 10, b"\x82" + b"w" * 40)),
    (0, dnp3(0xC4, 0xFFFF, 1, b"\xc0\xc2\x0d")),
]

TALKS = {
    "mqtt": [MQTT_OLD_TALK, MQTT_FIVE_TALK],
    "amqp": [AMQP_TALK],
    "kafka": [KAFKA_TALK],
    "bgp": [BGP_TALK],
    "modbus": [MODBUS_TALK],
    "dnp3": [DNP3_TALK],
}
HOMES = {"mqtt": 1883, "amqp": 5672, "kafka": 9092, "bgp": 179, "modbus": 502, "dnp3": 20000}
