"""For any datagrams, SNMP's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import snmp

if __name__ == "__main__":
    fuzz("snmp", snmp)
