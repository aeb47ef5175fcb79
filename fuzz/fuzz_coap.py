"""For any datagrams, CoAP's parser keeps to its rules, and its texts are valid."""

from datagram import fuzz

from netwatch._fast.proto import coap

if __name__ == "__main__":
    fuzz("coap", coap)
