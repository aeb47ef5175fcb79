"""For any packets, the parsers of LLDP and CDP keep to their rules.

What they learnt makes valid texts.
"""

from said import fuzz

if __name__ == "__main__":
    fuzz("lldp", "cdp")
