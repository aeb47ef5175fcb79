"""`netwatch open`: a bundle in the terminal, with all tabs, once every byte of it was checked; or an incident of the
recorder's."""

from __future__ import annotations

import os

from netwatch.bundle.manifest import is_bundle
from netwatch.cli.bundle import opened
from netwatch.cli.errors import EXIT_UNAVAILABLE, CommandError, say
from netwatch.cli.parser import Parser
from netwatch.cli.standard import shows_to_a_person
from netwatch.recorder.window import PAGE

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
    if packets is None:
        raise CommandError(f"{options.bundle}: has no packets (it is redacted); `netwatch diff` and `netwatch sql -r` "
                           "read its records", EXIT_UNAVAILABLE)
    say(f"{options.bundle}: whole, signed by {found.signer}")
    return _shown([str(packets)], options.rest)


def _shown(paths: list[str], more: list[str]) -> int:
    if shows_to_a_person():
        from netwatch.cli import live

        return live.main([*paths, *more])
    from netwatch.cli import read

    return read.main([*paths, *more])
