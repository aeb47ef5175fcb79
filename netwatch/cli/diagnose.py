"""`netwatch diagnose`: what is wrong in some captures, or on an interface for a while: cause, evidence, what to do."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Iterable, Iterator

from netwatch._fast.input.source import Source
from netwatch.cli import emptiness, read, redaction_key, sandbox
from netwatch.cli.errors import CommandError
from netwatch.cli.parser import Parser
from netwatch.cli.selection import kinds_of
from netwatch.cli.sources import open_source
from netwatch.diagnose import report
from netwatch.diagnose.addon import Diagnose
from netwatch.diagnose.commentary import Commentator
from netwatch.diagnose.loopback import service_of
from netwatch.model.host import Host, Unavailable
from netwatch.model.record import Record
from netwatch.privacy.redactor import Redactor
from netwatch.records import reading as records
from netwatch.records.ascii_text import PLAIN
from netwatch.records.selection import Selection
from netwatch.records.writers import Writer
from netwatch.store.settings import Settings

FOUND = 1  # exit code
FORMATS = ("table", "markdown", "json", "ndjson")
EPILOG = """exit code 0: nothing is wrong; 1: there is a finding. The rules and their thresholds: docs/diagnose.md.

examples:
  netwatch diagnose slow.pcapng --format markdown
  netwatch diagnose -i eth0 --duration 60s
  netwatch diagnose day.pcap --set diagnose.thresholds.server_ms=300
"""


def build_parser() -> Parser:
    p = Parser(prog="netwatch diagnose", description=__doc__, epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", nargs="*", metavar="FILE", help="captures; without, -i is needed")
    p.add_argument("-r", "--read", action="append", default=[], metavar="FILE", help="a capture; repeatable")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="capture here; repeatable")
    p.add_argument("-f", "--capture-filter", metavar="EXPR", help="libpcap filter, with -i")
    p.add_argument("--duration", metavar="TIME", help="with -i: for so long; default 60s")
    p.add_argument("--format", choices=FORMATS, help="default table on a terminal, ndjson in a pipe")
    redaction_key.add_options(p)
    p.add_argument("--workers", metavar="N", help="engines side by side (docs/read.md)")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one threshold")
    return p


def main(arguments: list[str]) -> int:
    """Findings go to standard output; the exit code is 1 when there are any."""
    asked = build_parser().read(arguments)
    if asked.duration and not asked.interface:
        raise CommandError("--duration goes with -i")
    redaction_key.check(asked, "")
    redactor = redaction_key.redactor_of(asked)
    style = asked.format or ("table" if sys.stdout.isatty() else "ndjson")
    options = read.prepared(_words(asked))
    kinds_of(options)  # its complaints
    if not options.settings.of("diagnose.on"):
        raise CommandError("diagnose.on is false: nothing is looked for")
    commentator = _commentator(options.settings) if style != "ndjson" else None
    with sandbox.closing(options.host):
        source = open_source(options)
        try:
            reading = Diagnosing(options, source)
            code = reading.go()
        finally:
            source.close()
    if redactor is not None:
        reading.redact(redactor)
    if commentator is not None:
        reading.comment = _comment(commentator, reading, options.settings.of("diagnose.comment_model"))
    if style == "ndjson" and not reading.found and reading.packets:
        emptiness.at_terminal(f"no findings in {reading.packets:,} packets")
    _write(reading, style)
    return code or (FOUND if any(not each.get("mute") for each in reading.found) else 0)


def _commentator(settings: Settings) -> Commentator | None:
    service = service_of(settings.of("diagnose.comment"))
    if service is None:
        return None
    return Commentator(service, settings.of("diagnose.comment_model"),
                       lambda: sandbox.shut_in_outlets(settings, (), ()))


def _comment(commentator: Commentator, reading: Diagnosing, model: str) -> Record:
    """What a model says of the findings, if there are any."""
    page = report.markdown(reading.found, reading.packets, reading.health) if reading.found else ()
    text, why = commentator.ask("\n".join(page))
    if not reading.found:
        return {}
    return {"commentary": {"model": model, **({"text": text} if text else {"unavailable": why})}}


def _commented(comment: Record, style: str) -> Iterator[str]:
    """The same as text; in Markdown as code: what a model says makes no link and no picture of a page."""
    if comment:
        about = comment["commentary"]
        head = f"A comment of the model {about['model']}, which is no evidence"
        yield from ("", f"## {head}", "") if style == "markdown" else ("", f"{head}:")
        lines = about.get("text", f"There is none: {about.get('unavailable', '')}").splitlines()
        yield from (f"    {line}" if style == "markdown" else f"  {line}" for line in lines)


def _words(asked: argparse.Namespace) -> list[str]:
    """The words of `netwatch read` that say the same."""
    words = ["--what", "finding"]
    words += [word for name in asked.interface for word in ("-i", name)]
    words += ["--duration", asked.duration or "60s"] if asked.interface else []
    for name in ("capture_filter", "workers", "config"):
        value = getattr(asked, name)
        words += [f"--{name.replace('_', '-')}={value}"] if value is not None else []
    words += [word for each in asked.set for word in ("--set", each)]
    return [*words, "--", *asked.files, *asked.read] if asked.files or asked.read else words


class Diagnosing(read.Reading):
    """A reading of which the findings are kept."""

    def __init__(self, options: argparse.Namespace, source: Source) -> None:
        silent = Writer("ndjson", sys.stdout.buffer, ["id"], source.interfaces)
        super().__init__(options, {"finding"}, source, Selection(None, None, None), silent)
        self.found: list[Record] = []
        self.packets = 0
        self.health: Record = {}
        self.comment: Record = {}
        self.drops: Record = {}  # of a live capture: what the kernel dropped meanwhile, or why that is not known

    def redact(self, redactor: Redactor) -> None:
        """Tokens in what was found; in the rest, which is words and numbers of ours, in place of addresses."""
        def told(value: object) -> object:
            if isinstance(value, dict):
                return {key: told(each) for key, each in value.items()}
            if isinstance(value, list):
                return list(map(told, value))
            return redactor.value(value, "proto", "flow") if isinstance(value, str) else value
        self.found = [redactor.record(each) for each in self.found]
        self.health, self.drops = ({key: told(each) for key, each in body.items()}
                                   for body in (self.health, self.drops))

    def _loop(self, reading: records.Reading) -> None:
        for _ in self._steps(reading):
            pass
        diagnose = reading.pipeline.get(Diagnose)
        self.found = [{"schema": "netwatch.finding/1", **diagnose.body(each)} for each in diagnose.shown()]
        self.health = diagnose.health
        self.packets = int(reading.pipeline.summary()["packets"])
        if self.options.interface:
            self.drops = kernel_drops(self.options.host)


def kernel_drops(host: Host) -> Record:
    """What the kernel dropped meanwhile, or why that is not known."""
    try:
        return {"kernel_drops": [each.record() for each in host.kernel_drops()]}
    except Unavailable as e:
        return {"kernel_drops_unmeasured": str(e)}


def _dropped(drops: Record, style: str) -> Iterator[str]:
    """The same as text."""
    lines = [*report.dropped(drops.get("kernel_drops", ())), *(
        [f"not measured, {drops['kernel_drops_unmeasured']}"] if "kernel_drops_unmeasured" in drops else [])]
    if lines:
        yield from ("", "## What the kernel dropped", "") if style == "markdown" else ("", "What the kernel dropped:")
    yield from (f"- {line}" if style == "markdown" else f"  {line}" for line in lines)


def _write(reading: Diagnosing, style: str) -> None:
    text: Iterable[str]
    found, packets, health = reading.found, reading.packets, reading.health
    if style == "ndjson":
        text = (json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in found)
    elif style == "json":
        text = (json.dumps({"schema": "netwatch.diagnosis/1", "packets": packets, "health": health,
                            "findings": found, **reading.drops, **reading.comment},
                           ensure_ascii=False, indent=2),)
    else:
        page = (report.markdown if style == "markdown" else report.lines)(found, packets, health)
        text = itertools.chain(page, _dropped(reading.drops, style), _commented(reading.comment, style))
    encoding = (sys.stdout.encoding or "utf-8") if style == "table" else "utf-8"
    sys.stdout.flush()
    for line in text:
        sys.stdout.buffer.write(f"{line}\n".encode(encoding, PLAIN))
    sys.stdout.buffer.flush()
