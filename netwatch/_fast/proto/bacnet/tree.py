"""Fields of BACnet/IP: ASHRAE 135 annex J (BVLC), clauses 6 (NPDU) and 20 (APDU)."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Bits, Choice, Layout, Raw, hexed, u8, u16

BVLC = {
    0: "result",
    1: "write broadcast table",
    2: "read broadcast table",
    4: "forwarded NPDU",
    5: "register foreign device",
    9: "distribute broadcast",
    10: "original unicast",
    11: "original broadcast",
}
TYPES = {
    0: "confirmed request",
    1: "unconfirmed request",
    2: "simple ACK",
    3: "complex ACK",
    4: "segment ACK",
    5: "error",
    6: "reject",
    7: "abort",
}
CONFIRMED = {
    1: "confirmed notification",
    5: "subscribe COV",
    6: "read file",
    7: "write file",
    12: "read property",
    14: "read multiple",
    15: "write property",
    16: "write multiple",
    17: "device communication control",
    20: "reinitialize device",
}
UNCONFIRMED = {
    0: "I-Am",
    1: "I-Have",
    2: "COV notification",
    3: "event notification",
    6: "time synchronization",
    7: "Who-Has",
    8: "Who-Is",
}
SERVICE, DATA = u8("bacapp.confirmed_service", "Service", CONFIRMED), Raw("bacapp.data", "Data")
INVOKE = u8("bacapp.invoke_id", "Invoke id")
APDU = (
    u8(
        "bacapp.head",
        "Head",
        base="x",
        bits=(Bits("bacapp.type", "Type", 0xF0, TYPES), Bits("bacapp.segmented_request", "Segmented", 8)),
    ),
    Choice(
        "bacapp.type",
        {
            0: (u8("bacapp.max_adpu_size", "Largest answer", base="x"), INVOKE, SERVICE, DATA),
            1: (u8("bacapp.unconfirmed_service", "Service", UNCONFIRMED), DATA),
            2: (INVOKE, SERVICE),
            3: (INVOKE, SERVICE, DATA),
            5: (INVOKE, SERVICE, DATA),
            6: (INVOKE, u8("bacapp.reject_reason", "Reason")),
            7: (INVOKE, u8("bacapp.abort_reason", "Reason")),
        },
        (DATA,),
    ),
)
TREE = Layout(
    "bacnet",
    "BACnet",
    (
        u8("bvlc.type", "Type", {0x81: "BACnet/IP"}, "x"),
        u8("bvlc.function", "Function", BVLC),
        u16("bvlc.length", "Length", unit=" B"),
        Choice(
            "bvlc.function",
            {
                4: (hexed("bvlc.fwd", "Forwarded for", 6),),
                0: (u16("bvlc.result", "Result", base="x"),),
                5: (u16("bvlc.reg_ttl", "Time to live", unit=" s"),),
            },
        ),
        Choice(
            lambda at, seen: at.left >= 2,
            {
                True: (
                    u8("bacnet.version", "Version"),
                    u8(
                        "bacnet.control",
                        "Control",
                        base="x",
                        bits=(
                            Bits("bacnet.control_net", "Network layer message", 0x80),
                            Bits("bacnet.control_dest", "With a destination", 0x20),
                            Bits("bacnet.control_src", "With a source", 0x08),
                            Bits("bacnet.control_expect", "Answer expected", 0x04),
                        ),
                    ),
                    Choice(
                        "bacnet.control_dest",
                        {
                            1: (
                                u16("bacnet.dnet", "Destination network"),
                                u8("bacnet.dlen", "Length"),
                                hexed("bacnet.dadr", "Destination", "bacnet.dlen"),
                            )
                        },
                    ),
                    Choice(
                        "bacnet.control_src",
                        {
                            1: (
                                u16("bacnet.snet", "Source network"),
                                u8("bacnet.slen", "Length"),
                                hexed("bacnet.sadr", "Source", "bacnet.slen"),
                            )
                        },
                    ),
                    Choice("bacnet.control_dest", {1: (u8("bacnet.hopc", "Hops"),)}),
                    Choice(
                        "bacnet.control_net",
                        {1: (u8("bacnet.mesgtyp", "Network message", base="x"), Raw("bacnet.data", "Data"))},
                        APDU,
                    ),
                )
            },
        ),
    ),
    "{bacapp.type} {bacapp.confirmed_service} {bacapp.unconfirmed_service}",
)
