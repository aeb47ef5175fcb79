"""Fields of IRC's messages, RFC 2812 section 2.3."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "irc",
    "IRC",
    (
        Lines(
            "irc.line",
            (
                (
                    rb":(\S+) (\S+)(?: (.*))?$",
                    (
                        ("irc.response.prefix", "Prefix"),
                        ("irc.response.command", "Command"),
                        ("irc.response.trailer", "Parameters"),
                    ),
                ),
                (rb"(\S+)(?: (.*))?$", (("irc.request.command", "Command"), ("irc.request.trailer", "Parameters"))),
            ),
        ),
    ),
    "{line}",
    texty,
)
