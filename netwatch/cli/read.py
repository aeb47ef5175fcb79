"""`netwatch read`: analyse captures, or a live interface for a while, without a terminal."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from netwatch.cli import emptiness, formats, log, sandbox
from netwatch.cli.arg_types import parse_duration
from netwatch.cli.errors import EXIT_DAMAGED, CommandError, say, speak
from netwatch.cli.progress import Progress
from netwatch.cli.readoptions import build_parser, check, check_follow, style_of, tell_kinds
from netwatch.cli.redaction_key import redactor_of
from netwatch.cli.selection import (
    clock_of,
    has_plugins,
    kinds_of,
    named_fields,
    parse_fields,
    parse_sort,
    read_settings,
    use_client_names,
    where_of,
)
from netwatch.cli.signals import stopped_by
from netwatch.cli.sources import files_again, open_source, sampled, say_faults
from netwatch.cli.stdio import look_of_tables, paged
from netwatch.model.contract import INFO, AddonError
from netwatch.model.event import Step
from netwatch.model.host import Host
from netwatch.records import reading as records
from netwatch.records.first_pass import MOST
from netwatch.records.kinds import SUMMED, read_kinds
from netwatch.records.output import Output, Sum, Writes
from netwatch.records.selection import Selection
from netwatch.records.values import Record
from netwatch.records.writers import Writer
from netwatch.run.pipeline import Pipeline

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.cli.sampling import Feed
    from netwatch.cli.saving import Saving

OVERRIDES = {"resolve": "names.resolve", "copies": "flows.copies", "sandbox": "sandbox.mode"}  # options above settings


def prepared(arguments: list[str]) -> argparse.Namespace:
    """The options of these words, settings among them."""
    options = build_parser().read(arguments)
    options.files += options.read
    settle(options)
    return options


def settle(options: argparse.Namespace) -> None:
    """Take them for what they say: what they need is made ready. Raises CommandError."""
    speak(options.quiet, options.verbose)
    log.begin(options)
    check(options)
    if options.write is not None:
        from netwatch.cli import saving  # every start would pay for it otherwise

        saving.check_output(options)
    options.settings = read_settings(options.set, options.config)
    for option, setting in OVERRIDES.items():
        if getattr(options, option):
            options.settings = options.settings.but(setting, getattr(options, option), f"--{option}")
    options.host = host_of(options, bool(options.interface))
    options.names = None
    options.redactor = redactor_of(options)
    use_client_names()


def host_of(options: argparse.Namespace, live: bool) -> Host:
    """The machine that is captured on; of a file nobody is asked."""
    if not live:
        return Host()
    helper = sandbox.helper(options.settings)
    if helper is not None:
        return helper
    from netwatch.platform.host import ThisMachine

    return ThisMachine()


def main(arguments: list[str]) -> int:
    return shown(prepared(arguments))


def shown(options: argparse.Namespace) -> int:
    """Print the records that are asked for; the exit code."""
    if options.what == "list":
        tell_kinds()
        return 0
    kinds = {"packets"} if options.bare else kinds_of(options)
    if options.follow is not None:
        check_follow(options)
        kinds = {"streams"}
    where = where_of(options, kinds)
    selection = Selection(where, parse_sort(options.sort, kinds), options.limit, more=has_plugins())
    options.names = parse_fields(options.fields, kinds)
    if options.bare:
        from netwatch.cli import bare

        if bare.straight(options, selection):
            return bare.copied(options, selection)
        kinds = set()
    told = {"heads"} if options.follow is not None else set()
    return answer(options, kinds | told, selection)


def answer(options: argparse.Namespace, kinds: set[str], selection: Selection,
           made: type[Reading] | None = None) -> int:
    """Print what passes; the exit code. `made`: a reading that has its own."""
    if options.by is not None:
        raise CommandError("--by goes with `netwatch read`")
    style = style_for(options, kinds)
    if options.history is not None:
        from netwatch._fast.input.source import Source
        from netwatch.cli import history

        return history.read(options, kinds, selection, open_writer(style, Source(), options), options.settings)
    if options.exported or (options.source and not sampled(options)):
        from netwatch._fast.input.source import Source
        from netwatch.cli import collect

        return collect.read(options, kinds, selection, open_writer(style, Source(), options))
    code = 0
    with sandbox.closing(options.host):
        source = open_source(options)
        try:
            reading = (made or Reading)(options, kinds, source, selection, open_writer(style, source, options))
            with paged(style == "table" and not options.interface and not options.no_pager):
                code = reading.go()
        finally:
            source.close()
    return code


def style_for(options: argparse.Namespace, kinds: set[str]) -> str:
    """The format of the output. Raises CommandError where it does not take the kinds."""
    style = style_of(options)
    formats.check(style, kinds, options)
    return style


def open_writer(style: str, source: Source, options: argparse.Namespace) -> Writes:
    """A writer of the source's records to standard output: UTF-8, or for tables what the terminal can show."""
    sys.stdout.flush()
    other = formats.open_other(style, source.interfaces, options)
    if other is not None:
        return other
    return Writer(style, sys.stdout.buffer, options.names, source.interfaces, sys.stdout.encoding, flat=options.flat,
                  more=has_plugins(), look=look_of_tables(options.wide), waits=not options.interface,
                  clock=clock_of(options), redactor=options.redactor)


def _say(text: str, severity: str) -> None:
    """What an addon has to say; what is well is worth a line to who wants them all."""
    say(text, detail=severity == INFO)


class Reading:
    """One `read` from its first frame to its exit code."""

    def __init__(self, options: argparse.Namespace, kinds: set[str], source: Source, selection: Selection,
                 writer: Writes) -> None:
        self.options = options
        self.kinds = kinds
        self.source = source
        self.selection = selection
        self.writer = writer
        self.interrupted = 0
        self.deadline = None if options.duration is None else time.monotonic() + parse_duration(options.duration)
        self.progress = Progress(source, options.quiet or (sys.stdout.isatty() and writer.style != "table"))
        self._saved: Saving | None = None
        self._feed: Feed | None = getattr(options, "feed", None)
        self._flushes = bool(options.interface or self._feed is not None or getattr(options, "flush", False)
                             or not files_again(options))  # somebody may wait at the other end of a pipe

    def go(self) -> int:
        reading = self._reading()
        self._tell(reading.pipeline)
        if self.options.write:
            from netwatch.cli.saving import Saving  # every start would pay for it otherwise

            self._saved = Saving(self.options, self._open_again if files_again(self.options) else None)
        self._shut_in()
        if self._feed is not None:
            self._feed.begin()
        try:
            with stopped_by(self.stop):
                reading.look_ahead(lambda: bool(self.interrupted))
                if reading.scout is not None and reading.scout.missed:
                    say(f"fields of flows: shown of the first {MOST:,} flows only")
                self._loop(reading)
        finally:
            reading.close()
            if self._saved is not None:
                self._saved.drop()
        self.progress.clear()
        if self._feed is not None:
            self._feed.end()
        say_faults(self.source)
        self._say_of_keys(reading.pipeline)
        emptiness.no_packets(self.options, self.source)
        say(f"{self.source.frames_read:,} packets read, {self.source.bytes_read:,} bytes of input", detail=True)
        if self.interrupted:
            return 128 + self.interrupted
        return EXIT_DAMAGED if self.source.damaged else self.came_to()

    def came_to(self) -> int:
        """The exit code of what passed, after all was read."""
        return emptiness.matched(self.options, self.selection, self.kinds, self.source.frames_read)

    def over(self) -> bool:
        """Is it time to stop, though there may be more?"""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def _reading(self) -> records.Reading:
        """All that is read, opened. Raises CommandError."""
        options = self.options
        order = records.Order(
            kinds=frozenset(read_kinds(self.kinds)), live=bool(options.interface),
            label=", ".join(options.interface or options.files), keylogs=tuple(options.keylog),
            show_secrets=options.show_secrets, stream_limit=options.stream_limit, workers=options.workers,
            dpi=not options.no_dpi, max_frames=options.count, settings=options.settings, host=options.host, say=_say,
            shown=self.writer.flow_keys, apps=self.writer.shows("packet", "app"),
            saved=bool(options.write),
            again=self._open_again if files_again(options) else None,
            copied=self._open_again if self._copied() else None)
        try:
            return records.Reading(order, self.source, self.selection)
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

    def _say_of_keys(self, pipeline: Pipeline) -> None:
        """What was no key in the files that were named for keys."""
        if self.options.keylog and not self.options.no_dpi:
            from netwatch.decrypt.addon import Decrypt

            addon = pipeline.find(Decrypt)
            if addon is not None and addon.malformed:
                say(f"--keylog {', '.join(self.options.keylog)}: {addon.malformed:,} lines are no keys")

    def _shut_in(self) -> None:
        """Everything is open, and no thread runs."""
        sandbox.shut_in(self.options.settings, self.options.keylog or [os.environ.get("SSLKEYLOGFILE", "")],
                        capturing=bool(self.options.interface))

    def _copied(self) -> bool:
        """Can every worker have a reader of its own?"""
        files = self.options.files
        return bool(files) and self.options.count is None and all(os.path.isfile(path) for path in files)

    def _open_again(self) -> Source:
        from netwatch.capture.file import open_files

        return open_files(self.options.files, getattr(self.options, "each", False))

    def _loop(self, reading: records.Reading) -> None:
        if self.options.follow is not None:
            self._follow(reading)
            return
        if self.writer.clock is not None:
            self.writer.clock.start = lambda: reading.pipeline.summary().get("first")
        if self._saved is not None:
            self._saved.begin(reading.pipeline, self.selection, "packets" in self.kinds)
        output = self._output()
        maker = reading.maker(self.writer.described())
        for step in self._steps(reading):
            if self._saved is not None:
                self._saved.step()
            output.take(maker.runs(step))
            if self._saved is not None:
                self._saved.ended(step)
            if self._flushes:
                self.writer.flush()
        if self._saved is not None:
            self._saved.finish()
        self.progress.clear()
        output.finish()
        if "summary" in self.kinds:
            self.writer.summary(self._summary(reading.pipeline))
        self.writer.close()
        if not output.came and self.selection.where is None and "summary" not in self.kinds and self.options.limit != 0:
            emptiness.none_of(self.kinds, self.source.frames_read)
        if self.writer.left_out:
            say(f"no room for {', '.join(self.writer.left_out)}: --wide shows all, --fields those you name")

    def _steps(self, reading: records.Reading) -> Iterator[Step]:
        """All steps, until there is nothing more to be shown."""
        for step in reading.steps(lambda: bool(self.interrupted) or self.over()):
            yield step
            self.progress.show()

    def _follow(self, reading: records.Reading) -> None:
        from netwatch.cli.follow import Conversation

        conversation = Conversation(reading.pipeline, self.options.follow, self.options.follow_as, sys.stdout.buffer,
                                    self.options.show_secrets, self.options.follow_stream)
        for step in self._steps(reading):
            conversation.take(step)
        conversation.finish()

    def _output(self) -> Output:
        """Where the records go, and with --write the frames."""
        by_number = self.writer.style == "table" and "flows" in self.kinds
        saved = self._saved
        return Output(self.writer, self.selection, self.kinds, by_number=by_number,
                      save=saved.take if saved is not None and not saved.copies else None, sums=self._sums())

    def _sums(self) -> Sequence[Sum]:
        """What flows are added up to, besides."""
        asked = [kind for kind in SUMMED if kind in self.kinds]
        if not asked:
            return ()
        from netwatch.stats.summed import Summed

        return [Summed(kind, say, self._alone) for kind in asked]

    @property
    def _alone(self) -> str | None:
        """The file that is read by itself, each record of which names it."""
        return self.options.files[0] if getattr(self.options, "each", False) else None

    def _summary(self, pipeline: Pipeline) -> Record:
        summary = pipeline.summary()
        if self.options.files:
            summary["files"] = self.options.files
            if self._alone is not None:
                summary["file"] = self._alone
        else:
            stats = self.source.stats()
            summary["drops"].update({key: stats[key] for key in ("kernel_drops", "interface_drops", "ring_drops")})
        if self.selection.where is not None:
            summary["matched"] = dict(self.selection.matched)
        return summary

    def stop(self, number: int, frame: object) -> None:
        """A signal wants it to end, with what is known so far."""
        self.interrupted = number
        self.source.interrupt()
