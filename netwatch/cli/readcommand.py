"""The command `netwatch read`: records, or with --by what they add up to."""

from __future__ import annotations

from netwatch.cli import read


def main(arguments: list[str]) -> int:
    options = read.prepared(arguments)
    if options.scheduler is not None or (options.each and options.files[1:]):
        from netwatch.cli import each

        return each.read(options)
    if options.by is None:
        return read.shown(options)
    from netwatch.cli import grouping  # every start would pay for it otherwise

    return grouping.read(options)
