"""The library: read captures and watch interfaces, as typed records, as dicts, as tables.

    import netwatch
    for flow in netwatch.read("x.pcap", where="tls"):
        print(flow.tls.sni, flow.bytes)

It prints nothing, takes no signal and keeps nothing between two calls; several readings may go on at once, in threads
too. What goes wrong is a NetwatchError, with the exit code that the command line has for it. docs/library.md shows it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypedDict, Unpack, overload

from netwatch.api.asked import check_options, kinds_of, settings_of, translated, understood, use_client_names
from netwatch.api.results import Capture, Live, Records
from netwatch.model import host as machine
from netwatch.model.errors import (
    DamagedError,
    DeniedError,
    MissingError,
    NetwatchError,
    UnavailableError,
    UsageError,
)
from netwatch.model.option import Value
from netwatch.records.classes import Alert, Dns, Finding, Flow, Host, Http, Packet, Process, Stream, Summary, Tls
from netwatch.records.reading import Order
from netwatch.records.streams import STREAM_LIMIT
from netwatch.records.typed import Group, Typed

__all__ = ["Alert", "Capture", "DamagedError", "DeniedError", "Dns", "Finding", "Flow", "Group", "Host", "Http",
           "Live", "MissingError", "NetwatchError", "Packet", "Process", "Records", "Stream", "Summary", "Tls",
           "Typed", "UnavailableError", "UsageError", "open", "read", "watch"]

Path = str | os.PathLike[str]


class Common(TypedDict, total=False):
    """What reading and watching both take."""

    where: str | None  # a filter: docs/filter.md
    fields: Iterable[str] | None  # only these, which costs only these
    limit: int | None  # at most so many records of each kind
    count: int | None  # stop after so many packets
    keylog: Path | Sequence[Path]  # TLS keys in NSS format
    dpi: bool  # look at content; True
    show_secrets: bool  # do not mask passwords and the like; False
    stream_limit: int  # bytes of text kept of each stream; 65536
    settings: Mapping[str, Value | Sequence[str]]  # {"timeouts.udp": 30, "lists.bad": ["a.example"]}: configuration.md
    config: Path | None  # a configuration file; none is read that is not named


class OfFiles(Common, total=False):
    """What reading files takes besides."""

    workers: int  # engines side by side, see docs/read.md
    tolerant: bool  # a damaged file ends where it is damaged, without an exception; False


class OfInterfaces(Common, total=False):
    """What watching takes besides."""

    capture_filter: str  # of libpcap
    duration: float | None  # seconds; None: until close()
    promiscuous: bool  # also frames for other machines; False
    owners: bool  # find the processes of flows; True


@overload
def read(files: Path | Sequence[Path], what: Literal["flows"] = "flows", **more: Unpack[OfFiles]) -> Capture[Flow]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["packets"], **more: Unpack[OfFiles]) -> Capture[Packet]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["dns"], **more: Unpack[OfFiles]) -> Capture[Dns]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["http"], **more: Unpack[OfFiles]) -> Capture[Http]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["tls"], **more: Unpack[OfFiles]) -> Capture[Tls]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["streams"], **more: Unpack[OfFiles]) -> Capture[Stream]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["alerts"], **more: Unpack[OfFiles]) -> Capture[Alert]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["findings"], **more: Unpack[OfFiles]) -> Capture[Finding]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["hosts"], **more: Unpack[OfFiles]) -> Capture[Host]: ...
@overload
def read(files: Path | Sequence[Path], what: Literal["processes"], **more: Unpack[OfFiles]) -> Capture[Process]: ...
@overload
def read(files: Path | Sequence[Path], what: str, **more: Unpack[OfFiles]) -> Capture[Typed]: ...
def read(files: Path | Sequence[Path], what: str = "flows", **more: Unpack[OfFiles]) -> Capture[Typed]:
    """Read captures; several files are one, in time order, "-" is standard input. `what`: kinds of record, as `netwatch
    read --what` has them. What is wrong with the files, or with what is asked, is raised at once, and a file that is
    cut short or damaged when all before that has been handed out (DamagedError)."""
    check_options("read", more, OfFiles.__annotations__)
    paths = _paths(files, "files")
    if not paths:
        raise UsageError("files: name at least one")
    order = _order(what, more, ", ".join(paths), more.get("workers", 1))
    capture: Capture[Typed] = Capture(paths, understood(more.get("where"), more.get("fields"), more.get("limit"),
                                                        order), more.get("tolerant", False))
    return capture


@overload
def open(bundle: Path, what: Literal["flows"] = "flows", **more: Unpack[OfFiles]) -> Capture[Flow]: ...
@overload
def open(bundle: Path, what: str, **more: Unpack[OfFiles]) -> Capture[Typed]: ...
def open(bundle: Path, what: str = "flows", **more: Unpack[OfFiles]) -> Capture[Typed]:
    """Read the packets of a bundle (docs/bundle.md), once every byte of it was checked: DamagedError where it is not
    what was signed, UnavailableError where it is redacted and has no packets."""
    from pathlib import Path as Folder

    from netwatch.bundle import manifest

    check_options("open", more, OfFiles.__annotations__)
    try:
        found = manifest.opened(Folder(bundle))
    except manifest.BundleError as e:
        raise (DeniedError if e.refused else DamagedError if e.there else MissingError)(str(e)) from None
    packets = found.path("packets.pcapng")
    if packets is None:
        raise UnavailableError(f"{os.fspath(bundle)}: has no packets (it is redacted)")
    return read(packets, what, **more)


@overload
def watch(interfaces: str | Sequence[str] | None = None, what: Literal["flows"] = "flows",
          **more: Unpack[OfInterfaces]) -> Live[Flow]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: Literal["packets"],
          **more: Unpack[OfInterfaces]) -> Live[Packet]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: Literal["dns"],
          **more: Unpack[OfInterfaces]) -> Live[Dns]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: Literal["http"],
          **more: Unpack[OfInterfaces]) -> Live[Http]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: Literal["tls"],
          **more: Unpack[OfInterfaces]) -> Live[Tls]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: Literal["alerts"],
          **more: Unpack[OfInterfaces]) -> Live[Alert]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: Literal["findings"],
          **more: Unpack[OfInterfaces]) -> Live[Finding]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: Literal["hosts"],
          **more: Unpack[OfInterfaces]) -> Live[Host]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: Literal["processes"],
          **more: Unpack[OfInterfaces]) -> Live[Process]: ...
@overload
def watch(interfaces: str | Sequence[str] | None, what: str, **more: Unpack[OfInterfaces]) -> Live[Typed]: ...
def watch(interfaces: str | Sequence[str] | None = None, what: str = "flows",
          **more: Unpack[OfInterfaces]) -> Live[Typed]:
    """Capture on interfaces, None: the one with the default route. It needs the permission to (DeniedError)."""
    from netwatch.capture.live import default_interface, open_live
    from netwatch.platform.host import ThisMachine

    check_options("watch", more, OfInterfaces.__annotations__)
    with translated():
        names = [interfaces] if isinstance(interfaces, str) else list(interfaces or [default_interface()])
        order = _order(what, more, ", ".join(names), 1)
        host = ThisMachine()
        asked = understood(more.get("where"), more.get("fields"), more.get("limit"),
                           order._replace(live=True, host=host))
        source = open_live(names, more.get("capture_filter", ""), order.settings.of("capture.snaplen"),
                           order.settings.of("capture.ring_mb"), more.get("promiscuous", False))
    if more.get("owners", True) and ("flows" in order.kinds or asked.where is not None):
        host.find_owners()
    live: Live[Typed] = Live(source, host, more.get("duration"), asked)
    return live


def _order(what: str, more: Common, label: str, workers: int) -> Order:
    use_client_names()
    config = more.get("config")
    count = more.get("count")
    if count is not None and count < 0:
        raise UsageError("count: 0 or more")
    settings = settings_of(more.get("settings", {}), None if config is None else os.fspath(config))
    return Order(kinds=kinds_of(what), settings=settings, lists=settings.lists, label=label,
                 keylogs=tuple(_paths(more.get("keylog", ()), "keylog")), workers=workers,
                 show_secrets=more.get("show_secrets", False), stream_limit=more.get("stream_limit", STREAM_LIMIT),
                 dpi=more.get("dpi", True), max_frames=count, host=machine.Host())


def _paths(given: Path | Sequence[Path], called: str) -> list[str]:
    several = [given] if isinstance(given, str | os.PathLike) else given
    if isinstance(several, bytes) or not all(isinstance(each, str | os.PathLike) for each in several):
        raise UsageError(f"{called}: the name of a file, or several of them")
    return [os.fspath(each) for each in several]
