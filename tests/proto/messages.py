"""Hand-made messages of the datagram protocols: conversations [(side, bytes)], side 0 first; for tests and fuzzers."""

import struct


def be16(value: int) -> bytes:
    return struct.pack(">H", value)


def be32(value: int) -> bytes:
    return struct.pack(">I", value)


def tlv(tag: int, *parts: bytes) -> bytes:
    """A BER element; lengths of 128 and more take the long form."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    return bytes([tag, 0x82]) + be16(len(body)) + body


def number(value: int, tag: int = 2) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def string(data: bytes, tag: int = 4) -> bytes:
    return tlv(tag, data)


# --- dhcp ---
MAC = bytes.fromhex("020000c0ffee")


def dhcp(op: int, *options: tuple[int, bytes], yours: bytes = bytes(4)) -> bytes:
    fixed = struct.pack(">4BIHH", op, 1, 6, 0, 0x1234, 0, 0x8000) + bytes(4) + yours + bytes(8) + MAC.ljust(16, b"\0")
    return (
        fixed
        + bytes(192)
        + bytes.fromhex("63825363")
        + b"".join(bytes([code, len(v)]) + v for code, v in options)
        + b"\xff"
    )


DISCOVER = dhcp(
    1,
    (53, b"\1"),
    (12, b"laptop"),
    (60, b"MSFT 5.0"),
    (50, bytes([192, 0, 2, 9])),
    (55, b"\1\3\6"),
    (81, b"\0\0\0laptop.example."),
)
OFFER = dhcp(
    2,
    (53, b"\2"),
    (54, bytes([192, 0, 2, 1])),
    (51, be32(3600)),
    (3, bytes([192, 0, 2, 1])),
    (6, bytes([192, 0, 2, 1, 192, 0, 2, 2])),
    (15, b"example.com"),
    yours=bytes([192, 0, 2, 9]),
)


# --- dhcpv6 ---
def option6(code: int, data: bytes) -> bytes:
    return be16(code) + be16(len(data)) + data


DUID = b"\0\1\0\1\x11\x22\x33\x44" + MAC
V6 = bytes.fromhex("20010db8") + bytes(11) + b"\x09"
SOLICIT = (
    b"\1abc" + option6(1, DUID) + option6(39, b"\0\6laptop\7example\0") + option6(16, be32(311) + b"\0\x08MSFT 5.0")
)
REPLY6 = (
    b"\7abc"
    + option6(1, DUID)
    + option6(2, DUID)
    + option6(23, V6)
    + option6(3, bytes(12) + option6(5, V6 + bytes(8)) + option6(13, b"\0\0"))
    + option6(25, bytes(12) + option6(26, bytes(8) + b"\x38" + V6))
)
RELAYED6 = b"\x0c\0" + V6 + V6 + option6(9, SOLICIT)


# --- ntp ---
def ntp(mode: int, version: int = 4, stratum: int = 0, ref: bytes = bytes(4), times: tuple = (0, 0, 0, 0)) -> bytes:
    return bytes([version << 3 | mode, stratum, 6, 0xE8]) + bytes(8) + ref + struct.pack(">4Q", *times)


NOW = 0xE9000000 << 32
NTP_ASK = ntp(3, times=(0, 0, 0, NOW))
NTP_SAY = ntp(4, stratum=2, ref=bytes([192, 0, 2, 7]), times=(NOW, NOW, NOW + 1, NOW + 1 + (1 << 22)))


# --- snmp ---
OID = tlv(6, bytes.fromhex("2b06010201010500"))


def snmp_pdu(tag: int, ident: int = 77, error: int = 0) -> bytes:
    return tlv(tag, number(ident), number(error), number(0), tlv(0x30, tlv(0x30, OID, tlv(5))))


def snmp(version: int, pdu: bytes, community: bytes = b"s3cret") -> bytes:
    return tlv(0x30, number(version), string(community), pdu)


def snmp3(flags: int, data: bytes) -> bytes:
    usm = tlv(0x30, string(b"\x80engine"), number(1), number(2), string(b"alice"), string(b""), string(b""))
    head = tlv(0x30, number(5), number(65507), string(bytes([flags])), number(3))
    return tlv(0x30, number(3), head, string(usm), data)


# --- stun ---
def attribute(code: int, data: bytes) -> bytes:
    return be16(code) + be16(len(data)) + data + bytes(-len(data) & 3)


def stun(kind: int, *attributes: bytes, cookie: int = 0x2112A442) -> bytes:
    body = b"".join(attributes)
    return be16(kind) + be16(len(body)) + be32(cookie) + b"transaction!" + body


STUN_ASK = stun(0x0001, attribute(6, b"alice:bob"), attribute(0x8022, b"tester 1.0"))
STUN_SAY = stun(0x0101, attribute(0x20, b"\0\1" + be16(4000 ^ 0x2112) + be32(0xC0000207 ^ 0x2112A442)))
STUN_NO = stun(0x0113, attribute(9, b"\0\0\4\1Unauthorized"), attribute(0x14, b"example.com"))
STUN_OLD = stun(0x0101, attribute(1, b"\0\1" + be16(4000) + bytes([192, 0, 2, 7])), cookie=0x01020304)


# --- netbios ---
def half_ascii(name: bytes, kind: int) -> bytes:
    raw = name.ljust(15) + bytes([kind])
    return b"\x20" + b"".join(bytes([65 + (c >> 4), 65 + (c & 15)]) for c in raw) + b"\0"


def netbios_name(flags: int, counts: tuple, body: bytes) -> bytes:
    return struct.pack(">6H", 9, flags, *counts) + body


NB_ASK = netbios_name(0x0110, (1, 0, 0, 0), half_ascii(b"SERVER", 0x20) + b"\0\x20\0\1")
NB_SAY = netbios_name(
    0x8500,
    (0, 1, 0, 0),
    half_ascii(b"SERVER", 0x20) + b"\0\x20\0\1" + be32(60) + be16(6) + b"\0\0" + bytes([192, 0, 2, 5]),
)
NB_STATUS = netbios_name(
    0x8400,
    (0, 1, 0, 0),
    half_ascii(b"*", 0) + b"\0\x21\0\1" + be32(0) + be16(25) + b"\1" + b"WORK".ljust(15) + b"\x1e\x84\0" + MAC,
)
NB_DATAGRAM = (
    b"\x11\2\0\1"
    + bytes([192, 0, 2, 5])
    + be16(138)
    + be16(72)
    + be16(0)
    + half_ascii(b"PC", 0)
    + half_ascii(b"WORKGROUP", 0x1D)
    + b"\xffSMB"
)
NB_CALL = b"\x81\0\0\x44" + half_ascii(b"SERVER", 0x20) + half_ascii(b"PC", 0)
NB_YES = b"\x82\0\0\0"


# --- radius ---
def radius(code: int, *attributes: tuple[int, bytes]) -> bytes:
    body = b"".join(bytes([kind, 2 + len(v)]) + v for kind, v in attributes)
    return bytes([code, 7]) + be16(20 + len(body)) + b"a" * 16 + body


RADIUS_ASK = radius(1, (1, b"alice"), (2, b"x" * 16), (4, bytes([192, 0, 2, 3])), (31, b"02-00-00-c0-ff-ee"))
RADIUS_SAY = radius(2, (8, bytes([10, 0, 0, 9])), (18, b"welcome"))

# --- tftp ---
TFTP_READ = b"\0\1pxelinux.0\0octet\0blksize\x001428\0"
TFTP_ERROR = b"\0\5\0\1no such file\0"


# --- coap ---
def coap(kind: int, code: int, ident: int, token: bytes, options: bytes = b"", payload: bytes = b"") -> bytes:
    return (
        bytes([0x40 | kind << 4 | len(token), code])
        + be16(ident)
        + token
        + options
        + (b"\xff" + payload if payload else b"")
    )


COAP_GET = coap(0, 1, 5, b"tk", b"\x37coap.me\x87sensors\x0btemperature\x43a=1")
COAP_SAY = coap(2, 0x45, 5, b"tk", b"\xc1\x32", b"{}")

# --- wireguard ---
WG_INIT = b"\1\0\0\0" + be32(0x11223344) + bytes(140)
WG_SAY = b"\2\0\0\0" + be32(0x55667788) + be32(0x11223344) + bytes(80)


def wg_data(counter: int) -> bytes:
    return b"\4\0\0\0" + be32(0x55667788) + struct.pack("<Q", counter) + b"e" * 32


# --- openvpn ---
OVPN_ASK = b"\x38" + b"clientid" + b"\0" + bytes(4)
OVPN_SAY = b"\x40" + b"serverid" + b"\1" + bytes(4) + b"clientid" + bytes(4)
OVPN_CONTROL = b"\x20clientid\0" + be32(1) + b"\x16\3\1"
OVPN_DATA = b"\x48\0\0\1" + b"e" * 40
OVPN_AUTH = b"\x38clientid" + b"h" * 20 + be32(1) + be32(1_600_000_000) + b"\0" + bytes(4)
OVPN_CRYPT = b"\x38clientid" + be32(1) + be32(1_600_000_000) + b"t" * 32 + b"e" * 5


# --- ike ---
def ike(version: int, exchange: int, flags: int, payload: int, body: bytes, responder: bytes = bytes(8)) -> bytes:
    return b"initspi!" + responder + bytes([payload, version, exchange, flags]) + be32(0) + be32(28 + len(body)) + body


IKE2_ASK = ike(0x20, 34, 0x08, 43, b"\x29\0\0\x0estrongSwan" + b"\0\0\0\x08\0\0" + be16(16388))
IKE2_SAY = ike(0x20, 34, 0x20, 0, b"", b"respspi!")
IKE1_ASK = ike(0x10, 2, 0, 13, b"\0\0\0\x14" + b"\x8a" * 16)

# --- kerberos ---
PRINCIPAL = tlv(0x30, tlv(0xA0, number(2)), tlv(0xA1, tlv(0x30, string(b"krbtgt", 27), string(b"EXAMPLE.COM", 27))))
CLIENT = tlv(0x30, tlv(0xA0, number(1)), tlv(0xA1, tlv(0x30, string(b"alice", 27))))
REALM = string(b"EXAMPLE.COM", 27)
KRB_TICKET = tlv(
    0x61,
    tlv(
        0x30,
        tlv(0xA0, number(5)),
        tlv(0xA1, REALM),
        tlv(0xA2, PRINCIPAL),
        tlv(0xA3, tlv(0x30, tlv(0xA0, number(18)), tlv(0xA2, string(b"e" * 60)))),
    ),
)
KRB_ASK = tlv(
    0x6A,
    tlv(
        0x30,
        tlv(0xA1, number(5)),
        tlv(0xA2, number(10)),
        tlv(
            0xA4, tlv(0x30, tlv(0xA0, string(b"\0" * 5, 3)), tlv(0xA1, CLIENT), tlv(0xA2, REALM), tlv(0xA3, PRINCIPAL))
        ),
    ),
)
KRB_SAY = tlv(
    0x6B,
    tlv(
        0x30,
        tlv(0xA0, number(5)),
        tlv(0xA1, number(11)),
        tlv(0xA3, REALM),
        tlv(0xA4, CLIENT),
        tlv(0xA5, KRB_TICKET),
        tlv(0xA6, tlv(0x30)),
    ),
)
KRB_NO = tlv(
    0x7E,
    tlv(
        0x30, tlv(0xA0, number(5)), tlv(0xA1, number(30)), tlv(0xA6, number(25)), tlv(0xA9, REALM), tlv(0xAA, PRINCIPAL)
    ),
)


# --- ldap ---
def ldap(ident: int, tag: int, *parts: bytes) -> bytes:
    return tlv(0x30, number(ident), tlv(tag, *parts))


def ldap_result(ident: int, tag: int, code: int = 0) -> bytes:
    return ldap(ident, tag, number(code, 10), string(b""), string(b""))


LDAP_BIND = ldap(1, 0x60, number(3), string(b"cn=admin,dc=example"), string(b"hunter2", 0x80))
LDAP_SEARCH = ldap(
    2,
    0x63,
    string(b"dc=example"),
    number(2, 10),
    number(0, 10),
    number(0),
    number(0),
    tlv(1, b"\0"),
    string(b"objectClass", 0x87),
    tlv(0x30, string(b"mail")),
)
LDAP_ENTRY = ldap(2, 0x64, string(b"cn=x,dc=example"), tlv(0x30, b"v" * 300))
LDAP_TLS = ldap(3, 0x77, string(b"1.3.6.1.4.1.1466.20037", 0x80))


# --- rtp, rtcp ---
def rtp(seq: int, ssrc: int = 0x1E063B22, kind: int = 0) -> bytes:
    return b"\x80" + bytes([kind]) + be16(seq & 0xFFFF) + be32(seq * 160) + be32(ssrc) + b"v" * 160


RTCP_REPORT = (
    b"\x81\xc8\0\x0c"
    + b"SSRC"
    + bytes(20)
    + b"OTHR"
    + b"\x40"
    + bytes(3)
    + be32(9)
    + be32(7)
    + bytes(8)
    + b"\x81\xca\0\5SSRC\1\x0aalice@host"
    + bytes(4)
    + b"\x81\xcb\0\1SSRC"
)


# --- bittorrent ---
def utp(kind: int, ident: int, seq: int, ack: int, data: bytes = b"") -> bytes:
    return bytes([kind << 4 | 1, 0]) + be16(ident) + bytes(12) + be16(seq) + be16(ack) + data


HASH = bytes(range(20))
DHT_ASK = b"d1:ad2:id20:" + b"n" * 20 + b"9:info_hash20:" + HASH + b"e1:q9:get_peers1:t2:aa1:v4:UT\x01\x021:y1:qe"
DHT_SAY = b"d1:rd2:id20:" + b"m" * 20 + b"5:nodes0:e1:t2:aa1:y1:re"
HANDSHAKE = b"\x13BitTorrent protocol" + bytes(8) + HASH + b"-qB4520-abcdefghijkl"

CONVERSATIONS = {
    "dhcp": [(0, DISCOVER), (1, OFFER)],
    "dhcpv6": [(0, SOLICIT), (1, REPLY6), (0, RELAYED6)],
    "ntp": [(0, NTP_ASK), (1, NTP_SAY), (0, b"\x17\0\3\x2a" + bytes(4)), (0, b"\x16\2\0\1" + bytes(8))],
    "snmp": [
        (0, snmp(1, snmp_pdu(0xA0))),
        (1, snmp(1, snmp_pdu(0xA2))),
        (0, snmp3(4, tlv(0x30, string(b""), string(b""), snmp_pdu(0xA0)))),
        (
            0,
            snmp(
                0,
                tlv(
                    0xA4,
                    OID,
                    string(b"\1\2\3\4", 0x40),
                    number(1),
                    number(2),
                    number(3, 0x43),
                    tlv(0x30, tlv(0x30, OID, tlv(5))),
                ),
            ),
        ),
    ],
    "stun": [(0, STUN_ASK), (1, STUN_SAY), (1, STUN_NO)],
    "netbios": [(0, NB_ASK), (1, NB_SAY), (1, NB_STATUS), (0, NB_DATAGRAM)],
    "radius": [(0, RADIUS_ASK), (1, RADIUS_SAY)],
    "tftp": [(0, TFTP_READ), (1, TFTP_ERROR)],
    "coap": [(0, COAP_GET), (1, COAP_SAY)],
    "wireguard": [(0, WG_INIT), (1, WG_SAY), (0, wg_data(0)), (0, wg_data(1))],
    "openvpn": [(0, OVPN_ASK), (1, OVPN_SAY), (0, OVPN_CONTROL), (0, OVPN_DATA)],
    "ike": [(0, IKE2_ASK), (1, IKE2_SAY), (0, bytes(4) + IKE1_ASK)],
    "kerberos": [(0, KRB_ASK), (1, KRB_NO), (0, KRB_ASK), (1, KRB_SAY)],
    "ldap": [(0, LDAP_BIND), (1, ldap_result(1, 0x61)), (0, LDAP_SEARCH), (1, LDAP_ENTRY + ldap_result(2, 0x65))],
    "rtp": [(0, rtp(65534 + i)) for i in range(5)],
    "rtcp": [(0, RTCP_REPORT), (0, RTCP_REPORT[:32] + b"cut")],
    "bittorrent": [
        (0, DHT_ASK),
        (1, DHT_SAY),
        (0, utp(4, 9, 1, 0)),
        (1, utp(2, 9, 5, 1)),
        (0, utp(0, 10, 2, 5, HANDSHAKE)),
    ],
}
PORTS = {
    "dhcp": 67,
    "dhcpv6": 547,
    "ntp": 123,
    "snmp": 161,
    "stun": 3478,
    "netbios": 137,
    "radius": 1812,
    "tftp": 69,
    "coap": 5683,
    "wireguard": 51820,
    "openvpn": 1194,
    "ike": 4500,
    "kerberos": 88,
    "ldap": 389,
    "rtp": 5004,
    "rtcp": 5005,
    "bittorrent": 6881,
}
