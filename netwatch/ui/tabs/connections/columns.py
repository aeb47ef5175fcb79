"""The columns of a table of flows: any field of the table of fields, chosen and ordered, and saved as a profile.

What a column is called, how wide it is and what it means stands in schema; how a value looks in flow_cells.py. Here is
which columns go first where there is no room, and which of them a profile has.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from netwatch.model.record import Record
from netwatch.schema import Field, Type, fields_of
from netwatch.schema.screen import SCREEN
from netwatch.ui.state import USUAL
from netwatch.ui.tabs.connections import flow_cells
from netwatch.ui.theme import Glyphs
from netwatch.ui.widgets.table import Cell, Column

PROFILES: Mapping[str, tuple[str, ...]] = {
    USUAL: ("process.name", "local", "remote", "what", "state", "trouble", "rtt_us", "down", "up", "bytes", "minute",
            "age_s"),
    "health": ("remote", "what", "state", "trouble", "rtt_us", "srtt_us", "retransmits", "out_of_order",
               "zero_windows", "dup_acks", "idle_s", "left_s"),
    "names": ("process.name", "remote", "name.via", "tls.sni", "tls.ja4", "tls.version", "geo.country", "geo.org"),
    "owners": ("process.name", "process.pid", "process.user", "process.container", "process.unit", "remote", "what",
               "down", "up"),
    "volume": ("local", "remote", "what", "packets", "down_bytes", "up_bytes", "bytes", "rate", "duration"),
}
FIXED = "remote"                   # the table is about it

# (least cells, most, share of what is left over, rank: the lowest goes first); others by their type
_LAYOUT: Mapping[str, tuple[int, int, int, int]] = {
    "process.name": (10, 26, 2, 70), "local": (15, 45, 3, 45), "remote": (19, 64, 4, 99), "what": (13, 60, 4, 90),
    "state": (10, 14, 1, 60), "rtt_us": (7, 8, 0, 40), "down": (8, 9, 0, 80), "up": (7, 7, 0, 75),
    "bytes": (7, 7, 0, 34), "minute": (10, 10, 0, 36), "age_s": (7, 7, 0, 20), "trouble": (7, 18, 1, 65),
    "rate": (8, 8, 0, 85),
}
_FILE_LEAST = {"what": 22}         # there is room for it, where rates say little
_FILE_RANKS = {"down": 35, "up": 34, "bytes": 82, "minute": 10, "down_bytes": 79, "up_bytes": 78}
_SORTS = {"what": "label", "age_s": "-first", "idle_s": "-last", "left_s": "last", "minute": "rate"}
_TITLES = {"rate": "TOTAL/S"}
# short words of titles that are words, and longer ones that are not
_WORDS = frozenset(("UP", "UP/S", "AGE", "VIA", "WHY", "TO", "BY", "OF", "KEY", "NEW", "END", "APP", "ORG", "EXE",
                    "POD", "NO", "LEN"))
_LETTERS = frozenset(("SRTT", "VLAN", "MPLS", "ALPN", "PPPOE", "HTTP", "QUIC", "HASSH", "SACK", "DTLS", "PPID"))
_FILE_TITLES = {"local": "SOURCE", "remote": "DESTINATION", "down": "RESP/S", "up": "INIT/S", "down_bytes": "RESP",
                "up_bytes": "INIT"}
_FILE_HELP = {"local": "Who began the flow.", "remote": "Who answers: by name where there is one, ~ inferred.",
              "down": "Bytes per second from the responder.", "up": "Bytes per second from the initiator.",
              "down_bytes": "Frame bytes from the responder.", "up_bytes": "Frame bytes from the initiator."}
_BRIEF = {"process.name": flow_cells.process_brief, "state": flow_cells.state_brief,
          "trouble": flow_cells.trouble_brief, "down": flow_cells.down_brief}
_TEXTS = frozenset((Type.TEXT, Type.ADDRESS))


@cache
def catalogue(live: bool = True) -> Mapping[str, Column]:
    """Every column there is, by the name of its field: those of screens first."""
    fields = (*SCREEN, *fields_of("flow"))
    return {field.name: column_of(field, live) for field in fields}


def column_of(field: Field, live: bool = True) -> Column:
    """A field as a column."""
    title = _TITLES.get(field.name, field.title)
    title = head_of(title if live else _FILE_TITLES.get(field.name, title))
    roomy = field.type in _TEXTS or field.many
    least = max(len(title) + 1, min(field.width, 12))
    layout = _LAYOUT.get(field.name) or (least, max(least, field.width * 2 if roomy else field.width), int(roomy), 30)
    if not live:
        layout = (_FILE_LEAST.get(field.name, layout[0]), *layout[1:])
    cells = flow_cells.CELLS if live else flow_cells.CELLS | {"state": flow_cells.state_in_file}
    return Column(
        field.name, title, *layout[:3], field.align == "right" and field.name != "minute", layout[3],
        cells.get(field.name) or _generic(field), None if live else _FILE_RANKS.get(field.name),
        help=field.help if live else _FILE_HELP.get(field.name, field.help),
        tail={"local": ":", "remote": ":"}.get(field.name, ""),
        sort=_SORTS.get(field.name, ""), brief=_BRIEF.get(field.name))


def head_of(title: str) -> str:
    """A title of the table of fields, which are in capitals, as heads are written: "Last 60 s", but "RTT"."""
    return " ".join(_word(word, i == 0) for i, word in enumerate(title.split(" ")))


def _word(word: str, first: bool) -> str:
    letters = "".join(letter for letter in word if letter.isalpha())
    if len(letters) == 1 and not first:
        return word.lower()
    if word in _LETTERS or any(letter.isdigit() for letter in word) or (len(letters) < 4 and word not in _WORDS):
        return word
    return word.capitalize() if first else word.lower()


def _generic(field: Field) -> Callable[[Record, Glyphs], Cell]:
    return lambda row, glyphs: flow_cells.value_cell(row, field, glyphs)


def profile(name: str, saved: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The columns of a profile: saved by the user under that name, else one of PROFILES, else the usual ones. Names of
    fields that are no more are left out."""
    keys = tuple(key for key in saved.get(name, PROFILES.get(name, PROFILES[USUAL])) if key in catalogue())
    return keys if FIXED in keys else (FIXED, *keys)
