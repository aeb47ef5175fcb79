"""For any bytes, however they are cut, the s7comm parser keeps to its rules.

What it learnt makes valid texts, whoever speaks.
"""

from said import fuzz

if __name__ == "__main__":
    fuzz("s7comm")
