"""What users of Wireshark ask of single packets, by its names, in words that records of packets and of flows answer.

A packet's flags stand in its line (`info`), what is odd about it in its notes; a flow answers with all its packets.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from netwatch.filter.habits import INSTEAD
from netwatch.schema import NAMES, Field, Type, names_for

FLAGS = {"fin": "FIN", "syn": "SYN", "reset": "RST", "push": "PSH", "ack": "ACK", "urg": "URG", "ece": "ECE",
         "cwr": "CWR"}  # tcp.flags.NAME
NOTES = {"retransmission": ("retransmission", "retransmits > 0"),
         "spurious_retransmission": ("spurious retransmission", "spurious > 0"),
         "fast_retransmission": ("fast retransmission", "fast_retransmits > 0"),
         "out_of_order": ("out of order", "out_of_order > 0"), "duplicate_ack": ("duplicate ack", "dup_acks > 0"),
         "zero_window": ("zero window", "zero_windows > 0"),
         "lost_segment": ("previous bytes missing", ""), "keep_alive": ("keep-alive", "")}  # tcp.analysis.NAME
TRUTHS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@cache
def names(kinds: tuple[str, ...]) -> Mapping[str, tuple[Field, ...]]:
    """The names of fields where records of these kinds are asked. What flows answer in their own way, or another field
    of theirs, is not what is said of a packet, unless packets are asked."""
    known = dict(names_for(kinds))
    if "packet" in kinds:
        return known
    for name, fields in NAMES.items():
        alone = all(field.kinds == ("packet",) and field.asked for field in fields)
        if alone and (name.startswith("tcp.flags.") or (kinds and name in INSTEAD)):
            del known[name]
    known["tcp.flags"] = tuple(field for field in NAMES["tcp.flags"] if field.type is Type.TEXT)
    return known


def condition(name: str, kinds: tuple[str, ...]) -> tuple[str, str] | None:
    """(which records have the field, those of them where it is set), as filters; None for any other name. What a flow
    does not say is asked of packets alone."""
    flag = FLAGS.get(name.removeprefix("tcp.flags.")) if name.startswith("tcp.flags.") else None
    if flag is not None and "packet" not in kinds:
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
