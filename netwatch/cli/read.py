"""`netwatch read`: analyse captures, or a live interface for a while, without a terminal."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from netwatch._fast.input.source import SourceError
from netwatch.cli.arguments import KINDS, build_parser, parse_duration
from netwatch.cli.errors import EXIT_DAMAGED, EXIT_UNAVAILABLE, EXIT_USAGE, CommandError, say
from netwatch.cli.selection import (
    check_where,
    named_fields,
    parse_fields,
    parse_sort,
    parse_where,
    read_settings,
    use_client_names,
)
from netwatch.model.contract import INFO, Addon, AddonError, Purpose
from netwatch.model.event import Step
from netwatch.model.host import Host
from netwatch.records.maker import RecordMaker
from netwatch.records.output import Output, Save
from netwatch.records.selection import Selection, singular
from netwatch.records.values import Record
from netwatch.records.writers import Writer
from netwatch.run import addons
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch._fast.out.packetrows import PacketRows
    from netwatch.filter import Filter
    from netwatch.records.scout import Scout

LATER_KINDS = ("events", "alerts", "hosts", "processes")
EVENT_KINDS = {"packets", "dns", "http", "streams"}
JUDGED = {"packets", "dns", "http"}  # kinds whose records are made before their flow is over
PROGRESS_EVERY = 0.2  # seconds


def prepared(arguments: list[str]) -> argparse.Namespace:
    """The options of these words, settings among them."""
    options = build_parser().parse_args(arguments)
    options.settings = read_settings(options.set, options.config)
    if options.resolve:
        options.settings = options.settings.but("names.resolve", True, "--resolve")
    options.host = _host(options)
    options.names = None
    use_client_names()
    return options


def _host(options: argparse.Namespace) -> Host:
    """The machine that is captured on; of a file nobody is asked."""
    if not options.interface:
        return Host()
    from netwatch.platform.host import ThisMachine

    return ThisMachine()


def main(arguments: list[str]) -> int:
    options = prepared(arguments)
    kinds = _kinds(options)
    if options.follow is not None:
        kinds = _alone(options)
    where, more = parse_where(options.where), has_plugins()
    check_where(where, kinds | ({"packets"} if options.write else set()))
    selection = Selection(where, parse_sort(options.sort, kinds, more), options.limit, more=more)
    options.names = parse_fields(options.fields, kinds, more)
    style = style_of(options, kinds)
    try:
        source = open_source(options)
        try:
            return Reading(options, kinds, source, selection, open_writer(style, source, options)).go()
        finally:
            source.close()
    finally:
        options.host.close()


def style_of(options: argparse.Namespace, kinds: set[str]) -> str:
    """The format of the output. Raises CommandError where it does not take the kinds."""
    style: str = options.format or ("table" if sys.stdout.isatty() else "ndjson")
    if style == "csv" and len(kinds) > 1:
        raise CommandError("--format csv takes one kind of record; name one with --what")
    return style


def open_writer(style: str, source: Any, options: argparse.Namespace) -> Writer:
    """A writer of the source's records to standard output: UTF-8, or for tables what the terminal can show."""
    sys.stdout.flush()
    return Writer(style, sys.stdout.buffer, options.names, source.interfaces, sys.stdout.encoding, flat=options.flat,
                  more=has_plugins())


def has_plugins() -> bool:
    """May flows have fields that the schema does not know, of users' own classifiers and addons?"""
    from netwatch.plugins.code import paths

    return bool(paths("classifiers") or paths("addons"))


def _kinds(options: argparse.Namespace) -> set[str]:
    asked = [kind for kind in options.what.split(",") if kind]
    for kind in asked:
        if kind in LATER_KINDS:
            raise CommandError(f"--what {kind}: not available in this version", EXIT_UNAVAILABLE)
        if kind not in KINDS and kind not in addons.kinds():
            raise CommandError(f"--what {kind}: no such kind; there are {', '.join((*KINDS, *addons.kinds()))}")
    if not asked:
        raise CommandError("--what needs a kind of record")
    if not 1 <= options.workers <= 64:
        raise CommandError("--workers: a number from 1 to 64")
    return set(asked)


def _alone(options: argparse.Namespace) -> set[str]:
    """--follow prints one conversation and nothing else: the kinds it is made of."""
    for name in ("where", "fields", "sort", "limit", "write"):
        if getattr(options, name) is not None:
            raise CommandError(f"--follow and --{name} do not go together")
    if options.format not in (None, "table"):
        raise CommandError(f"--follow prints text, not {options.format}; --follow-as text, hex or raw")
    return {"streams"}


def open_source(options: argparse.Namespace) -> Any:
    """The files or interfaces. Raises CommandError."""
    if bool(options.files) == bool(options.interface):
        raise CommandError("read needs one or more files, or -i with an interface")
    try:
        if options.interface:
            return _open_interfaces(options)
        if options.capture_filter or options.duration is not None:
            raise CommandError("--capture-filter and --duration go with -i; files take --where")
        from netwatch.capture.file import open_files

        return open_files(options.files)
    except SourceError as e:
        raise CommandError(str(e), e.exit_code) from None


def _open_interfaces(options: argparse.Namespace) -> Any:
    """What finds owners is made ready first, so that the first flow can have one; the caller closes the host."""
    from netwatch.capture.live import open_live

    kinds = options.what.split(",")
    if ("flows" in kinds or options.where is not None) and options.settings.of("owners.find"):
        options.host.find_owners()
    return open_live(options.interface, options.capture_filter, options.settings.of("capture.snaplen"),
                     options.settings.of("capture.ring_mb"))


def _say(text: str, severity: str) -> None:
    """What an addon has to say; what is well is not worth a line here."""
    if severity != INFO:
        say(text)


def speaks_of_flows(where: Filter | None) -> bool:
    """May the flow of a record decide whether that passes?"""
    from netwatch.schema import BY_NAME

    return where is not None and any("flow" in BY_NAME[name].kinds for name in where.fields)


def files_again(options: argparse.Namespace) -> bool:
    """Is all that is read in files, which can be read twice?"""
    paths = [*options.files, *options.keylog]
    return bool(options.files) and all(os.path.isfile(path) for path in paths)


class Reading:
    """One `read` from its first frame to its exit code."""

    def __init__(self, options: argparse.Namespace, kinds: set[str], source: Source, selection: Selection,
                 writer: Writer) -> None:
        self.options = options
        self.kinds = kinds
        self.source = source
        self.selection = selection
        self.writer = writer
        self.interrupted = 0
        self.deadline = None if options.duration is None else time.monotonic() + parse_duration(options.duration)
        self._progress_at = time.monotonic() + 1.0 if sys.stderr.isatty() else float("inf")
        self._drawn = False
        self._saved: Any = None
        self.scout: Scout | None = None

    def go(self) -> int:
        wanted = (self.kinds & EVENT_KINDS) | ({"packets"} if self.options.write else set())
        hold = self.kinds != {"summary"} or bool(wanted) or self.selection.where is not None
        shown = frozenset[str]().union(*(self._flow_keys(kind) for kind in wanted & JUDGED & self.kinds))
        judged = bool(wanted & JUDGED) and (bool(shown) or speaks_of_flows(self.selection.where))
        again = files_again(self.options)
        pipeline = self._pipeline(wanted, hold, each=judged and not again)
        self._tell(pipeline)
        old = [signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)]
        try:
            if again and (judged or ("packets" in self.kinds and self.writer.shows("packet", "app"))):
                self._look_ahead(self.selection.where if judged else None, shown)
            self._loop(pipeline)
        finally:
            for s, handler in zip((signal.SIGINT, signal.SIGTERM), old, strict=True):
                signal.signal(s, handler)
            pipeline.close()
        self._clear_progress()
        if self.source.error:
            print(f"netwatch: {self.source.error}", file=sys.stderr)
        if self.interrupted:
            return 128 + self.interrupted
        return EXIT_DAMAGED if self.source.damaged else 0

    def over(self) -> bool:
        """Is it time to stop, though there may be more?"""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def _pipeline(self, wanted: set[str], hold: bool, source: Any = None, *, each: bool = False) -> Pipeline:
        """`source`: not that of the records; what there is to say of it has been said."""
        options, settings = self.options, self.options.settings
        purpose = Purpose(live=bool(options.interface), label=", ".join(options.interface or options.files),
                          kinds=frozenset(self.kinds), keylogs=tuple(options.keylog),
                          show_secrets=options.show_secrets, final=True)
        try:
            return Pipeline(source or self.source, addons=self._addons(), purpose=purpose, settings=settings,
                            host=options.host, say=_say if source is None else None,
                            copies=self._copies if self._copied() and source is None else None,
                            workers=1 if each else options.workers, want=wanted, hold=hold, dpi=not options.no_dpi,
                            facts=hold, max_frames=options.count, max_flows=settings.of("flows.max"),
                            timeouts=settings.timeouts, each=each)
        except AddonError as e:
            raise CommandError(str(e), e.exit_code) from None

    def _tell(self, pipeline: Pipeline) -> None:
        """What cannot be known here, and whom to thank."""
        named = named_fields(self.selection.where, self.options.names, self.kinds)
        for addon in pipeline.addons:
            for line in (*addon.missing(named), *addon.credits()):
                say(line)
        if self.options.host.owners is not None:
            from netwatch.owners.addon import FlowOwners

            method, why = pipeline.get(FlowOwners).method()
            if why:
                say(f"owners of flows: {f'by {method}' if method else 'not known'}; {why}")

    def _flow_keys(self, kind: str) -> frozenset[str]:
        """The keys of flow records that records of a kind are shown with, or sorted by."""
        return self.writer.flow_keys(singular(kind)) | self.selection.sort_keys(singular(kind))

    def _look_ahead(self, where: Filter | None, shown: frozenset[str]) -> None:
        """Read the files once before, for what their flows turn out to be (records/scout.py)."""
        from netwatch.capture.file import open_files
        from netwatch.records.scout import MOST, Scout

        source = open_files(self.options.files)
        pipeline = self._pipeline(set(), True, source)
        self.scout = Scout(where, shown, self.options.show_secrets)
        try:
            self.scout.look(pipeline, lambda: bool(self.interrupted))
        finally:
            pipeline.close()
            source.close()
        if self.scout.missed:
            say(f"fields of flows: shown of the first {MOST:,} flows only")
        if where is not None:
            self.selection.scout = self.scout

    def _addons(self) -> list[Addon]:
        """Those that records need: of flows, of their own kinds, or to filter by."""
        flows = ("flows" in self.kinds or not self.kinds <= set(KINDS) or self.selection.where is not None
                 or any(map(self._flow_keys, self.kinds)))
        return addons.load(() if self.options.no_dpi else addons.CONTENT, addons.RECORDS if flows else (),
                           addons.users())

    def _copied(self) -> bool:
        """Can every worker have a reader of its own?"""
        files = self.options.files
        return bool(files) and self.options.count is None and all(os.path.isfile(path) for path in files)

    def _copies(self) -> list[Any]:
        from netwatch.capture.file import open_files

        return [open_files(self.options.files) for _ in range(self.options.workers - 1)]

    def _loop(self, pipeline: Pipeline) -> None:
        if self.options.follow is not None:
            self._follow(pipeline)
            return
        output = self._output(pipeline)
        maker = RecordMaker(pipeline, self.kinds, self.options.show_secrets, self.options.stream_limit,
                            self.writer.described(), self.scout)
        for step in self._steps(pipeline):
            output.take(maker.items(step))
            if self.options.interface:
                self.writer.flush()
        if self._saved is not None:
            self._saved.close()
        output.finish()
        if "summary" in self.kinds:
            self.writer.summary(self._summary(pipeline))
        self.writer.close()

    def _steps(self, pipeline: Pipeline) -> Iterator[Step]:
        """All steps, until there is nothing more to be shown."""
        while not self.interrupted and not self.selection.satisfied(self.kinds):
            step = pipeline.step()
            if step is None:
                break
            if self.scout is not None and step.packets is not None:
                step.packets.know(self.scout.apps)
            yield step
            self._show_progress()
            if self.over():
                break
        if not self.selection.satisfied(self.kinds):
            yield pipeline.finish()

    def _follow(self, pipeline: Pipeline) -> None:
        from netwatch.cli.follow import Conversation

        conversation = Conversation(pipeline, self.options.follow, self.options.follow_as, sys.stdout.buffer)
        for step in self._steps(pipeline):
            conversation.take(step)
        conversation.finish()

    def _output(self, pipeline: Pipeline) -> Output:
        """Where the records go, and with --write the frames."""
        save: Save | None = None
        if self.options.write:
            from netwatch._fast.input.pcapngwriter import CaptureWriter
            from netwatch._fast.out.events import write_frame

            try:
                saved = self._saved = CaptureWriter(self.options.write, self.options.force)
            except OSError as e:
                raise CommandError(f"--write {self.options.write}: {e.strerror}", EXIT_USAGE) from None

            def save(packets: PacketRows, place: int) -> None:
                saved.follow(self.source.interfaces)
                write_frame(pipeline.box, saved, packets, place)

        by_number = self.writer.style == "table" and "flows" in self.kinds
        return Output(self.writer, self.selection, self.kinds, by_number=by_number, save=save)

    def _summary(self, pipeline: Pipeline) -> Record:
        summary = pipeline.summary()
        if self.options.files:
            summary["files"] = self.options.files
        else:
            stats = self.source.stats()
            summary["drops"].update({key: stats[key] for key in ("kernel_drops", "interface_drops", "ring_drops")})
        if self.selection.where is not None:
            summary["matched"] = dict(self.selection.matched)
        return summary

    def _stop(self, number: int, frame: object) -> None:
        self.interrupted = number
        self.source.interrupt()

    def _show_progress(self) -> None:
        now = time.monotonic()
        if now < self._progress_at:
            return
        self._progress_at = now + PROGRESS_EVERY
        done = f"{100 * self.source.bytes_read / self.source.size:.0f} %, " if self.source.size else ""
        print(f"\r\033[Kreading: {done}{self.source.frames_read:,} packets", end="", file=sys.stderr, flush=True)
        self._drawn = True

    def _clear_progress(self) -> None:
        if self._drawn:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
