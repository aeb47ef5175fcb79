"""What is new, what has vanished, and what has shifted between two sets of flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netwatch.model.record import Record, look_up

SETS = ("programs", "destinations", "ports", "protocols", "fingerprints", "certificates")
HOSTS = ("tls.sni", "quic.sni", "http.host", "name.host")
FINGERPRINTS = (("ja4", "tls.ja4"), ("ja4", "quic.ja4"), ("hassh", "ssh.hassh"), ("hassh-server", "ssh.hassh_server"))
MOST = 100_000  # of each kind, told apart
SAMPLES = 1000  # round-trip times kept of each, the first
VOLUME_TIMES, VOLUME_LEAST = 2.0, 100_000  # from here on a volume has shifted: so many times, so many bytes
RTT_TIMES, RTT_LEAST_US = 1.5, 2_000
LOSS_LEAST, LOSS_PACKETS = 0.01, 50  # a share of the packets, of at least so many


class Shift(NamedTuple):
    """A number that is another now. `of`: what it is of (all, a program, a destination), `unit` of both values."""

    what: str
    of: str
    name: str
    before: float
    after: float
    unit: str


class Sums:
    """Of some flows."""

    def __init__(self) -> None:
        self.flows = self.bytes = self.packets = self.lost = 0
        self.rtts: list[int] = []

    def add(self, flow: Record) -> None:
        self.flows += 1
        self.bytes += flow.get("bytes_out", 0) + flow.get("bytes_in", 0)
        self.packets += flow.get("packets_out", 0) + flow.get("packets_in", 0)
        self.lost += flow.get("retransmits_out", 0) + flow.get("retransmits_in", 0)
        if "rtt_us" in flow and len(self.rtts) < SAMPLES:
            self.rtts.append(flow["rtt_us"])

    @property
    def rtt_us(self) -> int | None:
        """The median; None when there is none."""
        return sorted(self.rtts)[len(self.rtts) // 2] if self.rtts else None


class Profile:
    """What flows are like: who talks to whom, how, and how much."""

    def __init__(self) -> None:
        self.sets: dict[str, dict[str, Sums]] = {name: {} for name in SETS}
        self.all = Sums()
        self.left_out = 0  # things beyond MOST of their kind

    def add(self, flow: Record) -> None:
        self.all.add(flow)
        for name, value in _things(flow):
            found = self.sets[name]
            if value not in found and len(found) >= MOST:
                self.left_out += 1
                continue
            found.setdefault(value, Sums()).add(flow)


class Difference(NamedTuple):
    """`new` and `vanished`: by set, names in order with their sums."""

    new: dict[str, list[tuple[str, Sums]]]
    vanished: dict[str, list[tuple[str, Sums]]]
    shifts: list[Shift]

    def __bool__(self) -> bool:
        return bool(self.shifts or any(self.new.values()) or any(self.vanished.values()))


def compare(before: Profile, after: Profile) -> Difference:
    """From one to the other."""
    return Difference(_missing(after, before), _missing(before, after), [
        *_shifts("all", "", before.all, after.all),
        *(shift for of, name in (("program", "programs"), ("destination", "destinations"), ("protocol", "protocols"))
          for key in sorted(before.sets[name].keys() & after.sets[name].keys())
          for shift in _shifts(of, key, before.sets[name][key], after.sets[name][key]))])


def _missing(there: Profile, here: Profile) -> dict[str, list[tuple[str, Sums]]]:
    """What is there and not here, most bytes first."""
    return {name: sorted(((key, sums) for key, sums in there.sets[name].items() if key not in here.sets[name]),
                         key=lambda each: (-each[1].bytes, each[0])) for name in SETS}


def _shifts(of: str, name: str, before: Sums, after: Sums) -> Iterator[Shift]:
    low, high = sorted((before.bytes, after.bytes))
    if high - low >= VOLUME_LEAST and high >= VOLUME_TIMES * low:
        yield Shift("volume", of, name, before.bytes, after.bytes, "B")
    old, new = before.rtt_us, after.rtt_us
    if old is not None and new is not None and abs(new - old) >= RTT_LEAST_US \
            and max(old, new) >= RTT_TIMES * min(old, new):
        yield Shift("rtt", of, name, old, new, "us")
    if before.packets >= LOSS_PACKETS and after.packets >= LOSS_PACKETS:
        was, now = before.lost / before.packets, after.lost / after.packets
        if abs(now - was) >= LOSS_LEAST:
            yield Shift("loss", of, name, round(was, 6), round(now, 6), "share")


def _things(flow: Record) -> Iterator[tuple[str, str]]:
    """(set, name) of what a flow is about; each once."""
    program = look_up(flow, "process.name")
    if program:
        yield "programs", str(program)
    host = next((found for path in HOSTS if (found := look_up(flow, path))), flow.get("dst"))
    if host:
        yield "destinations", str(host)
    if "dport" in flow:
        yield "ports", f"{flow['proto']}/{flow['dport']}"
    yield "protocols", str(flow.get("app", flow.get("proto", "unknown")))
    for label, path in FINGERPRINTS:
        found = look_up(flow, path)
        if found:
            yield "fingerprints", f"{label} {found}"
    certificate = look_up(flow, "tls.cert")
    if isinstance(certificate, dict) and "sha256" in certificate:
        subject = certificate.get("subject", "")
        yield "certificates", f"{certificate['sha256']} {subject}".rstrip()
