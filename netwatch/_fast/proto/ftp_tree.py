"""Fields of FTP's commands and replies, RFC 959 section 4."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "ftp",
    "FTP",
    (
        Lines(
            "ftp.line",
            (
                (rb"(\d{3})[ -](.*)", (("ftp.response.code", "Code"), ("ftp.response.arg", "Argument"))),
                (rb"([A-Za-z]{3,4})(?: (.*))?$", (("ftp.request.command", "Command"), ("ftp.request.arg", "Argument"))),
            ),
        ),
    ),
    "{line}",
    texty,
)
