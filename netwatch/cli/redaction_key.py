"""The key by which tokens of redacted records are the same everywhere, and can be undone: 32 bytes in a file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from netwatch.cli.errors import CommandError, exit_code_of
from netwatch.privacy.tokens import KEY_BYTES
from netwatch.store import files


def key_of(path: str | None, undo: bool = False, option: str = "--key") -> bytes:
    """The key of a file, made where there is none yet and none has to be. Raises CommandError."""
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
