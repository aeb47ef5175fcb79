"""`--redact` of read, stats and diagnose: nothing private of the plain output is in the redacted one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from netwatch_command import ROOT, Run, run_forked
from record_leaves import leaves

from netwatch.model.record import Record
from netwatch.privacy.redactor import EVERYBODYS, classes
from netwatch.schema import Privacy

KINDS = "flows,packets,dns,http,tls,streams,hosts,summary"
CAPTURES = ("http", "dns", "https", "netbios", "mdns", "dhcp", "kerberos", "ldap", "ftp", "grpc", "imap", "irc", "ike")
SHORTEST = 4  # characters of a value that is looked for


def told_of(records: list[Record]) -> tuple[set[str], set[str]]:
    """What is private in them, and what is public."""
    private, public = set(), set()
    for record in records:
        kind = str(record["schema"]).removeprefix("netwatch.").partition("/")[0]
        for path, value in leaves(record):
            privacy = classes(kind).get(path, Privacy.PUBLIC)
            if isinstance(value, str):
                (public if privacy is Privacy.PUBLIC else private).add(value)
    return private, public


def holds(text: str, value: str) -> bool:
    return value in text and re.search(rf"(?<![\w.:-]){re.escape(value)}(?![\w:-]|\.\w)", text) is not None


def read(netwatch: Run, capture: str, *words: str) -> str:
    path = ROOT / "tests" / "captures" / f"{capture}.pcap"
    keys = path.with_suffix(".keys")
    more = ("--keylog", str(keys)) if keys.exists() else ()
    done = netwatch("read", path, *more, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("capture", CAPTURES)
def test_nothing_private_is_left_in_any_format(netwatch: Run, capture: str):
    plain = [json.loads(line) for line in read(netwatch, capture, "--what", KINDS, "--format", "ndjson").splitlines()]
    private, public = told_of(plain)
    texts = " ".join(public)
    looked_for = {value for value in private if len(value) >= SHORTEST and value not in EVERYBODYS
                  and not holds(texts, value) and not value.isdecimal()}
    assert len(looked_for) > 2
    plain_table = read(netwatch, capture, "--what", KINDS, "--format", "table", "--wide")
    assert any(holds(plain_table, value) for value in looked_for)  # so that this can fail
    for style, words in (("ndjson", ("--what", KINDS)), ("json", ("--what", KINDS)),
                         ("table", ("--what", KINDS, "--wide")), ("csv", ("--what", "flows")),
                         ("csv", ("--what", "packets")), ("csv", ("--what", "hosts"))):
        shown = read(netwatch, capture, *words, "--format", style, "--redact")
        assert not [value for value in looked_for if holds(shown, value)], (style, words)
        assert "addr-1" in shown


def test_what_belongs_together_still_does(netwatch: Run):
    plain = [json.loads(line) for line in read(netwatch, "dns", "--what", "flows").splitlines()]
    shown = [json.loads(line) for line in read(netwatch, "dns", "--what", "flows", "--redact").splitlines()]
    pairs = {(a["src"], b["src"]) for a, b in zip(plain, shown, strict=True)}
    pairs |= {(a["dst"], b["dst"]) for a, b in zip(plain, shown, strict=True)}
    assert len({a for a, _ in pairs}) == len(pairs) == len({b for _, b in pairs})
    assert [a["dport"] for a in plain] == [b["dport"] for b in shown]


def test_filters_and_orders_are_of_the_true_values(netwatch: Run):
    ids = [json.loads(line)["id"] for line in read(netwatch, "http", "-Y", "ip == 10.77.0.2", "--sort", "src",
                                                   "--format", "ndjson").splitlines()]
    shown = read(netwatch, "http", "-Y", "ip == 10.77.0.2", "--sort", "src", "--format", "ndjson", "--redact")
    assert ids and [json.loads(line)["id"] for line in shown.splitlines()] == ids and "10.77.0.2" not in shown


@pytest.mark.parametrize("fields", ["ip.src,ip.dst,tcp.port", "src,http.host,process.name", "eth.src,ip.ttl,info"])
def test_fields_that_are_asked_for_are_redacted(netwatch: Run, fields: str):
    for what in ("packets",) if "eth" in fields else ("flows", "packets"):
        plain = read(netwatch, "http", "--what", what, "--fields", fields, "--format", "csv")
        shown = read(netwatch, "http", "--what", what, "--fields", fields, "--format", "csv", "--redact")
        assert ("10.77.0." in plain or "eth.src" in fields) and "10.77.0." not in shown
        assert len(plain.splitlines()) == len(shown.splitlines())
        assert not re.search(r"(?:[0-9a-f]{2}:){5}", shown)
    assert read(netwatch, "http", "--fields", "ipv6.src", "--format", "csv", "--redact") == \
        read(netwatch, "http", "--fields", "ipv6.src", "--format", "csv")  # there is none


def test_groups_and_sums(netwatch: Run):
    plain = [json.loads(line) for line in read(netwatch, "dns", "--by", "src,app", "--sum", "bytes").splitlines()]
    shown = [json.loads(line) for line in read(netwatch, "dns", "--by", "src,app", "--sum", "bytes",
                                               "--redact").splitlines()]
    assert [row["bytes"] for row in plain] == [row["bytes"] for row in shown]
    assert all(row["src"].startswith("addr-") and row["app"] == "dns" for row in shown)


@pytest.mark.parametrize("topic", ["conversations", "endpoints", "hosts", "rtt", "dns", "http", "tls", "expert",
                                   "protocols", "io", "flows", "processes"])
def test_statistics(netwatch: Run, topic: str):
    for capture in ("dns", "http", "https"):
        path = ROOT / "tests" / "captures" / f"{capture}.pcap"
        plain, shown = (netwatch("stats", topic, path, *more, "--format", "csv").stdout for more in ((), ("--redact",)))
        private, _ = told_of([json.loads(line) for line in read(netwatch, capture, "--what", KINDS).splitlines()])
        looked_for = {value for value in private if len(value) > SHORTEST and value not in EVERYBODYS}
        assert not [value for value in looked_for if holds(shown, value)]
        assert len(plain.splitlines()) == len(shown.splitlines())
        if topic in ("protocols", "io", "expert"):
            assert plain == shown


def test_by_a_key_tokens_are_the_same_in_other_runs(netwatch: Run, tmp_path: Path):
    words = ("--what", "flows", "--redact", "--redact-key", str(tmp_path / "key"))
    first, again = (read(netwatch, "http", *words) for _ in range(2))
    assert first == again and "10.77" not in first and (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    source = json.loads(first.splitlines()[0])["src"]
    assert source in read(netwatch, "https", *words)  # the same machine
    assert source != json.loads(read(netwatch, "http", *words[:-1], str(tmp_path / "k2")).splitlines()[0])["src"]


@pytest.mark.parametrize("words", [
    ("--follow", "1"), ("-w", "OUT.pcapng"), ("--show-secrets",), ("--format", "zeek"), ("--format", "arrow"),
    ("--each",), ("--scheduler", "tcp://127.0.0.1:1", "--redact-key", "k")])
def test_what_cannot_be_redacted_is_refused_with_a_reason(netwatch: Run, words: tuple[str, ...], tmp_path: Path):
    words = tuple(str(tmp_path / word) if word.startswith("OUT") else word for word in words)
    done = netwatch("read", ROOT / "tests" / "captures" / "http.pcap", "--redact", *words)
    assert done.returncode == 2 and "--redact" in done.stderr and not done.stdout
    done = netwatch("read", ROOT / "tests" / "captures" / "http.pcap", "--redact-key", tmp_path / "k")
    assert done.returncode == 2 and "--redact" in done.stderr and not (tmp_path / "k").exists()


def test_each_file_by_one_key(netwatch: Run, tmp_path: Path):
    paths = [ROOT / "tests" / "captures" / f"{name}.pcap" for name in ("http", "https")]
    done = netwatch("read", *paths, "--each", "--redact", "--redact-key", tmp_path / "key")
    assert done.returncode == 0 and "10.77" not in done.stdout
    assert len({json.loads(line)["src"] for line in done.stdout.splitlines()}) == 1


@pytest.mark.parametrize("style", ["ndjson", "json", "markdown", "table"])
def test_diagnose(tmp_path: Path, style: str) -> None:
    """Nothing private of a finding is left; with a key its tokens are those of `read`."""
    path, key = str(ROOT / "tests" / "captures" / "tls-alerts.pcap"), str(tmp_path / "key")

    def told(*words: str) -> str:
        done = run_forked([words[0], path, *words[1:]], tmp_path)
        assert done.returncode == (words[0] == "diagnose"), done.stderr
        return str(done.stdout)
    found = [json.loads(line) for line in told("diagnose", "--format", "ndjson").splitlines()]
    private, _ = told_of(found)
    plain = told("diagnose", "--format", style)
    hidden = told("diagnose", "--format", style, "--redact", "--redact-key", key)
    assert "10.77.0.2" in plain and "TLS fails" in hidden
    assert not [value for value in (*private, "10.77.0") if value in hidden]
    if style == "ndjson":
        read = told("read", "--what", "finding", "--format", "ndjson", "--redact", "--redact-key", key)
        assert [json.loads(line)["dst"] for line in read.splitlines()] == [
            json.loads(line)["dst"] for line in hidden.splitlines()]


@pytest.mark.parametrize("words", [["show", "--frame", "1"], ["export", "--curl"], ["snapshot"]])
def test_who_cannot_redact_says_who_can(netwatch: Run, words: list[str]) -> None:
    done = netwatch(*words, "--redact")
    assert done.returncode == 2 and "tokens stand in records: of read, stats, hosts, diagnose" in done.stderr
