"""Conversations of DCE/RPC, for its test and its fuzz target: binds with logins, calls, the endpoint mapper, faults.

Built by hand after C706 chapter 12 and MS-RPCE; the capture dcerpc.pcap is of real programs.
"""

import struct
import uuid

PORT = 135
EPM = uuid.UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa")
DRSUAPI = uuid.UUID("e3514235-4b06-11d1-ab04-00c04fc2dcd2")
UNKNOWN = uuid.UUID("12345678-1234-1234-1234-123456789abc")
NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<I", 2)


def pdu(kind: int, call: int, body: bytes, token: bytes = b"", auth: int = 10, level: int = 6, flags: int = 3) -> bytes:
    """A connection-oriented fragment, little-endian, with its verifier."""
    verifier = b""
    if token:
        pad = -len(body) & 3
        body += bytes(pad)
        verifier = struct.pack("<BBBBI", auth, level, pad, 0, 7) + token
    head = struct.pack("<BBBB4sHHI", 5, 0, kind, flags, b"\x10\0\0\0", 16 + len(body) + len(verifier), len(token), call)
    return head + body + verifier


def bind(call: int, *interfaces: uuid.UUID, token: bytes = b"", kind: int = 11) -> bytes:
    contexts = b"".join(struct.pack("<HBB", i, 1, 0) + which.bytes_le + struct.pack("<HH", 3, 0) + NDR
                        for i, which in enumerate(interfaces))
    return pdu(kind, call, struct.pack("<HHIBBH", 4280, 4280, 0, len(interfaces), 0, 0) + contexts, token)


def bind_ack(call: int, where: bytes, *results: tuple[int, int], token: bytes = b"", kind: int = 12) -> bytes:
    address = struct.pack("<H", len(where) + 1) + where + b"\0"
    address += bytes(-len(address) & 3)
    answers = b"".join(struct.pack("<HH", *result) + NDR for result in results)
    return pdu(kind, call, struct.pack("<HHI", 4280, 4280, 99) + address + struct.pack("<BBH", len(results), 0, 0)
               + answers, token)


def request(call: int, opnum: int, stub: bytes = b"stub", context: int = 0, **more) -> bytes:
    return pdu(0, call, struct.pack("<IHH", len(stub), context, opnum) + stub, **more)


def response(call: int, stub: bytes = b"stub", **more) -> bytes:
    return pdu(2, call, struct.pack("<IHBB", len(stub), 0, 0, 0) + stub, **more)


def fault(call: int, status: int) -> bytes:
    return pdu(3, call, struct.pack("<IHBBII", 0, 0, 0, 0, status, 0))


def floor(left: bytes, right: bytes) -> bytes:
    return struct.pack("<H", len(left)) + left + struct.pack("<H", len(right)) + right


def tower(interface: uuid.UUID, *where: tuple[int, bytes]) -> bytes:
    floors = [(b"\x0d" + interface.bytes_le + b"\4\0", b"\0\0"), (b"\x0d" + NDR[:18], b"\0\0"), (b"\x0b", b"\0\0")]
    floors += [(bytes([kind]), data) for kind, data in where]
    return struct.pack("<H", len(floors)) + b"".join(floor(*one) for one in floors)


def towers(*each: bytes) -> bytes:
    """The stub of an ept_map answer."""
    n = len(each)
    stub = bytes(20) + struct.pack("<IIII", n, n, 0, n) + b"".join(struct.pack("<I", 3 + i) for i in range(n))
    for one in each:
        stub += struct.pack("<II", len(one), len(one)) + one + bytes(-len(one) & 3)
    return stub + bytes(4)


def ntlm_negotiate() -> bytes:
    return b"NTLMSSP\0" + struct.pack("<II", 1, 0xA2088207) + bytes(16) + b"\x0a\0\x61\x4a\0\0\0\x0f"


def ntlm_challenge(name: str, domain: str) -> bytes:
    info = b"".join(struct.pack("<HH", kind, 2 * len(text)) + text.encode("utf-16-le")
                    for kind, text in ((2, domain), (1, name), (3, f"{name.lower()}.corp.example"))) + bytes(4)
    return (b"NTLMSSP\0" + struct.pack("<IHHII", 2, 0, 0, 56, 0xA2898205) + b"challeng" + bytes(8)
            + struct.pack("<HHI", len(info), len(info), 56) + b"\x0a\0\x63\x45\0\0\0\x0f" + info)


def ntlm_authenticate(user: str, domain: str, host: str) -> bytes:
    parts = [bytes(24), bytes(60), domain.encode("utf-16-le"), user.encode("utf-16-le"), host.encode("utf-16-le"), b""]
    at, fields, data = 72, b"", b""
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), at + len(data))
        data += part
    head = b"NTLMSSP\0" + struct.pack("<I", 3) + fields + struct.pack("<I", 0xA2888205)
    return head + b"\x0a\0\x61\x4a\0\0\0\x0f" + data


def datagram(kind: int, opnum: int, body: bytes = b"", sequence: int = 1, big: bool = False) -> bytes:
    """A connectionless PDU (C706 section 12.5.2)."""
    order = ">" if big else "<"
    ident = DRSUAPI.bytes if big else DRSUAPI.bytes_le
    return (struct.pack("BBBB", 4, kind, 0x20, 0) + (b"\0\0\0" if big else b"\x10\0\0") + b"\0" + bytes(16) + ident
            + bytes(range(16)) + struct.pack(order + "IIIHHHHHBB", 0, 4, sequence, opnum, 0xFFFF, 0xFFFF, len(body),
                                             0, 0, 0) + body)


MAPPED = towers(tower(DRSUAPI, (7, b"\xc0\x23"), (9, bytes([192, 0, 2, 7]))), tower(UNKNOWN, (0x0F, b"\\pipe\\x\0")))
MAPPER = [
    (0, bind(1, EPM)),
    (1, bind_ack(1, b"135", (0, 0))),
    (0, request(2, 3, bytes(120))),
    (1, response(2, MAPPED)),
]
LOGIN = [
    (0, bind(1, DRSUAPI, UNKNOWN, token=ntlm_negotiate())),
    (1, bind_ack(1, b"49187", (0, 0), (2, 1), token=ntlm_challenge("DC1", "CORP"))),
    (0, pdu(16, 1, bytes(4), ntlm_authenticate("alice", "CORP", "WS7"))),
    (0, request(2, 0, token=bytes(16)) + request(3, 3, b"s" * 3000, token=bytes(16), flags=1)),
    (0, request(3, 3, b"s" * 200, token=bytes(16), flags=2)),
    (1, response(2, token=bytes(16)) + response(3, b"r" * 5000, token=bytes(16))),
    (0, request(4, 200, context=1)),
    (1, fault(4, 0x1C010002)),
]
REFUSED = [(0, bind(1, UNKNOWN)), (1, pdu(13, 1, struct.pack("<HBBB", 4, 1, 5, 0)))]

TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (MAPPER, 0, 0, {
        "interfaces": ["epm"], "operations": ["epm ept_map"], "calls": 1,
        "endpoints": ["drsuapi 192.0.2.7:49187/tcp", f"{UNKNOWN} \\pipe\\x"], "secondary_address": "135",
    }, "DCE/RPC epm"),
    (LOGIN, 0, 0, {
        "interfaces": ["drsuapi", str(UNKNOWN)],
        "operations": ["drsuapi DRSBind", "drsuapi DRSGetNCChanges", f"{UNKNOWN} opnum 200"], "calls": 3,
        "secondary_address": "49187", "faults": ["nca_op_rng_error"],
        "refused": ["context: abstract syntax not supported"], "auth": "NTLMv2", "user": "alice", "domain": "CORP",
        "workstation": "WS7", "server": "DC1", "server_domain": "CORP", "server_dns": "dc1.corp.example",
        "client_os": "10.0.19041", "server_os": "10.0.17763", "auth_level": "packet privacy",
    }, "DCE/RPC drsuapi alice"),
    (REFUSED, 0, 0, {"interfaces": [str(UNKNOWN)], "refused": ["bind: protocol version not supported"]},
     f"DCE/RPC {UNKNOWN}"),
]
DATAGRAMS = [[(0, datagram(0, 3, b"ask")), (1, datagram(2, 3, b"answer")), (0, datagram(0, 4, b"", 2, big=True)),
              (1, datagram(3, 4, b"\x1c\1\0\3", 2, big=True))]]
