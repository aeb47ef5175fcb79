"""For any bytes, however they are cut, the gtpc parser keeps to its rules.

What it learnt makes valid texts, whoever speaks.
"""

from said import fuzz

if __name__ == "__main__":
    fuzz("gtpc")
