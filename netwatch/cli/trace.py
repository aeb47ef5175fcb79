"""`netwatch trace HOST`: the way to a host, hop by hop, with loss and jitter of each. It sends packets."""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netwatch.cli import sandbox
from netwatch.cli.arg_types import natural
from netwatch.cli.errors import EXIT_FINDING, EXIT_MISSING, EXIT_PERMISSION, EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.selection import read_settings
from netwatch.cli.signals import stopped_by
from netwatch.model.host import Host, Unavailable
from netwatch.model.probe import ECHO, UDP
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.health.trace import Trace

EPILOG = """The packets of a trace are ICMP echo requests (or UDP) of one flow: they all take the same way. LOSS is what
did not answer; WAY the least of it from there on: a router that answers seldom loses nothing when those behind it do
not. A hop that never answers is told as not measured.

exit code: 0 the host answered, 1 it did not, 3 no permission to send

examples:
  netwatch trace 192.0.2.1
  netwatch trace www.example.com --count 30 --format json
"""


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch trace", description=__doc__, epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("host", metavar="HOST", help="an address or a name")
    version = p.add_mutually_exclusive_group()
    version.add_argument("-4", dest="version", action="store_const", const=socket.AF_INET, help="by IPv4")
    version.add_argument("-6", dest="version", action="store_const", const=socket.AF_INET6, help="by IPv6")
    p.add_argument("--udp", action="store_true", help="UDP to port 33434 instead of ICMP echo")
    p.add_argument("--count", type=natural, default=10, metavar="N", help="rounds; default 10")
    p.add_argument("--every", type=int, default=1000, metavar="MS", help="between two rounds; 200 to 60000")
    p.add_argument("--wait", type=int, default=1000, metavar="MS", help="for an answer; 50 to 10000, default 1000")
    p.add_argument("--hops", type=natural, default=30, metavar="N", help="at most; default 30")
    p.add_argument("--stream", type=int, default=0, metavar="N", help="0 to 15: another flow may take another way")
    p.add_argument("--mtu", action="store_true", help="also how large a packet passes")
    p.add_argument("-n", "--no-names", action="store_true", help="do not ask the resolver for names of hops")
    p.add_argument("--format", choices=("table", "json", "ndjson"), help="default table on a terminal")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    sandbox.add_option(p)
    return p


def main(arguments: list[str]) -> int:
    asked = build_parser().parse_args(arguments)
    for name, low, high in (("every", 200, 60_000), ("wait", 50, 10_000), ("hops", 1, 255), ("stream", 0, 15),
                            ("count", 1, 100_000)):
        if not low <= getattr(asked, name) <= high:
            raise CommandError(f"--{name}: {low} to {high}")
    sandboxed = [f"sandbox.mode={asked.sandbox}"] if asked.sandbox else []
    settings = read_settings([*asked.set, *sandboxed], asked.config)
    settings = settings.but("names.resolve", not asked.no_names, "--no-names")
    address = _address(asked.host, asked.version or socket.AF_UNSPEC)
    from netwatch.platform.host import ThisMachine

    host = sandbox.helper(settings) or ThisMachine()
    with sandbox.closing(host):
        with _refusals():
            host.allow_probes([address], True)  # the user has asked for this very host
            sandbox.shut_in(settings)
        return _traced(asked, host, address)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """Raises CommandError of what cannot be sent."""
    try:
        yield
    except PermissionError:
        from netwatch.capture.live import permission_fix

        raise CommandError(f"no permission to send probes; {permission_fix()}", EXIT_PERMISSION) from None
    except Unavailable as e:
        raise CommandError(str(e), EXIT_UNAVAILABLE) from None
    except ValueError as e:
        raise CommandError(str(e)) from None
    except OSError as e:
        raise CommandError(e.strerror or str(e), EXIT_UNAVAILABLE) from None


def _address(text: str, family: int) -> str:
    """Of a name, or as it is. Raises CommandError."""
    try:
        found = socket.getaddrinfo(text, None, family, socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as e:
        raise CommandError(f"{text}: {getattr(e, 'strerror', None) or 'no name of a host'}", EXIT_MISSING) from None
    return str(found[0][4][0])


def _traced(asked: argparse.Namespace, host: Host, address: str) -> int:
    from netwatch.health.trace import Trace, interface_mtu, path_mtu

    style = asked.format or ("table" if sys.stdout.isatty() else "ndjson")
    trace = Trace(host, address, UDP if asked.udp else ECHO, asked.hops, asked.wait, asked.stream)
    began = time.time_ns()
    live = _Progress(trace, asked.count) if sys.stderr.isatty() else lambda: None
    stopped = _Stopped()
    with _refusals():
        with contextlib.suppress(KeyboardInterrupt), stopped_by(stopped):
            trace.run(asked.count, asked.every / 1000, live)
        found = _told(trace, asked, began)  # what is known so far
        if asked.mtu and not stopped.by:
            found |= path_mtu(host, address, interface_mtu(host), asked.wait).record()
    _write(found, style)
    if stopped.by:
        return 128 + stopped.by
    if trace.why:
        say(f"{address}: {trace.why}")
    return 0 if trace.reached else EXIT_FINDING


class _Stopped:
    """Which signal has ended the rounds, 0 for none."""

    def __init__(self) -> None:
        self.by = 0

    def __call__(self, number: int, frame: object) -> None:
        self.by = number
        raise KeyboardInterrupt


class _Progress:
    """How far it is, on standard error."""

    def __init__(self, trace: Trace, rounds: int) -> None:
        self._trace, self._rounds, self._done = trace, rounds, 0

    def __call__(self) -> None:
        self._done += 1
        print(f"\rround {self._done} of {self._rounds}, {len(self._trace.hops)} hops\033[K", end="", file=sys.stderr,
              flush=True)
        if self._done == self._rounds:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _told(trace: Trace, asked: argparse.Namespace, began: int) -> Record:
    from netwatch._fast.out.record import iso

    names = _nameless if asked.no_names else _name
    return {"schema": "netwatch.trace/1", "time": iso(began), "host": asked.host, **trace.record(names),
            "stream": asked.stream}


def _nameless(address: str) -> str:
    return ""


def _name(address: str) -> str:
    """As the resolver has it, "" where it has none. No control characters: a name is what its owner says."""
    from netwatch.platform.base import clean

    try:
        name = socket.gethostbyaddr(address)[0]
    except (OSError, UnicodeError):
        return ""
    return clean(name)[:255] if name != address else ""


def _write(found: Record, style: str) -> None:
    if style == "json":
        print(json.dumps(found, ensure_ascii=False, indent=2))
    elif style == "ndjson":
        print(json.dumps(found, ensure_ascii=False, separators=(",", ":")))
    else:
        print("\n".join(_lines(found)))


def _lines(found: Record) -> Iterator[str]:
    yield f"to {found['host']} ({found['address']}), {found['method']}"
    width = max([len(_who(hop)) for hop in found["hops"]] + [10])
    yield f"{'HOP':>3}  {'ADDRESS':<{width}}  {'LOSS':>6}  {'WAY':>6}  {'SENT':>4}  " + "  ".join(
        f"{head:>8}" for head in ("LAST ms", "MEAN ms", "MIN ms", "MAX ms", "JITTER"))
    for hop in found["hops"]:
        if "address" not in hop:
            yield f"{hop['hop']:>3}  {'-':<{width}}  not measured: {hop['unmeasured']}"
            continue
        rtt = hop["rtt_us"]
        times = [rtt["last"], rtt["mean"], rtt["min"], rtt["max"], hop.get("jitter_us")]
        yield (f"{hop['hop']:>3}  {_who(hop):<{width}}  {_percent(hop, 'loss_percent'):>6}  "
               f"{_percent(hop, 'way_loss_percent'):>6}  {hop['sent']:>4}  "
               + "  ".join(f"{each / 1000:>8.2f}" if each is not None else f"{'-':>8}" for each in times)
               + (f"  {hop['says']}" if "says" in hop else ""))
    if "path_mtu" in found:
        by = f", says {found['path_mtu_by']}" if "path_mtu_by" in found else ""
        yield f"packets of {found['path_mtu']} bytes pass{by}"
    elif "path_mtu_unmeasured" in found:
        yield f"size of packets: not measured: {found['path_mtu_unmeasured']}"
    if "loop" in found:
        yield f"packets go round: {found['loop']} answers more than once"
    if not found["reached"]:
        yield f"{found['host']} did not answer"


def _who(hop: Record) -> str:
    if "address" not in hop:
        return "-"
    more = f" +{len(hop['also'])}" if "also" in hop else ""
    return f"{hop['address']}{more}" + (f" ({hop['name']})" if "name" in hop else "")


def _percent(hop: Record, key: str) -> str:
    return f"{hop[key]:.1f}%" if key in hop else "-"
