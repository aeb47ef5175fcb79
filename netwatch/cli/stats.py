"""`netwatch stats TOPIC FILE...`: a capture summed up: who, how much, when, what."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections.abc import Sequence

from netwatch._fast.input.source import Source
from netwatch._fast.out.names import ETHERTYPES, PROTOCOLS
from netwatch.cli import emptiness, foreign_options, read, redaction_key
from netwatch.cli.arg_types import natural, parse_duration
from netwatch.cli.errors import CommandError, say
from netwatch.cli.parser import Parser, listed, refuse_idle
from netwatch.cli.selection import check_field, check_where, has_plugins, parse_where
from netwatch.cli.sources import open_source
from netwatch.cli.stdio import paged, width_of_table
from netwatch.records import columns
from netwatch.records.ascii_text import PLAIN
from netwatch.records.items import Packets
from netwatch.records.output import Writes
from netwatch.records.reading import Reading
from netwatch.records.selection import Selection
from netwatch.records.writers import FORMATS, Writer
from netwatch.schema.field import Type
from netwatch.stats import show
from netwatch.stats.numbers import Rows
from netwatch.stats.table import Statistic, Table, order
from netwatch.stats.topics import TOPICS, Asked

TYPES = ("tcp", "udp", "sctp", "icmp", "icmp6", "arp", "ip", "ipv6")
NUMBERED = re.compile(r"ip-\d+|eth-0x[0-9a-f]{4}|wlan-[a-z0-9-]+")  # protocols without a name, and frames of 802.11
QUANTITIES = (Type.INT, Type.BYTES, Type.DURATION, Type.RATE)
FORWARDED = ("interface", "keylog", "set")  # options of `read` that may be repeated
SINGLE = ("capture_filter", "duration", "count", "where", "config", "workers")  # and those that may not
SWITCHES = ("no_dpi", "quiet", "verbose")
SHORTEST_NS, LONGEST_NS = 1_000, 366 * 86_400 * 1_000_000_000
EPILOG = "topics:\n" + "\n".join(f"  {name:<14} {topic.help}" for name, topic in TOPICS.items()) + """

examples:
  netwatch stats conversations day.pcapng --type tcp --top 10
  netwatch stats io day.pcapng --interval 1m --where 'port == 443'
  netwatch stats dns day.pcapng --format csv
  netwatch stats flows day.pcapng --by src,app --sum bytes,packets --top 5
"""


def build_parser(topic: str = "") -> Parser:
    """`topic`: of a command that has but this one."""
    about = TOPICS[topic].help if topic else __doc__
    p = Parser(prog=f"netwatch {topic or 'stats'}", description=about, epilog="" if topic else EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    if topic:
        p.set_defaults(topic=topic)
    else:
        p.add_argument("topic", metavar="TOPIC", help="what to sum up; see below")
    p.add_argument("files", nargs="*", metavar="FILE", help="pcap or pcapng, perhaps gzip or zstd; - is standard input")
    p.add_argument("--format", choices=FORMATS, help="default table on a terminal, ndjson in a pipe")
    p.add_argument("-r", "--read", action="append", default=[], metavar="FILE", help="a capture as well; repeatable")
    p.add_argument("-Y", "--where", metavar="EXPR", help="only the flows, packets or messages that pass this filter")
    p.add_argument("--type", metavar="A,B,C", help=f"of conversations and endpoints: {', '.join(TYPES)}, ...")
    p.add_argument("--interval", metavar="TIME", help="of io: 1s (the default), 100ms, 5m")
    p.add_argument("--by", metavar="A,B,C", help="of flows: the fields to group by; default app")
    p.add_argument("--sum", metavar="A,B,C", help="of flows: the fields to add up; default bytes,packets")
    p.add_argument("--sort", metavar="KEY[:desc]", help="order of rows; default the largest first, io by time")
    p.add_argument("--top", type=natural, metavar="N",
                   help=f"rows of each table; default {show.TOP} where a table may have any number, else all")
    p.add_argument("--wide", action="store_true", help="tables as wide as they are, not as the terminal is")
    p.add_argument("--no-pager", action="store_true", help="tables go to the terminal at once, not by $PAGER")
    amount = p.add_mutually_exclusive_group()
    amount.add_argument("-q", "--quiet", action="store_true", help="say nothing on standard error but errors")
    amount.add_argument("-v", "--verbose", action="store_true", help="say more there, in the end what was read")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE", help="TLS keys in NSS format; repeatable")
    p.add_argument("--workers", metavar="N", help="engines side by side (docs/read.md)")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="capture here; repeatable")
    p.add_argument("-f", "--capture-filter", metavar="EXPR", help="libpcap filter, with -i")
    p.add_argument("--duration", metavar="TIME", help="with -i: stop after this long, e.g. 30s, 5m")
    p.add_argument("--count", metavar="N", help="stop after this many packets")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    p.add_argument("--no-dpi", action="store_true", help="do not look at content")
    redaction_key.add_options(p)
    return p


def main(arguments: list[str], topic: str = "") -> int:
    options = build_parser(topic).read(arguments)
    options.files += options.read
    if options.topic not in TOPICS:
        raise _no_topic(options.topic)
    statistic = TOPICS[options.topic].make(asked_of(options))
    style = options.format or ("table" if sys.stdout.isatty() else "ndjson")
    refuse_idle(*((value, name, "" if style == "table" else "--format table")
                  for name, value in (("--wide", options.wide), ("--no-pager", options.no_pager))))
    width = width_of_table(options.wide)
    with paged(style == "table" and not options.interface and not options.no_pager):
        return _told(options, statistic, style, width)


def _told(options: argparse.Namespace, statistic: Statistic, style: str, width: int | None) -> int:
    """Read all of it, and write what it comes to; the exit code."""
    redaction_key.check(options, style)
    redactor = redaction_key.redactor_of(options)
    prepared = read.prepared(words_for_read(options, statistic))
    where = parse_where(options.where)
    check_where(where, statistic.kinds)
    try:
        source = open_source(prepared)
        try:
            selection = Selection(where, None, None)
            writer = Silent(source, options.topic == "protocols")
            code = Summing(prepared, set(statistic.kinds), source, selection, writer, statistic).go()
        finally:
            source.close()
    finally:
        prepared.host.close()
    tables = arranged(statistic.tables(), options.sort)
    emptiness.no_rows(options.topic, tables, selection, source.frames_read)
    if redactor is not None:
        from netwatch.stats.redacted import redacted

        fields = asked_of(options)
        homes = {name: column.home("flow") for name, column in fields.by.items()}
        tables = [redacted(each, redactor, homes) for each in tables]
    write(tables, style, options.top, width)
    return code


def _no_topic(word: str) -> CommandError:
    meant = foreign_options.topic_of(word)
    if os.path.isfile(word):
        return CommandError(f"{word}: the topic comes first: netwatch stats conversations {word}; "
                            f"there are {', '.join(TOPICS)}")
    near = [meant] if meant else ([each for each in TOPICS if word and each.startswith(word)]
                                  or difflib.get_close_matches(word, TOPICS, 1))
    return CommandError(f"stats {word}: no such topic; " + (
        f"did you mean {near[0]}?" if near else f"there are {', '.join(TOPICS)}"))


def hosts(arguments: list[str]) -> int:
    """The command `netwatch hosts`: a topic by its own name."""
    return main(arguments, "hosts")


def asked_of(options: argparse.Namespace) -> Asked:
    """What the options say of the topic. Raises CommandError for one that the topic has no use for."""
    takes = TOPICS[options.topic].takes
    for name in ("type", "interval", "by", "sum", "keylog"):
        takers = [topic for topic, about in TOPICS.items() if name in about.takes]
        if name == "keylog":
            takers.append("--where")  # any filter may ask for what keys open
        idle = name not in takes and (name != "keylog" or options.where is None)
        refuse_idle((getattr(options, name), f"--{name}", listed(takers) if idle else ""))
    sums = _fields("bytes,packets" if options.sum is None else options.sum, "--sum")
    by = _fields("app" if options.by is None else options.by, "--by")
    return Asked(_types(options.type), _interval(options.interval), by, sums)


def _types(text: str | None) -> Sequence[str]:
    types = [word for word in (text or "").split(",") if word]
    if text is not None and not types:
        raise CommandError(f"--type needs a kind of conversation: {', '.join(TYPES)}")
    types = ["icmp6" if word == "icmpv6" else "ip" if word == "ipv4" else word for word in types]
    known = {*TYPES, *PROTOCOLS.values(), *ETHERTYPES.values()}
    for word in types:
        if word not in known and not NUMBERED.fullmatch(word):
            raise CommandError(f"--type {word}: no such protocol; there are {', '.join(TYPES)}, "
                               f"{', '.join(sorted(known.difference(TYPES)))}")
    return types


def _interval(text: str | None) -> int:
    """In ns. Raises CommandError."""
    return Asked().interval_ns if text is None else interval_of(text)


def interval_of(text: str) -> int:
    """The same of what was written."""
    try:
        interval = round(parse_duration(text) * 1e9)
    except CommandError:
        interval = 0
    if not SHORTEST_NS <= interval <= LONGEST_NS:
        raise CommandError(f"--interval {text}: a time such as 1s, 100ms or 5m, from 1 µs to a year")
    return interval


def _fields(text: str, option: str) -> dict[str, columns.Column]:
    """The column of flows for each name that was asked."""
    found: dict[str, columns.Column] = {}
    for name in (word.strip() for word in text.split(",") if word.strip()):
        check_field(name, option, ["flows"])
        column = columns.column_of("flow", name, has_plugins())
        if column is not None:
            if option == "--sum" and column.type not in QUANTITIES:
                raise CommandError(f"--sum {name}: not a quantity")
            found[name] = column
    if not found:
        raise CommandError(f"{option} needs a field's name; `netwatch fields flow` lists them")
    return found


def words_for_read(options: argparse.Namespace, statistic: Statistic) -> list[str]:
    """The words of `netwatch read` that say the same."""
    words = ["--what", ",".join(sorted(statistic.kinds))]
    for name in FORWARDED:
        words += [word for value in getattr(options, name) for word in (f"--{name}", value)]
    for name in SINGLE:
        value = getattr(options, name)
        words += [f"--{name.replace('_', '-')}={value}"] if value is not None else []
    for name in SWITCHES:
        words += [f"--{name.replace('_', '-')}"] * getattr(options, name)
    return [*words, *["--"] * bool(options.files), *options.files]


class Silent(Writer):
    """Writes nothing: the records are summed up. `apps`: the application of packets' flows matters."""

    def __init__(self, source: Source, apps: bool) -> None:
        super().__init__("ndjson", sys.stdout.buffer, ["n", "app"] if apps else ["n"], source.interfaces)


class Summing(read.Reading):
    """A reading whose records go into a statistic."""

    def __init__(self, options: argparse.Namespace, kinds: set[str], source: Source, selection: Selection,
                 writer: Writes, statistic: Statistic) -> None:
        super().__init__(options, kinds, source, selection, writer)
        self.statistic = statistic

    def _loop(self, reading: Reading) -> None:
        maker = reading.maker(self.statistic.keys)
        for step in self._steps(reading):
            for item in maker.items(step):
                if not isinstance(item, Packets):
                    if self.selection.passes(item):
                        self.statistic.take(item)
                elif self.selection.where is None:
                    self.statistic.take_all(item)
                else:
                    for place in self.selection.passing(item):
                        self.statistic.take(item.item(place))


def arranged(tables: list[Table], text: str | None) -> list[Table]:
    """The tables with their rows in the asked order. Raises CommandError for a key that none has."""
    if text is None:
        return tables
    key, _, way = text.partition(":")
    if way not in ("", "asc", "desc"):
        raise CommandError(f"--sort {text}: the order is asc or desc")
    keys = list(dict.fromkeys(name for table in tables for row in table.rows for name in row))
    if keys and key not in keys:
        near = difflib.get_close_matches(key, keys, 1)
        raise CommandError(f"--sort {key}: no such key; " + (
            f"did you mean {near[0]}?" if near else f"there are {', '.join(keys)}"))
    for table in tables:
        values = [row.get(key) for row in table.rows]
        known = [i for i, value in enumerate(values) if value is not None]
        known.sort(key=lambda i: order(values[i]), reverse=way == "desc")
        asked = [*known, *(i for i, value in enumerate(values) if value is None)]
        table.rows = table.rows.arranged(asked) if isinstance(table.rows, Rows) else [table.rows[i] for i in asked]
    return tables


def write(tables: list[Table], style: str, top: int | None, width: int | None) -> None:
    """To standard output: UTF-8, or for tables what the terminal can show. `top`: rows of each table; `width`: columns
    of the terminal, None for all that there are."""
    if style != "table":
        for table in tables:
            if top is not None and top < len(table.rows):
                say(f"{table.title}: {top} of {len(table.rows):,} rows")
                table.rows = table.rows[:top]
            for word in table.words:
                say(word)
        lines = {"ndjson": show.as_json_lines, "json": show.as_json, "csv": show.as_csv}[style](tables)
        encoding = "utf-8"
    else:
        encoding = sys.stdout.encoding or "utf-8"
        lines = show.as_table(tables, width, top, not _draws(encoding))
    sys.stdout.flush()
    for line in lines:
        sys.stdout.buffer.write(f"{line}\n".encode(encoding, PLAIN))
    sys.stdout.buffer.flush()


def _draws(encoding: str) -> bool:
    try:
        (show.PART + show.FULL + show.STEPS).encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
