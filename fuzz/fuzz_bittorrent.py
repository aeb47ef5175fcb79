"""For any bytes, cut in any way, BitTorrent's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import bittorrent

if __name__ == "__main__":
    fuzz("bittorrent", bittorrent, tcp=True)
