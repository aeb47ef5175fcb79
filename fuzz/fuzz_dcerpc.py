"""For any bytes, cut in any way or as datagrams, the DCE/RPC parser gives the same answer.

What it learnt makes valid texts, whoever speaks.
"""

from said import fuzz

if __name__ == "__main__":
    fuzz("dcerpc")
