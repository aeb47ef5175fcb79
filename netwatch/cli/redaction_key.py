"""The options --redact and --redact-key, and the file of a key: 32 bytes, by which tokens are the same everywhere, and
can be undone."""

from __future__ import annotations

import argparse
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch.cli.errors import CommandError, exit_code_of
from netwatch.cli.parser import refuse_idle
from netwatch.store import files

if TYPE_CHECKING:
    from netwatch.privacy.redactor import Redactor

TYPED = ("zeek", "eve", "arrow", "parquet")  # formats in which an address is one: a token is none
# what cannot be redacted: option, and why
BYTES = (("follow", "what a flow says is bytes, in which nobody knows where a name is"),
         ("write", "frames cannot be redacted: `netwatch bundle redact` is of records as well"),
         ("show_secrets", "what is secret is masked"),
         ("scheduler", "its workers have not got the key"))


def add_options(g: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    g.add_argument("--redact", action="store_true", help="tokens in place of addresses, names and MACs, the same by "
                   "the same; filters and orders are of the true values")
    g.add_argument("--redact-key", metavar="FILE", help="with --redact: tokens that are the same in other runs, and "
                   "can be undone, by the key of this file; it is made where there is none")


def check(options: argparse.Namespace, style: str) -> None:
    """Raises CommandError for what does not go with them."""
    given = getattr(options, "redact", False)
    refuse_idle((getattr(options, "redact_key", None), "--redact-key", "--redact" if not given else ""))
    if not given:
        return
    for name, why in BYTES:
        if getattr(options, name, None) not in (None, False):
            raise CommandError(f"--redact and --{name.replace('_', '-')} do not go together: {why}")
    if style in TYPED:
        raise CommandError(f"--redact and --format {style} do not go together: there an address is an address, and no "
                           "token")
    if getattr(options, "each", False) and options.redact_key is None:
        raise CommandError("--redact and --each go together with --redact-key: each file is read by a process of its "
                           "own")


def redactor_of(options: argparse.Namespace) -> Redactor | None:
    """None where nothing is redacted. Raises CommandError."""
    if not getattr(options, "redact", False):
        return None
    from netwatch.privacy.redactor import EVERYBODYS, Redactor
    from netwatch.privacy.tokens import Sealed, Short

    path = options.redact_key
    return Redactor(Short() if path is None else Sealed(key_of(path, option="--redact-key")), kept=EVERYBODYS)


def key_of(path: str | None, undo: bool = False, option: str = "--key") -> bytes:
    """The key of a file, made where there is none yet and none has to be. Raises CommandError."""
    from netwatch.privacy.tokens import KEY_BYTES

    if path is None:
        return secrets.token_bytes(KEY_BYTES)
    try:
        if not undo and not os.path.lexists(path):
            made = secrets.token_bytes(KEY_BYTES)
            with open(files.new_file(path), "w", encoding="ascii") as out:
                out.write(made.hex() + "\n")
            return made
        found = bytes.fromhex(files.read_text(Path(path), 4096))
    except OSError as e:
        raise CommandError(f"{option} {path}: {e.strerror}", exit_code_of(e)) from None
    except ValueError:
        found = b""
    if len(found) != KEY_BYTES:
        raise CommandError(f"{option} {path}: not a key of {KEY_BYTES} bytes in hexadecimal")
    return found
