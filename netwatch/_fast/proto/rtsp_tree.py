"""Fields of RTSP's requests and responses, RFC 2326 sections 6 and 7, and of data between them, section 10.12."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Lines, Raw, texty, u8, u16


def _size(data: bytes) -> int:
    return 4 + int.from_bytes(data[2:4], "big") if data[:1] == b"$" and len(data) >= 4 else texty(data)


TREE = Layout(
    "rtsp",
    "RTSP",
    (
        Choice(
            lambda at, seen: at.peek(1),
            {
                0x24: (
                    u8("rtsp.magic", "Interleaved data", base="x"),
                    u8("rtsp.channel", "Channel"),
                    u16("rtsp.length", "Length", unit=" B"),
                    Raw("rtsp.data", "Data"),
                )
            },
            (
                Lines(
                    "rtsp.line",
                    (
                        (rb"RTSP/1\.0 (\d{3}) ?(.*)", (("rtsp.status", "Code"), ("rtsp.reason", "Reason"))),
                        (rb"([A-Z_]+) (\S+) RTSP/1\.0", (("rtsp.method", "Method"), ("rtsp.url", "URL"))),
                        (rb"(?i)session[ \t]*:[ \t]*(.*)", (("rtsp.session", "Session"),)),
                        (rb"(?i)transport[ \t]*:[ \t]*(.*)", (("rtsp.transport", "Transport"),)),
                        (rb"(?i)cseq[ \t]*:[ \t]*(.*)", (("rtsp.cseq", "Number"),)),
                        (rb"(?i)content-length[ \t]*:[ \t]*(\d+)", (("rtsp.content-length", "Length of the body"),)),
                    ),
                    True,
                ),
                Lines(
                    "sdp.line",
                    (
                        (rb"c=(.*)", (("sdp.connection_info", "Connection"),)),
                        (
                            rb"m=(\S+) (\d+) (.*)",
                            (("sdp.media.media", "Media"), ("sdp.media.port", "Port"), ("sdp.media", "Formats")),
                        ),
                        (rb"a=(.*)", (("sdp.media_attr", "Attribute"),)),
                    ),
                ),
            ),
        ),
    ),
    "{line}",
    _size,
)
