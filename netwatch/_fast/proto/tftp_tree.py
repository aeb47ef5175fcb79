"""Fields of TFTP's packets, RFC 1350 section 5, with the options of RFC 2347."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Part, Raw, Until, u16

OPS = {1: "read request", 2: "write request", 3: "data", 4: "acknowledgement", 5: "error", 6: "option acknowledgement"}
ERRORS = {
    0: "not defined",
    1: "file not found",
    2: "access violation",
    3: "disk full",
    4: "illegal operation",
    5: "unknown transfer",
    6: "file exists",
    7: "no such user",
    8: "option refused",
}
OPTIONS = Part(
    "tftp.option",
    "Option",
    (Until("tftp.option.name", "Name"), Until("tftp.option.value", "Value")),
    count=None,
    title="{tftp.option.name} {tftp.option.value}",
)
TREE = Layout(
    "tftp",
    "TFTP",
    (
        u16("tftp.opcode", "Operation", OPS),
        Choice(
            "tftp.opcode",
            {
                1: (Until("tftp.source_file", "File"), Until("tftp.type", "Mode"), OPTIONS),
                2: (Until("tftp.destination_file", "File"), Until("tftp.type", "Mode"), OPTIONS),
                3: (u16("tftp.block", "Block"), Raw("tftp.data", "Data")),
                4: (u16("tftp.block", "Block"),),
                5: (u16("tftp.error.code", "Error", ERRORS), Until("tftp.error.message", "Message")),
                6: (OPTIONS,),
            },
        ),
    ),
    "{tftp.opcode} {tftp.source_file} {tftp.destination_file} {tftp.block} {tftp.error.message}",
)
