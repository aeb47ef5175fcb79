"""The manifest of a bundle: what is in it, with hashes that hang together and a signature; and whether it still is.

A bundle is a folder. Each file has its SHA-256; the chain hashes the files' names and hashes in their order, each with
what came before, and with what is said of the whole; an Ed25519 signature is over all of it. The manifest is written in
one form only, so that a byte of it cannot change either.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netwatch.model.record import Record
from netwatch.store import files
from netwatch.store.folders import state_folder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from netwatch.store.atomic import WholeFolder

SCHEMA = "netwatch.bundle/1"
NAME = "manifest.json"
FILE = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
MOST_FILES = 1000
MOST_BYTES = 1 << 20  # of a manifest
KEY_MOST = 1 << 16


class BundleError(Exception):
    """A bundle is not what was signed, or none at all: `file` is the one that is wrong, str() the line for the user.
    `there`: is there a bundle? `refused`: may it not be read?"""

    def __init__(self, file: Path, why: str, there: bool = True, refused: bool = False) -> None:
        super().__init__(f"{file}: {why}")
        self.file, self.there, self.refused = file, there, refused


class Bundle(NamedTuple):
    """One that was looked at, and is whole. `signer` is the fingerprint of the key that signed it."""

    folder: Path
    manifest: Record
    signer: str

    def path(self, name: str) -> Path | None:
        """Where the file is; None when there is none of that name."""
        there = any(each["name"] == name for each in self.manifest["files"])
        return self.folder / name if there else None


def seal(folder: WholeFolder, names: Iterable[str], about: Record, key: Ed25519PrivateKey) -> None:
    """Write the manifest of the files that are in the folder. Raises OSError."""
    listed = []
    for name in names:
        size, digest = _hashed(Path(name), folder.fd)
        listed.append({"name": name, "bytes": size, "sha256": digest})
    found: Record = {"schema": SCHEMA, **about, "files": listed}
    found["chain"] = _chain(found)
    found["signature"] = {"algorithm": "ed25519", "public_key": _public(key).hex(),
                          "value": key.sign(_signed(found)).hex()}
    with folder.new_file(NAME) as out:
        out.write(_written(found))


def opened(folder: Path) -> Bundle:
    """The bundle in that folder, every byte of it checked. Raises BundleError."""
    manifest = _read(folder / NAME, folder)
    for each in manifest["files"]:
        path = folder / each["name"]
        try:
            found = _hashed(path)
        except OSError as e:
            raise BundleError(path, f"is in the manifest, and cannot be read: {e.strerror}",
                              refused=e.errno == errno.EACCES) from None
        if found != (each["bytes"], each["sha256"]):
            raise BundleError(path, "is not what was signed: its SHA-256 is another")
    with files.as_caller():
        there = set(os.listdir(folder))
    strays = there - {each["name"] for each in manifest["files"]} - {NAME}
    if strays:
        raise BundleError(folder / min(strays), "is not in the manifest")
    return Bundle(folder, manifest, fingerprint(bytes.fromhex(manifest["signature"]["public_key"])))


def is_bundle(path: str) -> bool:
    """Does that look like one?"""
    return os.path.isdir(path) and os.path.lexists(os.path.join(path, NAME))


def fingerprint(public_key: bytes) -> str:
    """A key's short name: the first 32 digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:32]


def load_key(path: Path) -> Ed25519PrivateKey:
    """An unencrypted Ed25519 key in PEM (PKCS 8), as `openssl genpkey -algorithm ed25519` makes them. Raises OSError,
    ValueError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(files.read_bytes(path, KEY_MOST), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{path}: not an unencrypted Ed25519 key in PEM") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError(f"{path}: a key, but not an Ed25519 one")
    return found


def own_key_path() -> Path:
    """Where this user's own key is."""
    return state_folder() / "signing-key.pem"


def own_key() -> Ed25519PrivateKey:
    """This user's own key in the state folder, made at the first time. Raises OSError, ValueError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path = own_key_path()
    with contextlib.suppress(FileNotFoundError):
        return load_key(path)
    made = Ed25519PrivateKey.generate()
    files.write_text(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    return made


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _read(path: Path, folder: Path) -> Record:
    """A manifest whose form and signature are right. Raises BundleError."""
    try:
        with open(path, "rb", opener=_opened) as source:
            if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", str(path))
            data = source.read(MOST_BYTES + 1)
    except OSError as e:
        raise BundleError(folder, f"no bundle: {NAME}: {e.strerror}", there=False,
                          refused=e.errno == errno.EACCES) from None
    wrong = BundleError(path, "is not what was signed")
    try:
        found: Record = json.loads(data)
        names = [each["name"] for each in found["files"]]
        whole = (len(data) <= MOST_BYTES and found["schema"] == SCHEMA and data == _written(found)
                 and len(names) <= MOST_FILES and len(set(names)) == len(names) and NAME not in names
                 and all(FILE.fullmatch(name) for name in names)
                 and all(type(each["bytes"]) is int and type(each["sha256"]) is str for each in found["files"])
                 and found["chain"] == _chain(found) and found["signature"]["algorithm"] == "ed25519")
        signature, public = (bytes.fromhex(found["signature"][key]) for key in ("value", "public_key"))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise wrong from None
    if not whole or not _fits(public, signature, _signed(found)):
        raise wrong
    return found


def _opened(name: str, flags: int) -> int:
    with files.as_caller():
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _fits(public: bytes, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _chain(manifest: Record) -> str:
    """From what is said of the whole over each file, in their order."""
    about = {key: value for key, value in manifest.items() if key not in ("files", "chain", "signature")}
    link = hashlib.sha256(_written(about)).digest()
    for each in manifest["files"]:
        link = hashlib.sha256(link + each["name"].encode() + b"\0" + bytes.fromhex(each["sha256"])).digest()
    return link.hex()


def _signed(manifest: Record) -> bytes:
    return _written({key: value for key, value in manifest.items() if key != "signature"})


def _written(value: Record) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _hashed(path: Path, folder: int | None = None) -> tuple[int, str]:
    """(bytes, SHA-256) of a regular file, in the folder of that descriptor. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with files.as_caller():
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder)
    with open(number, "rb") as source:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        while piece := source.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
