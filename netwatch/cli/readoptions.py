"""The options of `netwatch read`, and which of them go together: none is without effect."""

from __future__ import annotations

import argparse
import sys

from netwatch.cli import formats, log, redaction_key, sandbox
from netwatch.cli.arg_types import natural, parse_duration
from netwatch.cli.errors import CommandError
from netwatch.cli.parser import Parser, refuse_blind, refuse_idle
from netwatch.cli.selection import OF_NO_TIME
from netwatch.records.clock import FORMS
from netwatch.records.kinds import OF_ADDONS, asked_as

STYLES = ("text", "hex", "raw")  # of a followed conversation
STREAM_LIMIT = 65536  # bytes of text of each stream that are kept
KINDS_TOLD = {  # what there is of each kind; addons tell of theirs
    "flows": "who spoke with whom: one record for each flow, when it has ended",
    "packets": "one for each frame",
    "dns": "one for each DNS, mDNS or LLMNR message",
    "http": "one for each HTTP request with its response",
    "tls": "one for each TLS handshake",
    "streams": "what a flow said in one direction, as text",
    "hosts": "one for each address: names, vendor, services, how much it sent and received",
    "processes": "one for each program, where owners of flows are known",
    "summary": "one for all that was read",
}
EPILOG = """examples:
  netwatch read day.pcapng
  netwatch read day.pcapng --what dns -Y 'rcode == NXDOMAIN' --sort client
  netwatch read day.pcapng --what http --format csv > requests.csv
  netwatch read day.pcapng --what dns --by name,rcode --top 10
  netwatch read day.pcapng -Y 'sni contains example' -w part.pcapng
  netwatch read day.pcapng --follow 6
  netwatch read -i eth0 --duration 30s --what dns
"""


class Once(argparse.Action):
    """An option that names what is written: a second one would be lost."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object,
                 option: str | None = None) -> None:
        if getattr(namespace, self.dest) is not None:
            parser.error(f"{option} is given twice")
        setattr(namespace, self.dest, values)


def build_parser() -> Parser:
    p = Parser(prog="netwatch read", description="Analyse captures, or a live interface for a while, without a "
               "terminal.",
               epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.meant["--objects"] = "`netwatch export --objects FOLDER`, which writes files"
    _inputs(p)
    g = shown(p)
    redaction_key.add_options(g)
    _summed_up(g)
    looks(p).add_argument("--flush", action="store_true", help="write records as soon as there are some, as of an "
                          "interface and a pipe")
    saved(p).add_argument("--bare", action="store_true", help="with --write: frames and nothing else, neither records "
                          "nor what is known of flows; by a filter on headers as fast as copying is")
    _apart(working(p))
    return p


def _inputs(p: Parser) -> None:
    g = p.add_argument_group("what is read")
    g.add_argument("files", nargs="*", metavar="FILE", help="pcap, pcapng or snoop (or .gz, .zst); - is standard input")
    g.add_argument("-r", "--read", action="append", default=[], metavar="FILE", help="the same; repeatable")
    g.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="capture here; repeatable")
    g.add_argument("--history", nargs="?", const="", metavar="FROM..TO",
                   help="flows that were kept on disk (history.on), all, or of a time: 10:00..11:00; the table as "
                        "it was at a moment: 10:31:05")
    g.add_argument("--exported", action="store_true", help="flows that exporters tell of in what is read: NetFlow 5 "
                   "and 9, IPFIX, and those of frames that sFlow has sampled")
    g.add_argument("--source", metavar="URL", help="the same, as it is sent to a UDP port here: "
                   "ipfix://127.0.0.1:2055; sflow://127.0.0.1:6343: the frames that are sampled, read as a capture")
    g.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter, with -i")
    g.add_argument("--duration", metavar="TIME", help="with -i: stop after this long, e.g. 30s, 5m")
    g.add_argument("--count", type=natural, metavar="N", help="stop after this many packets")
    g.add_argument("--keylog", action="append", default=[], metavar="FILE",
                   help="TLS keys in NSS format, followed as it grows; repeatable; default $SSLKEYLOGFILE")
    g.add_argument("--copies", choices=("keep", "mark", "drop"), help="packets captured twice: as flows.copies has it")
    g.add_argument("--no-dpi", action="store_true", help="do not look at content")


def shown(p: Parser) -> argparse._ArgumentGroup:
    """Options of what is shown, whatever is read."""
    g = p.add_argument_group("what is shown")
    g.add_argument("--what", default="flows", metavar="KIND[,KIND...]",
                   help=f"of {', '.join((*KINDS_TOLD, *OF_ADDONS))}; default %(default)s; `list` tells of each")
    g.add_argument("-Y", "--where", metavar="EXPR", help="only records that pass this filter")
    g.add_argument("--exit-status", action="store_true", help="with --where: exit 1 when nothing passes it")
    g.add_argument("--fields", metavar="A,B,C", help="only these fields")
    g.add_argument("--sort", metavar="FIELD[:desc]", help="order of the records of each kind")
    g.add_argument("--limit", type=natural, metavar="N", help="at most this many records of each kind")
    g.add_argument("--stream-limit", type=natural, metavar="BYTES",
                   help=f"with --what streams: text kept of each; default {STREAM_LIMIT}")
    g.add_argument("--show-secrets", action="store_true", help="do not mask passwords, cookies and the like")
    g.add_argument("--resolve", action="store_true", help="ask the resolver for names; it sends packets, and waits")
    return g


def _summed_up(g: argparse._ArgumentGroup) -> None:
    """Counts instead of records, or what a flow says."""
    g.add_argument("--by", metavar="A,B,C", help="how many records there are of each value of these fields, instead of "
                   "the records; the most first")
    g.add_argument("--sum", metavar="A,B,C", help="with --by: fields to add up; default bytes,packets of flows, len "
                   "of packets")
    g.add_argument("--top", type=natural, metavar="N", help="with --by: rows; a table has 20, else all")
    g.add_argument("--interval", metavar="TIME", help="with --by: by time as well, in steps such as 1s, 5m")
    g.add_argument("--follow", type=natural, metavar="ID", help="print what a flow says, both sides in order "
                   "of time: one of TCP, or with its keys of QUIC or DTLS")
    g.add_argument("--follow-stream", type=int, metavar="N", help="with --follow: of the streams of HTTP/2, HTTP/3 or "
                   "QUIC this one alone")
    g.add_argument("--follow-as", choices=STYLES, help="with --follow; default text")


def looks(p: Parser) -> argparse._ArgumentGroup:
    """Options of how it looks."""
    g = p.add_argument_group("how it looks")
    g.add_argument("--format", choices=formats.ALL, help="default table on a terminal, ndjson in a pipe")
    g.add_argument("--flat", action="store_true", help="JSON: names with dots instead of objects in objects")
    g.add_argument("--time", choices=FORMS, default="iso", help="how times are shown: relative and delta in seconds "
                   "since the first frame, and since the record before; default iso, UTC")
    g.add_argument("--wide", action="store_true", help="tables: all columns whole, however wide the terminal is")
    g.add_argument("--no-pager", action="store_true", help="what is long goes to the terminal at once, not by $PAGER")
    amount = g.add_mutually_exclusive_group()
    amount.add_argument("-q", "--quiet", action="store_true", help="say nothing on standard error but errors")
    amount.add_argument("-v", "--verbose", action="store_true", help="say more there, in the end what was read")
    return g


def saved(p: Parser) -> argparse._ArgumentGroup:
    """Options of what is saved."""
    g = p.add_argument_group("what is saved")
    g.add_argument("-w", "--write", action=Once, metavar="FILE.pcapng", help="also save the packets that pass --where; "
                   "FILE.pcap: as pcap, and what is known of them in FILE.pcap.jsonl; .gz, .zst: compressed")
    g.add_argument("--force", action="store_true", help="with --write: replace the file")
    g.add_argument("--with-secrets", action="store_true", help="with --write: also the TLS keys that opened its flows")
    return g


def working(p: Parser) -> argparse._ArgumentGroup:
    """Options of how it works."""
    g = p.add_argument_group("how it works")
    g.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    g.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    log.add_options(g)
    sandbox.add_option(g)
    return g


def _apart(g: argparse._ArgumentGroup) -> None:
    """Many at work."""
    g.add_argument("--workers", type=int, default=1, metavar="N", help="engines side by side (docs/read.md)")
    g.add_argument("--each", action="store_true", help="several files are several captures, read apart, --workers N of "
                   "them at once; records name their file; ndjson")
    g.add_argument("--scheduler", metavar="URL", help="the same, by the workers of a Dask cluster: tcp://HOST:PORT")
    g.add_argument("--trust-scheduler", action="store_true", help="as root too: who answers there runs what they like "
                   "as root")


def check(options: argparse.Namespace) -> None:
    """Raises CommandError for an option that would have no effect beside the others, or says what cannot be."""
    if options.duration is not None:
        parse_duration(options.duration)
    if options.files.count("-") > 1:
        raise CommandError("standard input is named twice; it can be read but once")
    if options.time == "delta" and not OF_NO_TIME.isdisjoint(options.what.split(",")):
        raise CommandError("--time delta goes with records that have a time: packets, dns, http, tls")
    redaction_key.check(options, style_of(options))
    if options.each or options.scheduler is not None:
        from netwatch.cli import each  # every start would pay for it otherwise

        each.check(options)
    if getattr(options, "bare", False):
        from netwatch.cli import bare

        bare.check(options)
    refuse_idle((getattr(options, "trust_scheduler", False), "--trust-scheduler",
                 "--scheduler" if options.scheduler is None else ""))
    kinds = {"streams"} if options.follow is not None else set(options.what.split(","))
    style = style_of(options)
    refuse_idle(
        (options.force, "--force", "--write" if options.write is None else ""),
        *((getattr(options, name), f"--{name}", "--by" if options.by is None else "")
          for name in ("sum", "top", "interval")),
        (options.follow_stream, "--follow-stream", "--follow" if options.follow is None else ""),
        (options.follow_as, "--follow-as", "--follow" if options.follow is None else ""),
        (options.stream_limit, "--stream-limit",
         "--what streams" if "streams" not in kinds or options.follow is not None else ""),
        (options.flat, "--flat", "--format json or ndjson" if style in ("table", "csv") else ""),
        (options.wide, "--wide", "--format table" if style != "table" else ""),
        (options.no_pager, "--no-pager", "--format table" if options.format not in (None, "table") else ""))
    if kinds == {"summary"}:
        for given, name in ((options.limit is not None, "--limit"), (options.flat, "--flat"),
                            (options.sort is not None, "--sort"), (options.show_secrets, "--show-secrets"),
                            (options.resolve, "--resolve")):
            if given:
                raise CommandError(f"{name} has no effect on the summary, which is one record")
    refuse_blind(options, _of_content(options, kinds))
    options.follow_as = options.follow_as or "text"
    options.stream_limit = STREAM_LIMIT if options.stream_limit is None else options.stream_limit


def style_of(options: argparse.Namespace) -> str:
    """The format of the output."""
    return options.format or ("table" if sys.stdout.isatty() else "ndjson")


def _of_content(options: argparse.Namespace, kinds: set[str]) -> list[str]:
    """What was asked that is made of content."""
    if options.follow is not None:
        return ["--follow"]
    return [f"--what {kind}" for kind in ("dns", "http", "tls", "streams") if kind in kinds]


def check_follow(options: argparse.Namespace) -> None:
    """--follow prints one conversation and nothing else. Raises CommandError."""
    for name, unused in (("where", None), ("fields", None), ("sort", None), ("limit", None), ("write", None),
                         ("what", "flows"), ("time", "iso"), ("flat", False), ("wide", False)):
        if getattr(options, name) != unused:
            raise CommandError(f"--follow and --{name} do not go together")
    if options.format not in (None, "table"):
        raise CommandError(f"--follow prints text, not {options.format}; --follow-as text, hex or raw")


def tell_kinds() -> None:
    """The answer to --what list, on standard output."""
    from netwatch.run import addons

    told = KINDS_TOLD | {asked_as(kind): words[:1].lower() + words[1:].rstrip(".")
                         for kind, words in addons.kinds().items()}
    width = max(map(len, told))
    for kind, words in told.items():
        print(f"{kind:<{width}}  {words}")
