"""For any bytes as a certificate, cut in any way, what TLS and Tor's names say of it is the same; texts are valid."""

from driver import pack, run, streamed
from fuzz_tls import CLIENT, record, vector

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import tor
from netwatch._fast.proto.tls import text as tlstext


def named(text: bytes) -> bytes:
    """A name of one common name, DER."""
    pair = b"\x06\x03\x55\x04\x03" + b"\x0c" + vector(1, text)
    return b"\x30" + vector(1, b"\x31" + vector(1, b"\x30" + vector(1, pair)))


BODY = (
    b"\xa0\x03\x02\x01\x02\x02\x01\x07\x30\x00"
    + named(b"www.xkgk7fdx362yyyxib.com")
    + b"\x30\x00"
    + named(b"www.g6ghvisevf3ibuu5.net")
)
CERTIFICATE = b"\x30" + vector(1, b"\x30" + vector(1, BODY))
HELLO = b"\x02" + vector(3, b"\3\1" + b"Q" * 32 + b"\0" + b"\xc0\x13\0")


def talk(der: bytes) -> bytes:
    flight = HELLO + b"\x0b" + vector(3, vector(3, vector(3, der)))
    return pack([(0, record(22, CLIENT)), (1, record(22, flight))])


def show(outcome: tuple) -> None:
    tlstext.describe(outcome[1])
    tor.label(tor.describe([(key, value) for key, value in outcome[1] if key in (1, 2)]))


SEEDS = [talk(CERTIFICATE), talk(CERTIFICATE.replace(b".net", b".com")), talk(b"\x30\x00")]

if __name__ == "__main__":
    run(streamed(lambda: Probe("tls"), show), SEEDS)
