"""Fields of MongoDB's messages, its wire protocol: the header, and the first document's first name."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, Until, le32, u8

OPS = {
    1: "reply",
    2004: "query",
    2005: "get more",
    2006: "delete",
    2007: "kill cursors",
    2010: "command",
    2011: "command reply",
    2012: "compressed",
    2013: "message",
}
DOCUMENT = (
    le32("mongo.document.length", "Document", unit=" B"),
    u8("mongo.element.type", "Type of the first element", base="x"),
    Until("mongo.element.name", "First element"),
    Raw("mongo.document.rest", "Rest of the document, and further"),
)


def _size(data: bytes) -> int:
    return int.from_bytes(data[:4], "little") if len(data) >= 16 and int.from_bytes(data[12:16], "little") in OPS else 0


TREE = Layout(
    "mongo",
    "MongoDB",
    (
        le32("mongo.message_length", "Length", unit=" B"),
        le32("mongo.request_id", "Request"),
        le32("mongo.response_to", "Answer to"),
        le32("mongo.opcode", "Operation", OPS),
        Choice(
            "mongo.opcode",
            {
                2013: (
                    le32(
                        "mongo.msg.flags",
                        "Flags",
                        base="x",
                        bits=(
                            Bits("mongo.msg.flags.checksumpresent", "With a checksum", 1),
                            Bits("mongo.msg.flags.moretocome", "More to come", 2),
                        ),
                    ),
                    u8("mongo.msg.sections.section.kind", "Section"),
                    Choice("mongo.msg.sections.section.kind", {0: DOCUMENT}, (Raw("mongo.msg.section", "Section"),)),
                ),
                2004: (
                    le32("mongo.query.flags", "Flags", base="x"),
                    Until("mongo.full_collection_name", "Collection"),
                    le32("mongo.number_to_skip", "Skipped"),
                    le32("mongo.number_to_return", "Asked for"),
                    *DOCUMENT,
                ),
                1: (
                    le32("mongo.reply.flags", "Flags", base="x"),
                    Raw("mongo.cursor_id", "Cursor", 8),
                    le32("mongo.starting_from", "From"),
                    le32("mongo.number_returned", "Documents"),
                    *DOCUMENT,
                ),
                2012: (
                    le32("mongo.compression.original_opcode", "Operation within", OPS),
                    le32("mongo.compression.original_size", "Size", unit=" B"),
                    u8("mongo.compression.compressor", "Compression", {0: "none", 1: "snappy", 2: "zlib", 3: "zstd"}),
                    Raw("mongo.compressed", "Compressed"),
                ),
            },
            (Raw("mongo.data", "Content"),),
        ),
    ),
    "{mongo.opcode} {mongo.full_collection_name} {mongo.element.name}",
    _size,
)
