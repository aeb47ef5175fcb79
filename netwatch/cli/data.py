"""`netwatch data`: tables that age (places, vendors, clients), as dated and signed packs, brought in by hand."""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path

from netwatch.cli.errors import EXIT_DAMAGED, EXIT_MISSING, CommandError, exit_code_of, say
from netwatch.cli.parser import Parser
from netwatch.names import clients, geo
from netwatch.names.clients import ClientTableError
from netwatch.names.vendors import Vendors
from netwatch.store import packs
from netwatch.store.packs import Pack, PackError

EXAMPLES = """examples:
  netwatch data list                     what is installed, how old it is
  netwatch data verify geoip-2026-11-01.nwdata --key release.pem
  netwatch data import geoip-2026-11-01.nwdata
"""


def main(arguments: list[str]) -> int:
    parser = Parser(prog="netwatch data", description=__doc__, epilog=EXAMPLES,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("does", choices=("list", "verify", "import"),
                        help="list: what is installed, and how old it is; verify: read packs through (without a FILE "
                        "those installed) and change nothing; import: verify a pack and install it, in place of what "
                        "was there of its kind")
    parser.add_argument("files", nargs="*", metavar="FILE", help="NAME-DATE.nwdata")
    parser.add_argument("--key", action="append", default=[], metavar="FILE", type=Path, help="a public key (Ed25519, "
                        "PEM) that may sign, beside those in the folder keys/ of the configuration folder and in "
                        f"{packs.SYSTEM_KEYS}")
    parser.add_argument("--unsigned", action="store_true", help="import: also when no key that is here signed it")
    parser.add_argument("--json", action="store_true", help="list: one JSON document")
    options = parser.read(arguments)
    if options.json and options.does != "list":
        parser.error(f"--json is for list, not for {options.does}")
    if options.unsigned and options.does != "import":
        parser.error(f"--unsigned is for import, not for {options.does}")
    if options.does == "list" and (options.files or options.key):
        parser.error("list takes no FILE and no --key: it shows what is installed")
    if options.does == "import" and not options.files:
        parser.error("import takes at least one FILE")
    today = date.fromtimestamp(time.time())
    if options.does == "list":
        return _list(options.json, today)
    if not options.files:
        return _verify_installed(options.key, today)
    for name in options.files:
        _take(Path(name), options.does, options.key, options.unsigned, today)
    return 0


def _take(path: Path, does: str, keys: list[Path], unsigned: bool, today: date) -> None:
    """Verify or import one file. Raises CommandError."""
    try:
        path.stat()
    except OSError as e:
        code = exit_code_of(e)
        raise CommandError(f"{path}: {'no such file' if code == EXIT_MISSING else e.strerror}", code) from None
    try:
        pack = packs.verify_file(path, keys, _fault) if does == "verify" else packs.import_pack(
            path, keys, unsigned, _fault)
    except PackError as e:
        raise CommandError(str(e) if str(e).startswith(str(path)) else f"{path}: {e}", EXIT_DAMAGED) from None
    print(f"{path}: {'whole' if does == 'verify' else 'installed'}: {_line(pack, today)}")


def _fault(path: Path) -> str:
    """Why it is no table such as its name says; "" it is one."""
    if path.suffix == ".mmdb":
        return geo.fault(path)
    if path.suffix == ".bin":
        return "not a table of vendors" if Vendors(path).missing else ""
    try:
        clients.read_table(path)
    except ClientTableError as e:
        return str(e).removeprefix(f"{path}: ")
    return ""


def _list(as_json: bool, today: date) -> int:
    found = packs.installed()
    if as_json:
        print(json.dumps([_object(kind, pack, today) for kind, pack in found.items()], indent=1))
        return 0
    for kind in packs.KINDS:
        pack = found.get(kind)
        if pack is None:
            print(f"{kind:<8} no pack; {NONE[kind]}")
        else:
            print(f"{kind:<8} {pack if isinstance(pack, PackError) else _line(pack, today)}")
    return 0


NONE = {
    "geoip": "databases that lie on this machine are used (netwatch doctor names them)",
    "vendors": "the table that netwatch was built with is used",
    "clients": "the table that netwatch comes with is used",
}


def _verify_installed(keys: list[Path], today: date) -> int:
    broken = False
    installed = packs.installed()
    if not installed:
        say("no pack is installed: there is nothing to verify")
    for kind, pack in installed.items():
        try:
            if isinstance(pack, PackError):
                raise pack
            print(f"{kind}: whole: {_line(packs.verify_installed(kind, keys, _fault), today)}")
        except PackError as e:
            print(f"{kind}: {e}")
            broken = True
    return EXIT_DAMAGED if broken else 0


def _line(pack: Pack, today: date) -> str:
    days = pack.age_days(today)
    signed = f"signed by {pack.signer}" if pack.signer else "signed by no key that is here"
    words = [f"{pack.kind} of {pack.made.isoformat()} ({days} day{'' if days == 1 else 's'} old)", signed, pack.source,
             pack.licence, pack.attribution]
    return "; ".join(word for word in words if word)


def _object(kind: str, pack: Pack | PackError, today: date) -> dict[str, object]:
    if isinstance(pack, PackError):
        return {"kind": kind, "broken": str(pack)}
    told = {"kind": kind, "made": pack.made.isoformat(), "age_days": pack.age_days(today), "source": pack.source,
            "licence": pack.licence, "attribution": pack.attribution, "signer": pack.signer}
    return {name: value for name, value in told.items() if value != ""} | {
        "files": [{"name": table.name, "bytes": table.bytes, "sha256": table.sha256} for table in pack.tables]}

