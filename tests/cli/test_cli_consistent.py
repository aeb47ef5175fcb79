"""The commands are alike: captures by -r, filters by -Y, JSON by the option that each has, mistakes before a device."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT, Run

TOUR = str(ROOT / "docs" / "tour.pcap")


@pytest.mark.parametrize("line", ["show --frame 1", "export --curl", "stats io", "hosts", "diagnose", "usage",
                                  "sql 'SELECT count(*) FROM flows'", "assert 'bytes > 0'", "read"])
def test_captures_are_named_or_given_by_r(netwatch: Run, line: str) -> None:
    named, given = (netwatch(*shlex.split(line), *words) for words in ([TOUR], ["-r", TOUR]))
    assert (named.returncode, named.stdout) == (given.returncode, given.stdout)
    assert named.returncode == 0


def test_filters_are_given_by_y(netwatch: Run) -> None:
    assert netwatch("export", "--curl", TOUR, "-Y", "status == 404").stdout.count("curl ") == 1
    assert netwatch("bundle", "make", TOUR, "b", "-Y", "tcp").returncode == 0


@pytest.mark.parametrize(("line", "here"), [
    ("devices --format json", "--json"), ("doctor --format json", "--json"), ("fields --format json", "--json"),
    ("data list --format json", "--json"), ("uptime --format json", "--json"), ("diff A B --json", "--format json"),
    ("config show --json", "--format json"), ("usage --json", "--format json"),
    ("egress lint --json", "--format json"), ("show X --frame 1 --json", "--format ndjson"),
])
def test_json_is_asked_for_as_the_command_has_it(netwatch: Run, line: str, here: str) -> None:
    done = netwatch(*line.split())
    assert done.returncode == 2 and f"no such option; here: {here}\n" in done.stderr


@pytest.mark.parametrize(("words", "said"), [
    (["stats", TOUR], "the topic comes first"), (["assert", TOUR, "bytes > 1"], "EXPR comes first"),
    (["show", "--frame", "1"], "a FILE is needed"), (["export", "--curl"], "a FILE is needed"),
    (["stats", "io", TOUR, "--keylog", TOUR], "--keylog goes with hosts, protocols, dns, http, tls, flows and --where"),
    (["doctor", "--self", "--bounds"], "not allowed with"), (["read", TOUR, "--no-dpi", "-w", "x.pcapng",
                                                              "--with-secrets"], "--with-secrets needs content"),
    (["record", "--no-dpi", "--keylog", TOUR], "--keylog needs content"),
    (["snapshot", "--no-dpi", "--keylog", TOUR], "--keylog needs content"),
    (["snapshot", "--final", "--every", "1s"], "do not go together"),
    (["-r", TOUR, "--promiscuous"], "--promiscuous belongs to live capture"),
])
def test_what_cannot_be_meant_is_said(netwatch: Run, words: list[str], said: str) -> None:
    done = netwatch(*words)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr


@pytest.mark.parametrize("line", [
    "read -i none --duration soon", "read -i none --write x.txt", "read -i none --time delta",
    "read -i none -w x.pcap --with-secrets", "stats io -i none --duration soon", "hosts -i none --duration soon",
    "assert tcp -i none --for soon", "diagnose -i none --duration soon", "usage -i none --duration soon",
    "sql 'SELECT 1 FROM flows' -i none --duration soon", "bundle make -i none --duration soon b",
    "run -i none --duration soon true", "record -i none --duration soon", "snapshot -i none --duration soon",
])
def test_mistakes_are_told_before_a_device_is_opened(netwatch: Run, line: str) -> None:
    """There is no such device: that would be exit code 4, and 3 where one may not capture."""
    done = netwatch(*shlex.split(line))
    assert (done.returncode, done.stdout) == (2, "")


def test_a_program_that_is_not_there_is_told_before_a_device_is_opened(netwatch: Run) -> None:
    done = netwatch("run", "-i", "none", "no-such-program")
    assert done.returncode == 4 and "no-such-program: no such program" in done.stderr


@pytest.mark.parametrize("line", [f"read {TOUR}", f"stats conversations {TOUR}", f"hosts {TOUR}", "uptime",
                                  f"sql 'SELECT id FROM flows' {TOUR}", f"read {TOUR} --by app"])
def test_lines_of_csv_end_as_the_tools_of_the_shell_have_it(netwatch: Run, line: str) -> None:
    words = shlex.split(line)
    done = subprocess.run([*COMMAND, *words, *(["--csv"] if words == ["uptime"] else ["--format", "csv"])],
                          env=ENVIRONMENT, capture_output=True, timeout=60, check=False)
    assert b"\r" not in done.stdout


def at_a_terminal(columns: int, *words: str, **more: str) -> str:
    """What is shown there."""
    main, side = pty.openpty()
    child = subprocess.Popen([*COMMAND, *words], stdin=side, stdout=side, stderr=subprocess.DEVNULL,
                             env={**ENVIRONMENT, "COLUMNS": str(columns), "TERM": "xterm", **more})
    os.close(side)
    shown = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        shown += data
    child.wait(60)
    os.close(main)
    return shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("words", [["stats", "conversations", TOUR], ["stats", "http", TOUR], ["hosts", TOUR],
                                   ["sql", "SELECT * FROM flows", TOUR], ["read", TOUR, "--by", "src,dst,app"]])
@pytest.mark.parametrize("columns", [60, 80])
def test_tables_of_sums_fit_the_terminal(words: list[str], columns: int) -> None:
    lines = at_a_terminal(columns, *words).splitlines()
    assert len(lines) > 2 and max(map(len, lines)) <= columns
    left_out = [line for line in lines if line.startswith("… ") and "more column" in line]
    assert left_out or words[1] not in ("conversations", "SELECT * FROM flows")


def test_what_is_long_goes_through_the_pager() -> None:
    words = ["stats", "http", TOUR]
    plain = at_a_terminal(80, *words, PAGER="")
    assert at_a_terminal(80, *words, PAGER="sed s/^/:/") == "".join(f":{line}\n" for line in plain.splitlines())
    assert at_a_terminal(80, *words, "--no-pager", PAGER="sed s/^/:/") == plain


def test_settings_are_readable_at_eighty_columns(netwatch: Run) -> None:
    """Where each comes from begins within them, but for lines whose own value is long."""
    lines = netwatch("config", "show").stdout.splitlines()
    values = json.loads(netwatch("config", "show", "--format", "json").stdout)
    far = 0
    for line, (key, about) in zip(lines, values.items(), strict=True):
        assert line.split()[0] == key and line.endswith(about["origin"])
        far += line.rindex(about["origin"]) > 80 - len("default")
    assert far <= sum(len(json.dumps(about["value"])) > 28 for about in values.values()) < 12


@pytest.mark.parametrize("words", [["fields"], ["fields", "packet"], ["protocols"], ["formats"]])
@pytest.mark.parametrize("columns", [60, 80, 200])
def test_lists_fit_the_terminal_and_lose_nothing(words: list[str], columns: int) -> None:
    shown = at_a_terminal(columns, *words)
    assert max(map(len, shown.splitlines())) <= columns
    done = subprocess.run([*COMMAND, *words], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True)
    assert "".join(shown.split()) == "".join(done.stdout.split())
