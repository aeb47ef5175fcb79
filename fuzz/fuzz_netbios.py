"""For any bytes, cut in any way, NetBIOS's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto.netbios import wire as netbios

if __name__ == "__main__":
    fuzz("netbios", netbios, tcp=True)
