"""Fields of Telnet: commands and the text between them, RFC 854; options of RFC 855."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, Region, Seen, text, u8

IAC, SB, SE = 255, 250, 240
COMMANDS = {
    240: "end of subnegotiation",
    241: "no operation",
    242: "data mark",
    243: "break",
    244: "interrupt process",
    245: "abort output",
    246: "are you there",
    247: "erase character",
    248: "erase line",
    249: "go ahead",
    250: "subnegotiation",
    251: "WILL",
    252: "WON'T",
    253: "DO",
    254: "DON'T",
    255: "byte 255",
}
OPTIONS = {
    0: "binary",
    1: "echo",
    3: "suppress go ahead",
    5: "status",
    6: "timing mark",
    24: "terminal type",
    31: "window size",
    32: "terminal speed",
    33: "remote flow control",
    34: "line mode",
    35: "X display",
    36: "environment",
    37: "authentication",
    38: "encryption",
    39: "new environment",
}


def _text(at: Region, seen: Seen) -> int:
    found = at.data.find(b"\xff", at.at, at.end)
    return (at.end if found < 0 else found) - at.at


def _within(at: Region, seen: Seen) -> int:
    found = at.data.find(b"\xff\xf0", at.at, at.end)
    return (at.end if found < 0 else found) - at.at


OPTION = (u8("telnet.subcmd", "Option", OPTIONS),)
TREE = Layout(
    "telnet",
    "Telnet",
    (
        Part(
            "telnet.part",
            "Part",
            (
                Choice(
                    lambda at, seen: at.peek(1),
                    {
                        IAC: (
                            u8("telnet.iac", "Interpret as command", base="x"),
                            u8("telnet.cmd", "Command", COMMANDS),
                            Choice(
                                "telnet.cmd",
                                {
                                    SB: (*OPTION, Raw("telnet.option_data", "Data", _within)),
                                    251: OPTION,
                                    252: OPTION,
                                    253: OPTION,
                                    254: OPTION,
                                },
                            ),
                        )
                    },
                    (Raw("telnet.data", "Text", _text, text),),
                ),
            ),
            count=None,
            title="{telnet.cmd} {telnet.subcmd} {telnet.data}",
        ),
    ),
    "{telnet.part*}",
)
