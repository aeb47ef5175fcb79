"""For any datagrams, the sFlow parser keeps to its rules.

What it learnt makes valid texts, whoever speaks.
"""

from said import fuzz

if __name__ == "__main__":
    fuzz("sflow")
