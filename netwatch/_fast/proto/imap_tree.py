"""Fields of IMAP's commands and responses, RFC 9051 section 2.2."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "imap",
    "IMAP",
    (
        Lines(
            "imap.line",
            (
                (rb"(\*|\+) ?(.*)", (("imap.response_tag", "Tag"), ("imap.response", "Response"))),
                (
                    rb"([!-~]{1,64}) (OK|NO|BAD)\b ?(.*)",
                    (("imap.response_tag", "Tag"), ("imap.response.status", "Status"), ("imap.response", "Response")),
                ),
                (
                    rb"([!-~]{1,64}) ([A-Za-z]+)(?: (.*))?$",
                    (("imap.request_tag", "Tag"), ("imap.request.command", "Command"), ("imap.request", "Arguments")),
                ),
            ),
        ),
    ),
    "{line}",
    texty,
)
