"""`--write`: the packets that pass, as one pcapng file with all that is known of them; where the name says pcap, as
that and a second file of what is known. It is whole, or not there.

Files are read once more, when it is known what their flows were (copying.py). Live, packets wait in memory until it is
known whose their flow is; those of a pipe are written as they come.
"""

from __future__ import annotations

import argparse
import errno
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from netwatch._fast.input.pcapngwriter import CaptureWriter
from netwatch._fast.out.events import write_frames
from netwatch._fast.view.framering import FrameRing
from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError, exit_code_of, say
from netwatch.cli.sources import refuse_own
from netwatch.export.evidence import KEYS, Told
from netwatch.model.record import Record
from netwatch.recorder.pending import ChosenLine
from netwatch.records.output import unbroken
from netwatch.store.atomic import WholeFile
from netwatch.store.compressing import ENDINGS, Packing

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch._fast.out.packetrows import PacketRows
    from netwatch.cli.copying import Copying
    from netwatch.model.event import Step
    from netwatch.records.selection import Selection
    from netwatch.run.pipeline import Pipeline

CLASSIC = (".pcap", ".cap")  # names of files of the older format
BESIDE = ".jsonl"  # what follows the name of the file beside one of these
TLS_KEY_LOG = 0x544C534B  # ng 4.7.1
SECRETS_MOST = 1 << 23  # bytes of one block
WAIT_NS = 3_000_000_000  # owners are asked about for two seconds (owners/addon.py)


def _writer(path: str, fds: Sequence[int], classic: bool) -> CaptureWriter:
    """Of pcapng, or of pcap and the lines beside it, where there are any."""
    if not classic:
        return CaptureWriter(path, fd=fds[0])
    from netwatch._fast.input.classicwriter import ClassicWriter

    return ClassicWriter(path, fds[0], fds[1] if len(fds) > 1 else -1)


def _instead(path: str, number: int | None) -> str:
    """What to do where no capture can be written."""
    if number != errno.EEXIST:
        return ""
    if os.path.realpath(path) == os.devnull:
        return "; without --write nothing is saved"
    return "; --force replaces it" if os.path.isfile(path) else "; name a file"


def _is_classic(path: str) -> bool:
    return path.removesuffix(".gz").removesuffix(".zst").endswith(CLASSIC)


def check_output(options: argparse.Namespace) -> None:
    """Raises CommandError for a --write that cannot be meant, before anything is opened."""
    refused = refuse_own(options.write, options.files)
    if not refused and _is_classic(options.write) and options.with_secrets:
        refused = "a pcap file has no room for keys; name it .pcapng"
    if refused:
        raise CommandError(f"--write {options.write}: {refused}")


class Saving:
    """Made before the process shuts itself in; begin() before the first frame."""

    def __init__(self, options: argparse.Namespace, again: Callable[[], Source] | None) -> None:
        """`again` opens the input once more, None where that cannot be. Raises CommandError where the file cannot be
        made."""
        self.path: str = options.write
        self._with_secrets: bool = options.with_secrets
        self._bare: bool = getattr(options, "bare", False)
        self._files: list[WholeFile] = []
        beside = self.path + BESIDE if _is_classic(self.path) else ""
        for path in (self.path, *([beside] if beside and not self._bare else [])):
            try:
                self._files.append(WholeFile(path, options.force, beside if self._bare else ""))
            except OSError as e:
                self._drop_files()
                there = e.filename if e.filename == beside else path
                raise CommandError(f"--write {there}: {e.strerror}{_instead(there, e.errno)}",
                                   exit_code_of(e)) from None
        fds = [file.fd for file in self._files]
        self._packing = Packing(self.path, fds[0]) if self.path.endswith(ENDINGS) else None
        self._writer = _writer(self.path, [self._packing.fd, *fds[1:]] if self._packing is not None else fds,
                               _is_classic(self.path))
        self._line: ChosenLine | None = None
        self._again = again() if again is not None else None
        self._copying: Copying | None = None

    @property
    def packets(self) -> int:
        """Written so far."""
        return int(self._writer.packets)

    @property
    def copies(self) -> bool:
        """Is all of it written in the end? Then what passes is not asked of the records' selection."""
        return self._again is not None

    def begin(self, pipeline: Pipeline, selection: Selection, shown: bool) -> None:
        """`shown`: packets are, so that the selection counts them."""
        self._pipeline, self._selection, self._shown = pipeline, selection, shown
        self._told = Told()
        if self._again is not None:
            from netwatch.cli.copying import Copying

            self._copying = Copying(self._again, pipeline, selection.where, self._bare)
            if not shown:
                selection.count("packet", 0, 0)
        elif pipeline.purpose.live:
            engine = pipeline.engines[0]
            ring = FrameRing(pipeline.settings.of("capture.hold_mb") << 20)
            ring.attach(engine)
            self._line = ChosenLine(ring, engine, lambda row, keys: pipeline.record(engine, row, wanted=keys), WAIT_NS)

    def step(self) -> None:
        """The packets of another chunk are to come. Secrets go before those that they open."""
        self._told.step()
        if self._with_secrets:
            from netwatch.decrypt.addon import Decrypt

            addon = self._pipeline.find(Decrypt)
            lines = addon.secrets() if addon is not None else b""
            for at in range(0, len(lines), SECRETS_MOST):
                self._writer.add_secrets(TLS_KEY_LOG, lines[at : at + SECRETS_MOST])

    def take(self, packets: PacketRows, places: Sequence[int]) -> None:
        """Those that pass, in order. Raises CommandError."""
        if self._line is not None:
            for first, last in unbroken(places):
                self._line.choose(packets.frame(first), packets.frame(last - 1) + 1)
            return
        source: Source = self._pipeline.source
        told = self._told

        def note_of(flow: int, place: int) -> bytes:
            return b"" if self._bare else told.of(flow, lambda: self._flow(packets, place))

        try:
            self._writer.follow(source.interfaces)
            write_frames(self._pipeline.box, self._writer, packets, places, told.made, note_of)
        except OSError as e:
            raise self._failed(e) from None

    def ended(self, step: Step) -> None:
        """The packets of the step were taken; these of its flows are over, and what waited long enough is written.
        Raises CommandError."""
        if self._copying is not None:
            self._copying.step(step)
        elif self._line is not None:
            for _, row in step.ended:
                self._line.ended(row)
            self._line.move(self)

    def put(self, write: Callable[[CaptureWriter], int], first_ns: int, last_ns: int) -> int:
        """See recorder.line.Output. Raises CommandError."""
        try:
            self._writer.follow(self._pipeline.source.interfaces)
            return write(self._writer)
        except OSError as e:
            raise self._failed(e) from None

    def finish(self) -> None:
        """Nothing more comes: names and statistics, and the file is there. Raises CommandError."""
        names = self._told.names
        if self._line is not None:
            self._line.move(self, all_of_it=True)
            names = self._line.names
            if self._line.lost:
                say(f"{self.path}: {self._line.lost:,} packets are missing for want of memory; see capture.hold_mb")
        try:
            if self._copying is not None:
                names = self._copy(self._copying)
            self._keep(self._pipeline.source, names)
        except OSError as e:
            raise self._failed(e) from None

    def straight(self, source: Source, copy: Callable[[CaptureWriter], int]) -> int:
        """In place of all the others: `copy` writes what passes, and that is the file; how many. Raises
        CommandError."""
        try:
            self._writer.follow(source.interfaces)
            written = copy(self._writer)
            self._keep(source, {})
        except OSError as e:
            raise self._failed(e) from None
        return written

    def _keep(self, source: Source, names: dict[str, str]) -> None:
        """The file is there, with names of addresses and statistics. Raises OSError."""
        self._writer.follow(source.interfaces)
        if names:
            self._writer.add_names(sorted(names.items()))
        found = source.stats().get("interfaces", {})
        for number, interface in enumerate(source.interfaces):
            self._writer.add_statistics(number, found.get(interface["name"]))
        self._writer.close()
        if self._packing is not None:
            self._packing.finish()
        for file in reversed(self._files):  # the capture is there when all of it is
            file.keep()

    def drop(self) -> None:
        """It did not come to finish(): there is no file."""
        self._drop_files()
        if self._again is not None:
            self._again.close()

    def _drop_files(self) -> None:
        for file in self._files:
            file.drop()

    def _copy(self, copying: Copying) -> dict[str, str]:
        """Write what was marked; the names that it is to have. Raises OSError."""
        written = copying.copy(self._writer)
        if copying.beyond:
            say(f"{self.path}: {copying.beyond:,} packets are not written: only so many frames of a capture are looked "
                "at; write it in parts")
        if copying.missed:
            say(f"{self.path}: of {copying.missed:,} flows nothing is written beside their packets: they are too many")
        if not self._shown:
            self._selection.count("packet", copying.seen, written)
        return copying.names

    def _flow(self, packets: PacketRows, place: int) -> Record | None:
        """What is known of the packet's flow."""
        engine, row = self._pipeline.flow_of(packets, place)
        return self._pipeline.record(engine, row, wanted=KEYS) if row else None

    def _failed(self, e: OSError) -> CommandError:
        self.drop()
        return CommandError(f"--write {self.path}: {e.strerror}; nothing of it is kept", EXIT_UNAVAILABLE)
