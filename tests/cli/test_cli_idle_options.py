"""No option is silently without effect: every option of every command that needs no interface is given to a run on
files, alone. Either something changes, or it is refused, or it stands in UNSEEN with its reason. Some 160 runs of a
tenth of a second: there is no other way to see it. All topics of stats with NETWATCH_MATRIX=1."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from netwatch_command import ROOT, run_forked

from netwatch.cli import COMMANDS, run
from netwatch.cli.parser import Parser
from netwatch.stats.topics import TOPICS

TOUR, KEYS = str(ROOT / "docs" / "tour.pcap"), str(ROOT / "tests" / "captures" / "https2.keys")
HTTPS, FTP = (str(ROOT / "tests" / "captures" / f"{name}.pcap") for name in ("https2", "ftp"))
FILES = [TOUR, HTTPS, FTP, TOUR]  # of one there are copies
WHOLE = os.environ.get("NETWATCH_MATRIX") == "1"
BASES: dict[str, list[str]] = {  # for each command: a run that has an answer
    "read": ["read", *FILES], "hosts": ["hosts", *FILES],
    "bare": ["read", *FILES, "--bare", "--write", "out.pcapng", "--where", "tcp or udp"],
    "bare of flows": ["read", *FILES, "--bare", "--write", "out.pcapng", "--where", "app in {tls, dns}"],
    "show": ["show", HTTPS, FTP, "--where", "(ftp or tls or dns) and len > 70"],
    **{f"stats {topic}": ["stats", topic, *FILES] for topic in (TOPICS if WHOLE else ("io",))},
    "assert": ["assert", "bytes < 1", *FILES], "diff": ["diff", TOUR, HTTPS],
    "sql": ["sql", "SELECT * FROM flows", *FILES], "export": ["export", "--curl", *FILES],
    "diagnose": ["diagnose", *FILES], "usage": ["usage", *FILES],
    "egress lint": ["egress", "lint", *FILES, "--policy", "b.toml"],
    "egress promote": ["egress", "promote", *FILES, "--policy", "b.toml", "--program", "none"],
    "uptime": ["uptime"], "config show": ["config", "show"], "config init": ["config", "init", "--config", "c.toml"],
    "config check": ["config", "check"], "data list": ["data", "list"], "data verify": ["data", "verify"],
    "fields": ["fields"], "protocols": ["protocols"], "formats": ["formats"], "devices": ["devices"],
    "forget": ["forget", "--before", "1h"],
}
NOT_OF_FILES = {"record", "bundle", "open", "trace", "whois", "run", "doctor", "agent", "snapshot", "feed", "attach"}
VALUES: dict[str, list[str]] = {  # of options that take one; others stand alone
    "--read": [str(ROOT / "tests" / "captures" / "dns.pcap")], "--interface": ["lo"],
    "--source": ["ipfix://127.0.0.1:2055"],
    "--capture-filter": ["tcp"],
    "--duration": ["1s"], "--count": ["3"], "--keylog": [KEYS], "--copies": ["keep"], "--what": ["dns"],
    "--where": ["port == 80"], "--fields": ["src"], "--sort": ["bytes"], "--limit": ["2"], "--stream-limit": ["9"],
    "--by": ["src"], "--sum": ["bytes_in"], "--top": ["1"], "--interval": ["10ms"], "--follow": ["6"],
    "--follow-stream": ["1"], "--follow-as": ["hex"], "--time": ["relative"], "--write": ["out.pcapng"],
    "--config": ["a.toml"], "--set": ["flows.copies=keep"], "--log-file": ["a.log"], "--log-level": ["error"],
    "--sandbox": ["off"], "--workers": ["2"], "--scheduler": ["tcp://127.0.0.1:1"], "--type": ["ip"],
    "--frame": ["1"], "--flow": ["6"], "--for": ["1s"], "--timeout": ["9s"], "--har": ["a.har"],
    "--objects": ["folder"], "--policy": ["b.toml"], "--program": ["x"], "--since": ["1d"], "--match": ["sni"],
    "--redact-key": ["k.key"], "--key": ["a.pem"], "--before": ["2h"], "--format": ["json"],
}
OF_ONE = {("export", "--where"): ["status == 404"],
          ("usage", "--by"): ["host"], ("hosts", "--sort"): ["address"], ("stats hosts", "--sort"): ["address"],
          **{(f"stats {topic}", "--sort"): ["item"] for topic in ("dns", "http", "tls")},
          ("stats protocols", "--sort"): ["path"], ("stats expert", "--sort"): ["frame"],
          ("stats rtt", "--sort"): ["min_us"], ("stats endpoints", "--sort"): ["address"],
          ("stats flows", "--sort"): ["flows"], ("config show", "--set"): ["ui.theme=nord"]}
SAME = "it is how, not what: the answer is the same"
UNSEEN: dict[str | tuple[str, str], str] = {  # option, or command and option: why nothing is seen of it here
    "--flush": "files are written to their end at once", "--no-pager": "there is no terminal",
    "--workers": SAME, "--sandbox": SAME, "--quiet": "nothing is said here",
    "--resolve": "there is nobody to ask", "--timeout": "it is not over", "--all": "see --strict: there are no owners",
    "--show-secrets": "of kinds that have secrets: read, show", "--exit-status": "its exit code is told by others",
    "--config": "the file sets what these captures do not show", "--set": "as --config", "--force": "nothing is there",
    "--no-dpi": "frames are counted without content too, at less cost", "--top": "there are no more rows",
    "--program": "none of these", "--key": "no pack is there", "--format": "json is the default in a pipe",
    ("uptime", "--json"): "there is no log", ("uptime", "--csv"): "there is no log",
    ("uptime", "--since"): "there is no log", ("forget", "--before"): "nothing is kept",
    ("stats dns", "--keylog"): "there is no DNS in it", ("diagnose", "--read"): "there is nothing wrong",
    ("diagnose", "--redact"): "there is nothing wrong",
    ("export", "--read"): "there is no HTTP in it",
    **{(f"stats {topic}", "--redact"): "there is nothing private in it" for topic in ("io", "protocols", "expert")},
    ("bare of flows", "--copies"): "the filter does not ask what is a copy",
    **{(f"egress {act}", "--read"): "no owners are known of files" for act in ("lint", "promote")},
    "--limit": "fewer are shown anyway", "--sort": "they are in that order anyway",
}
SURE = {  # commands of which these are seen, so that the table above hides no fault
    "read": {"--show-secrets", "--no-dpi", "--set", "--config", "--copies", "--limit", "--sort", "--top",
             "--exit-status"},
    **{key: {"--show-secrets", "--resolve", "--no-pager", "--limit", "--sort"} for key in ("bare", "bare of flows")},
    "show": {"--show-secrets", "--limit"}, "sql": {"--show-secrets", "--set", "--format"},
    "hosts": {"--sort", "--top", "--no-dpi"}, "config show": {"--set", "--format", "--force"},
    "config init": {"--set", "--format"}, "config check": {"--set", "--format", "--force"},
    "egress lint": {"--program", "--format"}, "egress promote": {"--all", "--format"},
    "export": {"--force"}, "stats io": {"--top", "--sort"}, "stats flows": {"--top"}, "stats dns": {"--top"},
}


class _Told(Exception):
    """The parser of a command, thrown where it begins to read."""


def parser_of(words: list[str]) -> Parser:
    def tell(self: Parser, *_: object, **__: object) -> None:
        raise _Told(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_known_args", tell)
        patch.setattr(argparse.ArgumentParser, "parse_known_intermixed_args", tell)
        patch.setattr("netwatch.cli._crashed", lambda error: pytest.fail(str(error)) if not isinstance(
            error, _Told) else patch.setattr(Parser, "told", error.args[0], raising=False))
        run(words)
        found: Parser = Parser.told  # type: ignore[attr-defined]
    return found


def options_of(words: list[str]) -> dict[str, argparse.Action]:
    return {action.option_strings[-1]: action for action in parser_of(words)._actions
            if action.option_strings and action.dest != "help"}


@pytest.fixture
def outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], tuple[object, ...]]:
    """What a run in a new folder comes to: exit code, what was printed and said, and files."""
    monkeypatch.setitem(os.environ, "XDG_STATE_HOME", str(tmp_path / "state"))

    def made(words: list[str]) -> tuple[object, ...]:
        folder = tmp_path / "run"
        folder.mkdir()
        (folder / "a.toml").write_text("[flows]\ncopies = \"keep\"\n")
        (folder / "b.toml").write_text("")
        done: subprocess.CompletedProcess[str] = run_forked(words, folder)
        files = sorted((path.name, path.read_bytes()) for path in folder.rglob("*")
                       if path.is_file() and path.name != "a.toml")
        shutil.rmtree(folder)
        return done.returncode, done.stdout, done.stderr, files

    return made


def test_every_command_is_looked_at() -> None:
    assert {words[0] for words in BASES.values()} | NOT_OF_FILES == set(COMMANDS)


@pytest.mark.parametrize("command", [name for name in BASES if WHOLE or name != "hosts"])  # which reads as stats does
def test_each_option_does_something_or_is_refused(
        outcome: Callable[[list[str]], tuple[object, ...]], command: str) -> None:
    words = BASES[command]
    base = outcome(words)
    silent = set()
    for option, action in options_of(words).items():
        if option in words:
            continue
        value = OF_ONE.get((command, option)) or VALUES.get(option)
        assert value or action.nargs in (0, "?"), f"{option}: say in VALUES what it is given"
        if outcome([*words, option, *(value or [] if action.nargs != 0 else [])]) == base:
            silent.add(option)
    excused = {option for option in silent if option in UNSEEN or (command, option) in UNSEEN}
    assert silent == excused - SURE.get(command, set())
