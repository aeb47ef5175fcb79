"""Block lists: what is listed is told, what only resembles it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import habits
import logins
import pytest
from conversation import CLIENT, SERVER, Talk
from netwatch_command import Run
from situation import Frames, alerts, at, datagram, syn
from wire import pcap

from netwatch.detect.blocked import Listed
from netwatch.model.contract import AddonError

ME, BAD, BESIDE = "10.3.0.7", "203.0.113.9", "203.0.114.9"


def blocked(frames: Frames, *items: str, **options: Any) -> list[dict[str, Any]]:
    return [record for record in alerts(frames, lists={"block": items}, **options) if record["kind"] == "blocked"]


def web(host: str) -> Frames:
    talk = Talk(40000, 80, start=at(0), src=ME, dst=BESIDE).open()
    talk.say(CLIENT, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    talk.say(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    return talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames


@pytest.mark.parametrize("item", [BAD, "203.0.113.0/24", "203.0.113.9/24", "0.0.0.0/0"])
def test_an_address_that_is_reached_is_critical(item: str) -> None:
    (record,) = blocked(syn(0, ME, BAD, 1000, 443, "done") + syn(9, ME, BAD, 1001, 443, "done"), item)
    assert (record["severity"], record["src"], record["dst"], record["dport"]) == ("critical", ME, BAD, 443)
    assert record["count"] == 2 and len(record["flows"]) == 2


@pytest.mark.parametrize("answer", ["", "rst"])
def test_one_that_is_tried_is_a_warning(answer: str) -> None:
    (record,) = blocked(syn(0, ME, BAD, 1000, 443, answer), BAD)
    assert record["severity"] == "warning" and "tried" in record["text"]


def test_one_that_comes_from_outside() -> None:
    (record,) = blocked(syn(0, BAD, ME, 1000, 22, "rst"), "203.0.113.0/24")
    assert record["src"] == BAD and record["evidence"]["listed"] == "203.0.113.0/24"


def test_datagrams_count() -> None:
    frames = [datagram(0, ME, BAD, 50999, 5000), datagram(0.1, BAD, ME, 5000, 50999)]
    assert [record["severity"] for record in blocked(frames, BAD)] == ["critical"]


@pytest.mark.parametrize("item", ["203.0.113.8", "203.0.113.0/29", "2001:db8::/32", "9.113.0.203", "::/0"])
def test_addresses_beside_it_are_nobodys(item: str) -> None:
    assert not blocked(syn(0, ME, BAD, 1000, 443, "open"), item)


@pytest.mark.parametrize("name", ["bad.example", "www.bad.example", "BAD.example"])
@pytest.mark.parametrize("item", ["bad.example", "*.bad.example", "Bad.Example."])
def test_names_and_those_below(name: str, item: str) -> None:
    (record,) = blocked(habits.lookup(0, name, 2000), item)
    assert (record["severity"], record["title"]) == ("warning", "Blocked name asked for")
    assert record["evidence"]["listed"] == "bad.example"
    for host in (name, f"{name}:8080"):
        (record,) = blocked(web(host), item)
        assert (record["severity"], record["dst"]) == ("critical", BESIDE)


@pytest.mark.parametrize("name", ["notbad.example", "bad.example.net", "example", "bad-example", "bad.example.org"])
def test_names_that_only_contain_it(name: str) -> None:
    assert not blocked(habits.lookup(0, name, 2000), "bad.example")
    assert not blocked(web(name), "bad.example")


def test_fingerprints() -> None:
    frames = logins.captured("tls13")
    lines = (logins.ROOT / "tests/captures/tls13.ndjson").read_text().splitlines()
    found = next(flow["tls"]["ja4"] for flow in map(json.loads, lines) if "ja4" in flow.get("tls", {}))
    (record,) = blocked(frames, found)
    assert record["title"] == "Blocked client fingerprint" and found in record["text"]
    assert not blocked(frames, found[:-1] + ("0" if found[-1] != "0" else "1"))


@pytest.mark.same
def test_the_same_however_it_is_read() -> None:
    frames = [frame for i in range(90) for frame in habits.lookup(i, f"h{i}.bad.example", 3000 + i)]
    frames += [frame for i in range(30) for frame in syn(100 + i, ME, f"203.0.113.{i}", 4000 + i, 443, "open")]
    items = ("bad.example", "203.0.113.0/28", "203.0.113.16/28")
    usual = blocked(frames, *items)
    assert [record["count"] for record in usual] == [90, 16, 14]
    for options in ({"size": 1}, {"size": 7}, {"workers": 2}, {"workers": 3}):
        assert json.dumps(blocked(frames, *items, **options)) == json.dumps(usual)


def test_allowed_and_off() -> None:
    frames = syn(0, ME, BAD, 1000, 443, "open")
    assert not blocked(frames, BAD, blocked__allow=ME) and not blocked(frames, BAD, blocked__on=False)
    assert not blocked(frames) and not blocked(frames, BAD, blocked__lists="")


@pytest.mark.parametrize("item", ["10.0.0.0/33", "300.1.1.1", "0.0.0.0 bad.example", "http://bad.example/", "\x1b[2J"])
def test_what_is_nothing_of_it_is_said(item: str) -> None:
    with pytest.raises(AddonError, match="is no address, network, name or JA4") as raised:
        blocked(syn(0, ME, BAD, 1000, 443), item)
    assert "\x1b" not in str(raised.value)


def test_a_list_that_is_not_there() -> None:
    with pytest.raises(AddonError, match="no list is called blok"):
        blocked(syn(0, ME, BAD, 1000, 443), BAD, blocked__lists="blok")


def test_the_narrowest_network_is_named() -> None:
    listed = Listed(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32"])
    assert [listed.network(bytes(each)) for each in ([10, 1, 2, 3], [10, 1, 9, 9], [10, 9, 9, 9], [11, 0, 0, 0])] == [
        "10.1.2.3", "10.1.0.0/16", "10.0.0.0/8", ""]
    assert listed.network(bytes.fromhex("20010db8" + "00" * 12)) == "2001:db8::/32"


def test_of_the_configuration(netwatch: Run, tmp_path: Path) -> None:
    capture, config, file = tmp_path / "bad.pcap", tmp_path / "netwatch.toml", tmp_path / "bad.txt"
    capture.write_bytes(pcap(syn(0, ME, BAD, 1000, 443, "open")))
    config.write_text('[lists]\nblock = ["./bad.txt"]\n')
    file.write_text(f"# indicators\n{BAD}  # seen last week\n")
    told = netwatch("read", capture, "--config", config, "--what", "alerts", "--format", "ndjson")
    (record,) = map(json.loads, told.stdout.splitlines())
    assert record["kind"] == "blocked" and record["dst"] == BAD
    file.write_text("10.0.0.0/99\n")
    wrong = netwatch("read", capture, "--config", config, "--what", "alerts")
    assert wrong.returncode == 2 and "10.0.0.0/99 is no address" in wrong.stderr
