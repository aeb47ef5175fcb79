"""Data packs: tables that age faster than the program (places, vendors, clients), dated, signed, brought in by hand.

A pack is a ZIP archive NAME-DATE.nwdata: the tables, `manifest.json`, which says what they are and their SHA-256, and
`manifest.sig`, an Ed25519 signature (RFC 8032) of that manifest's bytes. Nothing in it is used before all of it was
found to be as the manifest says, and nothing of an archive is unpacked that its manifest does not name.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

from netwatch.store import files
from netwatch.store.folders import config_folder, packs_folder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "netwatch.data/1"
KINDS = {  # what a pack may be, and what its files may be called
    "geoip": re.compile(r"[A-Za-z0-9._-]{1,96}\.mmdb"),
    "vendors": re.compile(r"vendors\.bin"),
    "clients": re.compile(r"ja4\.tsv"),
}
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MOST_MANIFEST = 64 << 10  # bytes
MOST_FILES = 8
MOST_BYTES = 1 << 30  # of all files of a pack
MOST_KEYS = 64
PIECE = 1 << 20
SYSTEM_KEYS = Path("/usr/share/netwatch/keys")
# what reading a member of a broken archive raises; OSError also when its offset is nonsense
BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)
MOST_TEXT = 400  # characters


Fault = Callable[[Path], str]  # why a file is no table such as its name says, "" it is one; who reads it knows


def _none(_path: Path) -> str:
    return ""


class PackError(ValueError):
    """A pack that is broken, unsigned or somebody else's; one line that says which."""


@dataclass(frozen=True)
class Table:
    """One file of a pack."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Pack:
    """What a manifest says, and who signed it ("" nobody whose key is here)."""

    kind: str
    made: date
    source: str
    licence: str
    attribution: str
    tables: tuple[Table, ...]
    signer: str = ""

    def age_days(self, today: date) -> int:
        return max(0, (today - self.made).days)


def installed() -> dict[str, Pack | PackError]:
    """By kind, what is installed, its files not looked into."""
    found: dict[str, Pack | PackError] = {}
    for kind in KINDS:
        folder = packs_folder() / kind
        if not os.path.isdir(folder):
            continue
        try:
            found[kind] = _signed(files.read_bytes(folder / MANIFEST, MOST_MANIFEST), _optional(folder / SIGNATURE), ())
        except PackError as e:
            found[kind] = e
        except OSError as e:
            found[kind] = PackError(f"{folder}: {e.strerror}")
    return found


def verify_installed(kind: str, keys: Sequence[Path] = (), fault: Fault = _none) -> Pack:
    """An installed pack, every file of it read. Raises PackError."""
    folder = packs_folder() / kind
    try:
        pack = _signed(files.read_bytes(folder / MANIFEST, MOST_MANIFEST), _optional(folder / SIGNATURE), keys)
        for table in pack.tables:
            with files.open_regular(folder / table.name) as file:
                _copy(file, None, table)
            with files.as_caller():
                _prove(folder / table.name, fault)
    except OSError as e:
        raise PackError(f"{e.filename}: {e.strerror}") from None
    return pack


def verify_file(path: Path, keys: Sequence[Path] = (), fault: Fault = _none) -> Pack:
    """A pack's archive, all of it read. Raises PackError."""
    with _archive(path) as archive, tempfile.TemporaryDirectory() as folder:
        pack = _manifest(archive, keys)
        for table in pack.tables:
            _unpack(archive, table, Path(folder), fault)
    return pack


def import_pack(path: Path, keys: Sequence[Path] = (), unsigned: bool = False, fault: Fault = _none) -> Pack:
    """Verify and install it, in place of what was there of its kind, at one stroke. `unsigned`: also when no key that
    is here signed it. Raises PackError, and then nothing was changed."""
    with _archive(path) as archive, files.as_caller():
        pack = _manifest(archive, keys)
        if not pack.signer and not unsigned:
            raise PackError(f"{path}: signed by no key in {' or '.join(map(str, key_folders()))}; name it with --key, "
                            "or say --unsigned")
        home = packs_folder()
        try:
            files.make_folder(home)
            fresh = Path(tempfile.mkdtemp(prefix=f".{pack.kind}-", dir=home))
        except OSError as e:
            raise PackError(f"{home}: {e.strerror}") from None
        try:
            for name in (MANIFEST, SIGNATURE):
                if name in archive.namelist():
                    (fresh / name).write_bytes(_read(archive, name))
            for table in pack.tables:
                _unpack(archive, table, fresh, fault)
            _exchange(fresh, home / pack.kind)
        except OSError as e:
            raise PackError(f"{home}: {e.strerror}") from None
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return pack


def make_pack(target: Path, kind: str, made: date, sources: Sequence[Path], about: dict[str, str], key: Path) -> Pack:
    """Write an archive, signed by a private key (PEM). `about`: source, licence, attribution. The same input gives the
    same bytes. Raises PackError, OSError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    signer = load_pem_private_key(key.read_bytes(), None)
    if not isinstance(signer, Ed25519PrivateKey):
        raise PackError(f"{key}: not an Ed25519 key")
    tables = [{"name": path.name, "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
              for path in sorted(sources)]
    manifest = json.dumps({"format": FORMAT, "kind": kind, "made": made.isoformat(), **about, "files": tables},
                          indent=1, sort_keys=True).encode()
    pack = _pack(manifest)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in ((MANIFEST, manifest), (SIGNATURE, signer.sign(manifest)),
                           *((path.name, path.read_bytes()) for path in sorted(sources))):
            archive.writestr(zipfile.ZipInfo(name, (made.year, made.month, made.day, 0, 0, 0)), data,
                             zipfile.ZIP_DEFLATED)
    return pack


def key_folders() -> tuple[Path, Path]:
    """Where public keys (*.pem) are that packs may be signed by."""
    return config_folder() / "keys", SYSTEM_KEYS


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with contextlib.ExitStack() as opened:
        try:
            archive = opened.enter_context(zipfile.ZipFile(opened.enter_context(files.open_regular(path))))
        except OSError as e:
            raise PackError(f"{path}: {e.strerror}") from None
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise PackError(f"{path}: not a data pack (a ZIP archive with a manifest.json)") from None
        yield archive


@contextlib.contextmanager
def _whole(name: str) -> Iterator[None]:
    """Reading a member of an archive that may be broken. Raises PackError."""
    try:
        yield
    except BROKEN as e:
        raise PackError(f"{name}: {getattr(e, 'strerror', None) or e}") from None


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """A small member, whole."""
    if name not in archive.namelist():
        raise PackError(f"{archive.filename}: no {name} in it")
    with _whole(name), archive.open(name) as file:
        data = file.read(MOST_MANIFEST + 1)
    if len(data) > MOST_MANIFEST:
        raise PackError(f"{archive.filename}: {name} is larger than {MOST_MANIFEST >> 10} KiB")
    return data


def _manifest(archive: zipfile.ZipFile, keys: Sequence[Path]) -> Pack:
    signature = _read(archive, SIGNATURE) if SIGNATURE in archive.namelist() else b""
    pack = _signed(_read(archive, MANIFEST), signature, keys)
    missing = {table.name for table in pack.tables} - set(archive.namelist())
    if missing:
        raise PackError(f"{archive.filename}: no {min(missing)} in it")
    return pack


def _signed(manifest: bytes, signature: bytes, keys: Sequence[Path]) -> Pack:
    """The manifest, and whose of the keys signed it."""
    from cryptography.exceptions import InvalidSignature

    pack = _pack(manifest)
    if signature:
        for path, key in _keys(keys):
            try:
                key.verify(signature, manifest)
            except InvalidSignature:
                continue
            return Pack(pack.kind, pack.made, pack.source, pack.licence, pack.attribution, pack.tables, path.name)
    return pack


def _keys(named: Sequence[Path]) -> Iterator[tuple[Path, Ed25519PublicKey]]:
    """The public keys that may sign: those named on the command line, then those in key_folders()."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    readable = [folder for folder in key_folders() if os.access(folder, os.R_OK)]
    kept = [path for folder in readable for path in sorted(folder.glob("*.pem"))[:MOST_KEYS]]
    for path in (*named, *kept):
        try:
            key = load_pem_public_key(files.read_bytes(path, MOST_MANIFEST))
            if not isinstance(key, Ed25519PublicKey):
                raise ValueError
        except (OSError, ValueError) as e:
            if path in named:
                why = e.strerror if isinstance(e, OSError) else "not the public half of an Ed25519 key, in PEM"
                raise PackError(f"{path}: {why}") from None
            continue
        yield path, key


def _pack(manifest: bytes) -> Pack:
    """What the manifest says. Raises PackError."""
    try:
        told = json.loads(manifest)
        kind, made = told["kind"], date.fromisoformat(told["made"])
        tables = tuple(Table(str(each["name"]), int(each["bytes"]), str(each["sha256"])) for each in told["files"])
        source, licence, attribution = (str(told.get(name, "")) for name in ("source", "licence", "attribution"))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise PackError("the manifest is not one of a data pack") from None
    if told.get("format") != FORMAT:
        raise PackError(f"made for another version of netwatch: {str(told.get('format'))[:40]!r}, not {FORMAT!r}")
    if not isinstance(kind, str) or kind not in KINDS:
        raise PackError(f"a pack of {str(kind)[:40]!r}; there are {', '.join(KINDS)}")
    if not 0 < len(tables) <= MOST_FILES or len({table.name for table in tables}) < len(tables):
        raise PackError(f"{len(tables)} files; a pack has 1 to {MOST_FILES}, of different names")
    if any(not KINDS[kind].fullmatch(table.name) for table in tables):
        raise PackError(f"a file that a pack of {kind} does not have")
    if any(table.bytes < 0 for table in tables) or sum(table.bytes for table in tables) > MOST_BYTES:
        raise PackError(f"larger than {MOST_BYTES >> 30} GiB")
    if not all(word.isprintable() and len(word) <= MOST_TEXT for word in (source, licence, attribution)):
        raise PackError(f"control characters, or more than {MOST_TEXT} characters, in what the manifest says")
    return Pack(kind, made, source, licence, attribution, tables)


def _copy(source: IO[bytes], target: IO[bytes] | None, table: Table) -> None:
    """Read a table through, and write it. Raises PackError when it is not what the manifest says."""
    digest, left = hashlib.sha256(), table.bytes
    while piece := source.read(min(PIECE, left + 1)):
        left -= len(piece)
        digest.update(piece)
        if left < 0:
            break
        if target is not None:
            target.write(piece)
    if left or digest.hexdigest() != table.sha256:
        raise PackError(f"{table.name}: not what the manifest says; the file was changed or cut short")


def _unpack(archive: zipfile.ZipFile, table: Table, folder: Path, fault: Fault) -> None:
    """Raises PackError when it is not what the manifest says, or no table of its kind."""
    with _whole(table.name), archive.open(table.name) as source, open(folder / table.name, "xb") as target:
        _copy(source, target, table)
        os.fsync(target.fileno())
    _prove(folder / table.name, fault)


def _prove(path: Path, fault: Fault) -> None:
    if why := fault(path):
        raise PackError(f"{path.name}: {why}")


def _exchange(fresh: Path, place: Path) -> None:
    """Put a folder in place of another. A reader finds the one or the other, or for a moment none."""
    old = place.with_name(f".{place.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        os.rename(place, old)
    os.rename(fresh, place)
    shutil.rmtree(old, ignore_errors=True)


def _optional(path: Path) -> bytes:
    try:
        return files.read_bytes(path, MOST_MANIFEST)
    except FileNotFoundError:
        return b""
