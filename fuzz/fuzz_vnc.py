"""For any bytes, cut in any way, the VNC parser gives the same answer, and its texts are valid."""

from remote_access import fuzz

from netwatch._fast.proto.vnc import text as vnctext

if __name__ == "__main__":
    fuzz("vnc", vnctext, 5900)
