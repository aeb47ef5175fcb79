"""For any datagrams, and for IPFIX any stream however cut, the netflow parser keeps to its rules.

What it learnt makes valid texts, whoever speaks.
"""

from said import fuzz

if __name__ == "__main__":
    fuzz("netflow", "ipfix")
