"""For any bytes, cut in any way, the SSDP parser gives the same answer, and its texts are valid."""

from driver import outcome, pack, run, turns_of

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ssdp

SEEDS = [
    pack(
        [
            (
                0,
                (
                    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n'
                    b"ST: ssdp:all\r\nUSER-AGENT: cp/1\r\n\r\n"
                ),
            ),
            (
                1,
                (
                    b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\nLOC"
                    b"ATION: http://192.0.2.1/d.xml\r\nSERVER: Linux UPnP/1.0 x/1\r\n\r\n"
                ),
            ),
            (0, b"NOTIFY * HTTP/1.1\r\nNT: urn:x\r\nNTS: ssdp:alive\r\n\r\n"),
        ]
    ),
]


def show(result: tuple) -> None:
    ssdp.label(ssdp.describe(result[1]))
    ssdp.describe(result[1], show_secrets=True)


def target(data: bytes) -> None:
    probe = Probe("ssdp", datagram=True)
    for side, part in turns_of(data):
        probe.detect(part, side)
        probe.feed(side, part)
    show(outcome(probe))


if __name__ == "__main__":
    run(target, SEEDS)
