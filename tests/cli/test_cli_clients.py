"""Names of programs by fingerprint: the shipped table, the user's own above it, what is wrong with it, and pivots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_captures import HEADER, capture, http_frames
from netwatch_command import ENVIRONMENT, ROOT, Run

from netwatch.names.clients import SHIPPED, ClientTableError, load_clients, overlay_path, parse_table

JA4 = "t13d1516h2_8daaf6152771_b186095e22b6"
JA3 = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A capture of one TLS flow and one HTTP flow."""
    path = tmp_path / "hello.pcap"
    path.write_bytes((ROOT / "tests/golden/tls.pcap").read_bytes() + capture(http_frames())[len(HEADER) :])
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "config" / "netwatch").mkdir(parents=True)
    return tmp_path / "config" / "netwatch" / "ja4.tsv"


def environment(config: Path) -> dict[str, str]:
    return {**ENVIRONMENT, "XDG_CONFIG_HOME": str(config.parent.parent)}


def flows(netwatch: Run, *arguments: str | Path, config: Path) -> list[dict[str, object]]:
    done = netwatch("read", *arguments, env=environment(config))
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_shipped_table_is_sound() -> None:
    table = parse_table(SHIPPED.read_text(encoding="utf-8"), "shipped")
    assert len(table) > 30
    assert {"curl", "Firefox", "Chromium", "Go"} <= {name.split()[0] for name in table.values()}
    assert "20" in SHIPPED.read_text(encoding="utf-8").splitlines()[1], "says when it was made"
    assert sorted(len(line.split("\t")) for line in SHIPPED.read_text().splitlines() if line[0] != "#")[-1] == 2


def test_a_flow_shows_the_users_name_for_its_client(netwatch: Run, hello: Path, config: Path) -> None:
    flow = next(f for f in flows(netwatch, hello, config=config) if f["app"] == "tls")
    assert "client" not in flow["tls"]
    config.write_text(f"# mine\n{flow['tls']['ja4']}\tour agent 1.2\n")
    for what in ("flows", "tls"):
        found = flows(netwatch, hello, "--what", what, "--where", "client contains agent", config=config)
        assert [record["tls"]["client"] for record in found] == ["our agent 1.2"]
    config.write_text(f"{flow['tls']['ja4']}\tby ja4\n{flow['tls']['ja3']}\tby ja3\n")
    assert flows(netwatch, hello, "--where", "sni contains .", config=config)[0]["tls"]["client"] == "by ja3"


def test_a_fingerprint_leads_to_all_its_flows(netwatch: Run, hello: Path, config: Path) -> None:
    whole = flows(netwatch, hello, config=config)
    tls = next(f["tls"] for f in whole if f["app"] == "tls")
    for where in (f"ja4 == {tls['ja4']}", f"ja3 == {tls['ja3']}", f"ja3s == {tls['ja3s']}", f"ja4:{tls['ja4'][:12]}"):
        assert [f["app"] for f in flows(netwatch, hello, "--where", where, config=config)] == ["tls"], where
    assert flows(netwatch, hello, "--where", f"ja4 == {JA4}", config=config) == []
    assert len(whole) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"nonsense\tx\n", "line 1: 'nonsense' is neither a JA4 nor a JA3"),
        (f"{JA4}\tgood\n\n# x\n{JA4[:-1]}\tbad\n".encode(), "line 4:"),
        (f"{JA4} curl\n".encode(), "line 1:"),
        (f"{JA4}\t\n".encode(), "after the fingerprint come a tab and a name"),
        (f"{JA4}\ta\x1b[2Jb\n".encode(), "printable"),
        (f"{JA4}\t{'x' * 121}\n".encode(), "at most 120"),
        (f"{JA4}\t\xff\n".encode("latin-1"), "byte 38 is not UTF-8"),
    ],
)
def test_what_is_wrong_with_the_users_table(netwatch: Run, hello: Path, config: Path, text: bytes, words: str) -> None:
    config.write_bytes(text)
    done = netwatch("read", hello, env=environment(config))
    assert done.returncode == 2
    assert words in done.stderr and str(config) in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_later_line_wins_and_so_does_the_overlay(tmp_path: Path) -> None:
    shipped = next(iter(load_clients(tmp_path / "none")))
    own = tmp_path / "own.tsv"
    own.write_text(f"{JA3}\tone\n{JA3}\ttwo\tfurther columns are notes\n{shipped}\tmine\n")
    table = load_clients(own)
    assert (table[JA3], table[shipped]) == ("two", "mine")
    assert len(table) == len(load_clients(tmp_path / "none")) + 1


def test_a_table_that_is_a_folder_or_huge_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ClientTableError, match="Is a directory"):
        load_clients(tmp_path)
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(5 << 20)
    with pytest.raises(ClientTableError, match="larger than 4 MiB"):
        load_clients(huge)


def test_where_the_users_table_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/h")
    for configured, folder in (("/x", "/x"), ("relative", "/h/.config"), ("", "/h/.config")):
        monkeypatch.setenv("XDG_CONFIG_HOME", configured)
        assert overlay_path() == Path(folder, "netwatch/ja4.tsv")
