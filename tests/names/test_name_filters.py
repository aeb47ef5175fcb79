"""Filters on names, services, scopes, stations and places: what the terminal's query finds is what the records say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import CDN, CLIENT, A, address, dhcp, opened, response, told
from mmdb import database
from running import open_bytes
from talks import http_talk, tell, tls_talk
from wire import A4, SECOND, START, arp, eth, pcap

from netwatch.filter import Filter
from netwatch.model.contract import Purpose
from netwatch.run.session import Session

FILTERS = (
    'name contains "example"', "name == www.example.com", "name != www.example.com", "name matches /^w+\\./",
    "name.via == dns", "name.via == sni", "name.via in {sni, http}", "name.age_s > 1s", "name.age_s <= 1s",
    "service == https", "service == http", "service != https", "service contains ht", "not service == https",
    "scope == private", "scope.dst == documentation", "scope.src != private", "vendor contains random",
    "mac == 02:00:00:00:00:0a", "lan.src.mac != 02:00:00:00:00:0a", "role == router", "station == laptop",
    "country == DE", 'country != "DE"', "asn == 64500", "city contains lin", "org contains Net", "www", "example", "DE",
    "https", "name contains example and service == discard", "dport == 53 or country == DE",
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    pytest.importorskip("maxminddb", reason="places need maxminddb")
    folder: Path = tmp_path_factory.mktemp("geo")
    (folder / "city.mmdb").write_bytes(database("Test-City", {
        "9.9.9.0/24": {"country": {"iso_code": "DE"}, "city": {"names": {"en": "Berlin"}}},
        "8.8.8.0/24": {"country": {"iso_code": "US"}}}))
    (folder / "asn.mmdb").write_bytes(database("Test-ASN", {
        "9.9.9.0/24": {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}}))
    laptop, gateway = "02:00:00:00:00:0c", "10.0.0.1"
    frames = [(START, eth(arp(2), 0x0806)), (START, dhcp(3, laptop, host="laptop")),
              (START + 1, dhcp(5, laptop, CLIENT, router=gateway, server=gateway)),
              (START + 5 * SECOND, opened(server=gateway)),
              (START + 1, told(response("www.example.com", ("www.example.com", A, address(CDN))))),
              (START + 2, told(response("h.example.org", ("h.example.org", A, address("9.9.9.9"))))),
              (START + SECOND // 2, opened()), (START + 5 * SECOND, opened(sport=50001, dport=443)),
              (START + 5 * SECOND, opened(server="9.9.9.9", dport=443)), (START + 5 * SECOND, opened(server="8.8.8.8")),
              (START + 5 * SECOND, opened("9.9.9.10", A4, 443, 40001)),
              *tell(443, tls_talk()).frames, *tell(80, http_talk()).frames]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETWATCH_GEOIP", str(folder))
        opened_session = Session(Purpose(label="test"), lambda: open_bytes(pcap(sorted(frames))))
        opened_session.start()
        until = time.monotonic() + 20
        while not opened_session.health().done and time.monotonic() < until:
            time.sleep(0.02)
        yield opened_session
        opened_session.stop()


def found(session: Session, text: str | None) -> set[int]:
    page = session.query(Filter(text) if text else None, "id", False, 0, 100, True)
    assert page.total == len(page.rows)
    return {row["id"] for row in page.rows}


@pytest.mark.parametrize("text", FILTERS)
def test_the_query_finds_what_the_records_say(session: Session, text: str):
    records = [session.flow(ident) for ident in found(session, None)]
    assert len(records) > 7
    assert found(session, text) == {r["id"] for r in records if Filter(text).matches(r)}


def test_the_filters_are_about_something(session: Session):
    everything = len(found(session, None))
    idle = [text for text in FILTERS if len(found(session, text)) in (0, everything)]
    assert idle == []


@pytest.mark.parametrize("field", ["name.host", "geo.country", "service", "scope.dst"])
def test_sorting_by_what_services_know(session: Session, field: str):
    page = session.query(None, field, False, 0, 100, True)
    values = []
    for row in page.rows:
        value = row
        for part in field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        values.append(value)
    known = [value for value in values if value is not None]
    assert known == sorted(known) and values[:len(known)] == known and len(set(known)) > 1
