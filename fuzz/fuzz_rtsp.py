"""For any bytes, cut in any way, the RTSP parser gives the same answer, and its texts are valid."""

from stream import fuzz

from netwatch._fast.proto import rtsp

if __name__ == "__main__":
    fuzz("rtsp", rtsp)
