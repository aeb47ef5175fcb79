"""`netwatch egress`: what programs talk to, held against a policy; what was seen becomes part of it."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.cli import emptiness, read, sandbox
from netwatch.cli.errors import EXIT_MISSING, EXIT_PERMISSION, EXIT_USAGE, CommandError, exit_code_of, say
from netwatch.cli.parser import Parser, refuse_idle
from netwatch.cli.sources import open_source
from netwatch.egress import ledger
from netwatch.egress.destinations import KEYS, Destinations
from netwatch.egress.keeping import Lock
from netwatch.egress.policy import VIOLATIONS, Policy, PolicyError, load
from netwatch.egress.promotion import NEW, promoted, suggestions, wanted
from netwatch.records import reading as records
from netwatch.records.selection import Selection
from netwatch.records.writers import Writer
from netwatch.store import files
from netwatch.store.folders import config_folder, state_folder
from netwatch.store.tables import TableError

if TYPE_CHECKING:
    from netwatch._fast.input.source import Source
    from netwatch.model.record import Record

VIOLATED = 1  # exit code
EPILOG = """verdicts: sni, ip, asn (allowed, by what), no-rule (no table for the program), and what makes the exit code
1: blocked, drift (a table, and nothing in it fits), ech (the true name is hidden), undeclared (no table, and strict).

examples:
  netwatch egress lint day.pcapng --policy egress-policy.toml
  netwatch egress lint -i eth0 --duration 5m --format ndjson
  netwatch egress promote day.pcapng --program curl
"""


def build_parser() -> Parser:
    p = Parser(prog="netwatch egress", description=__doc__, epilog=EPILOG,
               formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("act", choices=("lint", "promote"), help="lint: say what breaks the policy; promote: allow it")
    add_source(p)
    p.add_argument("--policy", metavar="FILE", help="default egress-policy.toml beside the configuration")
    p.add_argument("--strict", action="store_true", help="lint: as if the policy said strict = true")
    p.add_argument("--all", action="store_true", help="lint: also what the policy allows")
    p.add_argument("--format", choices=("table", "json", "ndjson"), help="default table on a terminal")
    p.add_argument("--program", action="append", default=[], metavar="NAME", help="promote: only of these; repeatable")
    p.add_argument("--dry-run", action="store_true", help="promote: print the new policy, write nothing")
    return p


def add_source(p: argparse.ArgumentParser) -> None:
    """Options that say what is read."""
    p.add_argument("files", nargs="*", metavar="FILE", help="captures; or -i")
    p.add_argument("-r", "--read", action="append", default=[], metavar="FILE", help="a capture as well; repeatable")
    p.add_argument("-i", "--interface", action="append", default=[], metavar="NAME", help="capture here; repeatable")
    p.add_argument("--duration", metavar="TIME", help="with -i: for so long; default 60s")
    p.add_argument("--config", metavar="FILE", help="not the usual ~/.config/netwatch/netwatch.toml")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")


def main(arguments: list[str]) -> int:
    asked = build_parser().read(arguments)
    asked.files += asked.read
    lints, promotes = ("" if asked.act == act else act for act in ("lint", "promote"))
    refuse_idle((asked.strict, "--strict", lints), (asked.all, "--all", lints), (asked.format, "--format", lints),
                (asked.program, "--program", promotes), (asked.dry_run, "--dry-run", promotes),
                (asked.duration, "--duration", "" if asked.interface else "-i"))
    path = Path(asked.policy) if asked.policy else config_folder() / "egress-policy.toml"
    if asked.act == "promote":
        return _promote(asked, path)
    policy = _policy(path)
    policy = Policy(True, policy.programs) if asked.strict else policy
    code, seen = observed(asked)
    judged = _judged(policy, seen)
    found = [each for each in judged if asked.all or each["verdict"] in VIOLATIONS]
    if judged and not found:
        emptiness.at_terminal(f"{len(judged):,} ways, and none breaks the policy; --all shows them")
    _write(found, asked.format or ("table" if sys.stdout.isatty() else "ndjson"))
    return code or (VIOLATED if any(each["verdict"] in VIOLATIONS for each in found) else 0)


def _policy(path: Path) -> Policy:
    try:
        return load(path)
    except PolicyError as e:
        if e.missing:
            raise CommandError(f"{e}; `netwatch egress promote FILE` makes a policy of what a capture shows",
                               EXIT_MISSING) from None
        raise CommandError(str(e), EXIT_PERMISSION if e.refused else EXIT_USAGE) from None


def observed(asked: argparse.Namespace, writes: Path | None = None) -> tuple[int, Destinations]:
    """Exit code of the reading, and what was seen; it goes into the ledger where egress.keep says so. `writes`: a
    folder that is written to afterwards."""
    words = ["--what", "flows"]
    words += [word for name in asked.interface for word in ("-i", name)]
    words += ["--duration", asked.duration or "60s"] if asked.interface else []
    words += ["--config", asked.config] if asked.config else []
    words += [word for each in asked.set for word in ("--set", each)]
    options = read.prepared([*words, *["--"] * bool(asked.files), *asked.files])
    kept = bool(asked.interface) and options.settings.of("egress.keep") and _locked()
    with sandbox.closing(options.host):
        source = open_source(options)
        try:
            reading = Observing(options, source, writes or (state_folder() if kept else None))
            code = reading.go()
        finally:
            source.close()
    if reading.seen.left_out:
        say(f"no room for the destinations of {reading.seen.left_out:,} flows")
    if reading.seen.stayed and not reading.seen.seen:
        say(f"{reading.seen.stayed:,} flows, and none leaves the machine: loopback, link-local and groups do not count")
    if kept:
        keep(reading.seen, options.settings.of("egress.keep_days"))
    return code, reading.seen


def _locked() -> bool:
    """Is the ledger ours, as long as this runs? Raises CommandError."""
    path = ledger.where()
    try:
        if Lock(path).take():
            return True
    except OSError as e:
        raise CommandError(f"{path}: {e.strerror}", exit_code_of(e)) from None
    say(f"{path}: another netwatch keeps the ledger: this one adds nothing to it")
    return False


def keep(seen: Destinations, days: int) -> None:
    """Put it into the ledger. Raises CommandError."""
    try:
        ledger.add(ledger.where(), seen, days)
    except TableError as e:
        raise CommandError(str(e), EXIT_PERMISSION if e.denied else EXIT_USAGE) from None


class Observing(read.Reading):
    """A reading of which the destinations of flows are kept."""

    def __init__(self, options: argparse.Namespace, source: Source, writes: Path | None) -> None:
        """`writes`: a folder in which something is written once all is read."""
        silent = Writer("ndjson", sys.stdout.buffer, ["id"], source.interfaces)
        super().__init__(options, {"flows"}, source, Selection(None, None, None), silent)
        self.seen = Destinations()
        self._writes = writes

    def _shut_in(self) -> None:
        """Everything is open; the folder of what is written must be there."""
        if self._writes is not None:
            with contextlib.suppress(OSError), files.as_caller():
                files.make_folder(self._writes)
        sandbox.shut_in(self.options.settings, (), [str(self._writes)] if self._writes is not None else ())

    def _loop(self, reading: records.Reading) -> None:
        for step in self._steps(reading):
            for engine, row in step.ended:
                self.seen.take(reading.pipeline.record(engine, row, wanted=KEYS))


def _judged(policy: Policy, seen: Destinations) -> list[Record]:
    """A record of each way. Absent is what is not known."""
    made = []
    for way, each, to in seen.each():
        verdict = policy.judge(way.who, to)
        record = {"schema": "netwatch.egress/1", "program" if each.process else "source": way.who,
                  "container": way.container, "sni": way.name, "ip": way.address, "port": way.port,
                  "proto": way.proto, "app": each.app, "asn": each.asn, "org": each.org, "ech": each.ech or None,
                  **each.span.record(), "flows": each.flows, "bytes_out": each.bytes_out,
                  "bytes_in": each.bytes_in, "verdict": verdict.word, "matched_by": verdict.by}
        made.append({key: value for key, value in record.items() if value not in (None, "")})
    return made


def _write(found: list[Record], style: str) -> None:
    if style == "json":
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for each in found:
        if style == "ndjson":
            print(json.dumps(each, ensure_ascii=False, separators=(",", ":")))
            continue
        where = each.get("sni") or each["ip"]
        port = f" port {each['port']}" if "port" in each else ""
        print(f"{each['verdict']:<10}  {each.get('program') or each['source']:<24}  {where}{port} {each['proto']}  "
              f"{each['flows']:,} flows, {each['bytes_out'] + each['bytes_in']:,} bytes")


def _promote(asked: argparse.Namespace, path: Path) -> int:
    try:
        there = bool(path.stat())
    except OSError as e:
        if not isinstance(e, FileNotFoundError):
            raise CommandError(f"{path}: {e.strerror}", EXIT_PERMISSION) from None
        there = False
    policy, text = (_policy(path), files.read_text(path)) if there else (Policy(False, {}), NEW)
    code, seen = observed(asked, None if asked.dry_run else path.absolute().parent)
    found = [(way.who, to) for way, _, to in seen.each()
             if (not asked.program or way.who in asked.program) and policy.judge(way.who, to).word not in
             ("sni", "ip", "asn", "blocked")]
    more = wanted(found)
    for line in suggestions(more):
        say(line)
    try:
        new = promoted(text, more)
    except PolicyError as e:
        raise CommandError(str(e)) from None
    if asked.dry_run:
        print(new, end="")
        return code
    count = sum(len(values) for lists in more.values() for values in lists.values())
    if count:
        try:
            files.write_text(path, new)
        except OSError as e:
            raise CommandError(f"{path}: {e.strerror}", EXIT_PERMISSION) from None
    print(f"{path}: {count} entr{'y' if count == 1 else 'ies'} added")
    return code
