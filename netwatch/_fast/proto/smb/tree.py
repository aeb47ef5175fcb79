"""Fields of SMB: the header before each message (RFC 1002 section 4.3.1), MS-SMB2 2.2, MS-CIFS 2.2.3.1."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import (
    Bits,
    Choice,
    Field,
    Layout,
    Part,
    Raw,
    Region,
    Seen,
    hexed,
    le16,
    le32,
    le64,
    string,
    u8,
    u24,
)

COMMANDS = {
    0: "negotiate",
    1: "session setup",
    2: "logoff",
    3: "tree connect",
    4: "tree disconnect",
    5: "create",
    6: "close",
    7: "flush",
    8: "read",
    9: "write",
    10: "lock",
    11: "ioctl",
    12: "cancel",
    13: "echo",
    14: "find",
    15: "notify",
    16: "get info",
    17: "set info",
    18: "break",
}
OLD = {
    0x04: "close",
    0x06: "delete",
    0x24: "locking",
    0x25: "transaction",
    0x2B: "echo",
    0x2D: "open",
    0x2E: "read",
    0x2F: "write",
    0x32: "transaction 2",
    0x34: "find close",
    0x71: "tree disconnect",
    0x72: "negotiate",
    0x73: "session setup",
    0x74: "logoff",
    0x75: "tree connect",
    0xA0: "NT transaction",
    0xA2: "create",
    0xA4: "cancel",
}
STATUS = {
    0: "success",
    0x103: "pending",
    0xC0000016: "more processing required",
    0xC0000022: "access denied",
    0xC000006D: "logon failure",
    0xC0000034: "name not found",
    0xC000000F: "no such file",
    0x80000006: "no more files",
    0xC00000CC: "bad network name",
    0xC000000D: "invalid parameter",
    0xC0000061: "privilege not held",
    0xC00000BA: "is a directory",
    0xC0000035: "name collision",
    0xC0000011: "end of file",
    0xC00000BB: "not supported",
}
DIALECTS = {0x0202: "2.0.2", 0x0210: "2.1", 0x0300: "3.0", 0x0302: "3.0.2", 0x0311: "3.1.1", 0x02FF: "2.x"}
HEAD = 64  # bytes of SMB2's header, from which offsets count


def _utf16(raw: bytes) -> str:
    from netwatch._fast.base.text import clean

    shown: str = clean(raw.decode("utf-16-le", "replace").encode(), 255)
    return shown


def _gap(offset: str, fixed: int) -> Raw:
    """What is between the fixed part of a message and where its buffer begins."""
    return Raw("", "Padding", lambda at, seen: max(0, min(at.left, seen[offset] - HEAD - fixed)))


def _file(raw: bytes) -> str:
    return raw.hex()


FILE = Raw("smb2.fid", "File", 16, _file)
SIZE = le16("smb2.buffer_code", "Structure size")
REQUESTS: dict[object, tuple[Field, ...]] = {
    0: (
        SIZE,
        le16("smb2.dialect_count", "Dialects"),
        le16("smb2.sec_mode", "Security mode", base="x"),
        le16("", "Reserved"),
        le32("smb2.capabilities", "Capabilities", base="x"),
        hexed("smb2.client_guid", "Client", 16),
        hexed("smb2.negotiate_context", "Contexts or start time", 8),
        Part("smb2.dialects", "Dialect", (le16("smb2.dialect", "Dialect", DIALECTS, "x"),), count="smb2.dialect_count"),
        Raw("smb2.rest", "Contexts"),
    ),
    3: (
        SIZE,
        le16("smb2.tree_connect_flags", "Flags", base="x"),
        le16("smb2.offset", "Offset"),
        le16("smb2.length", "Length", unit=" B"),
        _gap("smb2.offset", 8),
        Raw("smb2.tree", "Share", "smb2.length", _utf16),
    ),
    5: (
        SIZE,
        u8("smb2.security_flags", "Security flags"),
        u8("smb2.oplock", "Oplock"),
        le32("smb2.impersonation.level", "Impersonation"),
        le64("smb2.create.flags", "Flags", base="x"),
        le64("", "Reserved", base="x"),
        le32("smb2.create.access", "Access", base="x"),
        le32("smb2.create.attributes", "Attributes", base="x"),
        le32("smb2.create.share", "Shared access", base="x"),
        le32(
            "smb2.create.disposition",
            "Disposition",
            {0: "supersede", 1: "open", 2: "create", 3: "open or create", 4: "overwrite", 5: "overwrite or create"},
        ),
        le32("smb2.create.options", "Options", base="x"),
        le16("smb2.offset", "Offset"),
        le16("smb2.length", "Length", unit=" B"),
        le32("smb2.contexts_offset", "Offset of the contexts"),
        le32("smb2.contexts_length", "Length of the contexts", unit=" B"),
        _gap("smb2.offset", 56),
        Raw("smb2.filename", "File name", "smb2.length", _utf16),
        Raw("smb2.rest", "Contexts"),
    ),
    6: (SIZE, le16("smb2.close.flags", "Flags", base="x"), le32("", "Reserved"), FILE),
    8: (
        SIZE,
        u8("smb2.padding", "Padding"),
        u8("smb2.read.flags", "Flags", base="x"),
        le32("smb2.read_length", "Length", unit=" B"),
        le64("smb2.file_offset", "Offset"),
        FILE,
        Raw("smb2.rest", "Further"),
    ),
    9: (
        SIZE,
        le16("smb2.data_offset", "Offset of the data"),
        le32("smb2.write_length", "Length", unit=" B"),
        le64("smb2.file_offset", "Offset"),
        FILE,
        Raw("smb2.write_data", "Data"),
    ),
    14: (
        SIZE,
        u8("smb2.find.infolevel", "Level"),
        u8("smb2.find.flags", "Flags", base="x"),
        le32("smb2.find.file_index", "Index"),
        FILE,
        le16("smb2.offset", "Offset"),
        le16("smb2.length", "Length", unit=" B"),
        le32("smb2.find.output_size", "Largest answer", unit=" B"),
        _gap("smb2.offset", 32),
        Raw("smb2.find.pattern", "Pattern", "smb2.length", _utf16),
    ),
    11: (
        SIZE,
        le16("", "Reserved"),
        le32("smb2.ioctl.function", "Function", base="x"),
        FILE,
        Raw("smb2.rest", "Content"),
    ),
    16: (SIZE, u8("smb2.class", "Class"), u8("smb2.infolevel", "Level"), Raw("smb2.rest", "Content")),
}
RESPONSES: dict[object, tuple[Field, ...]] = {
    0: (
        SIZE,
        le16("smb2.sec_mode", "Security mode", base="x"),
        le16("smb2.dialect", "Dialect", DIALECTS, "x"),
        le16("smb2.negotiate_context.count", "Contexts"),
        hexed("smb2.server_guid", "Server", 16),
        le32("smb2.capabilities", "Capabilities", base="x"),
        le32("smb2.max_trans_size", "Largest transaction", unit=" B"),
        le32("smb2.max_read_size", "Largest read", unit=" B"),
        le32("smb2.max_write_size", "Largest write", unit=" B"),
        Raw("smb2.rest", "Times and security"),
    ),
    5: (
        SIZE,
        u8("smb2.oplock", "Oplock"),
        u8("smb2.create.flags", "Flags", base="x"),
        le32("smb2.create.action", "Action", {0: "superseded", 1: "opened", 2: "created", 3: "overwritten"}),
        Raw("smb2.times", "Times", 32),
        le64("smb2.allocation_size", "Allocated"),
        le64("smb2.eof", "Size"),
        le32("smb2.create.attributes", "Attributes", base="x"),
        le32("", "Reserved"),
        FILE,
        Raw("smb2.rest", "Contexts"),
    ),
    8: (
        SIZE,
        u8("smb2.data_offset", "Offset of the data"),
        u8("", "Reserved"),
        le32("smb2.read_length", "Length", unit=" B"),
        le32("smb2.read_remaining", "Remaining", unit=" B"),
        le32("", "Reserved"),
        Raw("smb2.read_data", "Data"),
    ),
    9: (SIZE, le16("", "Reserved"), le32("smb2.write.count", "Written", unit=" B"), Raw("smb2.rest", "Further")),
}
REST = (Raw("smb2.content", "Content"),)


def _message(at: Region, seen: Seen) -> int:
    """Up to the next one of a chain."""
    offset = int.from_bytes(at.data[at.at + 20 : at.at + 24], "little") if at.left >= HEAD else 0
    return min(at.left, offset) if offset >= HEAD else at.left


SMB2 = Part(
    "smb2",
    "SMB2",
    (
        hexed("smb2.protocol_id", "Protocol", 4),
        le16("smb2.header_len", "Header length", unit=" B"),
        le16("smb2.credit.charge", "Credit charge"),
        Choice(
            lambda at, seen: at.peek(1, 8) & 1,
            {1: (le32("smb2.nt_status", "Status", STATUS, "x"),)},
            (le32("smb2.channel_sequence", "Channel sequence", base="x"),),
        ),
        le16("smb2.cmd", "Command", COMMANDS),
        le16("smb2.credits.granted", "Credits"),
        le32(
            "smb2.flags",
            "Flags",
            base="x",
            bits=(
                Bits("smb2.flags.response", "Response", 1, {0: "request", 1: "response"}),
                Bits("smb2.flags.async", "Asynchronous", 2),
                Bits("smb2.flags.chained", "Chained", 4),
                Bits("smb2.flags.signature", "Signed", 8),
            ),
        ),
        le32("smb2.chain_offset", "Next message"),
        le64("smb2.msg_id", "Message"),
        Choice(
            "smb2.flags.async",
            {1: (le64("smb2.aid", "Asynchronous id", base="x"),)},
            (le32("smb2.pid", "Process", base="x"), le32("smb2.tid", "Tree", base="x")),
        ),
        le64("smb2.sesid", "Session", base="x"),
        hexed("smb2.signature", "Signature", 16),
        Choice(
            lambda at, seen: at.left > 9 if seen["smb2.flags.response"] else True,
            {
                True: (
                    Choice(
                        "smb2.flags.response",
                        {0: (Choice("smb2.cmd", REQUESTS, REST),), 1: (Choice("smb2.cmd", RESPONSES, REST),)},
                    ),
                )
            },
            REST,
        ),
    ),
    size=_message,
    count=None,
    title="{smb2.cmd} {smb2.flags.response} {smb2.nt_status} {smb2.filename} {smb2.tree}",
)
SMB1 = Part(
    "smb",
    "SMB",
    (
        hexed("smb.server_component", "Protocol", 4),
        u8("smb.cmd", "Command", OLD, "x"),
        Choice(
            lambda at, seen: at.peek(1, 4) & 0x80,
            {0x80: (le32("smb.nt_status", "Status", STATUS, "x"),)},
            (le32("smb.reserved_status", "Reserved", base="x"),),
        ),
        u8(
            "smb.flags",
            "Flags",
            base="x",
            bits=(Bits("smb.flags.response", "Response", 0x80, {0: "request", 1: "response"}),),
        ),
        le16("smb.flags2", "Further flags", base="x"),
        le16("smb.pid.high", "Process, high half"),
        hexed("smb.signature", "Signature", 8),
        le16("smb.reserved", "Reserved"),
        le16("smb.tid", "Tree"),
        le16("smb.pid", "Process"),
        le16("smb.uid", "User"),
        le16("smb.mid", "Message"),
        u8("smb.wct", "Words"),
        Raw("smb.parameters", "Parameters", lambda at, seen: 2 * seen["smb.wct"]),
        le16("smb.bcc", "Bytes"),
        Raw("smb.data", "Data"),
    ),
    title="{smb.cmd} {smb.flags.response} {smb.nt_status}",
)
CLOSED = (
    hexed("smb2.header.transform.proto_id", "Protocol", 4),
    hexed("smb2.header.transform.signature", "Signature", 16),
    hexed("smb2.header.transform.nonce", "Nonce", 16),
    le32("smb2.header.transform.msg_size", "Message", unit=" B"),
    le16("", "Reserved"),
    le16("smb2.header.transform.flags", "Flags", base="x"),
    le64("smb2.sesid", "Session", base="x"),
    Raw("smb2.header.transform.enc_blob", "Encrypted message"),
)


def _size(data: bytes) -> int:
    return 4 + int.from_bytes(data[1:4], "big") if len(data) >= 4 and data[0] in (0, 0x81, 0x82, 0x83, 0x85) else 0


TREE = Layout(
    "smb",
    "SMB",
    (
        u8("nbss.type", "Session", base="x"),
        u24("nbss.length", "Length", unit=" B"),
        Choice(
            lambda at, seen: at.peek(4) if at.left >= 4 else 0,
            {0xFE534D42: (SMB2,), 0xFF534D42: (SMB1,), 0xFD534D42: CLOSED},
            (string("nbss.content", "Content"),),
        ),
    ),
    "{smb2*} {smb*}",
    _size,
)
