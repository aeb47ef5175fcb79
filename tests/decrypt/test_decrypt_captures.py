"""What is decrypted of real and made captures is what tshark decrypts, to the byte."""

from __future__ import annotations

import collections
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from running import run_source

from netwatch._fast.dpi import app_names
from netwatch.capture.file import open_files
from netwatch.decrypt.decryptor import Decryptor

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark")
# where tshark shows less
KNOWN = {
    "generated/tls13_chacha20_dsb_late.pcapng": "it takes no keys that come after the frames",
    "generated/tcp_client_side_only.pcap": "it opens nothing without a ServerHello; here the suites offered are tried",
    "generated/enc_mpls_pw_eth.pcap": "it does not look into the pseudowire",
}
NEEDS = {"lekensteyn/tls__mysql-ssl.pcapng": "mysql"}  # whose classifier hands the flow over to TLS


def captures(shared: Path) -> list[tuple[str, str | None]]:
    """(capture, key log) of those that hold something sealed in TLS over TCP."""
    known = json.loads((shared / "captures" / "expected.json").read_text())
    known = known.get("captures", known)
    sealed = [(name, facts) for name, facts in sorted(known.items()) if "quic" not in (facts.get("app_convs") or {})]
    return [(name, facts.get("keylog")) for name, facts in sealed
            if facts.get("keylog") or facts.get("decrypted_contains")]


def ours(path: Path, keys: Path | None) -> collections.Counter[tuple[int, str]]:
    """(bytes, hash) of each decrypted direction."""
    decryptor = Decryptor([str(keys)] if keys else [])
    result = run_source(open_files([str(path)]), ("flows", "streams"), addons=[decryptor])
    return collections.Counter((s["bytes"], s["sha256"]) for s in result.by_kind["streams"]
                               if s["source"] == "decrypted" and "stream" not in s)


def tshark(path: Path, keys: Path | None, *words: str) -> str:
    more = ["-o", "tcp.reassemble_out_of_order:TRUE"]
    more += ["-o", f"tls.keylog_file:{keys}"] if keys else []
    command = ["tshark", "-r", str(path), *more, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout


def theirs(path: Path, keys: Path | None) -> collections.Counter[tuple[int, str]]:
    """The same by tshark's follow of every TCP stream with TLS."""
    streams = set(tshark(path, keys, "-Y", "tls", "-T", "fields", "-e", "tcp.stream").replace(",", "\n").split())
    asked = [word for stream in sorted(streams, key=int) for word in ("-z", f"follow,tls,raw,{stream}")]
    said: collections.defaultdict[tuple[str, bool], bytearray] = collections.defaultdict(bytearray)
    stream = ""
    for line in tshark(path, keys, "-q", *asked).splitlines() if asked else ():
        text = line.strip()
        if text.startswith("Filter: "):
            stream = text
        elif text and all(c in "0123456789abcdef" for c in text) and len(text) % 2 == 0:
            said[stream, line.startswith("\t")] += bytes.fromhex(text)
    return collections.Counter((len(data), hashlib.sha256(data).hexdigest()) for data in said.values())


@pytest.mark.same
def test_the_same_bytes(shared: Path) -> None:
    differ = {}
    compared = 0
    for name, log in captures(shared):
        path, keys = shared / "captures" / name, shared / "captures" / log if log else None
        if NEEDS.get(name, "tls") not in app_names():
            continue
        mine, other = ours(path, keys), theirs(path, keys)
        compared += sum(other.values())
        if mine != other and name not in KNOWN:
            differ[name] = (mine - other, other - mine)
    assert not differ
    assert compared > 100
