"""`netwatch config`: what is set and where it comes from; a file with every key; a look for mistakes."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from netwatch.cli.errors import EXIT_FINDING, EXIT_MISSING, EXIT_PERMISSION, CommandError
from netwatch.cli.parser import Parser, refuse_idle
from netwatch.cli.selection import read_settings
from netwatch.run import addons  # noqa: F401 - their options join the others
from netwatch.store import config, files
from netwatch.store.settings import SETTINGS

MOST_KEY, MOST_VALUE = 38, 28  # columns; what is longer moves the rest of its line


def build_parser() -> argparse.ArgumentParser:
    p = Parser(prog="netwatch config", description=__doc__)
    p.add_argument("what", choices=("show", "init", "check"), help="show every key with its value and its origin; "
                   "init writes a file with all defaults; check names every mistake in the file")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="with show: change one")
    p.add_argument("--format", choices=("table", "json"), help="with show; default table")
    p.add_argument("--force", action="store_true", help="with init: replace the file")
    return p


def main(arguments: list[str]) -> int:
    options = build_parser().parse_args(arguments)
    other = "show" if options.what != "show" else ""
    refuse_idle((options.set, "--set", other), (options.format, "--format", other),
                (options.force, "--force", "init" if options.what != "init" else ""))
    path = Path(options.config) if options.config else config.default_path()
    if options.what == "init":
        return _init(path, options.force)
    return _check(path) if options.what == "check" else _show(options)


def _show(options: argparse.Namespace) -> int:
    settings = read_settings(options.set, options.config)
    if options.format == "json":
        found = {key: {"value": settings.of(key), "origin": settings.origin(key), "default": setting.default}
                 for key, setting in SETTINGS.items()}
        print(json.dumps(found, indent=2))
        return 0
    rows = [(key, config.written(settings.of(key)), settings.origin(key)) for key in SETTINGS]
    wide = [min(max(len(row[i]) for row in rows), most) for i, most in enumerate((MOST_KEY, MOST_VALUE))]
    for key, value, origin in rows:
        print(f"{key:<{wide[0]}}  {value:<{wide[1]}}  {origin}")
    return 0


def _init(path: Path, force: bool) -> int:
    if os.path.exists(path) and not force:  # where we may not look, we may not write either
        raise CommandError(f"{path} is there already; --force replaces it")
    try:
        files.write_text(path, config.complete())
    except OSError as e:
        raise CommandError(f"{path}: {e.strerror}", EXIT_PERMISSION) from None
    print(path)
    return 0


def _check(path: Path) -> int:
    """Name every mistake; exit 1 when there is one."""
    try:
        settings, wrong = config.load(path)
    except OSError as e:
        if isinstance(e, FileNotFoundError):
            raise CommandError(f"{path}: {e.strerror}; `netwatch config init` writes one with all defaults",
                               EXIT_MISSING) from None
        raise CommandError(f"{path}: {e.strerror}", EXIT_PERMISSION) from None
    for line in (*wrong, *settings.notes):
        print(line)
    if not wrong:
        print(f"{path}: no mistakes", file=sys.stderr)
    return EXIT_FINDING if wrong else 0
