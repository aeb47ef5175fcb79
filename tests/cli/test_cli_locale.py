"""Output in any locale, and where standard input, output or error are closed."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest
from conversation import Talk
from netwatch_command import COMMAND, ENVIRONMENT, ROOT
from wire import pcap

LOCALES = [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "latin-1"},
           {"PYTHONIOENCODING": "ascii"}]
REQUEST = b"GET /\xc3\xa9/\xff HTTP/1.1\r\nHost: \xe4\xbe\x8b.example\r\nUser-Agent: \xc3\xa9\xff\r\n\r\n"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A request with letters of two alphabets, and bytes that are none; in a file whose name is no UTF-8."""
    talk = Talk().open().say(0, REQUEST)
    talk.say(1, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").fin(0).fin(1).ack(0)
    path = tmp_path_factory.mktemp("odd") / "odd\udcff.pcap"
    path.write_bytes(pcap(talk.frames))
    return path


def read(path: Path, where: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([*COMMAND, "read", str(path), *words], env={**ENVIRONMENT, **where}, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 0, done.stderr
    return done


@cache
def usual(path: Path, kind: str, style: str) -> bytes:
    """What comes out where the locale is UTF-8."""
    return read(path, {"LC_ALL": "C.UTF-8"}, "--what", kind, "--format", style).stdout


@pytest.mark.parametrize("where", LOCALES, ids=lambda where: next(iter(where.values())))
@pytest.mark.parametrize("kind", ["flows", "http", "packets", "streams", "summary"])
def test_data_is_utf8_in_any_locale(where: dict[str, str], kind: str, odd: Path) -> None:
    for style in ("ndjson", "json", "csv"):
        found = read(odd, where, "--what", kind, "--format", style).stdout
        assert found == usual(odd, kind, style)
        assert "\ufffd" in found.decode("utf-8") or kind == "packets"
        assert style != "json" or json.loads(found)
    table = read(odd, where, "--what", kind, "--format", "table").stdout
    assert table.count(b"\n") == usual(odd, kind, "table").count(b"\n") > 0


@pytest.mark.parametrize("words", [["read", "FILE"], ["devices"], ["doctor", "--json"], ["--version"],
                                   ["config", "show"], []])
def test_a_closed_output_is_said(words: list[str], odd: Path) -> None:
    words = [str(odd) if word == "FILE" else word for word in words]
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *COMMAND, *words], env=ENVIRONMENT, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 69
    assert done.stderr == b"netwatch: the output cannot be written: standard output is closed\n"


def test_closed_input_and_error_change_nothing(odd: Path) -> None:
    """Whatever file is opened does not become standard error, and what is said does not come among the data."""
    usual = read(odd, {}, "--fields", "id,geo.country").stdout
    for closed in ("<&-", "2>&-", "<&- 2>&-"):
        words = ["sh", "-c", f'"$@" {closed}', "sh", *COMMAND, "read", str(odd), "--fields", "id,geo.country"]
        done = subprocess.run(words, env={**ENVIRONMENT, "NETWATCH_GEOIP": ""}, stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=60)
        assert (done.returncode, done.stdout) == (0, usual)


@pytest.mark.parametrize("words", [["--version"], ["read", "FILE"], ["read", "FILE", "--format", "table"], ["doctor"]])
def test_a_full_disk_is_said(words: list[str], odd: Path) -> None:
    words = [str(odd) if word == "FILE" else word for word in words]
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*COMMAND, *words], env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == 69
    assert done.stderr.startswith(b"netwatch: the output cannot be written: ") and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("where", LOCALES[::2], ids=lambda where: next(iter(where.values())))
def test_what_has_a_likeness_is_shown_by_it(where: dict[str, str]) -> None:
    """And takes as many columns: `µ` is u, an arrow > or <."""
    tour = str(ROOT / "docs" / "tour.pcap")
    for words in (["stats", "rtt"], ["stats", "processes"], ["hosts"]):
        told = [subprocess.run([*COMMAND, *words, tour, "--format", "table"], env={**ENVIRONMENT, **here},
                               capture_output=True, timeout=60, check=True).stdout for here in (where, {})]
        ascii_only, whole = told[0].decode("ascii"), told[1].decode()
        assert "?" not in ascii_only
        assert list(map(len, ascii_only.splitlines())) == list(map(len, whole.splitlines()))
