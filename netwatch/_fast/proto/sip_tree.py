"""Fields of SIP's requests and responses, RFC 3261 section 7, with the lines of SDP (RFC 8866) in them."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "sip",
    "SIP",
    (
        Lines(
            "sip.line",
            (
                (rb"SIP/2\.0 (\d{3}) ?(.*)", (("sip.Status-Code", "Code"), ("sip.Status-Phrase", "Reason"))),
                (rb"([A-Z]+) (\S+) SIP/2\.0", (("sip.Method", "Method"), ("sip.r-uri", "URI"))),
                (rb"(?i)(?:from|f)[ \t]*:[ \t]*(.*)", (("sip.From", "From"),)),
                (rb"(?i)(?:to|t)[ \t]*:[ \t]*(.*)", (("sip.To", "To"),)),
                (rb"(?i)(?:call-id|i)[ \t]*:[ \t]*(.*)", (("sip.Call-ID", "Call-ID"),)),
                (rb"(?i)cseq[ \t]*:[ \t]*(\d+) (\S+)", (("sip.CSeq.seq", "Number"), ("sip.CSeq.method", "Method"))),
                (rb"(?i)(?:via|v)[ \t]*:[ \t]*(.*)", (("sip.Via", "Via"),)),
                (rb"(?i)user-agent[ \t]*:[ \t]*(.*)", (("sip.User-Agent", "User agent"),)),
            ),
            True,
        ),
        Lines(
            "sdp.line",
            (
                (rb"o=(.*)", (("sdp.owner", "Owner"),)),
                (rb"c=(.*)", (("sdp.connection_info", "Connection"),)),
                (
                    rb"m=(\S+) (\d+) (.*)",
                    (("sdp.media.media", "Media"), ("sdp.media.port", "Port"), ("sdp.media", "Formats")),
                ),
                (rb"a=(.*)", (("sdp.media_attr", "Attribute"),)),
            ),
        ),
    ),
    "{line}",
    texty,
)
