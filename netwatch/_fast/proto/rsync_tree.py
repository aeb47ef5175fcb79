"""Fields of rsync's beginning: its greeting and the module, rsyncd.conf(5); what follows is multiplexed data."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Lines, Raw, Region, Seen, le32, texty

TAGS = {
    7: "data",
    8: "error",
    9: "information",
    10: "error socket",
    11: "warning",
    12: "error in UTF-8",
    13: "log",
    14: "client",
    29: "I/O error",
    40: "no-send",
    49: "redo",
    107: "success",
    108: "deleted",
}


def _text(at: Region, seen: Seen) -> object:
    return bool(texty(at.data[at.at : at.end]))


TREE = Layout(
    "rsync",
    "rsync",
    (
        Choice(
            _text,
            {
                True: (
                    Lines(
                        "rsync.line",
                        (
                            (
                                rb"@RSYNCD: (\d[\d.]*)(.*)",
                                (("rsync.hdr_version", "Version"), ("rsync.digests", "Digests")),
                            ),
                            (rb"@RSYNCD: (\w+)(.*)", (("rsync.command", "Command"), ("rsync.motd", "Arguments"))),
                            (rb"@ERROR: (.*)", (("rsync.error", "Error"),)),
                        ),
                    ),
                )
            },
            (
                Choice(
                    lambda at, seen: at.left >= 4 and at.peek(1, 3) in TAGS,
                    {True: (le32("rsync.header", "Header", base="x"),)},
                ),
                Raw("rsync.data", "Data"),
            ),
        ),
    ),
    "{line}",
)
