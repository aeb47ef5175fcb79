"""Fields of POP3's commands and responses, RFC 1939 section 3."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "pop",
    "POP3",
    (
        Lines(
            "pop.line",
            (
                (
                    rb"(\+OK|-ERR)(?: (.*))?$",
                    (("pop.response.indicator", "Indicator"), ("pop.response.description", "Description")),
                ),
                (
                    rb"([A-Za-z]{3,4})(?: (.*))?$",
                    (("pop.request.command", "Command"), ("pop.request.parameter", "Parameter")),
                ),
            ),
        ),
    ),
    "{line}",
    texty,
)
