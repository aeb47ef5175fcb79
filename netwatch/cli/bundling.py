"""Making a bundle: one reading, whose records go into a file for each kind, with sums of them beside."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from netwatch import __version__
from netwatch.bundle import egress, summary
from netwatch.bundle.manifest import seal
from netwatch.cli import read, sandbox
from netwatch.cli.diagnose import kernel_drops
from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError, exit_code_of, say
from netwatch.cli.saving import Saving
from netwatch.cli.selection import has_plugins, kinds_of, where_of
from netwatch.cli.sources import open_source
from netwatch.diagnose.addon import Diagnose
from netwatch.model.record import Record
from netwatch.recorder.window import PAGE
from netwatch.records.items import Item, Packets
from netwatch.records.reading import Reading
from netwatch.records.selection import Selection
from netwatch.records.settled import Settled
from netwatch.records.writers import Writer
from netwatch.stats.frames import Expert, InputOutput
from netwatch.stats.show import as_json_lines
from netwatch.store import files
from netwatch.store.atomic import WholeFolder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from netwatch._fast.input.source import Source
    from netwatch.run.pipeline import Pipeline

SECOND_NS = 1_000_000_000
PACKETS = "packets.pcapng"
FILES = {"flow": "connections.ndjson", "dns": "dns.ndjson", "http": "http.ndjson", "tls": "tls.ndjson",
         "alert": "alerts.ndjson", "finding": "findings.ndjson"}
ORDER = ("summary.md", *FILES.values(), "egress.ndjson", "bandwidth.ndjson", "health.ndjson", PACKETS)
SHOWN_MOST = 1000  # alerts and findings that the page is made of


def gather(options: argparse.Namespace, out: Path, key: Ed25519PrivateKey) -> int:
    """Read all of it, and leave a bundle; the exit code. Raises CommandError."""
    kinds = kinds_of(options)
    selection = Selection(where_of(options, kinds), None, None, more=has_plugins())
    try:
        folder = WholeFolder(str(out))
    except OSError as e:
        raise CommandError(f"{out}: {e.strerror}", exit_code_of(e)) from None
    options.write, options.force = str(folder.made / PACKETS), False
    try:
        with sandbox.closing(options.host):
            source = open_source(options)
            try:
                code = _gathered(options, kinds, source, selection, folder, key)
            finally:
                source.close()
    except OSError as e:
        raise CommandError(f"{out}: {e.strerror}; nothing of it is kept", EXIT_UNAVAILABLE) from None
    finally:
        folder.drop()
    return code


def _gathered(options: argparse.Namespace, kinds: set[str], source: Source, selection: Selection, folder: WholeFolder,
              key: Ed25519PrivateKey) -> int:
    reading = Gathering(options, kinds, source, selection, folder)
    code = reading.go()
    seal(folder, ORDER, reading.about, key)
    folder.keep()
    about = reading.about
    say(f"{folder.path}: {about['packets']:,} packets, {about['flows']:,} flows, {about['alerts']:,} alerts, "
        f"{about['findings']:,} findings")
    return code


class Files:
    """A file for each kind of record."""

    def __init__(self, folder: WholeFolder, source: Source) -> None:
        self._outs: dict[str, IO[bytes]] = {kind: folder.new_file(name) for kind, name in FILES.items()}
        self._writers = {kind: Writer("ndjson", out, None, source.interfaces, more=has_plugins())
                         for kind, out in self._outs.items()}
        self.counts = dict.fromkeys(FILES, 0)

    def write(self, item: Item) -> None:
        self._writers[item.kind].write(item)
        self.counts[item.kind] += 1

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        for out in self._outs.values():
            out.close()


class Gathering(read.Reading):
    """A reading whose records go into a folder."""

    def __init__(self, options: argparse.Namespace, kinds: set[str], source: Source, selection: Selection,
                 folder: WholeFolder) -> None:
        super().__init__(options, kinds, source, selection,
                         Writer("ndjson", sys.stdout.buffer, None, source.interfaces))
        self._folder = folder
        self._files = Files(folder, source)
        self._egress = egress.Egress()
        self._shown: dict[str, list[Record]] = {"alert": [], "finding": []}
        self._incident = incident_of(options.files)
        self.about: Record = {}  # what the manifest says of the whole

    def _shut_in(self) -> None:
        sandbox.shut_in(self.options.settings, self.options.keylog, [str(self._folder.made)])

    def _loop(self, reading: Reading) -> None:
        saved = self._saved
        assert isinstance(saved, Saving)
        saved.begin(reading.pipeline, self.selection, True)
        maker, settled = reading.maker(), Settled(reading.pipeline)
        frames = InputOutput(SECOND_NS)
        for step in self._steps(reading):
            saved.step()
            for item in settled.items(maker.items(step), step):
                if isinstance(item, Packets):
                    for packet in item:
                        if self.selection.passes(packet):
                            if not saved.copies:
                                saved.take(packet.rows, (packet.place,))
                            frames.take(packet)
                elif self.selection.passes(item):
                    self._take(item)
            saved.ended(step)
        saved.finish()
        self._files.close()
        self._finish(self._summary(reading.pipeline), self._measured(reading.pipeline), frames)

    def _take(self, item: Item) -> None:
        self._files.write(item)
        if item.kind == "flow":
            self._egress.add(item.record(egress.KEYS))
        elif len(self._shown.get(item.kind, ())) < SHOWN_MOST and item.kind in self._shown:
            self._shown[item.kind].append(item.record())

    def _measured(self, pipeline: Pipeline) -> Record:
        """How well it went, as far as that was measured."""
        drops = kernel_drops(self.options.host) if self.options.interface else {}
        return {"schema": "netwatch.diagnosis/1", "health": pipeline.get(Diagnose).health, **drops}

    def _finish(self, found: Record, measured: Record, frames: InputOutput) -> None:
        """What is made of all of it."""
        assert self._saved is not None
        found["files"] = self._names()
        expert = Expert()
        expert.totals = frames.totals
        lines = list(self._egress.lines())
        _write(self._folder, "egress.ndjson", (_json(line) for line in lines))
        _write(self._folder, "bandwidth.ndjson", as_json_lines(frames.tables()))
        _write(self._folder, "health.ndjson", [_json(found), _json(measured), *as_json_lines(expert.tables())])
        counts = self._files.counts
        where: Record = {"where": self.selection.where.text} if self.selection.where is not None else {}
        span: Record = {key: found[key] for key in ("first", "last") if key in found}
        lost_before = {"incident": self._incident} if self._incident else {}
        states = (("interrupted", self.interrupted), ("damaged", self.source.damaged))
        flags: Record = {name: True for name, is_so in states if is_so}
        self.about |= {"made_by": f"netwatch {__version__}", "source": self._names(), **where, **span,
                       "packets": self._saved.packets, "packets_seen": found["packets"], "lost": found["drops"],
                       "flows": counts["flow"], "alerts": counts["alert"], "findings": counts["finding"],
                       **lost_before, **flags}
        page = summary.page(self.about, found, self._shown["alert"], self._shown["finding"], lines)
        _write(self._folder, "summary.md", page.splitlines())

    def _names(self) -> list[str]:
        """Where it came from; of files the last part of their names."""
        return [os.path.basename(name) for name in self.options.files or self.options.interface]


def incident_of(paths: list[str]) -> Record | None:
    """What the recorder says of the incident that this folder is; None of others."""
    try:
        found = json.loads(files.read_text(Path(paths[0]) / PAGE)) if len(paths) == 1 else None
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _write(folder: WholeFolder, name: str, lines: Iterable[str]) -> None:
    with folder.new_file(name) as out:
        for line in lines:
            out.write(f"{line}\n".encode())


def _json(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
