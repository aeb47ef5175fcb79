"""Fields of SSDP's messages, UPnP Device Architecture 2.0 section 1."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines

TREE = Layout(
    "ssdp",
    "SSDP",
    (
        Lines(
            "http.line",
            (
                (
                    rb"(M-SEARCH|NOTIFY|SUBSCRIBE|UNSUBSCRIBE) (\S+) (\S+)",
                    (
                        ("http.request.method", "Method"),
                        ("http.request.uri", "URI"),
                        ("http.request.version", "Version"),
                    ),
                ),
                (
                    rb"(HTTP/1\.\d) (\d{3}) ?(.*)",
                    (
                        ("http.response.version", "Version"),
                        ("http.response.code", "Code"),
                        ("http.response.phrase", "Reason"),
                    ),
                ),
                (rb"(?i)host[ \t]*:[ \t]*(.*)", (("http.host", "Host"),)),
                (rb"(?i)location[ \t]*:[ \t]*(.*)", (("http.location", "Location"),)),
                (rb"(?i)server[ \t]*:[ \t]*(.*)", (("http.server", "Server"),)),
            ),
            True,
        ),
    ),
    "{line}",
)
