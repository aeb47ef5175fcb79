"""Fields of DCE/RPC's PDUs, C706 chapter 12."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, hexed, le16, le32, u8

TYPES = {
    0: "request",
    2: "response",
    3: "fault",
    11: "bind",
    12: "bind ack",
    13: "bind nak",
    14: "alter context",
    15: "alter context response",
    16: "auth3",
    17: "shutdown",
    18: "cancel",
    19: "orphaned",
}


def _uuid(raw: bytes) -> str:
    import uuid

    return str(uuid.UUID(bytes_le=raw))


def _size(data: bytes) -> int:
    if len(data) < 16 or data[0] != 5 or data[2] not in TYPES:
        return 0
    return int.from_bytes(data[8:10], "little" if data[4] & 0x10 else "big")


CONTEXT = Part(
    "dcerpc.cn_ctx_item",
    "Context",
    (
        le16("dcerpc.cn_ctx_id", "Context"),
        u8("dcerpc.cn_num_trans_items", "Transfer syntaxes"),
        u8("", "Reserved"),
        Raw("dcerpc.cn_bind_to_uuid", "Interface", 16, _uuid),
        le16("dcerpc.cn_bind_if_ver", "Version"),
        le16("dcerpc.cn_bind_if_ver_minor", "Minor version"),
        Part(
            "dcerpc.cn_bind_trans",
            "Transfer syntax",
            (Raw("dcerpc.cn_bind_trans_id", "Syntax", 16, _uuid), le32("dcerpc.cn_bind_trans_ver", "Version")),
            count="dcerpc.cn_num_trans_items",
        ),
    ),
    count="dcerpc.cn_num_ctx_items",
    title="{dcerpc.cn_bind_to_uuid}",
)
FRAGMENTS = (
    le16("dcerpc.cn_max_xmit", "Largest fragment sent"),
    le16("dcerpc.cn_max_recv", "Largest fragment received"),
    le32("dcerpc.cn_assoc_group", "Association group", base="x"),
)
BIND = (*FRAGMENTS, u8("dcerpc.cn_num_ctx_items", "Contexts"), hexed("", "Reserved", 3), CONTEXT)
TREE = Layout(
    "dcerpc",
    "DCE/RPC",
    (
        u8("dcerpc.ver", "Version"),
        u8("dcerpc.ver_minor", "Minor version"),
        u8("dcerpc.pkt_type", "Type", TYPES),
        u8(
            "dcerpc.cn_flags",
            "Flags",
            base="x",
            bits=(Bits("dcerpc.cn_flags.first_frag", "First", 1), Bits("dcerpc.cn_flags.last_frag", "Last", 2)),
        ),
        hexed("dcerpc.drep", "Data representation", 4),
        le16("dcerpc.cn_frag_len", "Length", unit=" B"),
        le16("dcerpc.cn_auth_len", "Length of the authentication", unit=" B"),
        le32("dcerpc.cn_call_id", "Call"),
        Choice(
            "dcerpc.pkt_type",
            {
                0: (
                    le32("dcerpc.cn_alloc_hint", "Size hint"),
                    le16("dcerpc.cn_ctx_id", "Context"),
                    le16("dcerpc.opnum", "Operation"),
                    Raw("dcerpc.stub_data", "Stub data"),
                ),
                2: (
                    le32("dcerpc.cn_alloc_hint", "Size hint"),
                    le16("dcerpc.cn_ctx_id", "Context"),
                    u8("dcerpc.cn_cancel_count", "Cancels"),
                    u8("", "Reserved"),
                    Raw("dcerpc.stub_data", "Stub data"),
                ),
                3: (
                    le32("dcerpc.cn_alloc_hint", "Size hint"),
                    le16("dcerpc.cn_ctx_id", "Context"),
                    u8("dcerpc.cn_cancel_count", "Cancels"),
                    u8("", "Reserved"),
                    le32("dcerpc.cn_status", "Status", base="x"),
                ),
                11: BIND,
                14: BIND,
                12: (
                    *FRAGMENTS,
                    le16("dcerpc.cn_sec_addr_len", "Length of the address"),
                    Raw("dcerpc.cn_sec_addr", "Address", "dcerpc.cn_sec_addr_len"),
                    Raw("dcerpc.results", "Results"),
                ),
            },
            (Raw("dcerpc.rest", "Content"),),
        ),
    ),
    "{dcerpc.pkt_type}, call {dcerpc.cn_call_id} {dcerpc.cn_bind_to_uuid} {dcerpc.opnum}",
    _size,
)
