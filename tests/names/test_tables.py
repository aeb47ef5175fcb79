"""Tables on this machine: services, MAC vendors, scopes, places, and the resolver that is only asked when allowed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from mmdb import database
from netwatch_command import ENVIRONMENT, ROOT, Run
from running import open_bytes
from wire import A4, B4, SYN, eth, ip4, pcap, sctp, spaced, tcp, udp

from netwatch._fast.engine import Engine
from netwatch._fast.input.box import Box
from netwatch.model.event import FlowRef
from netwatch.names.addon import Names
from netwatch.names.geo import Geo
from netwatch.names.ports import Services, assigned
from netwatch.names.reverse import WAITING, Reverse
from netwatch.names.scopes import scope_of
from netwatch.names.vendors import LOCAL, Vendors

PROTO = {"tcp": 6, "udp": 17, "sctp": 132}


@pytest.mark.parametrize("text, scope", [
    ("127.0.0.1", "loopback"), ("::1", "loopback"), ("10.9.8.7", "private"), ("172.16.0.1", "private"),
    ("172.32.0.1", "global"), ("100.64.0.1", "cgnat"), ("100.128.0.1", "global"), ("169.254.1.1", "link-local"),
    ("fe80::1", "link-local"), ("fd12::1", "unique-local"), ("224.0.0.251", "multicast"), ("ff02::fb", "multicast"),
    ("255.255.255.255", "broadcast"), ("240.0.0.1", "reserved"), ("192.0.2.1", "documentation"),
    ("2001:db8::1", "documentation"), ("0.0.0.0", "unspecified"), ("8.8.8.8", "global"), ("2606:4700::1", "global"),
    ("2002::1", "6to4"), ("192.0.0.9", "global"), ("192.0.0.8", "reserved"), ("::ffff:1.2.3.4", "ipv4-mapped"),
    ("02:00:00:00:00:01", None), ("", None), ("1.2.3", None)])
def test_scopes(text: str, scope: str | None):
    assert scope_of(text) == scope


def service(sport: int, dport: int, proto: str = "tcp") -> str | None:
    body = {"tcp": tcp(sport, dport, SYN, 1, 0), "udp": udp(sport, dport, b"x"), "sctp": sctp(sport, dport, 1)}[proto]
    record: dict[str, Any] = {}
    Names(services=Services(""), geo=Geo()).adorn(record, flow(PROTO[proto], body))
    found: str | None = record.get("service")
    return found


def flow(proto: int, body: bytes, dst: str = B4) -> FlowRef:
    """The flow of one packet."""
    engine, box = Engine(), Box()
    box.fill(open_bytes(pcap(spaced([eth(ip4(proto, body, A4, dst))]))))
    engine.process(box)
    return FlowRef(engine, 1, engine.key(1))


def test_services_by_port_and_transport():
    assert (service(50000, 443), service(50000, 53, "udp"), service(5060, 5060, "sctp")) == ("https", "domain", "sip")
    assert (service(443, 50000), service(40000, 50000), service(50000, 22, "udp")) == ("https", None, None)
    assert service(47808, 50001, "udp") is None          # a client's own port says nothing


def test_the_table_of_services_names_each_port_once():
    ports = [(transport, port) for transport, port, _ in assigned()]
    assert len(ports) == len(set(ports)) > 400


def test_the_local_services_file_adds_and_does_not_change(tmp_path: Path):
    path = tmp_path / "services"
    path.write_text("# words\nweb 443/tcp\nmine 12345/tcp other\nworse 99999/tcp\nbad\nx y/z\nalso 12345/tcp\n\xff\n")
    found = Services(str(path))
    assert found.local and found.ports["tcp"][443] == "https" and found.ports["tcp"][12345] == "mine"
    assert 99999 not in found.ports["tcp"] and not Services(str(tmp_path / "none")).local


def built(folder: Path) -> subprocess.CompletedProcess[str]:
    code = (f"import sys; sys.path.insert(0, {str(ROOT / 'build')!r}); import vendors, pathlib; "
            f"vendors.TARGET = pathlib.Path({str(folder / 'vendors.bin')!r}); sys.argv = ['v', {str(folder)!r}]; "
            "sys.exit(vendors.main())")
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_vendors_the_narrowest_block_wins(tmp_path: Path):
    head = "Registry,Assignment,Organization Name,Organization Address\n"
    (tmp_path / "oui.csv").write_text(head + 'MA-L,0011AA,"Wide,  Inc.",x\nMA-L,70B3D5,IEEE Registration Authority,x\n'
                                      "MA-L,0022BB,Private,x\nMA-L,XYZ,Broken,x\n")
    (tmp_path / "mam.csv").write_text(head + "MA-M,0011AA3,Middle,x\n")
    (tmp_path / "oui36.csv").write_text(head + "MA-S,0011AA3F0,Narrow,x\nMA-S,70B3D5001,Small,x\n")
    assert built(tmp_path).returncode == 0
    table = Vendors(tmp_path / "vendors.bin")
    assert table.missing is None and len(table) == 4
    assert table.name("00:11:aa:00:00:01") == "Wide, Inc."
    assert table.name("00:11:aa:30:00:01") == "Middle"
    assert table.name("00:11:aa:3f:00:01") == "Narrow"
    assert table.name("70:b3:d5:00:1f:ff") == "Small"
    assert [table.name(mac) for mac in ("70:b3:d5:00:20:00", "00:22:bb:00:00:00", "01:11:aa:00:00:00", "nonsense",
                                        "00:00:00:00:00:00")] == [None] * 5
    assert table.name("02:11:aa:00:00:01") == LOCAL and "randomised" in LOCAL


def test_vendors_say_why_they_are_absent(tmp_path: Path):
    assert built(tmp_path).returncode == 3
    absent = Vendors(tmp_path / "vendors.bin")
    assert absent.missing is not None and "ieee-data" in absent.missing and absent.name("00:11:aa:00:00:01") is None
    for damage in (b"", b"nwvendor1\n", b"nwvendor1\n" + b"\xff" * 40, b"x" * 100):
        (tmp_path / "vendors.bin").write_bytes(damage)
        broken = Vendors(tmp_path / "vendors.bin")
        assert broken.name("00:11:aa:00:00:01") is None
        assert damage == b"nwvendor1\n" or broken.missing is not None


def test_places_come_from_local_databases_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("maxminddb", reason="places need maxminddb")
    monkeypatch.setenv("NETWATCH_GEOIP", str(tmp_path))
    assert not Geo() and "no GeoIP database in" in (Geo().missing or "")
    (tmp_path / "b.mmdb").write_bytes(database("DBIP-City-Lite", {
        "9.9.9.0/24": {"country": {"iso_code": "DE"}, "city": {"names": {"en": "Ber\x1blin"}}},
        "9.9.8.0/24": {"country": {"iso_code": "D3!"}, "city": "x"}, "9.9.7.0/24": {"country": "FR"}}))
    (tmp_path / "a.mmdb").write_bytes(database("ipinfo lite", {"9.9.9.0/24": {"asn": "AS64500", "as_name": "Example"}}))
    (tmp_path / "c.mmdb").write_bytes(b"rubbish")
    geo = Geo()
    assert geo.find("9.9.9.9") == {"country": "DE", "city": "Ber\ufffdlin", "asn": 64500, "org": "Example"}
    assert geo.find("9.9.8.1") == {"city": "x"} and geo.find("9.9.7.1") == {"country": "FR"}
    assert geo.find("1.2.3.4") == geo.find("2606:4700::1") == geo.find("rubbish") == {}
    assert "DB-IP" in geo.attribution()


def test_what_a_licence_asks_for_is_said_wherever_its_answers_are_shown(tmp_path: Path, netwatch: Run):
    pytest.importorskip("maxminddb", reason="places need maxminddb")
    (tmp_path / "b.mmdb").write_bytes(database("DBIP-City-Lite", {"9.9.9.0/24": {"country": {"iso_code": "DE"}}}))
    capture = ROOT / "tests/golden/http.pcap"
    done = netwatch("read", capture, env={**ENVIRONMENT, "NETWATCH_GEOIP": str(tmp_path)})
    assert done.stderr == "netwatch: IP Geolocation by DB-IP (db-ip.com), CC BY 4.0\n"
    alone = netwatch("read", capture, "--what", "summary", env={**ENVIRONMENT, "NETWATCH_GEOIP": str(tmp_path)})
    assert alone.stderr == ""


def test_a_broken_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "x.mmdb").write_bytes(b"rubbish")
    monkeypatch.setenv("NETWATCH_GEOIP", str(tmp_path / "x.mmdb"))
    assert not Geo() and "x.mmdb" in (Geo().missing or "")


def test_reverse_look_ups_are_bounded_remembered_and_known_as_our_own():
    go, asked = threading.Event(), []

    def ask(address: str) -> str | None:
        asked.append(address)
        go.wait(10)
        return f"host-{address}.example.org" if address != "9.9.9.1" else None

    reverse = Reverse(ask)
    assert reverse.name("9.9.9.9") is None and reverse.name("127.0.0.1") is None and reverse.name("ff02::1") is None
    assert reverse.is_own({"dns": {"names": ["9.9.9.9.in-addr.arpa"]}})
    assert not reverse.is_own({"dns": {"names": ["9.9.9.9.in-addr.arpa", "www.example.com"]}})
    assert not reverse.is_own({"app": "dns"}) and not reverse.is_own({"process": {"pid": 1}, "app": "dns"})
    for i in range(WAITING + 10):
        reverse.name(f"9.8.{i // 250}.{i % 250}")
    assert reverse.refused == 11
    go.set()
    assert reverse.name("9.9.9.9", wait=10) == "host-9.9.9.9.example.org"
    came = dict(reverse.came())
    assert came[bytes([9, 9, 9, 9])] == "host-9.9.9.9.example.org"
    until = time.monotonic() + 10
    while len(came) < WAITING and time.monotonic() < until:
        time.sleep(0.01)
        came |= dict(reverse.came())
    assert reverse.name("9.9.9.1", wait=10) is None and len(came) == WAITING and reverse.came() == []
    before = len(asked)
    assert reverse.name("9.9.9.1") is None and reverse.name("9.9.9.9") and len(asked) == before
    reverse.close()


def test_nothing_is_looked_up_unless_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netwatch.names.reverse.system_name", lambda address: pytest.fail("asked the resolver"))
    record: dict[str, Any] = {}
    asked = flow(6, tcp(1, 2, SYN, 1, 0), "9.9.9.9")
    Names(services=Services(""), geo=Geo()).adorn(record, asked)
    assert "name" not in record
    Names(Reverse(lambda address: "dns9.example.org"), wait=10, services=Services(""), geo=Geo()).adorn(record, asked)
    assert record["name"] == {"host": "dns9.example.org", "via": "ptr"}


def test_read_says_what_is_missing_when_it_is_asked_for(netwatch: Run, capture: Path):
    nowhere = {**ENVIRONMENT, "NETWATCH_GEOIP": ""}
    for words in (["--where", "country == DE"], ["--fields", "dst,geo.asn"]):
        assert "no GeoIP database" in netwatch("read", capture, *words, env=nowhere).stderr
    for words in (["--where", "google"], ["--where", "port == 53"], []):
        assert netwatch("read", capture, *words, env=nowhere).stderr == ""


@pytest.fixture
def capture() -> Path:
    return ROOT / "tests" / "golden" / "names.pcap"
