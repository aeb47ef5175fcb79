"""Conversations of Diameter, for its test and its fuzz target. Built by hand after RFC 6733, RFC 4006 and TS 29.272."""

import struct

PORT = 3868


def avp(code: int, data: bytes | int, vendor: int = 0) -> bytes:
    if isinstance(data, int):
        data = struct.pack(">I", data)
    head = 12 if vendor else 8
    start = struct.pack(">IBBH", code, 0xC0 if vendor else 0x40, 0, head + len(data))
    return start + (struct.pack(">I", vendor) if vendor else b"") + data + bytes(-len(data) & 3)


def message(command: int, flags: int, application: int, hop: int, *avps: bytes) -> bytes:
    body = b"".join(avps)
    size = struct.pack(">I", 20 + len(body))[1:]
    head = b"\1" + size + bytes([flags]) + struct.pack(">I", command)[1:]
    return head + struct.pack(">III", application, hop, 77) + body


def sender(host: bytes) -> bytes:
    return avp(264, host) + avp(296, b"example.net")


CLIENT, SERVER = sender(b"mme.example.net"), sender(b"hss.example.net")
S6A = 16777251
SESSION = avp(263, b"mme.example.net;1;2")
HELLO = message(257, 0x80, 0, 1, CLIENT, avp(257, b"\0\1\xc0\0\2\1"), avp(266, 10415), avp(269, b"MME"), avp(258, S6A),
                avp(260, avp(266, 10415) + avp(258, 16777238)))
SIGNALLING = [
    (0, HELLO),
    (1, message(257, 0, 0, 1, avp(268, 2001), SERVER, avp(269, b"HSS"))),
    (0, message(316, 0xC0, S6A, 2, SESSION, CLIENT, avp(283, b"example.net"), avp(1, b"262011234567890"),
                avp(1405, b"\0\0\0\1", 10415))),
    (1, message(316, 0x40, S6A, 2, SESSION, SERVER, avp(297, avp(266, 10415) + avp(298, 5001)))),
    (1, message(280, 0x80, 0, 9, SERVER)),
    (0, message(280, 0, 0, 9, avp(268, 2001), CLIENT)),
]
CHARGING = [
    (0, message(272, 0xC0, 4, 5, SESSION, CLIENT, avp(293, b"ocs.example.net"), avp(258, 4),
                avp(443, avp(450, 0) + avp(444, b"491701234567")), avp(8, b"\x0a\0\0\7"), avp(30, b"internet"))
     + message(272, 0xC0, 4, 6, SESSION, CLIENT)),
    (1, message(272, 0x60, 4, 6, SESSION, SERVER, avp(268, 3004), avp(281, b"busy"))
     + message(272, 0x40, 4, 5, SESSION, SERVER, avp(268, 4012))),
]

TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (SIGNALLING, 0, 0, {
        "commands": ["Capabilities-Exchange", "Update-Location", "Device-Watchdog"],
        "applications": ["S6a/S6d", "Gx"], "requests": 3, "origin_hosts": ["mme.example.net", "hss.example.net"],
        "origin_realms": ["example.net"], "destination_realms": ["example.net"], "users": ["262011234567890"],
        "products": ["MME", "HSS"], "results": ["SUCCESS", "USER_UNKNOWN"],
    }, "Diameter S6a/S6d Update-Location"),
    (CHARGING, 0, None, {
        "commands": ["Credit-Control"], "applications": ["credit control"], "requests": 2,
        "origin_hosts": ["mme.example.net", "hss.example.net"], "origin_realms": ["example.net"],
        "destination_hosts": ["ocs.example.net"], "subscribers": ["491701234567"], "apn": ["internet"],
        "addresses": ["10.0.0.7"], "results": ["TOO_BUSY", "CREDIT_LIMIT_REACHED"], "error": "busy",
    }, "Diameter credit control Credit-Control"),
]
