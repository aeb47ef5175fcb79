"""Fields of ONC RPC's calls and replies, RFC 5531 sections 9 and 11."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, Region, Seen, u32

PROGRAMS = {
    100000: "portmapper",
    100003: "NFS",
    100005: "mount",
    100011: "rquota",
    100021: "lock manager",
    100024: "status",
    100227: "NFS ACL",
}
AUTH = {0: "none", 1: "unix", 2: "short", 3: "DES", 6: "GSS"}
STATUS = {
    0: "success",
    1: "program unavailable",
    2: "version mismatch",
    3: "procedure unavailable",
    4: "garbage arguments",
    5: "system error",
}


def _body(at: Region, seen: Seen) -> int:
    return min(at.left, -(-seen["rpc.auth.length"] // 4) * 4)


def _plain(data: bytes) -> bool:
    """Is it a message as such, without the mark of a record before it?"""
    return len(data) >= 12 and data[4:7] == b"\0\0\0" and data[7] < 2 and (data[7] == 1 or data[8:12] == b"\0\0\0\2")


def _size(data: bytes) -> int:
    if _plain(data):
        return len(data)
    if len(data) < 12 or not _plain(data[4:16]):
        return 0
    return 4 + (int.from_bytes(data[:4], "big") & 0x7FFFFFFF)


CREDENTIAL = (
    u32("rpc.auth.flavor", "Credential", AUTH),
    u32("rpc.auth.length", "Length", unit=" B"),
    Raw("rpc.auth.body", "Credential", _body),
)
VERIFIER = (
    u32("rpc.auth.flavor", "Verifier", AUTH),
    u32("rpc.auth.length", "Length", unit=" B"),
    Raw("rpc.auth.body", "Verifier", _body),
)
TREE = Layout(
    "rpc",
    "RPC",
    (
        Choice(
            lambda at, seen: _plain(at.data[at.at : at.end]),
            {
                False: (
                    u32(
                        "rpc.fraghdr",
                        "Record mark",
                        base="x",
                        bits=(
                            Bits("rpc.lastfrag", "Last fragment", 0x80000000),
                            Bits("rpc.fraglen", "Length", 0x7FFFFFFF),
                        ),
                    ),
                )
            },
        ),
        u32("rpc.xid", "Transaction", base="x"),
        u32("rpc.msgtyp", "Message", {0: "call", 1: "reply"}),
        Choice(
            "rpc.msgtyp",
            {
                0: (
                    u32("rpc.version", "RPC version"),
                    u32("rpc.program", "Program", PROGRAMS),
                    u32("rpc.programversion", "Version"),
                    u32("rpc.procedure", "Procedure"),
                    *CREDENTIAL,
                    *VERIFIER,
                    Raw("rpc.arguments", "Arguments"),
                ),
                1: (
                    u32("rpc.replystat", "Reply", {0: "accepted", 1: "denied"}),
                    Choice("rpc.replystat", {0: (*VERIFIER, u32("rpc.state_accept", "Status", STATUS))}),
                    Raw("rpc.results", "Results"),
                ),
            },
        ),
    ),
    "{rpc.msgtyp} {rpc.program} {rpc.state_accept}, transaction {rpc.xid}",
    _size,
)
