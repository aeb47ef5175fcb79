"""What a command reads from: capture files, or interfaces."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shlex
from typing import TYPE_CHECKING

from netwatch._fast.input.source import SourceError, SourceMissing
from netwatch._fast.out.names import unread_links
from netwatch.cli.errors import CommandError, say

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source


NAMED = re.compile(r"\.(pcapng|pcap|ntar|cap|dmp|dump|trc)\d*(\.gz|\.zst)?$", re.IGNORECASE)  # as captures are
PACKED = (".xz", ".bz2", ".lz4", ".zip")  # which is not written


def open_source(options: argparse.Namespace) -> Source:
    """The files or interfaces, or frames that are sampled elsewhere. Raises CommandError."""
    if sampled(options):
        from netwatch.cli.sampling import Feed

        options.feed = Feed(options)
        return options.feed.source  # type: ignore[no-any-return]
    if bool(options.files) == bool(options.interface):
        raise CommandError("name one or more files, or -i with an interface")
    try:
        if options.interface:
            return _open_interfaces(options)
        if options.capture_filter or options.duration is not None:
            raise CommandError("--capture-filter and --duration go with -i; files take --where")
        from netwatch.capture.file import open_files

        return open_files(options.files, getattr(options, "each", False))
    except SourceMissing as e:
        raise CommandError(f"{e}{_filter_among(options.files)}", e.exit_code) from None
    except SourceError as e:
        raise CommandError(str(e), e.exit_code) from None


def _filter_among(files: list[str]) -> str:
    """What to say where one of them is no file but a filter, as tcpdump has it behind its options."""
    from netwatch.filter import Filter, FilterError

    for word in files:
        with contextlib.suppress(FilterError, ValueError):
            if word.isprintable() and not os.path.lexists(word) and Filter(word).conditions:
                return f"; a filter goes with -Y {shlex.quote(word)}"
    return ""


def _open_interfaces(options: argparse.Namespace) -> Source:
    """What finds owners is made ready first, so that the first flow can have one; the caller closes the host."""
    from netwatch.capture.live import open_live

    kinds = options.what.split(",")
    owned = {"flows", "alert", "alerts", "finding", "findings", "hosts", "processes"} & set(kinds)
    saved = getattr(options, "write", None) is not None  # with the owners of its packets, whatever is shown
    if (owned or saved or options.where is not None) and options.settings.of("owners.find"):
        options.host.find_owners()
    if options.settings.of("history.on"):
        say("history.on: the terminal, the agent and snapshot keep the history; this command adds nothing to it")
    opener = getattr(options.host, "open", open_live)  # the helper's, where there is one
    return opener(options.interface, options.capture_filter, options.settings.of("capture.snaplen"),
                     options.settings.of("capture.ring_mb"), False)


def sampled(options: argparse.Namespace) -> bool:
    """Is what is read sent here by agents that sample frames?"""
    return str(getattr(options, "source", None) or "").startswith("sflow://")


def files_again(options: argparse.Namespace) -> bool:
    """Is all that is read in files, which can be read twice?"""
    paths = [*options.files, *options.keylog]
    return bool(options.files) and all(os.path.isfile(path) or os.path.isdir(path) for path in paths)


def refuse_own(path: str, read: list[str]) -> str:
    """Why a capture is not written there, "" when it may be: it is none of the files that are read."""
    if path == "-":
        return "a capture goes into a file; name one"
    if path.endswith(PACKED):
        return "captures are compressed by gzip or zstd; name it .pcapng.gz or .pcapng.zst"
    inputs = ["/dev/stdin" if each == "-" else each for each in read]
    there = os.path.exists(path)
    same = there and any(os.path.exists(each) and os.path.samefile(each, path) for each in inputs)
    if same:
        return "that is what is read; write to another file"
    new = not there and os.path.isdir(os.path.dirname(path) or ".")
    if not NAMED.search(path) and (new or os.path.isfile(path)):
        return "a capture's name ends in .pcapng or .pcap; a filter goes with -Y (--where)"
    return ""


def say_faults(source: Source) -> None:
    """Name the link types that no reader is for, and what is wrong with the input."""
    for name in unread_links(source.interfaces):
        say(f"link type {name} is not read: its packets are counted, and nothing more is known of them")
    if source.error:
        say(source.error)
