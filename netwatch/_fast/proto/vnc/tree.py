"""Fields of VNC's handshake and of its clients' messages, RFC 6143 sections 7.1 and 7.5; pictures are told as data."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, Region, Seen, string, u8, u16, u32

CLIENT = {0: "set pixel format", 2: "set encodings", 3: "update request", 4: "key", 5: "pointer", 6: "cut text"}
LENGTHS = {3: 10, 4: 8, 5: 6, 0: 20}


def _kind(at: Region, seen: Seen) -> object:
    if at.data.startswith(b"RFB ", at.at):
        return "version"
    first = at.peek(1)
    return first if LENGTHS.get(first) == at.left or (first == 6 and at.left == 8 + at.peek(4, 4)) else "data"


def _size(data: bytes) -> int:
    if data.startswith(b"RFB "):
        return 12
    size = LENGTHS.get(data[0], 0)
    return size if size and len(data) % size == 0 else len(data)


KIND = u8("vnc.client_message_type", "Message", CLIENT)
PLACE = (u16("vnc.x", "x"), u16("vnc.y", "y"))
TREE = Layout(
    "vnc",
    "VNC",
    (
        Choice(
            _kind,
            {
                "version": (string("vnc.version", "Version", 12),),
                3: (
                    KIND,
                    u8("vnc.incremental", "Incremental"),
                    *PLACE,
                    u16("vnc.width", "Width"),
                    u16("vnc.height", "Height"),
                ),
                4: (KIND, u8("vnc.key_down", "Down"), u16("vnc.padding", "Padding"), u32("vnc.key", "Key", base="x")),
                5: (KIND, u8("vnc.button_mask", "Buttons", base="x"), *PLACE),
            },
            (Raw("vnc.data", "Data"),),
        ),
    ),
    "{vnc.version} {vnc.client_message_type} {vnc.data}",
    _size,
)
