"""Fields of XMPP: the stanzas' beginnings, RFC 6120."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "xmpp",
    "XMPP",
    (
        Lines(
            "xmpp.line",
            (
                (
                    rb"\s*+(?:<\?xml[^>]*+>\s*+)?+<(/?[\w:-]++)([^>]*+)>",
                    (("xmpp.element", "Element"), ("xmpp.attributes", "Attributes")),
                ),
            ),
        ),
    ),
    "{line}",
    texty,
)
