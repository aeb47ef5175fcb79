"""Hand-made conversations of file sharing and remote desktops [(side, bytes)], side 0 the client; tests and fuzzers."""

import struct

Turns = list[tuple[int, bytes]]


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def nbss(message: bytes) -> bytes:
    """Behind the session service's four bytes."""
    return struct.pack(">I", len(message)) + message


# --- security tokens ---
def ntlm_type1() -> bytes:
    return b"NTLMSSP\0" + struct.pack("<II", 1, 0x02000201) + bytes(16) + b"\x0a\0\x61\x4a\0\0\0\x0f"


def av(kind: int, text: str) -> bytes:
    return struct.pack("<HH", kind, 2 * len(text)) + wide(text)


def ntlm_type2() -> bytes:
    name = wide("CORP")
    info = av(2, "CORP") + av(1, "FILES") + av(4, "corp.example") + av(3, "files.corp.example") + bytes(4)
    head = b"NTLMSSP\0" + struct.pack("<IHHI", 2, len(name), len(name), 56) + struct.pack("<I", 0x02000201)
    head += (
        b"C" * 8 + bytes(8) + struct.pack("<HHI", len(info), len(info), 56 + len(name)) + b"\x0a\0\x63\x45\0\0\0\x0f"
    )
    return head + name + info


def ntlm_type3(response: int = 60) -> bytes:
    parts = [b"", b"R" * response, wide("CORP"), wide("anna"), wide("PC7"), b""]
    at = 72
    fields = b""
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    return (
        b"NTLMSSP\0"
        + struct.pack("<I", 3)
        + fields
        + struct.pack("<I", 0x02000201)
        + ntlm_type1()[32:]
        + b"".join(parts)
    )


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack(">H", len(body))) + body


def kerberos_token() -> bytes:
    name = der(0x30, der(0xA0, b"\2\1\2"), der(0xA1, der(0x30, der(0x1B, b"cifs"), der(0x1B, b"files.corp.example"))))
    parts = [
        der(0xA0, b"\2\1\5"),
        der(0xA1, der(0x1B, b"CORP.EXAMPLE")),
        der(0xA2, name),
        der(0xA3, der(0x30, b"x" * 90)),
    ]
    ticket = der(0x61, der(0x30, *parts))
    flags = der(0xA2, b"\3\5\0\0\0\0\0")
    request = der(0x6E, der(0x30, der(0xA0, b"\2\1\5"), der(0xA1, b"\2\1\x0e"), flags, der(0xA3, ticket)))
    oid = bytes.fromhex("06092a864886f712010202")
    return der(0x60, bytes.fromhex("06062b0601050502"), der(0xA0, der(0x30, der(0x30, oid)))) + oid + b"\1\0" + request


# --- SMB2 ---
def smb2(command: int, body: bytes, reply: bool = False, status: int = 0, mid: int = 1, flags: int = 0) -> bytes:
    """A message; offsets in `body` are its own to set: it begins at 64."""
    flags |= 1 if reply else 0
    return (
        b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 1, status, command, 1, flags, 0, mid, 0, 7, 9) + bytes(16) + body
    )


def compound(*messages: bytes) -> bytes:
    out = b""
    for message in messages[:-1]:
        message += bytes(-len(message) % 8)
        out += message[:20] + struct.pack("<I", len(message)) + message[24:]
    return out + messages[-1]


def context(kind: int, data: bytes) -> bytes:
    return (struct.pack("<HHI", kind, len(data), 0) + data).ljust((8 + len(data) + 7) & ~7, b"\0")


def negotiate2() -> bytes:
    contexts = context(1, b"\1\0\x08\0\1\0saltsalt") + context(2, b"\2\0\2\0\1\0") + context(5, wide("files"))
    head = struct.pack("<HHHHI", 36, 3, 1, 0, 0x7F) + bytes(range(16)) + struct.pack("<IHH", 64 + 48, 3, 0)
    return smb2(0, (head + struct.pack("<HHH", 0x0202, 0x0302, 0x0311)).ljust(48, b"\0") + contexts)


def negotiated2(dialect: int = 0x0311) -> bytes:
    contexts = context(1, b"\1\0\x08\0\1\0saltsalt") + context(2, b"\1\0\2\0") + context(8, b"\1\0\2\0")
    head = struct.pack("<HHHH", 65, 3, dialect, 3) + bytes(range(16, 32)) + struct.pack("<IIII", 0x2F, 1, 1, 1)
    head += struct.pack("<QQHHI", 132000000000000000, 131000000000000000, 128, 0, 64 + 64)
    return smb2(0, head + contexts, reply=True)


def setup2(token: bytes, mid: int = 2) -> bytes:
    return smb2(1, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token, mid=mid)


def welcome2(token: bytes, status: int = 0xC0000016, guest: int = 0) -> bytes:
    return smb2(1, struct.pack("<HHHH", 9, guest, 72, len(token)) + token, True, status, 2)


def tree2(path: str) -> bytes:
    return smb2(3, struct.pack("<HHHH", 9, 0, 72, 2 * len(path)) + wide(path), flags=8)


def create2(name: str, mid: int = 5) -> bytes:
    return smb2(
        5, bytes.fromhex("3900") + bytes(42) + struct.pack("<HHII", 120, 2 * len(name), 0, 0) + wide(name), mid=mid
    )


def query2(mid: int = 6, kind: int = 37) -> bytes:
    return smb2(
        14, struct.pack("<HBBI", 33, kind, 0, 0) + bytes(16) + struct.pack("<HHI", 96, 2, 65536) + wide("*"), mid=mid
    )


def listing2(*names: str, mid: int = 6) -> bytes:
    out = b""
    for name in names:
        entry = bytes(60) + struct.pack("<I", 2 * len(name)) + bytes(40) + wide(name)
        entry += bytes(-len(entry) % 8)
        out += (struct.pack("<I", len(entry)) if name != names[-1] else bytes(4)) + entry[4:]
    return smb2(14, struct.pack("<HHI", 9, 72, len(out)) + out, reply=True, mid=mid)


def rename2(name: str) -> bytes:
    info = bytes(16) + struct.pack("<I", 2 * len(name)) + wide(name)
    return smb2(17, struct.pack("<HBBIHHI", 33, 1, 10, len(info), 96, 0, 0) + bytes(16) + info)


def sealed(size: int = 100) -> bytes:
    return b"\xfdSMB" + bytes(32) + struct.pack("<IHHQ", size, 0, 1, 9) + b"e" * size


SMB3_TALK: Turns = [
    (0, nbss(negotiate2())),
    (1, nbss(negotiated2())),
    (0, nbss(setup2(ntlm_type1()))),
    (1, nbss(welcome2(ntlm_type2()))),
    (0, nbss(setup2(ntlm_type3(), 3))),
    (1, nbss(welcome2(b"", 0))),
    (0, nbss(tree2("\\\\files\\public"))),
    (0, nbss(compound(create2("docs\\plan.txt"), query2(6), smb2(9, b"w" * 40)))),
    (1, nbss(compound(smb2(5, bytes(88), True, 0xC0000034), listing2(".", "..", "a.txt", "später.txt")))),
    (0, nbss(rename2("docs\\old.txt")) + b"\x85\0\0\0"),
    (0, nbss(smb2(9, b"1\0" + b"data" * 3000))),
    (0, nbss(sealed())),
    (1, nbss(sealed(300))),
]


# --- SMB1 ---
def smb1(command: int, words: bytes, data: bytes, reply: bool = False, status: int = 0, flags2: int = 0xC000) -> bytes:
    head = b"\xffSMB" + bytes([command]) + struct.pack("<IBH", status, 0x88 if reply else 8, flags2) + bytes(20)
    return head + bytes([len(words) // 2]) + words + struct.pack("<H", len(data)) + data


def andx(*words: int) -> bytes:
    return b"\xff\0\0\0" + struct.pack(f"<{len(words)}H", *words)


def padded(words: bytes, text: str) -> bytes:
    """UTF-16 at an even offset of the message, and its end."""
    return (b"\0" if len(words) % 2 == 0 and (32 + 1 + len(words) + 2) % 2 else b"") + wide(text) + b"\0\0"


def negotiated1(plain: bool = False) -> bytes:
    words = struct.pack(
        "<HBHHIIIIQhB", 1, 1 if plain else 15, 50, 1, 16644, 65536, 0, 0x80 if plain else 0x80000000, 0, 0, 0
    )
    return smb1(0x72, words, wide("CORP") + b"\0\0" if plain else bytes(range(16)), True)


TRANS2 = struct.pack("<HHHHBBHIHHHHHBBH", 40, 0, 2, 40, 0, 0, 0, 0, 0, 28, 68, 0, 0, 1, 0, 5)
FIND2 = smb1(0x32, TRANS2, b"\0\0\0" + bytes(6) + wide("\\dir\\a.doc") + b"\0\0")
LOGIN1 = andx(4356, 10, 0, 0, 0, len(ntlm_type3(24)), 0, 0, 0, 0)
SMB1_TALK: Turns = [
    (0, nbss(smb1(0x72, b"", b"\2LANMAN1.0\0\2NT LM 0.12\0"))),
    (1, nbss(negotiated1())),
    (0, nbss(smb1(0x73, LOGIN1, ntlm_type3(24) + bytes(1 - len(ntlm_type3(24)) % 2) + wide("Unix") + bytes(4)))),
    (1, nbss(smb1(0x73, andx(1, 0), b"\0" + wide("Windows 5.1") + b"\0\0", True))),
    (0, nbss(smb1(0x75, andx(0, 1), b"\0" + wide("\\\\FILES\\PUB") + b"\0\0?????\0"))),
    (0, nbss(smb1(0xA2, andx(*[0] * 22), padded(andx(*[0] * 22), "\\eicar.com")))),
    (1, nbss(smb1(0xA2, b"", b"", True, 0xC0000022))),
    (0, nbss(smb1(0x06, b"\x16\0", b"\4old.txt\0", flags2=0x4000))),
    (0, nbss(FIND2)),
    (0, nbss(smb1(0x2F, andx(*[0] * 12), b"d" * 5000)) + nbss(b"raw bytes without a header")),
    (0, nbss(smb1(0x07, b"\x16\0", b"\4a.txt\0\4b.txt\0", flags2=0x4000))),
]
PLAIN_TALK: Turns = [
    (0, nbss(smb1(0x72, b"", b"\2PC NETWORK PROGRAM 1.0\0\2NT LM 0.12\0"))),
    (1, nbss(negotiated1(plain=True))),
    (0, nbss(smb1(0x73, andx(4356, 10, 0, 0, 0, 6, 0, 0, 0, 0, 0), b"s3cret" + b"bob\0HOME\0Windows 4.0\0", flags2=0))),
    (1, nbss(smb1(0x73, andx(0), b"Samba\0", True, flags2=0))),
]
KERBEROS_TALK: Turns = [(0, nbss(setup2(kerberos_token()))), (1, nbss(welcome2(b"", 0xC000006D, 1)))]


# --- RDP ---
def tpkt(rest: bytes) -> bytes:
    return struct.pack(">BBH", 3, 0, 4 + len(rest)) + rest


def rdp_request(cookie: bytes = b"Cookie: mstshash=anna\r\n", protocols: int | None = 3) -> bytes:
    neg = b"" if protocols is None else struct.pack("<BBHI", 1, 0, 8, protocols)
    return tpkt(bytes([6 + len(cookie + neg)]) + b"\xe0\0\0\0\0\0" + cookie + neg)


def rdp_confirm(selected: int | None = 0, kind: int = 2) -> bytes:
    neg = b"" if selected is None else struct.pack("<BBHI", kind, 0, 8, selected)
    return tpkt(bytes([6 + len(neg)]) + b"\xd0\0\0\x12\x34\0" + neg)


def block(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, 4 + len(data)) + data


def mcs(second: int, key: bytes, *blocks: bytes) -> bytes:
    data = b"".join(blocks)
    gcc = b"\0\5\0\x14\x7c\0\1\x81\0" + key + struct.pack(">H", 0x8000 | len(data)) + data
    few = (
        [der(4, b"\1"), der(4, b"\1"), der(1, b"\xff"), *[der(0x30, b"\2\1\x22")] * 3]
        if second == 0x65
        else [der(10, b"\0"), der(2, b"\0"), der(0x30, b"\2\1\x22")]
    )
    return tpkt(b"\2\xf0\x80\x7f" + der(second, *few, der(4, gcc)))


CORE = struct.pack("<IHHHHII", 0x00080004, 1280, 1024, 0xCA01, 0xAA03, 0x407, 9600) + wide("PC7").ljust(32, b"\0")
CORE += bytes(76) + struct.pack("<HHIHHH", 0xCA01, 1, 0, 24, 7, 1) + wide("12345-OEM").ljust(64, b"\0")
CHANNELS = struct.pack("<I", 2) + b"rdpdr\0\0\0\0\0\0\0" + b"cliprdr\0\0\0\0\0"
RDP_INITIAL = mcs(0x65, b"Duca", block(0xC001, CORE), block(0xC002, b"\x1b\0\0\0\0\0\0\0"), block(0xC003, CHANNELS))


def rdp_response(method: int, level: int) -> bytes:
    security = struct.pack("<II", method, level)
    return mcs(0x66, b"McDn", block(0x0C01, b"\4\0\x08\0"), block(0x0C02, security), block(0x0C03, b"\xeb\3\0\0"))


INFO = struct.pack("<IIHHHHH", 0, 0x10, 8, 8, 12, 0, 0) + b"".join(
    wide(x) + b"\0\0" for x in ("CORP", "anna", "s3cret", "", "")
)
RDP_LOGIN = tpkt(b"\2\xf0\x80\x64\0\7\3\xeb\x70" + struct.pack(">H", 0x8000 | len(INFO) + 4)[:2] + b"\x40\0\0\0" + INFO)
RDP_TLS_TALK: Turns = [(0, rdp_request()), (1, rdp_confirm(2)), (0, b"\x16\3\1")]
RDP_TALK: Turns = [(0, rdp_request(protocols=0)), (1, rdp_confirm(0)), (0, RDP_INITIAL), (1, rdp_response(2, 2))]
RDP_OPEN_TALK: Turns = [
    (0, rdp_request(b"", None)),
    (1, rdp_confirm(None)),
    (0, RDP_INITIAL),
    (1, rdp_response(0, 0)),
    (0, tpkt(b"\2\xf0\x80\x04\1\0\1\0")),
    (0, RDP_LOGIN),
]


# --- RFB ---
def rfb_desktop(name: bytes) -> bytes:
    return (
        struct.pack(">HH", 1024, 768)
        + b"\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0"
        + struct.pack(">I", len(name))
        + name
    )


V8, V7, V3 = (b"RFB 003.00%d\n" % minor for minor in (8, 7, 3))


def handshake(version: bytes, offered: bytes, chosen: bytes) -> Turns:
    """Both sides' version, and a form of login (RFC 6143 sections 7.1.1 and 7.1.2)."""
    return [(1, version), (0, version), (1, bytes([len(offered)]) + offered), (0, chosen)]


VNC_TALK: Turns = [
    *handshake(V8, b"\x02\x13", b"\2"),
    (1, b"c" * 16),
    (0, b"r" * 16),
    (1, bytes(4)),
    (0, b"\1"),
    (1, rfb_desktop(b"anna's desk")),
]
VNC_REFUSED: Turns = [
    *handshake(V8, b"\x02", b"\2"),
    (1, b"c" * 16),
    (0, b"r" * 16),
    (1, b"\0\0\0\1\0\0\0\3bad"),
]
VNC_OLD: Turns = [(1, V8), (0, V3), (1, b"\0\0\0\1"), (0, b"\0"), (1, rfb_desktop(b"old"))]
VNC_BUSY: Turns = [(1, V7), (0, V7), (1, b"\0\0\0\0\x08too many")]
VNC_PLAIN: Turns = [
    *handshake(V8, b"\x13", b"\x13"),
    (1, b"\0\2"),
    (0, b"\0\2"),
    (1, b"\0\2\0\0\1\0\0\0\1\4"),
    (0, b"\0\0\1\0"),
    (0, b"\0\0\0\3\0\0\0\6bobs3cret"),
    (1, bytes(4)),
    (0, b"\0"),
    (1, rfb_desktop(b"x")),
]
VNC_VEN_TLS: Turns = [
    *handshake(V8, b"\x13", b"\x13"),
    (1, b"\0\2"),
    (0, b"\0\2"),
    (1, b"\0\1\0\0\1\4"),
    (0, b"\0\0\1\4"),
    (1, b"\1"),
]
VNC_APPLE: Turns = [
    *handshake(b"RFB 003.889\n", b"\x1e", b"\x1e"),
    (1, b"\0\2\0\x08" + b"p" * 16),
    (0, b"k" * 136),
    (1, bytes(4)),
    (0, b"\1"),
    (1, rfb_desktop(b"\0\2\xbf\0Mac")),
]
VNC_TIGHT: Turns = [
    *handshake(V8, b"\x10", b"\x10"),
    (1, b"\0\0\0\1" + b"t" * 16),
    (0, bytes(4)),
    (1, b"\0\0\0\1" + b"a" * 16),
    (0, b"\0\0\0\2"),
    (1, b"c" * 16),
    (0, b"r" * 16),
    (1, bytes(4)),
    (0, b"\1"),
    (1, rfb_desktop(b"tight")),
]
SMB_TALKS = [SMB3_TALK, SMB1_TALK, PLAIN_TALK, KERBEROS_TALK]
RDP_TALKS = [RDP_TLS_TALK, RDP_TALK, RDP_OPEN_TALK]
VNC_TALKS = [VNC_TALK, VNC_REFUSED, VNC_OLD, VNC_BUSY, VNC_PLAIN, VNC_VEN_TLS, VNC_APPLE, VNC_TIGHT]
