"""For any bytes, cut in any way or as datagrams, the parser of ONC RPC and NFS gives the same answer.

What it learnt makes valid texts, whoever speaks.
"""

from said import fuzz

if __name__ == "__main__":
    fuzz("rpc", "nfs")
