"""For any bytes, cut in any way, the TDS parser gives the same answer.

What it learnt makes valid texts, whoever speaks.
"""

from said import fuzz

if __name__ == "__main__":
    fuzz("tds")
