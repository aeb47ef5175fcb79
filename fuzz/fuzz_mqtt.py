"""For any bytes, cut in any way, the MQTT parser gives the same answer, and its texts are valid."""

from infrastructure import fuzz

from netwatch._fast.proto import mqtt

if __name__ == "__main__":
    fuzz("mqtt", mqtt)
