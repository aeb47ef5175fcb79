"""Fields of HTTP/2's frames, RFC 9113 sections 4 and 6."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Part, Raw, string, text, u8, u16, u24, u32

TYPES = {
    0: "DATA",
    1: "HEADERS",
    2: "PRIORITY",
    3: "RST_STREAM",
    4: "SETTINGS",
    5: "PUSH_PROMISE",
    6: "PING",
    7: "GOAWAY",
    8: "WINDOW_UPDATE",
    9: "CONTINUATION",
    12: "ORIGIN",
    16: "PRIORITY_UPDATE",
}
SETTINGS = {
    1: "header table size",
    2: "push",
    3: "streams at once",
    4: "initial window",
    5: "largest frame",
    6: "largest header list",
    8: "extended CONNECT",
    9: "no priorities of RFC 7540",
}
ERRORS = {
    0: "NO_ERROR",
    1: "PROTOCOL_ERROR",
    2: "INTERNAL_ERROR",
    3: "FLOW_CONTROL_ERROR",
    4: "SETTINGS_TIMEOUT",
    5: "STREAM_CLOSED",
    6: "FRAME_SIZE_ERROR",
    7: "REFUSED_STREAM",
    8: "CANCEL",
    9: "COMPRESSION_ERROR",
    10: "CONNECT_ERROR",
    11: "ENHANCE_YOUR_CALM",
    12: "INADEQUATE_SECURITY",
    13: "HTTP_1_1_REQUIRED",
}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTING = Part(
    "http2.settings",
    "Setting",
    (u16("http2.settings.id", "Setting", SETTINGS), u32("http2.settings.value", "Value")),
    count=None,
    title="{http2.settings.id} {http2.settings.value}",
)
PADDING = Choice(
    lambda at, seen: seen["http2.flags"] & 8 and seen["http2.type"] in (0, 1, 5),
    {8: (u8("http2.padding", "Padding", unit=" B"),)},
)
PRIORITY = (u32("http2.stream_dependency", "Depends on"), u8("http2.headers.weight", "Weight"))


def _preface(raw: bytes) -> str:
    return text(raw.partition(b"\r")[0])


def _size(data: bytes) -> int:
    if data.startswith(PREFACE):
        return len(PREFACE)
    if len(data) < 9 or data[3] not in TYPES or data[5] & 128:
        return 0
    return 9 + int.from_bytes(data[:3], "big")


FRAME = (
    u24("http2.length", "Length", unit=" B"),
    u8("http2.type", "Type", TYPES),
    u8(
        "http2.flags",
        "Flags",
        base="x",
        bits=(
            Bits("http2.flags.end_stream", "End of the stream, or an answer", 1),
            Bits("http2.flags.eh", "End of the headers", 4),
            Bits("http2.flags.padded", "Padded", 8),
            Bits("http2.flags.priority", "Priority", 32),
        ),
    ),
    u32("http2.streamid", "Stream"),
    PADDING,
    Choice(
        "http2.type",
        {
            0: (Raw("http2.data.data", "Data"),),
            1: (
                Choice(lambda at, seen: seen["http2.flags"] & 32, {32: PRIORITY}),
                Raw("http2.headers", "Headers, compressed"),
            ),
            2: PRIORITY,
            3: (u32("http2.rst_stream.error", "Error", ERRORS),),
            4: (SETTING,),
            5: (
                u32("http2.push_promise.promised_stream", "Promised stream"),
                Raw("http2.push_promise.header", "Headers, compressed"),
            ),
            6: (Raw("http2.ping", "Opaque"),),
            7: (
                u32("http2.goaway.last_stream_id", "Last stream"),
                u32("http2.goaway.error", "Error", ERRORS),
                string("http2.goaway.addata", "About it"),
            ),
            8: (u32("http2.window_update.window_size_increment", "More window", unit=" B"),),
            9: (Raw("http2.continuation.header", "Headers, compressed"),),
        },
        (Raw("http2.unknown", "Content"),),
    ),
)
TREE = Layout(
    "http2",
    "HTTP/2",
    (
        Choice(
            lambda at, seen: at.peek(3) == 0x505249,
            {True: (Raw("http2.magic", "Connection preface", None, _preface),)},
            FRAME,
        ),
    ),
    "{http2.type}[{http2.streamid}] {http2.magic} {http2.rst_stream.error} {http2.goaway.error}",
    _size,
)
