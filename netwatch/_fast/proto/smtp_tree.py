"""Fields of SMTP's commands and replies, RFC 5321 section 4."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "smtp",
    "SMTP",
    (
        Lines(
            "smtp.line",
            (
                (rb"(\d{3})[ -](.*)", (("smtp.response.code", "Code"), ("smtp.rsp.parameter", "Parameter"))),
                (rb"(\d{3})$", (("smtp.response.code", "Code"),)),
                (
                    rb"([A-Za-z]{4,8})(?: (.*))?$",
                    (("smtp.req.command", "Command"), ("smtp.req.parameter", "Parameter")),
                ),
            ),
        ),
    ),
    "{line}",
    texty,
)
