"""`netwatch whois` and the popup: referrals, hostile registries, and what nobody is asked."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import registries
from netwatch_command import COMMAND, ENVIRONMENT, until_inside
from registries import (
    ARIN,
    CONTROLS,
    EMPTY,
    ENDLESS,
    FAR,
    LARGE,
    NAMES,
    RIPE,
    ROUND,
    SILENT,
    STRAY,
    UNHEARD,
    Registries,
)

from netwatch.model.host import Host
from netwatch.model.whois import SERVERS, RegistryAnswer
from netwatch.names import whois
from netwatch.platform import registries as asking

rooted = pytest.mark.skipif(registries.reason() is not None, reason=registries.reason() or "")
REGISTRY = {server: name for name, server in SERVERS.items()}
AT = {REGISTRY[name]: address for name, address in NAMES.items() if name in REGISTRY}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    with Registries(tmp_path_factory.mktemp("registries")) as made:
        yield made


@rooted
def test_who_is_referred_to_is_asked(lab: Registries) -> None:
    code, found, said = lab.whois(RIPE)
    assert code == 0 and not said, said
    assert found["schema"] == "netwatch.whois/1" and found["asked"] == ["iana", "ripe"] and found["registry"] == "ripe"
    assert {key: found[key] for key in ("range", "name", "organisation", "country", "abuse", "status", "origin")} == {
        "range": "193.0.0.0 - 193.0.7.255", "name": "RIPE-NCC", "organisation": "The Organisation", "country": "NL",
        "abuse": "abuse@example.net", "status": "ASSIGNED PA", "origin": "AS3333"}
    assert "route: 193.0.0.0/21" in found["text"] and "reason" not in found
    assert lab.asked() == [(AT["iana"], RIPE), (AT["ripe"], RIPE)]


@rooted
@pytest.mark.parametrize("sandbox", ["strict", "off"])
@pytest.mark.parametrize("address", [ARIN, FAR])
def test_arin_is_asked_for_networks(lab: Registries, address: str, sandbox: str) -> None:
    """And one that refers to itself is asked once."""
    code, found, said = lab.whois(address, "--sandbox", sandbox)
    assert code == 0 and found["asked"] == ["iana", "arin"] and found["organisation"] in ("Google LLC", "ARIN"), said
    assert lab.asked() == [(AT["iana"], address), (AT["arin"], f"n + {address}")]


@rooted
def test_who_is_no_registry_is_not_asked(lab: Registries) -> None:
    code, found, said = lab.whois(STRAY)
    assert code == 1 and "it refers to whois.example, which is none of the registries" in said
    assert found["range"] == "1.0.0.0 - 1.255.255.255" and [server for server, _ in lab.asked()] == [AT["iana"]]


@rooted
def test_two_that_refer_to_each_other_are_asked_once(lab: Registries) -> None:
    code, found, _ = lab.whois(ROUND)
    assert code == 0 and found["asked"] == ["iana", "ripe"] and len(lab.asked()) == 2


@rooted
def test_what_is_hostile_is_bounded_and_safe(lab: Registries) -> None:
    code, found, said = lab.whois(LARGE)
    assert code == 1 and len(found["text"]) <= whois.LINE_MOST and "the rest is cut" in said
    code, found, _ = lab.whois(CONTROLS)
    assert code == 0 and found["country"] == "ZZ" and found["text"].replace("\n", "").isprintable()
    began = time.monotonic()
    code, found, said = lab.whois(ENDLESS)
    assert code == 1 and found["name"] == "ENDLESS" and "the rest did not come in time" in said
    code, found, said = lab.whois(SILENT)
    assert code == 69 and not found["text"] and "no answer in time" in said
    assert time.monotonic() - began < 60
    code, found, said = lab.whois(EMPTY)
    assert code == 1 and not found["text"]


@rooted
def test_a_registry_that_is_down_is_said(lab: Registries) -> None:
    code, found, said = lab.whois(UNHEARD)
    assert code == 1 and found["registry"] == "iana" and "whois.lacnic.net: Connection refused" in said, said


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "224.0.0.1", "192.0.2.1", "fe80::1", "ff0e::1", "::1",
                                     "255.255.255.255", "100.64.0.1", "::ffff:8.8.8.8", "no address", "8.8.8.8\n", "-"])
def test_what_no_registry_has_is_refused_and_nothing_sent(address: str) -> None:
    done = subprocess.run([*COMMAND, "whois", address], env=ENVIRONMENT, text=True, capture_output=True, timeout=60,
                          check=False)
    assert done.returncode == 2 and not done.stdout, done
    with pytest.raises(ValueError, match=r"address|not a global"):
        asking.global_address(address)


@rooted
@pytest.mark.parametrize("allowed", [False, True])
def test_the_terminal_asks_by_a_key_and_where_it_is_allowed(lab: Registries, allowed: bool, tmp_path: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    import netwatch_terminal

    lab.asked()
    monkeypatch.setattr(netwatch_terminal, "COMMAND", [*lab.prefix, *COMMAND])
    words = ("-i", "lo", "--tab", "connections", "--where", f"dst == {RIPE}", "--sandbox", "strict",
             "--set", f"probes.third_party={str(allowed).lower()}")
    with netwatch_terminal.Terminal(*words, folder=tmp_path) as terminal:
        until_inside(terminal.process)
        subprocess.run([*lab.prefix, "ping", "-c", "2", "-i", "0.2", RIPE], check=True, capture_output=True)
        assert RIPE.encode() in terminal.read(20, until=RIPE.encode())
        terminal.read(2)
        assert lab.asked() == [], "nothing by selecting a row"
        terminal.send("W")
        wanted = b"The Organisation" if allowed else b"probes.third_party"
        assert wanted in terminal.read(20, until=wanted)
        assert len(lab.asked()) == (2 if allowed else 0)
        terminal.send("\x1bW")
        terminal.read(3)
        assert lab.asked() == [], "it is known for the rest of the run"
        terminal.send("\x1b")
        terminal.read(1)
        terminal.send("q")
        assert terminal.process.wait(20) == 0


class Said(Host):
    """A registry that says these bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.asked = data, 0

    def ask_registry(self, registry: str, address: str) -> None:
        assert registry in SERVERS
        self.asked += 1

    def registry_answer(self) -> RegistryAnswer:
        return RegistryAnswer("iana", self.data)


def test_any_bytes_are_text_that_can_be_shown() -> None:
    chance = random.Random(3)
    words = [b"refer: whois.", b"ripe.net", b"\n", b"\r", b":", b"whois:", b"\x1b[", b"\xff", b"\xe2\x80\xae",
             b"netname", b"ReferralServer: rwhois://whois.apnic.net:43/x\n",
             b"% Abuse contact for 'x' is 'y", b"'", b" " * 50]
    for _ in range(2_000):
        said = Said(b"".join(chance.choices(words, k=chance.randint(0, 40))))
        found = whois.look_up(said, "8.8.8.8")
        assert 1 <= said.asked <= whois.ASKED_MOST
        assert all(line.isprintable() and len(line) <= whois.LINE_MOST for line in found.text)
        assert all(value.isprintable() and len(value) <= whois.VALUE_MOST for value in found.fields.values())


def test_asking_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the one who has the network, whatever it is asked."""
    monkeypatch.setattr(asking, "_connected", lambda server: (_ for _ in ()).throw(OSError(0, "down")))
    made = asking.Registries()
    with pytest.raises(ValueError, match="third_party is false"):
        made.ask("iana", ARIN)
    made.allowed = True
    for registry, address in (("evil", ARIN), ("iana", "10.0.0.1"), ("whois.iana.org", ARIN), ("iana", f"{ARIN}\r\nx")):
        with pytest.raises(ValueError, match=r"registry|address"):
            made.ask(registry, address)
    for _ in range(asking.BURST):
        made.ask("iana", ARIN)
        assert made._thread is not None
        made._thread.join(10)
        assert made.answer() == RegistryAnswer("iana", b"", "whois.iana.org: down")
    with pytest.raises(BlockingIOError, match="too many at a time"):
        made.ask("iana", ARIN)
