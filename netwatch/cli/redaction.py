"""Writing the second bundle of `bundle redact`: every line of every file, with tokens or without them again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.bundle import summary
from netwatch.bundle.manifest import Bundle, seal
from netwatch.cli.errors import EXIT_DAMAGED, EXIT_UNAVAILABLE, CommandError, exit_code_of, say
from netwatch.cli.redaction_key import key_of
from netwatch.model.record import Record
from netwatch.privacy.redactor import Redactor
from netwatch.privacy.tokens import Sealed
from netwatch.store import files
from netwatch.store.atomic import WholeFolder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAGE = "summary.md"
PAGE_OF = ("health.ndjson", "alerts.ndjson", "findings.ndjson", "egress.ndjson")  # older bundles have no findings
LINE_MOST = 1 << 26  # bytes
KEPT_OF_MANIFEST = ("made_by", "source", "where", "first", "last", "packets", "packets_seen", "lost", "flows", "alerts",
                    "findings", "interrupted", "damaged")
TOLD = ("source", "where")  # of them, what may name somebody


def redact(bundle: Bundle, out: Path, profiles: list[str], key_file: str | None, undo: bool,
           signing: Ed25519PrivateKey) -> int:
    """The exit code. Raises CommandError."""
    if undo and "redacted" not in bundle.manifest:
        raise CommandError(f"{bundle.folder}: is not redacted")
    redactor = Redactor(Sealed(key_of(key_file, undo)), profiles)
    try:
        folder = WholeFolder(str(out))
    except OSError as e:
        raise CommandError(f"{out}: {e.strerror}", exit_code_of(e)) from None
    try:
        names = [each["name"] for each in bundle.manifest["files"] if each["name"].endswith(".ndjson")]
        for name in names:
            with folder.new_file(name) as to:
                to.writelines(_lines(bundle.folder / name, redactor, undo))
        about = _about(bundle, redactor, profiles, undo)
        _write_page(folder, about, names)
        seal(folder, [PAGE, *names], about, signing)
        folder.keep()
    except OSError as e:
        raise CommandError(f"{out}: {e.strerror}; nothing of it is kept", EXIT_UNAVAILABLE) from None
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        raise CommandError(f"{bundle.folder}: its records are not those of a bundle; nothing of it is kept",
                           EXIT_DAMAGED) from None
    finally:
        folder.drop()
    if key_file is None:
        say("no --key: what was replaced cannot be brought back")
    return 0


def records(path: Path) -> Iterator[Record]:
    """The lines of a file of a bundle. Raises CommandError."""
    with files.as_caller():
        source = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW))  # noqa: SIM115
    with source:
        while line := source.readline(LINE_MOST):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise CommandError(f"{path}: a line is no JSON object", EXIT_DAMAGED)
            yield found


def _lines(path: Path, redactor: Redactor, undo: bool) -> Iterator[bytes]:
    for record in records(path):
        found = redactor.restored(record) if undo else redactor.record(record)
        yield (json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _about(bundle: Bundle, redactor: Redactor, profiles: list[str], undo: bool) -> Record:
    """What the new manifest says of the whole."""
    old = bundle.manifest
    about: Record = {key: old[key] for key in KEPT_OF_MANIFEST if key in old}
    about["from"] = old["chain"]
    if undo:
        return about | {key: redactor.restored(about[key]) for key in TOLD if key in about} | {
            "left_out": ["packets.pcapng"]}
    shown = redactor.record({"schema": "netwatch.manifest/1", **{key: about.pop(key) for key in TOLD
                                                                   if key in about}})
    about |= {key: value for key, value in shown.items() if key != "schema"}
    return {**about, "redacted": profiles, "left_out": ["packets.pcapng"]}


def _write_page(folder: WholeFolder, about: Record, names: list[str]) -> None:
    """The page is made anew, of the new records."""
    health, alerts, findings, egress = (
        list(records(folder.made / name)) if name in names else [] for name in PAGE_OF)
    with folder.new_file(PAGE) as out:
        out.write(summary.page(about, health[0], alerts, findings, egress).encode())
