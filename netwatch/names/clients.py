"""Which program sends a ClientHello of a fingerprint: the table that is shipped, and the user's own above it.

Both are lines of a JA4 or JA3, a tab, and a name; `#` begins a comment. A later line replaces an earlier one, and the
user's file the one shipped. The shipped lines were made by running the programs (tools/client_table.py); a fingerprint
is shared by all programs that use a library the same way, so a name says what is known to send it, not what did.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

from netwatch.store import files
from netwatch.store.folders import config_folder, table_path

SHIPPED = Path(__file__).with_name("ja4.tsv")
MOST_BYTES = 4 << 20
MOST_NAME = 120
# transport, version, SNI, counts, ALPN; hash of ciphers; hash of extensions and algorithms
_JA4 = re.compile(r"[tqd](?:1[0-3]|s[123]|d[123]|00)[di][0-9]{4}[0-9a-zA-Z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
_JA3 = re.compile(r"[0-9a-f]{32}")


class ClientTableError(ValueError):
    """A table that cannot be read; one line that names the file and the place."""


def overlay_path() -> Path:
    """The user's own table: ja4.tsv in the configuration folder."""
    return config_folder() / "ja4.tsv"


def load_clients(overlay: Path | None = None, warn: Callable[[str], None] = warnings.warn) -> dict[str, str]:
    """Names by fingerprint: those of the overlay (default: overlay_path()) above those of an installed data pack, and
    these above the shipped. Raises ClientTableError.

    A pack that cannot be read is left out, and `warn` told. A missing overlay is none, and so is one that may not be
    read (see store/files.py).
    """
    table = parse_table(SHIPPED.read_text(encoding="utf-8"), str(SHIPPED)) if SHIPPED.is_file() else {}
    if pack := table_path("clients", "ja4.tsv"):
        try:
            table |= read_table(pack)
        except ClientTableError as e:
            warn(f"{e}; the table that netwatch comes with is used")
    return table | read_table(overlay_path() if overlay is None else overlay)


def read_table(path: Path) -> dict[str, str]:
    """One of the files above the shipped; nothing where there is none. Raises ClientTableError."""
    try:
        raw = files.read_bytes(path, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}  # none, or in somebody else's home
    except OSError as e:
        raise ClientTableError(f"{path}: {e.strerror}") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        raise ClientTableError(f"{path}: byte {e.start + 1} is not UTF-8") from None
    return parse_table(text, str(path))


def parse_table(text: str, where: str) -> dict[str, str]:
    """Names by fingerprint of a table's lines. Raises ClientTableError with `where` and the line's number."""
    table = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fingerprint, tab, rest = line.partition("\t")
        name = rest.partition("\t")[0].strip()
        if not (_JA4.fullmatch(fingerprint) or _JA3.fullmatch(fingerprint)):
            raise ClientTableError(f"{where}: line {number}: {fingerprint[:60]!r} is neither a JA4 nor a JA3")
        if not tab or not name or not name.isprintable() or len(name) > MOST_NAME:
            raise ClientTableError(f"{where}: line {number}: after the fingerprint come a tab and a name"
                                   f" of at most {MOST_NAME} printable characters")
        table[fingerprint] = name
    return table
