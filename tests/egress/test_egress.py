"""The policy of egress, its file, and the ledger: by the command line, or where that is not enough by functions."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

from netwatch.egress import ledger
from netwatch.egress.destinations import Destinations, Seen, Way
from netwatch.egress.policy import Destination, PolicyError, fits, load, parse
from netwatch.egress.promotion import promoted, suggestions, wanted
from netwatch.store.tables import TableError

HTTPS = ROOT / "tests" / "captures" / "https.pcap"
POLICY = """# ours
strict = false  # for now

[program.curl]  # fetches
allow_sni = ["api.example.org", "*.example.com"]  # two
allow_ip = ["192.0.2.0/24", "2001:db8::/32"]
allow_asn = [64500]
allow_ports = [443, 8443]
block_sni = ["evil.example.com"]
block_ports = [25]
"""


def to(name: str = "", address: str = "198.51.100.1", port: int | None = 443, asn: int | None = None,
       ech: bool = False) -> Destination:
    return Destination(name, address, port, asn, ech)


@pytest.mark.parametrize(("destination", "word"), [
    (to("api.example.org"), "sni"), (to("API.Example.ORG."), "sni"), (to("a.b.example.com"), "sni"),
    (to("example.com"), "drift"), (to("notexample.com"), "drift"), (to("evil.example.com"), "blocked"),
    (to(address="192.0.2.9"), "ip"), (to(address="2001:db8::1"), "ip"), (to(asn=64500), "asn"),
    (to("api.example.org", port=80), "drift"), (to("api.example.org", port=25), "blocked"),
    (to("api.example.org", ech=True), "ech"), (to("cover.example", address="192.0.2.9", ech=True), "ip"),
    (to(port=None), "drift")])
def test_verdicts(destination: Destination, word: str) -> None:
    assert parse(POLICY, "x").judge("curl", destination).word == word


def test_who_has_no_table() -> None:
    assert parse(POLICY, "x").judge("wget", to()).word == "no-rule"
    assert parse("strict = true", "x").judge("wget", to()).word == "undeclared"


@pytest.mark.parametrize(("text", "says"), [
    ("strict = 1", "true or false"), ("[program.x]\nallow_sin = []", "did you mean allow_sni"),
    ("[program.x]\nallow_ip = ['1.2.3']", "an address, or a network"),
    ("[program.x]\nallow_sni = ['a*']", "before one"),
    ("[program.x]\nallow_ports = [70000]", "0 to 65535"),
    ("[program.x]\nallow_ports = [true]", "0 to 65535"),
    ("program = 3", "a table for each"), ("[program.x]\nallow_sni = 'a'", "a list of texts"),
    ("x = [", "Invalid value"), ("x = " + "[" * 20_000, "nested too deeply")])
def test_a_wrong_policy_says_where(text: str, says: str) -> None:
    with pytest.raises(PolicyError) as found:
        parse(text, "p.toml")
    assert says in str(found.value) and str(found.value).startswith("p.toml")


def test_a_policy_that_others_can_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "egress-policy.toml"
    path.write_text(POLICY)
    tmp_path.chmod(0o700)
    path.chmod(0o600)
    assert load(path).programs
    path.chmod(0o620)
    with pytest.raises(PolicyError, match="written by others") as found:
        load(path)
    assert found.value.refused
    path.chmod(0o600)
    tmp_path.chmod(0o1777)  # in which nobody can exchange another's file
    assert load(path).programs
    tmp_path.chmod(0o777)
    with pytest.raises(PolicyError, match="its folder"):
        load(path)


def test_promotion_keeps_what_is_there() -> None:
    new = promoted(POLICY, wanted([("curl", to("new.example.net")), ("wget", to(address="203.0.113.7")),
                                   ("wget", to("cover.example", address="203.0.113.8", ech=True))]))
    for kept in ("# ours", "# for now", "# fetches", "# two"):
        assert kept in new
    policy = parse(new, "x")
    assert policy.judge("curl", to("new.example.net")).word == "sni"
    assert policy.judge("wget", to(address="203.0.113.7")).word == "ip"
    assert policy.judge("wget", to("cover.example", address="203.0.113.8", ech=True)).word == "ip"
    assert promoted(new, wanted([("curl", to("new.example.net"))])) == new


def test_wildcards_are_only_suggested() -> None:
    more = wanted([("curl", to(f"{name}.cdn.example.net")) for name in "abc"])
    assert any('"*.cdn.example.net"' in line for line in suggestions(more)) and "*" not in promoted("", more)
    assert not suggestions(wanted([("curl", to(f"{name}.com")) for name in "abc"])), "nobody's are all below com"


def test_what_a_peer_says_widens_nothing() -> None:
    """A name with a wildcard, or one that is none, is never promoted: its address is."""
    for name in ("*.com", "*", "a b", 'x"]\nstrict = false', "-x.example", "x..example", "a" * 300):
        more = wanted([("curl", to(name))])
        assert more == {"curl": {"allow_ip": ["198.51.100.1"]}}
        assert parse(promoted(POLICY, more), "x").judge("curl", to("other.com", address="203.0.113.1")).word == "drift"
    assert wanted([('a.b"]', to("_x.example-y.org"))]) == {'a.b"]': {"allow_sni": ["_x.example-y.org"]}}
    assert parse(promoted("", wanted([('a.b"]', to("x.org"))])), "x").judge('a.b"]', to("x.org")).word == "sni"


def test_a_host_with_its_port_is_the_host() -> None:
    for said, name in (("Example.org:8080", "example.org"), ("example.org.", "example.org"), ("192.0.2.1:80", ""),
                       ("[2001:db8::1]:80", ""), ("2001:db8::1", "")):
        seen = Destinations()
        seen.take({"proto": "tcp", "src": "192.0.2.9", "dst": "198.51.100.1", "dport": 80, "first": "a", "last": "b",
                   "http": {"host": said}})
        assert [way.name for way in seen.seen] == [name]


def test_names() -> None:
    assert fits("x.example.com", "*.example.com") and not fits(".example.com", "*.example.com")
    assert not fits("", "example.com")


def run(*words: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**ENVIRONMENT, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "c"),
                   "XDG_STATE_HOME": str(home / "s")}
    done = subprocess.run([*COMMAND, *map(str, words)], env=environment, text=True, capture_output=True, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_lint_and_promote(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "p.toml"
    missing = run("egress", "lint", HTTPS, "--policy", path, home=tmp_path)
    assert missing.returncode == 4 and "p.toml" in missing.stderr
    path.write_text("# mine\nstrict = true\n")
    path.chmod(0o600)
    before = run("egress", "lint", HTTPS, "--policy", path, "--format", "ndjson", home=tmp_path)
    records = [json.loads(line) for line in before.stdout.splitlines()]
    assert before.returncode == 1 and {each["verdict"] for each in records} == {"undeclared"}
    assert all(each["schema"] == "netwatch.egress/1" and each["flows"] and "source" in each for each in records)
    dry = run("egress", "promote", HTTPS, "--policy", path, "--dry-run", home=tmp_path)
    assert "# mine" in dry.stdout and "allow_" in dry.stdout and path.read_text() == "# mine\nstrict = true\n"
    assert "added" in run("egress", "promote", HTTPS, "--policy", path, home=tmp_path).stdout
    assert path.read_text() == dry.stdout and oct(os.stat(path).st_mode & 0o777) == "0o600"
    after = run("egress", "lint", HTTPS, "--policy", path, "--format", "ndjson", home=tmp_path)
    assert after.returncode == 0 and not after.stdout
    shown = run("egress", "lint", HTTPS, "--policy", path, "--all", "--format", "table", home=tmp_path)
    assert "sni" in shown.stdout or "ip" in shown.stdout
    path.chmod(0o666)
    assert run("egress", "lint", HTTPS, "--policy", path, home=tmp_path).returncode == 3


def test_the_ledger_adds_up_and_forgets(tmp_path: Path) -> None:
    path = tmp_path / "state" / "egress.sqlite"

    def day(number: int, octets: int) -> Destinations:
        seen = Destinations()
        stamp = f"2026-01-{number:02}T10:00:00.000000000Z"
        way = Way("curl", "", "api.example.org", "192.0.2.1", 443, "tcp")
        seen.seen[way] = Seen(flows=1, bytes_out=octets, bytes_in=2 * octets)
        seen.seen[way].span.take({"first": stamp, "last": stamp})
        return seen

    ledger.add(path, day(1, 10), 30)
    ledger.add(path, day(1, 5), 30)
    ledger.add(path, day(3, 100), 30)
    assert oct(os.stat(path).st_mode & 0o777) == "0o600"
    (whole,) = ledger.sums(path, ("program",))
    assert (whole.group, whole.flows, whole.bytes_out, whole.bytes_in) == (("curl",), 3, 115, 230)
    assert [each.group for each in ledger.sums(path, ("program", "day"))] == [("curl", "2026-01-03"),
                                                                           ("curl", "2026-01-01")]
    assert ledger.sums(path, ("month",))[0].group == ("2026-01",)
    assert ledger.sums(path, ("host",), "2026-01-02")[0].bytes_out == 100
    ledger.add(path, day(4, 1), 2)
    assert sum(each.bytes_out for each in ledger.sums(path, ("program",))) == 101
    path.write_bytes(b"no data base at all, but long enough to be one" * 100)
    with pytest.raises(TableError, match=r"egress\.sqlite"):
        ledger.sums(path, ("program",))


def test_usage(tmp_path: Path) -> None:
    done = run("usage", HTTPS, "--by", "host", "--format", "ndjson", home=tmp_path)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and records and all(each["bytes_out"] > 0 and "host" in each for each in records)
    flows = subprocess.run([*COMMAND, "read", str(HTTPS), "--format", "ndjson"], env=ENVIRONMENT, text=True,
                           capture_output=True, check=True).stdout
    goes = [each for each in map(json.loads, flows.splitlines()) if each["proto"] in ("tcp", "udp")]
    assert sum(each["flows"] for each in records) == len(goes)
    assert sum(each["bytes_in"] for each in records) == sum(each["bytes_in"] for each in goes)
    nothing = run("usage", home=tmp_path)
    assert nothing.returncode == 4 and "egress.keep" in nothing.stderr
    assert run("usage", "--by", "colour", home=tmp_path).returncode == 2
    for age in ("soon", "99999999d", "9" * 5000 + "w"):
        assert run("usage", "--since", age, home=tmp_path).returncode == 2
