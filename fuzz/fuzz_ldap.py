"""For any bytes, cut in any way, LDAP's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto.ldap import text as ldap

if __name__ == "__main__":
    fuzz("ldap", ldap, tcp=True)
