"""For any bytes, cut in any way, the BGP parser gives the same answer, and its texts are valid."""

from infrastructure import fuzz

from netwatch._fast.proto.bgp import text as bgptext

if __name__ == "__main__":
    fuzz("bgp", bgptext)
