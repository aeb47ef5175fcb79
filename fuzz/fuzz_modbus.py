"""For any bytes, cut in any way, the Modbus/TCP parser gives the same answer, and its texts are valid."""

from infrastructure import fuzz

from netwatch._fast.proto import modbus

if __name__ == "__main__":
    fuzz("modbus", modbus)
