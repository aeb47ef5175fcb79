"""For any bytes, cut in any way, the SSDP parser gives the same answer, and its texts are valid."""

from driver import outcome, run, turns_of
from stream import seeds_of

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ssdp


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
    run(target, seeds_of("ssdp"))
