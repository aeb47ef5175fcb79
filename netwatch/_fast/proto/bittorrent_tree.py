"""Fields of BitTorrent: the handshake and messages of peers (BEP 3); of UDP trackers (BEP 15), uTP (BEP 29) and the DHT
(BEP 5) the datagram as it is."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Choice, Layout, Raw, hexed, string, u8, u32

TYPES = {
    0: "choke",
    1: "unchoke",
    2: "interested",
    3: "not interested",
    4: "have",
    5: "bitfield",
    6: "request",
    7: "piece",
    8: "cancel",
    9: "port",
    20: "extended",
}
GREETING = b"\x13BitTorrent protocol"
PIECE = (u32("bittorrent.piece.index", "Piece"), u32("bittorrent.piece.begin", "Offset"))


def _kind(data: bytes) -> str:
    if data.startswith(GREETING):
        return "handshake"
    if data[:1] == b"d":
        return "bencoded"
    size = int.from_bytes(data[:4], "big")
    return "message" if len(data) >= 4 and size < 1 << 20 and (not size or (data[4:5] and data[4] in TYPES)) else "data"


def _size(data: bytes) -> int:
    kind = _kind(data)
    return 68 if kind == "handshake" else 4 + int.from_bytes(data[:4], "big") if kind == "message" else len(data)


TREE = Layout(
    "bittorrent",
    "BitTorrent",
    (
        Choice(
            lambda at, seen: _kind(at.data[at.at : at.end]),
            {
                "handshake": (
                    u8("bittorrent.protocol.name.length", "Length of the name"),
                    string("bittorrent.protocol.name", "Protocol", 19),
                    hexed("bittorrent.reserved", "Extensions", 8),
                    hexed("bittorrent.info_hash", "Info hash", 20),
                    hexed("bittorrent.peer_id", "Peer", 20),
                ),
                "bencoded": (string("bt-dht.bencoded", "Bencoded"),),
                "message": (
                    u32("bittorrent.msg.length", "Length", unit=" B"),
                    Choice(
                        lambda at, seen: at.left > 0,
                        {
                            True: (
                                u8("bittorrent.msg.type", "Message", TYPES),
                                Choice(
                                    "bittorrent.msg.type",
                                    {
                                        4: (u32("bittorrent.piece.index", "Piece"),),
                                        5: (Raw("bittorrent.msg.bitfield", "Bits"),),
                                        6: (*PIECE, u32("bittorrent.piece.length", "Length")),
                                        7: (*PIECE, Raw("bittorrent.piece.data", "Data")),
                                        8: (*PIECE, u32("bittorrent.piece.length", "Length")),
                                        9: (),
                                    },
                                    (Raw("bittorrent.msg.data", "Data"),),
                                ),
                            )
                        },
                    ),
                ),
            },
            (Raw("bittorrent.data", "Data"),),
        ),
    ),
    "{bittorrent.protocol.name} {bittorrent.msg.type} {bittorrent.piece.index}",
    _size,
)
