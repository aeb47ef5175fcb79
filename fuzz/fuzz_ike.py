"""For any datagrams, IKE's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import ike

if __name__ == "__main__":
    fuzz("ike", ike)
