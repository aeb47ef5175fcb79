"""For any bytes, cut in any way, OpenVPN's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import openvpn

if __name__ == "__main__":
    fuzz("openvpn", openvpn, tcp=True, frame=2)
