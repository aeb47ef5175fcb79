"""For any bytes, cut in any way, the RDP parser gives the same answer, and its texts are valid."""

from remote_access import fuzz

from netwatch._fast.proto.rdp import text as rdptext

if __name__ == "__main__":
    fuzz("rdp", rdptext, 3389)
