"""For any bytes, cut in any way, Kerberos's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import kerberos

if __name__ == "__main__":
    fuzz("kerberos", kerberos, tcp=True, frame=4)
