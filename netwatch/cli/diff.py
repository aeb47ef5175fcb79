"""`netwatch diff A B`: what is new, what has vanished and what has shifted from one capture, bundle or time to another.

  netwatch diff yesterday.pcapng today.pcapng
  netwatch diff history:2026-11-20..2026-11-21 history:2026-11-21..
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from netwatch.bundle.summary import cell, table
from netwatch.cli import history, sandbox
from netwatch.cli.errors import EXIT_FINDING, EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.live import need_curses
from netwatch.cli.parser import Parser
from netwatch.cli.records_of import Records
from netwatch.cli.selection import read_settings
from netwatch.cli.stdio import shows_to_a_person
from netwatch.export.compare import SETS, Difference, Profile, Shift, Sums, compare
from netwatch.model.record import Record
from netwatch.stats import show
from netwatch.stats.table import Column, Kind, Table

if TYPE_CHECKING:
    from netwatch.ui.differences import Compared

FORMATS = ("table", "markdown", "json", "screen")
WINDOW = "history:"


def main(arguments: list[str]) -> int:
    p = Parser(prog="netwatch diff", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("before", metavar="A", help="a capture, a bundle, or history:FROM..TO")
    p.add_argument("after", metavar="B", help="another")
    p.add_argument("--format", choices=FORMATS, help="default table on a terminal, json in a pipe")
    p.add_argument("--exit-status", action="store_true", help="exit 1 when there is a difference")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE", help="TLS keys in NSS format; repeatable")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    options = p.read(arguments)
    if options.before == options.after == "-":
        raise CommandError("standard input is named twice; it can be read but once")
    options.show_secrets = False
    if options.format == "screen":
        if not shows_to_a_person():
            raise CommandError("no terminal here; --format table, markdown or json do without", EXIT_UNAVAILABLE)
        need_curses()
    opened = [Window(path.removeprefix(WINDOW), options) if path.startswith(WINDOW) else
              Records([path], {"flow"}, options) for path in (options.before, options.after)]
    profiles = [Profile(), Profile()]
    codes, inside = [], False
    for records, profile in sorted(zip(opened, profiles, strict=True), key=lambda pair: not pair[0].bundled):
        codes.append(records.hand(profile.add, shut_in=not inside))  # bundles first: they are opened by their names
        inside = not records.bundled
    for path, profile in zip((options.before, options.after), profiles, strict=True):
        if profile.left_out:
            say(f"{path}: too many different things; {profile.left_out:,} are left out")
    found = compare(*profiles)
    style = options.format or ("table" if sys.stdout.isatty() else "json")
    code = next((code for code in codes if code), EXIT_FINDING if options.exit_status and found else 0)
    if style == "screen":
        from netwatch.ui import differences

        return differences.run(as_screen((options.before, options.after), found, *profiles),
                               read_settings(options.set, options.config)) or code
    lines = {"table": as_table, "markdown": as_markdown, "json": as_json}[style](found, *profiles)
    for line in lines:
        print(line)
    return code


def as_screen(names: tuple[str, str], found: Difference, before: Profile, after: Profile) -> Compared:
    """For the screen of its own."""
    from netwatch.ui.differences import Compared, Line

    lines = [Line(change, kind.removesuffix("s"), key, "B", None if change == "new" else sums.bytes,
                  sums.bytes if change == "new" else None, sums.flows, sums.packets, sums.lost, sums.rtt_us)
             for change, sets in (("new", found.new), ("vanished", found.vanished))
             for kind in SETS for key, sums in sets[kind]]
    lines += [Line("shifted", shift.what, _of(shift), shift.unit, shift.before, shift.after) for shift in found.shifts]
    return Compared(names, (_words(before.all), _words(after.all)), lines)


class Window:
    """A time of the history, in the place of Records."""

    bundled = False

    def __init__(self, text: str, options: argparse.Namespace) -> None:
        self._text, self._settings = text, read_settings(options.set, options.config)

    def hand(self, take: Callable[[Record], None], *, shut_in: bool = True) -> int:
        """See Records. Raises CommandError."""
        if shut_in:
            sandbox.shut_in(self._settings)
        return history.hand(self._text, self._settings, take)


def as_json(found: Difference, before: Profile, after: Profile) -> Iterator[str]:
    """One object."""
    about: Record = {"schema": "netwatch.diff/1", "before": _sums(before.all), "after": _sums(after.all)}
    for name, sets in (("new", found.new), ("vanished", found.vanished)):
        about[name] = {kind: [{"name": key, **_sums(sums)} for key, sums in each]
                       for kind, each in sets.items() if each}
    about["shifts"] = [{key: value for key, value in shift._asdict().items() if value != ""} for shift in found.shifts]
    yield json.dumps(about, ensure_ascii=False, indent=1)


def as_markdown(found: Difference, before: Profile, after: Profile) -> Iterator[str]:
    """A page."""
    yield "# What changed"
    yield ""
    yield f"before: {_words(before.all)}; after: {_words(after.all)}"
    yield ""
    for title, sets in (("New", found.new), ("Vanished", found.vanished)):
        for kind in SETS:
            if sets[kind]:
                yield f"## {title} {kind}: {len(sets[kind]):,}"
                yield ""
                rows = [(key, sums.flows, sums.bytes) for key, sums in sets[kind]]
                yield from table(("name", "flows", "bytes"), rows)
    if found.shifts:
        yield f"## Shifted: {len(found.shifts):,}"
        yield ""
        yield from table(("what", "of", "before", "after"), [(shift.what, _of(shift), *_values(shift))
                                                            for shift in found.shifts])
    if not found:
        yield "Nothing."


def as_table(found: Difference, before: Profile, after: Profile) -> Iterator[str]:
    """For people at a terminal."""
    rows = [{"change": change, "what": kind.removesuffix("s"), "name": cell(key).replace("\\", ""), "flows": sums.flows,
             "bytes": sums.bytes} for change, sets in (("new", found.new), ("vanished", found.vanished))
            for kind in SETS for key, sums in sets[kind]]
    shifts = [{"change": shift.what, "of": _of(shift), "before": old, "after": new}
              for shift in found.shifts for old, new in (_values(shift),)]
    things = [Column("change", "change"), Column("what", "what"), Column("name", "name"),
              Column("flows", "flows", Kind.COUNT), Column("bytes", "bytes", Kind.COUNT)]
    moved = [Column("change", "shift"), *(Column(key, key) for key in ("of", "before", "after"))]
    tables = [Table("things", "diff", things, rows), Table("shifts", "diff", moved, shifts)]
    yield f"before: {_words(before.all)}; after: {_words(after.all)}"
    yield from show.as_table([each for each in tables if each.rows], None, None)
    if not found:
        yield "no difference"


def _sums(sums: Sums) -> Record:
    rtt = {"rtt_us": sums.rtt_us} if sums.rtt_us is not None else {}
    return {"flows": sums.flows, "packets": sums.packets, "bytes": sums.bytes, "retransmits": sums.lost, **rtt}


def _words(sums: Sums) -> str:
    return f"{sums.flows:,} flows, {sums.packets:,} packets, {sums.bytes:,} bytes"


def _of(shift: Shift) -> str:
    return f"{shift.of} {shift.name}".rstrip()


def _values(shift: Shift) -> tuple[str, str]:
    if shift.unit == "us":
        return f"{shift.before / 1000:.3f} ms", f"{shift.after / 1000:.3f} ms"
    if shift.unit == "share":
        return f"{100 * shift.before:.2f} %", f"{100 * shift.after:.2f} %"
    return f"{int(shift.before):,} B", f"{int(shift.after):,} B"
