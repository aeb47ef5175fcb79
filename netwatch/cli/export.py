"""`netwatch export`: what was said over HTTP, clear or decrypted, in the forms of others; and files.

  netwatch export --har OUT.har capture.pcap          HTTP archive 1.2, which browsers import
  netwatch export --curl capture.pcap                 a command for each request, to standard output
  netwatch export --objects FOLDER capture.pcap       bodies as files, with an index of what each is, and what SMTP,
                                                      FTP, SMB2 and TFTP carried
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from netwatch import __version__
from netwatch._fast.out.masking import masked_form
from netwatch._fast.out.rawflow import RawFlow
from netwatch.cli import emptiness, read, sandbox
from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError, exit_code_of, say
from netwatch.cli.parser import Parser, refuse_idle
from netwatch.cli.selection import check_where, has_plugins, parse_where
from netwatch.cli.sources import open_source
from netwatch.export import har
from netwatch.export.bodies import Content
from netwatch.export.extracted import CROWDED, Found
from netwatch.export.har import Place
from netwatch.export.transfers import ABOUT, Carried
from netwatch.export.web import Exchange, Exchanges
from netwatch.model.record import Record
from netwatch.records.items import DictItem
from netwatch.records.maker import RecordMaker
from netwatch.records.selection import Selection
from netwatch.records.writers import Writer
from netwatch.store.atomic import Whole, WholeFile, WholeFolder

if TYPE_CHECKING:

    from netwatch._fast.engine import Engine
    from netwatch._fast.input.source import Source
    from netwatch.records.reading import Reading
    from netwatch.run.pipeline import Pipeline

Take = Callable[[Exchange, Place], None]
ENDS = frozenset({"id", "dst", "dport", "app_stack", "decrypted", "tcp_flags_in"})  # of a flow record
HELD_MOST = 1 << 28  # bytes of bodies in one archive
ENTRIES_MOST = 200_000
INDEX = "index.ndjson"
NAME = re.compile(r"[^A-Za-z0-9._-]+")
ENDINGS = {"text/html": ".html", "application/json": ".json", "text/plain": ".txt", "text/css": ".css",
           "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/svg+xml": ".svg",
           "application/javascript": ".js", "text/javascript": ".js", "application/pdf": ".pdf",
           "application/zip": ".zip", "application/xml": ".xml", "text/xml": ".xml"}


def main(arguments: list[str]) -> int:
    p = Parser(prog="netwatch export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    form = p.add_mutually_exclusive_group(required=True)
    form.add_argument("--har", metavar="OUT.har", help="write an HTTP archive")
    form.add_argument("--curl", action="store_true", help="print commands")
    form.add_argument("--objects", metavar="FOLDER", help="write bodies and files into a new folder")
    p.add_argument("files", nargs="*", metavar="FILE", help="captures; several are one")
    p.add_argument("-r", "--read", action="append", default=[], metavar="FILE", help="the same; repeatable")
    p.add_argument("-Y", "--where", metavar="EXPR", help="only exchanges that pass this filter")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE", help="TLS keys in NSS format; repeatable")
    p.add_argument("--show-secrets", action="store_true", help="do not mask passwords, cookies and the like")
    p.add_argument("--force", action="store_true", help="with --har: replace the file")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    p.add_argument("--sandbox", choices=("off", "on", "strict"), help="as `netwatch read` has it")
    options = p.read(arguments)
    options.files += options.read
    if not options.files:
        p.error("a FILE is needed: a capture")
    refuse_idle((options.force, "--force", "" if options.har else "--har"))
    where = parse_where(options.where, ["http"])
    check_where(where, ["http"])
    prepared = read.prepared(_words(options))
    out = _out(options)
    try:
        source = open_source(prepared)
        try:
            selection = Selection(where, None, None, more=has_plugins())
            return _export(options, prepared, source, selection, out)
        finally:
            source.close()
    except BrokenPipeError:
        raise
    except OSError as e:
        where_to = options.har or options.objects or "the output cannot be written"
        raise CommandError(f"{where_to}: {e.strerror}", EXIT_UNAVAILABLE) from None
    finally:
        if out is not None:
            out.drop()
        prepared.host.close()


def _export(options: argparse.Namespace, prepared: argparse.Namespace, source: Source, selection: Selection,
            out: Whole | None) -> int:
    if isinstance(out, WholeFile):
        archive = Archive()
        exporting = Exporting(prepared, source, selection, archive.take)
        code = exporting.go()
        with open(out.fd, "w", encoding="utf-8", errors="replace") as file:
            json.dump(har.har(archive.entries, __version__), file, ensure_ascii=False, indent=1)
            file.write("\n")
        out.keep()
        said = f"{len(archive.entries):,} exchanges" + archive.words
    elif out is not None:
        assert isinstance(out, WholeFolder)
        objects = Objects(out)
        exporting = Exporting(prepared, source, selection, objects.take, str(out.made), objects.carried)
        code = exporting.go()
        objects.close()
        out.keep()
        said = f"{objects.count:,} objects, {objects.size:,} bytes" + objects.words
    else:
        commands = Commands()
        exporting = Exporting(prepared, source, selection, commands.take)
        code = exporting.go()
        if selection.where is None and not commands.count + commands.left_out:
            emptiness.none_of({"http"}, source.frames_read)
        if commands.left_out:
            say(f"{commands.left_out:,} requests are left out: their bodies are not all there, or no command says them")
        return code
    if exporting.exchanges.left_out:
        say(f"the bodies of {exporting.exchanges.left_out:,} connections are left out: there was no room for them")
    say(f"{out.path}: {said}")
    return code


class Exporting(read.Reading):
    """A reading that hands out exchanges when their connection is over."""

    def __init__(self, options: argparse.Namespace, source: Source, selection: Selection, take: Take,
                 folder: str = "", carried: Callable[[Found, Record], None] | None = None) -> None:
        super().__init__(options, {"http", "streams"}, source, selection,
                         Writer("ndjson", sys.stdout.buffer, None, source.interfaces))
        self.exchanges = Exchanges()
        self._take, self._folder = take, folder
        self._files, self._carried = Carried(), carried

    def _shut_in(self) -> None:
        sandbox.shut_in(self.options.settings, self.options.keylog, [self._folder] if self._folder else [])

    def _loop(self, reading: Reading) -> None:
        pipeline = reading.pipeline
        maker = RecordMaker(pipeline, {"http"}, self.options.show_secrets, scout=reading.scout)
        for step in self._steps(reading):
            items = (item for item in maker.items(step) if isinstance(item, DictItem) and item.kind == "http")
            for event in step.events:
                if event.kind == "streams":
                    if self._carried is None or not self._files.bytes_came(event):
                        self.exchanges.bytes_came(event)
                elif event.kind == "http":
                    item = next(items)
                    self.exchanges.exchange_came(event, item.record(), self.selection.passes(item))
            for engine, row in step.ended:
                self._hand(pipeline, engine, row)

    def _hand(self, pipeline: Pipeline, engine: Engine, row: int) -> None:
        raw = RawFlow(engine, row)
        carrier = self._files.ended(engine, row)
        if carrier is not None and self._carried is not None:
            flow = pipeline.record(engine, row, wanted=ABOUT)
            for found in carrier.finish(flow, raw.initiator_side):
                if self._passes(pipeline, engine, row, found.protocol):
                    self._carried(found, flow)
        if not self.exchanges.holds(engine, row):
            return
        flow = pipeline.record(engine, row, wanted=ENDS)
        place = _place(flow)
        for exchange in self.exchanges.ended(engine, row, raw.initiator_side, "FIN" in flow.get("tcp_flags_in", ())):
            if exchange.wanted:
                if exchange.request is not None and not self.options.show_secrets:
                    data, exchange.masked = masked_form(bytes(exchange.request.data))
                    exchange.request.data = bytearray(data)
                self._take(exchange, place)

    def _passes(self, pipeline: Pipeline, engine: Engine, row: int, protocol: str) -> bool:
        """Does the flow of a file pass the filter? Its app is the protocol as well: what FTP carries is of ftp."""
        where = self.selection.where
        if where is None:
            return True
        record = pipeline.record(engine, row, self.options.show_secrets)
        return where.matches({**record, "app": list(dict.fromkeys((protocol, record.get("app"))))})


def _place(flow: Record) -> Place:
    stack = flow.get("app_stack", ())
    secure = bool(flow.get("decrypted")) or "tls" in stack or "quic" in stack
    return Place(secure, flow.get("dst", ""), flow.get("dport"), flow.get("id", 0))


class Archive:
    """What an HTTP archive is made of; bodies for which there is no room are left out."""

    def __init__(self) -> None:
        self.entries: list[tuple[Exchange, Place]] = []
        self._held = self._bare = self._missed = 0
        self._lacking: Counter[str] = Counter()

    def take(self, exchange: Exchange, place: Place) -> None:
        self._lacking.update(exchange.missing.values())
        if len(self.entries) >= ENTRIES_MOST:
            self._missed += 1
            return
        for name in ("request", "response"):
            content: Content | None = getattr(exchange, name)
            if content is not None and self._held + len(content.data) > HELD_MOST:
                setattr(exchange, name, None)
                exchange.missing[name] = CROWDED
                self._bare += 1
            elif content is not None:
                self._held += len(content.data)
        self.entries.append((exchange, place))

    @property
    def words(self) -> str:
        """What is left out."""
        bare = f"; {self._bare:,} bodies are left out: there was no room for them" if self._bare else ""
        return bare + _lacking(self._lacking, "bodies") + (
            f"; {self._missed:,} more exchanges are left out" if self._missed else "")


def _lacking(missing: Counter[str], what: str) -> str:
    """How many are not there, and why."""
    return "".join(f"; {count:,} {what} are left out: {why}" for why, count in sorted(missing.items()))


class Objects:
    """A file for each body, and a line of the index."""

    def __init__(self, folder: WholeFolder) -> None:
        self._folder = folder
        self._index = folder.new_file(INDEX)
        self.count = self.size = 0
        self._lacking: Counter[str] = Counter()

    @property
    def words(self) -> str:
        """What is left out."""
        return _lacking(self._lacking, "bodies and files")

    def take(self, exchange: Exchange, place: Place) -> None:
        for side, part, content in (("out", "request", exchange.request), ("in", "response", exchange.response)):
            if part in exchange.missing:
                self._body(exchange.record, place, side, None, {"missing": exchange.missing[part]})
            elif content is not None and content.data:
                more: Record = {"masked": True} if side == "out" and exchange.masked else {}
                self._body(exchange.record, place, side, bytes(content.data), more)

    def carried(self, found: Found, flow: Record) -> None:
        """A file that another protocol than HTTP carried."""
        line: Record = {"protocol": found.protocol, "name": found.name} if found.name else {"protocol": found.protocol}
        line |= {"missing": found.missing} if found.missing else {}
        self._write(_named(found.name.replace("\\", "/"), found.kind), None if found.missing else found.data,
                    {"time": flow.get("first"), "flow": flow.get("id"), "dir": "out" if found.sent else "in", **line},
                    found.kind)

    def close(self) -> None:
        self._index.close()

    def _body(self, record: Record, place: Place, side: str, data: bytes | None, more: Record) -> None:
        headers = record.get(f"{'request' if side == 'out' else 'response'}_headers", {})
        kind = str(headers.get("content-type", ""))
        about: Record = {"time": record["time"], "flow": place.flow, "dir": side, "protocol": "http",
                         "url": har.url(record, place), **more}
        self._write(_named(str(record.get("path", "")), kind), data, about, kind)

    def _write(self, name: str, data: bytes | None, about: Record, kind: str) -> None:
        """A line, and its file; `data` None: why there is none is in `about`."""
        line: Record = {"schema": "netwatch.object/1"}
        if data is not None:
            self.count += 1
            self.size += len(data)
            name = f"{self.count:06d}-{name}"
            with self._folder.new_file(name) as out:
                out.write(data)
            line["file"] = name
        else:
            self._lacking[about["missing"]] += 1
        line |= {key: value for key, value in about.items() if value is not None}
        line |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} if data is not None else {}
        line |= {"content_type": kind} if kind else {}
        self._index.write((json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode())


def _named(path: str, kind: str) -> str:
    """What the path and the kind say, in characters that no system takes amiss."""
    last = NAME.sub("_", path.partition("?")[0].rstrip("/").rpartition("/")[2])[-80:].lstrip(".-").rstrip(".")
    ending = ENDINGS.get(kind.partition(";")[0].strip().lower(), "")
    return last if "." in last else (last or "index") + (ending or ".bin")


class Commands:
    """Of curl, printed; a request of whose body something is missing is none."""

    def __init__(self) -> None:
        self.count = self.left_out = 0

    def take(self, exchange: Exchange, place: Place) -> None:
        command = har.curl(exchange, place) if "request" not in exchange.missing else ""
        if command:
            print(command)
            self.count += 1
        else:
            self.left_out += "method" in exchange.record


def _out(options: argparse.Namespace) -> Whole | None:
    """Where it goes; None: standard output. Raises CommandError."""
    path = options.har or options.objects
    if not path and not options.curl:
        raise CommandError("a name is empty: --har OUT.har, --objects FOLDER")
    if path == "-":
        raise CommandError("--har -: an archive goes into a file; name one" if options.har else
                           "--objects -: bodies go into a folder; name one")
    try:
        if options.har:
            return WholeFile(path, options.force)
        return WholeFolder(path) if options.objects else None
    except OSError as e:
        raise CommandError(f"{path}: {e.strerror}", exit_code_of(e)) from None


def _words(options: argparse.Namespace) -> list[str]:
    """The words of `netwatch read` that say the same."""
    words = ["--what", "http,streams", "--format", "ndjson"]
    for name in ("keylog", "set"):
        words += [word for value in getattr(options, name) for word in (f"--{name}", value)]
    for name in ("where", "config", "sandbox"):
        words += [f"--{name}={getattr(options, name)}"] if getattr(options, name) else []
    return [*words, *["--show-secrets"] * options.show_secrets, "--", *options.files]
