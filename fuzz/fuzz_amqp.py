"""For any bytes, cut in any way, the AMQP parser gives the same answer, and its texts are valid."""

from infrastructure import fuzz

from netwatch._fast.proto import amqp

if __name__ == "__main__":
    fuzz("amqp", amqp)
