"""What users of Wireshark ask of single packets, by its names, in words that records of packets and of flows answer.

A packet's flags stand in its line (`info`), what is odd about it in its notes; a flow answers with all its packets.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from netwatch.schema import Field, Type, names_for

FLAGS = {"fin": "FIN", "syn": "SYN", "reset": "RST", "push": "PSH", "ack": "ACK", "urg": "URG", "ece": "ECE",
         "cwr": "CWR"}  # tcp.flags.NAME
NOTES = {"retransmission": ("retransmission", "retransmits > 0"),
         "spurious_retransmission": ("spurious retransmission", "spurious > 0"),
         "fast_retransmission": ("fast retransmission", "fast_retransmits > 0"),
         "out_of_order": ("out of order", "out_of_order > 0"), "duplicate_ack": ("duplicate ack", "dup_acks > 0"),
         "zero_window": ("zero window", "zero_windows > 0"),
         "lost_segment": ("previous bytes missing", ""), "keep_alive": ("keep-alive", "")}  # tcp.analysis.NAME
TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


# numbers that stand in the line about a packet: where, and what is added
TCP = r"\] seq (\d+) ack (\d+) win (\d+) len (\d+)$"
NUMBERS: Mapping[str, tuple[re.Pattern[str], int, int]] = {
    "tcp.seq_raw": (re.compile(TCP), 1, 0), "tcp.ack_raw": (re.compile(TCP), 2, 0),
    "tcp.window_size_value": (re.compile(TCP), 3, 0), "tcp.len": (re.compile(TCP), 4, 0),
    "udp.length": (re.compile(r"^\d+ > \d+ len (\d+)$"), 1, 8),  # RFC 768: with the header
    "arp.opcode": (re.compile(r"(who has|is at)"), 1, 0),
    "icmp.type": (re.compile(r"^type (\d+) code \d+"), 1, 0), "icmp.code": (re.compile(r"^type \d+ code (\d+)"), 1, 0)}


ARP = {"who has": 1, "is at": 2}  # RFC 826


@cache
def names(kinds: tuple[str, ...]) -> Mapping[str, tuple[Field, ...]]:
    """The names of fields where records of these kinds are asked, with those of single packets."""
    known = dict(names_for(kinds))
    if not kinds or "packet" in kinds:
        for name in NUMBERS:
            own = Field("info", ("packet",), Type.INT, name, 8, "A number of the packet.", (name,))
            known[name] = own, *known.get(name, ())
    return known


def is_number(field: Field) -> bool:
    """Does the field stand in the line about a packet?"""
    return field.name == "info" and field.type is Type.INT


def numbers(field: Field, line: object) -> Iterator[object]:
    """The value of such a field."""
    pattern, group, more = NUMBERS[field.names[0]]
    found = pattern.search(line) if isinstance(line, str) else None
    if found is not None:
        yield ARP.get(found[group]) or int(found[group]) + more


def condition(name: str, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    """(which records have the field, those of them where it is set), as filters; None for any other name. What a flow
    does not say is asked of packets alone."""
    flag = FLAGS.get(name.removeprefix("tcp.flags.")) if name.startswith("tcp.flags.") else None
    if flag is not None:
        of_packet = f"(proto == tcp and info matches /\\[[A-Z ]*{flag}/)"
        return "proto == tcp", _asked(of_packet, f"tcp_flags == {flag}", kinds)
    if name.startswith("tcp.analysis."):
        name = name.removeprefix("tcp.analysis.")
        if name == "flags":
            every = " or ".join(f'notes == "{note}"' for note, _ in NOTES.values())
            meant = _asked(f"({every})", "(retransmits > 0 or dup_acks > 0 or out_of_order > 0)", kinds)
            return meant, meant
        if name in NOTES:
            note, of_flow = NOTES[name]
            meant = _asked(f'notes == "{note}"', of_flow, kinds)
            return meant, meant
    return None


def _asked(of_packet: str, of_flow: str, kinds: tuple[str, ...]) -> str:
    """Where no kind of record is meant, as in the terminal, each answers for itself."""
    if not of_flow or kinds == ("packet",):
        return of_packet
    return of_flow if kinds else f"({of_packet} or {of_flow})"
