"""The options of `netwatch read`, and what their words mean."""

from __future__ import annotations

import argparse

from netwatch.cli.errors import CommandError
from netwatch.cli.parser import Parser
from netwatch.records.writers import FORMATS

ABOUT = "`netwatch read`: analyse captures, or a live interface for a while, without a terminal."
STYLES = ("text", "hex", "raw")  # of a followed conversation
KINDS = ("flows", "packets", "dns", "http", "tls", "streams", "summary")


def natural(text: str) -> int:
    """A count: a whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: not a whole number, 0 or more")
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch read", description=ABOUT)
    p.add_argument("files", nargs="*", metavar="FILE", help="pcap or pcapng, perhaps gzip or zstd; - is standard input")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="capture here; repeatable")
    p.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter, with -i")
    p.add_argument("--duration", metavar="TIME", help="with -i: stop after this long, e.g. 30s, 5m")
    p.add_argument("--count", type=natural, metavar="N", help="stop after this many packets")
    p.add_argument("--what", default="flows", metavar="KIND[,KIND...]", help=f"of {', '.join(KINDS)}; default flows")
    p.add_argument("--format", choices=FORMATS, help="default table on a terminal, ndjson in a pipe")
    p.add_argument("--where", metavar="EXPR", help="only records that pass this filter")
    p.add_argument("--fields", metavar="A,B,C", help="only these fields")
    p.add_argument("--flat", action="store_true", help="JSON: names with dots instead of objects in objects")
    p.add_argument("--sort", metavar="FIELD[:desc]", help="order of the records of each kind")
    p.add_argument("--limit", type=natural, metavar="N", help="at most this many records of each kind")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE",
                   help="TLS keys in NSS format, followed as it grows; repeatable; default $SSLKEYLOGFILE")
    p.add_argument("--follow", type=natural, metavar="ID", help="print what a flow says, both sides in order of time")
    p.add_argument("--follow-as", choices=STYLES, default="text", help="with --follow; default text")
    p.add_argument("--write", metavar="FILE.pcapng", help="also save the packets that pass --where")
    p.add_argument("--force", action="store_true", help="with --write: replace the file")
    p.add_argument("--show-secrets", action="store_true", help="do not mask passwords, cookies and the like")
    p.add_argument("--stream-limit", type=natural, default=65536, metavar="BYTES", help="text kept of each stream")
    p.add_argument("--workers", type=int, default=1, metavar="N", help="engines side by side; same results")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    p.add_argument("--resolve", action="store_true", help="ask the resolver for names; it sends packets, and waits")
    p.add_argument("--no-dpi", action="store_true", help="do not look at content")
    return p


def parse_duration(text: str) -> float:
    """Seconds from `30s`, `500ms`, `5m`, `1h` or a bare number of seconds."""
    for suffix, scale in (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("", 1.0)):
        head = text.removesuffix(suffix)
        if text.endswith(suffix) and head.replace(".", "", 1).isdigit():
            return float(head) * scale
    raise CommandError(f"--duration {text}: a time such as 30s, 5m or 500ms")
