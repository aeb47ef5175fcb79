"""`netwatch record`: keep what an interface carries in a ring of pcapng files, without a terminal.

Packets are chosen by their flow, for which they wait a second: --where and --process speak of flows, and a flow that
passes is written from its first packet. Ends with Ctrl-C, or after --duration or --count.
"""

from __future__ import annotations

import argparse
import errno
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch._fast.input.source import SourceError
from netwatch._fast.view.framering import FrameRing
from netwatch.capture.capd.client import Helper
from netwatch.cli import sandbox
from netwatch.cli.arg_types import natural, parse_duration
from netwatch.cli.errors import EXIT_DAMAGED, CommandError, exit_code_of, say
from netwatch.cli.parser import Parser, refuse_blind
from netwatch.cli.read import host_of
from netwatch.cli.selection import check_where, parse_where, read_settings, use_client_names
from netwatch.cli.signals import stopped_by
from netwatch.cli.sources import open_source, say_faults
from netwatch.model.contract import INFO, AddonError, Purpose
from netwatch.model.host import Host
from netwatch.recorder.pcapng_stream import Outgoing
from netwatch.recorder.pending import Line
from netwatch.recorder.rotation import Rotation
from netwatch.run import addons
from netwatch.run.pipeline import Pipeline
from netwatch.store import files
from netwatch.store.sizes import UNITS

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.filter import Filter

RING = re.compile(r"([1-9]\d{0,5})x([1-9]\d{0,6})(KB|MB|GB|KiB|MiB|GiB)")
SMALLEST = 10_000  # bytes of a file
HISTORY = 65_536  # ended flows that are still known while their last packets wait
FLUSH_S = 1.0


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch record", description=__doc__)
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME",
                   help="capture here; repeatable; default the one with the default route")
    p.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter")
    p.add_argument("-o", "--output", default="netwatch-record", metavar="FOLDER",
                   help="where the files are; made when missing; default ./netwatch-record")
    p.add_argument("--ring", default="10x100MB", metavar="NxSIZE",
                   help="so many files of so many bytes, the oldest makes room; default 10x100MB")
    p.add_argument("-w", "--where", metavar="EXPR", help="only flows that pass this filter")
    p.add_argument("--process", metavar="NAME", help="only flows of programs of that name")
    p.add_argument("--duration", metavar="TIME", help="stop after this long, e.g. 30s, 5m, 24h")
    p.add_argument("--count", type=natural, metavar="N", help="stop after this many packets")
    p.add_argument("--with-secrets", action="store_true", help="also the TLS keys of flows, from --keylog")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE",
                   help="TLS keys in NSS format, followed as it grows; repeatable; default $SSLKEYLOGFILE")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: capture.hold_mb=512")
    sandbox.add_option(p)
    p.add_argument("--no-dpi", action="store_true", help="do not look at content")
    return p


def main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    refuse_blind(options)
    options.settings = read_settings(options.set, options.config)
    if options.sandbox:
        options.settings = options.settings.but("sandbox.mode", options.sandbox, "--sandbox")
    keep, size = parse_ring(options.ring)
    where = where_of(options.where, options.process)
    seconds = None if options.duration is None else parse_duration(options.duration)
    use_client_names()
    options.files, options.what = [], "flows"  # for open_source()
    options.host = host_of(options, live=True)
    with sandbox.closing(options.host):
        options.interface = options.interface or [best_interface(options.host)]
        folder = _folder(options.output)
        source = open_source(options)
        try:
            rotation = Rotation(folder, keep, size, source, say)
            code = Recording(options, source, rotation, where, seconds).go()
        finally:
            source.close()
    return code


def parse_ring(text: str) -> tuple[int, int]:
    """(files, bytes of each). Raises CommandError."""
    found = RING.fullmatch(text)
    if found is None:
        raise CommandError(f"--ring {text}: a number of files and their size, such as 10x100MB")
    keep, size = int(found[1]), int(found[2]) * UNITS[found[3]]
    if size < SMALLEST:
        raise CommandError(f"--ring {text}: a file has at least {SMALLEST // 1000}KB")
    return keep, size


def where_of(text: str | None, process: str | None) -> Filter | None:
    """Both of the conditions. Raises CommandError."""
    parse_where(text)  # its columns are the user's
    if process is None:
        where = parse_where(text)
    elif not process or not process.isprintable() or {'"', "\\"} & set(process):
        raise CommandError("--process needs a program's name")
    else:
        own = f'process.name == "{process}"'
        where = parse_where(f"({text}) and {own}" if text else own)
    check_where(where, ("flows",))
    return where


def best_interface(host: Host) -> str:
    """The interface with the default route. Raises CommandError."""
    from netwatch.capture.live import default_interface

    try:
        return host.default_interface() if isinstance(host, Helper) else default_interface()
    except SourceError as e:
        raise CommandError(str(e), e.exit_code) from None


def _folder(text: str) -> Path:
    """The folder, which is there from now on. Raises CommandError."""
    folder = Path(text)
    try:
        with files.as_caller():
            files.make_folder(folder)
            os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW))
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "no permission to write there")
    except OSError as e:
        raise CommandError(f"--output {text}: {e.strerror}", exit_code_of(e)) from None
    return folder


class Recording:
    """From the first packet to the exit code."""

    def __init__(self, options: argparse.Namespace, source: Source, output: Rotation | Outgoing,
                 where: Filter | None, seconds: float | None) -> None:
        self._options, self._source, self._files, self._where = options, source, output, where
        self._ends = None if seconds is None else time.monotonic() + seconds
        self._signal = 0

    def go(self) -> int:
        pipeline = self._pipeline()
        ring = FrameRing(self._options.settings.of("capture.hold_mb") << 20)
        ring.attach(pipeline.engines[0])
        line = Line(ring, pipeline.engines[0],
                    lambda row, keys: pipeline.record(pipeline.engines[0], row, wanted=keys), self._where)
        sandbox.shut_in(self._options.settings, [*self._options.keylog, os.environ.get("SSLKEYLOGFILE", "")],
                        self._files.folders, capturing=True)
        try:
            with stopped_by(self._stop):
                self._loop(pipeline, line)
        finally:
            pipeline.close()
        say_faults(self._source)
        self._report(line)
        if self._signal:
            return 128 + self._signal
        return EXIT_DAMAGED if self._source.damaged else 0

    def _pipeline(self) -> Pipeline:
        options, settings = self._options, self._options.settings
        purpose = Purpose(live=True, label=", ".join(options.interface), keylogs=tuple(options.keylog))
        loaded = addons.load(() if options.no_dpi else addons.CONTENT, addons.RECORDS, addons.users())
        try:
            return Pipeline(self._source, addons=loaded, purpose=purpose, settings=settings, host=options.host,
                            say=lambda text, severity: say(text) if severity != INFO else None, dpi=not options.no_dpi,
                            history=HISTORY, max_frames=options.count, max_flows=settings.of("flows.max"),
                            timeouts=settings.timeouts)
        except AddonError as e:
            raise CommandError(str(e), e.exit_code) from None

    def _loop(self, pipeline: Pipeline, line: Line) -> None:
        flushed = time.monotonic()
        while not self._signal and (self._ends is None or time.monotonic() < self._ends):
            step = pipeline.step()
            if step is None:
                break
            if step.idle:
                pipeline.advance()
            self._keys(pipeline)
            line.move(self._files)
            if time.monotonic() - flushed >= FLUSH_S:
                flushed = time.monotonic()
                self._files.flush()
        line.move(self._files, all_of_it=True)
        self._files.finish(sorted(line.names.items()))

    def _keys(self, pipeline: Pipeline) -> None:
        if self._options.with_secrets:
            from netwatch.decrypt.addon import Decrypt

            addon = pipeline.find(Decrypt)
            self._files.add_secrets(addon.secrets() if addon is not None else b"")

    def _report(self, line: Line) -> None:
        """What was kept, and what was not."""
        stats = self._source.stats()
        told = self._files.told(stats["received"])  # which looks what is still there
        lost = {"by the kernel": stats["kernel_drops"], "by the interface": stats["interface_drops"],
                "in the ring": stats["ring_drops"],
                "for want of memory or disk": line.lost + line.left + self._files.lost}
        said = ", ".join(f"{count:,} {where}" for where, count in lost.items() if count)
        say(f"{told}; lost: {said or 'none'}")

    def _stop(self, number: int, frame: object) -> None:
        self._signal = number
        self._source.interrupt()
