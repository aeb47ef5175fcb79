"""Evidence opens elsewhere: tshark decrypts with the secrets in a file as with the keys beside it, and finds owners; a
validator of HTTP archives finds nothing."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from netwatch_command import ENVIRONMENT, ROOT, Run
from test_recorder import watched

from netwatch.addons.recorder import Freeze

CAPTURES = ROOT / "tests" / "captures"
VALIDATE = "require('har-validator').har(JSON.parse(require('fs').readFileSync(process.argv[1]))).catch(" \
           "e => { console.error(JSON.stringify(e.errors)); process.exit(1) })"
tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def has_validator() -> bool:
    return shutil.which("node") is not None and subprocess.run(
        ["node", "-e", "require('har-validator')"], capture_output=True, check=False).returncode == 0


def seen(path: Path, keys: Path | None = None) -> Counter[str]:
    """The protocols of each frame, as tshark tells them."""
    more = ("-o", f"tls.keylog_file:{keys}") if keys is not None else ()
    done = subprocess.run(["tshark", "-r", path, *more, "-T", "fields", "-e", "frame.protocols"], capture_output=True,
                          text=True, check=True, timeout=60)
    return Counter(line.replace(":pkt_comment", "") for line in done.stdout.splitlines())


@tshark
@pytest.mark.parametrize("name", ["https", "https2", "http3", "tls12", "tls13-resumption", "dtls12", "smtp-tls"])
def test_tshark_decrypts_with_the_secrets_in_the_file(netwatch: Run, tmp_path: Path, name: str) -> None:
    keys, out = CAPTURES / f"{name}.keys", tmp_path / "out.pcapng"
    done = netwatch("read", CAPTURES / f"{name}.pcap", "--keylog", keys, "--write", out, "--with-secrets")
    assert done.returncode == 0, done.stderr
    beside = seen(CAPTURES / f"{name}.pcap", keys)
    assert seen(out) == beside != seen(CAPTURES / f"{name}.pcap")
    found = subprocess.run(["tshark", "-r", out, "-Y", 'frame.comment contains "app"'], capture_output=True, text=True,
                           check=True, timeout=60)
    assert len(found.stdout.splitlines()) > sum(beside.values()) // 2


@tshark
@pytest.mark.parametrize("how", ["frozen", "made"])
def test_tshark_decrypts_a_bundle_with_secrets(netwatch: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                               how: str) -> None:
    """What was frozen, too: keys are kept by whoever has them, until a bundle is made of it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    there: Path = CAPTURES / "https.pcap"
    if how == "frozen":
        session = watched(there, "recorder.armed=true", "recorder.on_alert=false")
        there = Path(session.do(Freeze()).rpartition(" ")[2])
        session.stop()
    keys = CAPTURES / "https.keys"
    for words, decrypted in (((), False), (("--with-secrets",), True)):
        out = tmp_path / f"b{len(words)}"
        done = netwatch("bundle", "make", there, out, "--keylog", keys, *words,
                        env={**ENVIRONMENT, "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]})
        assert done.returncode == 0, done.stderr
        found = seen(out / "packets.pcapng")
        assert any(line.endswith(":http") or ":http:" in line for line in found) == decrypted, found
    assert found == seen(CAPTURES / "https.pcap", keys)


@pytest.mark.skipif(not has_validator(), reason="node finds no har-validator")
@pytest.mark.parametrize("name", ["http", "https", "https2", "http3", "websocket", "../../docs/tour"])
def test_a_validator_of_http_archives_finds_nothing(netwatch: Run, tmp_path: Path, name: str) -> None:
    path, keys, out = CAPTURES / f"{name}.pcap", CAPTURES / f"{name}.keys", tmp_path / "a.har"
    words = ("--keylog", keys) if keys.exists() else ()
    done = netwatch("export", path, "--har", out, *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())["log"]["version"] == "1.2"
    checked = subprocess.run(["node", "-e", VALIDATE, out], capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stderr
