"""`netwatch bundle`: captures with all that is known of them, in one folder that shows whether it was changed.

make FILE... OUT     read captures (or -i NAME for --duration) and put packets, records, sums and a page into OUT
verify BUNDLE        is every byte as it was signed?
info BUNDLE          what is in it, and who signed it
redact BUNDLE OUT    the same without addresses, names, MACs and packets; --undo with the key brings them back
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.bundle import manifest
from netwatch.bundle.manifest import Bundle, BundleError
from netwatch.cli import read
from netwatch.cli.errors import (
    EXIT_DAMAGED,
    EXIT_MISSING,
    EXIT_PERMISSION,
    EXIT_UNAVAILABLE,
    CommandError,
    exit_code_of,
)
from netwatch.cli.parser import Parser

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ACTIONS = ("make", "verify", "info", "redact")


def main(arguments: list[str]) -> int:
    p = Parser(prog="netwatch bundle", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
               epilog="each has --help: netwatch bundle make --help")
    p.add_argument("action", choices=ACTIONS, metavar="ACTION", help=f"of {', '.join(ACTIONS)}")
    p.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="its own words")
    options = p.parse_args(arguments)
    actions: dict[str, Callable[[list[str]], int]] = {"make": make, "verify": verify, "info": info, "redact": redact}
    return actions[options.action](arguments[arguments.index(options.action) + 1:])  # with a -- that argparse takes out


def make(arguments: list[str]) -> int:
    """A new bundle."""
    p = Parser(prog="netwatch bundle make", description="Put captures and all that is known of them into a new folder.")
    p.add_argument("files", nargs="+", metavar="FILE... OUT", help="captures, and last the folder, which is made")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="capture here; repeatable")
    p.add_argument("-f", "--capture-filter", default="", metavar="EXPR", help="libpcap filter, with -i")
    p.add_argument("--duration", metavar="TIME", help="with -i: stop after this long, e.g. 30s, 5m")
    p.add_argument("-Y", "--where", metavar="EXPR", help="only records and packets that pass this filter")
    p.add_argument("--keylog", action="append", default=[], metavar="FILE", help="TLS keys in NSS format; repeatable")
    p.add_argument("--with-secrets", action="store_true", help="also the TLS keys that opened its flows")
    p.add_argument("--show-secrets", action="store_true", help="do not mask passwords, cookies and the like")
    p.add_argument("--signing-key", metavar="FILE", help="an Ed25519 key in PEM; default your own, in the state folder")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one: timeouts.udp=30")
    p.add_argument("--sandbox", choices=("off", "on", "strict"), help="as `netwatch read` has it")
    asked = p.read(arguments)
    *inputs, out = asked.files
    if bool(inputs) == bool(asked.interface):
        raise CommandError("bundle make needs captures and a folder: FILE... OUT, or -i NAME --duration 30s OUT")
    if asked.interface and asked.duration is None:
        raise CommandError("bundle make -i needs --duration: how long to capture")
    from netwatch.cli.bundling import gather

    return gather(read.prepared(_words(asked, inputs)), Path(out), signing_key(asked.signing_key))


def verify(arguments: list[str]) -> int:
    """Is every byte as it was signed?"""
    p = Parser(prog="netwatch bundle verify", description="Is every byte of a bundle as it was signed?")
    p.add_argument("bundle", metavar="BUNDLE")
    p.add_argument("--signer", metavar="FINGERPRINT", help="and by this key, as `bundle info` names it")
    options = p.parse_args(arguments)
    found = opened(options.bundle)
    if options.signer is not None and options.signer.lower() != found.signer:
        raise CommandError(f"{options.bundle}: is whole, but signed by {found.signer}", EXIT_DAMAGED)
    count = len(found.manifest["files"])
    print(f"{options.bundle}: whole, {count} files, signed by {found.signer}")
    return 0


def info(arguments: list[str]) -> int:
    """What is in it."""
    p = Parser(prog="netwatch bundle info", description="What is in a bundle, and who signed it.")
    p.add_argument("bundle", metavar="BUNDLE")
    p.add_argument("--json", action="store_true", help="one JSON document")
    options = p.parse_args(arguments)
    found = opened(options.bundle)
    if options.json:
        print(_escaped(json.dumps({**found.manifest, "signer": found.signer}, ensure_ascii=False, indent=1)))
        return 0
    for key, value in found.manifest.items():
        if key not in ("files", "chain", "signature"):
            shown = value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)
            print(f"{printable(key):10} {printable(str(shown))}")
    print(f"{'signer':10} {found.signer}")
    for each in found.manifest["files"]:
        print(f"{'file':10} {each['bytes']:>12,} bytes  {each['name']}")
    return 0


def redact(arguments: list[str]) -> int:
    """A second bundle without what identifies, or with it again."""
    from netwatch.privacy.tokens import PROFILES

    p = Parser(prog="netwatch bundle redact", description="The records of a bundle with addresses, names and MACs "
               "replaced, the same by the same. Packets are left out.")
    p.add_argument("bundle", metavar="BUNDLE")
    p.add_argument("out", metavar="OUT", help="the new bundle")
    p.add_argument("--profile", default=",".join(PROFILES), metavar="WHAT[,WHAT]", help=f"of {', '.join(PROFILES)}")
    p.add_argument("--key", metavar="FILE", help="what undoes it; made when missing, to be kept apart from the bundle; "
                   "without it nobody can")
    p.add_argument("--undo", action="store_true", help="with the --key it was redacted with: put back what was there")
    p.add_argument("--signing-key", metavar="FILE", help="an Ed25519 key in PEM; default your own, in the state folder")
    options = p.parse_args(arguments)
    profiles = [word for word in options.profile.split(",") if word]
    if not profiles or set(profiles) - set(PROFILES):
        raise CommandError(f"--profile {options.profile}: of {', '.join(PROFILES)}")
    if options.undo and options.key is None:
        raise CommandError("--undo needs the --key that it was redacted with")
    if options.key is not None and Path(options.key).resolve().is_relative_to(Path(options.out).resolve()):
        raise CommandError("--key: it would be in the bundle that it undoes; keep it apart")
    from netwatch.cli import redaction

    return redaction.redact(opened(options.bundle), Path(options.out), profiles, options.key, options.undo,
                            signing_key(options.signing_key))


def opened(path: str) -> Bundle:
    """A bundle that is whole. Raises CommandError."""
    try:
        if not manifest.is_bundle(path):
            raise _no_bundle(path)
        return manifest.opened(Path(path))
    except BundleError as e:
        raise CommandError(printable(str(e)), EXIT_PERMISSION if e.refused else EXIT_DAMAGED if e.there else
                           EXIT_MISSING) from None


def _no_bundle(path: str) -> CommandError:
    """What there is in place of one."""
    from netwatch.capture.file import SourceError, open_files, shown

    name, folder = shown(path), os.path.isdir(path)
    if not os.path.lexists(path):
        return CommandError(f"{name}: no such file", EXIT_MISSING)
    if folder or os.path.isfile(path):
        try:
            open_files([path]).close()
            return CommandError(f"{name}: this is a capture, no bundle: netwatch -r {name}")
        except SourceError as e:
            if e.exit_code == EXIT_PERMISSION:
                return CommandError(str(e), EXIT_PERMISSION)
    return CommandError(f"{name}: no bundle, which is a folder that `netwatch bundle make` or the recorder made",
                        EXIT_MISSING if folder else EXIT_DAMAGED)


def signing_key(path: str | None) -> Ed25519PrivateKey:
    """That of the file, or the user's own. Raises CommandError."""
    try:
        return manifest.load_key(Path(path)) if path is not None else manifest.own_key()
    except OSError as e:
        code = exit_code_of(e)
        raise CommandError(f"--signing-key {e.filename}: {e.strerror}", EXIT_UNAVAILABLE if path is None and
                           code != EXIT_PERMISSION else code) from None
    except ValueError as e:
        raise CommandError(f"--signing-key {e}") from None


def _words(asked: argparse.Namespace, inputs: list[str]) -> list[str]:
    """The words of `netwatch read` that say the same."""
    words = ["--what", "flows,dns,http,tls,alert,finding,summary", "--format", "ndjson"]
    for name in ("interface", "keylog", "set"):
        words += [word for value in getattr(asked, name) for word in (f"--{name}", value)]
    for name in ("capture_filter", "duration", "where", "config", "sandbox"):
        value = getattr(asked, name)
        words += [f"--{name.replace('_', '-')}={value}"] if value else []
    words += ["--show-secrets"] * asked.show_secrets + ["--write", os.devnull] + ["--with-secrets"] * asked.with_secrets
    return [*words, *["--"] * bool(inputs), *inputs]


def _escaped(document: str) -> str:
    """A JSON document whose strings have as escapes what a terminal might take for an order."""
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] if c != "\x7f" else "\\u007f"
                   for c in document)


def printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
