"""`netwatch open`: a bundle in the terminal, with all tabs, once every byte of it was checked; or an incident of the
recorder's. One that is redacted has no packets, of which tabs are made: its page is shown."""

from __future__ import annotations

import os
import sys

from netwatch.bundle.manifest import Bundle, is_bundle
from netwatch.cli.bundle import opened, printable
from netwatch.cli.errors import EXIT_DAMAGED, EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.redaction import PAGE as PAGE_OF_BUNDLE
from netwatch.cli.stdio import paged, shows_to_a_person
from netwatch.recorder.window import PAGE
from netwatch.store import files

MOST = 1 << 20  # bytes of a page
PACKETS = "packets.pcapng"


def main(arguments: list[str]) -> int:
    """Without a terminal its flows are printed, as `netwatch read` would."""
    p = Parser(prog="netwatch open", description=__doc__)
    p.add_argument("bundle", metavar="BUNDLE", help="what `netwatch bundle make` or the recorder made")
    p.add_argument("rest", nargs="*", metavar="OPTION", help="options of `netwatch`, after --: --tab stats")
    options = p.parse_args(arguments)
    if not is_bundle(options.bundle) and os.path.exists(os.path.join(options.bundle, PAGE)):
        return _shown([options.bundle], options.rest)
    found = opened(options.bundle)
    packets = found.path(PACKETS)
    if packets is None and options.rest:
        raise CommandError(f"{options.bundle}: {_without(found)}: there are no tabs to show", EXIT_UNAVAILABLE)
    say(f"{options.bundle}: whole, signed by {found.signer}")
    return _shown([str(packets)], options.rest) if packets is not None else _read_page(found)


def _without(bundle: Bundle) -> str:
    """Why a bundle has no packets."""
    profiles = bundle.manifest.get("redacted")
    words = ", ".join(map(printable, map(str, profiles))) if isinstance(profiles, list) else ""
    return f"redacted ({words}), without packets" if words else "without packets"


def _read_page(bundle: Bundle) -> int:
    """Tabs are made of packets: of a bundle that has none, what people read first."""
    path = bundle.path(PAGE_OF_BUNDLE)
    if path is None:
        raise CommandError(f"{bundle.folder}: {_without(bundle)}, and has no page", EXIT_UNAVAILABLE)
    say(f"{_without(bundle)}: this is its page; `netwatch diff` and `netwatch sql -r` read its records")
    try:
        text = files.read_text(path, MOST)
    except (OSError, UnicodeDecodeError) as e:
        raise CommandError(f"{path}: cannot be read: {e}", EXIT_DAMAGED) from None
    with paged(True):
        sys.stdout.write("".join(c if c == "\n" else printable(c) for c in text))
    return 0


def _shown(paths: list[str], more: list[str]) -> int:
    if shows_to_a_person():
        from netwatch.cli import live

        return live.main([*paths, *more])
    from netwatch.cli import read

    return read.main([*paths, *more])
