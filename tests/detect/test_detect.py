"""Every detector speaks of what it must, and of nothing that only looks like it, however the capture is read."""

from __future__ import annotations

import json
from typing import Any

import everyday  # noqa: F401
import habits  # noqa: F401 - its situations
import logins
import neighbours
import offices  # noqa: F401
import pytest
import refusals  # noqa: F401
import scans
import services  # noqa: F401
from netwatch_command import Run
from situation import SITUATIONS, Situation, alerts, at
from wire import eth, ip4, pcap, udp, vxlan

from netwatch.detect import table

each = pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)


def kinds(records: list[dict[str, Any]]) -> set[str]:
    return {record["kind"] for record in records}


@each
def test_what_must_fire_does_and_nothing_else(situation: Situation) -> None:
    assert kinds(alerts(situation.frames())) == situation.fires


@each
@pytest.mark.same
def test_the_same_alerts_however_it_is_read(situation: Situation) -> None:
    """Of any size of step, and any number of workers, byte for byte."""
    frames = list(situation.frames())
    usual = json.dumps(alerts(frames))
    for size in (1, 7, 50) if len(frames) < 500 else (50,):
        assert json.dumps(alerts(frames, size=size)) == usual
    for workers in (2, 3):
        assert json.dumps(alerts(frames, workers=workers)) == usual


def test_every_detector_has_a_situation_and_a_look_alike() -> None:
    found = {kind for situation in SITUATIONS for kind in situation.fires}
    apart = {"data_out", "blocked", "new_destination", "new_fingerprint", "quota"}  # below, and in files of their own
    assert set(table.DETECTORS) == found | apart
    assert any(not situation.fires for situation in SITUATIONS)


@each
def test_evidence(situation: Situation) -> None:
    """An alert names frames and flows of the capture, and its times are theirs."""
    frames = list(situation.frames())
    for record in alerts(frames):
        assert record["frames"] and all(1 <= n <= len(frames) for n in record["frames"])
        assert record["flows"] and record["count"] >= 1 and record["first"] <= record["last"]
        assert record["severity"] in ("info", "warning", "critical")
        assert all(isinstance(value, int | float | str | list) for value in record["evidence"].values())


def test_much_data_leaves() -> None:
    """With a threshold that a test can reach: what was sent counts, not what came, and not to a host nearby."""
    changed = {"data_out__mib": 10}
    (record,) = alerts(logins.transfer(12, logins.OUTSIDE), **changed)
    assert record["kind"] == "data_out" and record["evidence"]["sent_mib"] >= 10
    assert (record["src"], record["dst"]) == (logins.ME, logins.OUTSIDE)
    assert not alerts(logins.a_download(), **changed) and not alerts(logins.a_backup_to_a_host_nearby(), **changed)


@pytest.mark.parametrize("port", [4789, 9999])
def test_what_came_in_a_tunnel_is_said_to_have_come_so(port: int) -> None:
    """Anybody who may send a datagram can make up all that is inside one: who sent it stands in the alert."""
    frames = [(ns, eth(ip4(17, udp(50000, port, vxlan(7, frame)), "192.0.2.99", "192.0.2.98")))
              for ns, frame in scans.a_connect_scan_of_filtered_ports()]
    (record,) = alerts(frames)
    assert record["tunnel"] == ["vxlan", "vni 7", "192.0.2.99>192.0.2.98"]
    assert record["text"].endswith("(inside vxlan vni 7 192.0.2.99>192.0.2.98)")
    assert all("tunnel" not in each for each in alerts(scans.a_connect_scan_of_filtered_ports()))


def test_what_a_login_says_is_not_shown() -> None:
    (record,) = [each for each in alerts(logins.captured("telnet")) if each["kind"] == "cleartext"]
    assert record["evidence"]["user"] == "alice" and "password" not in record["evidence"]


def test_a_login_by_http_is_told_once_with_all_its_connections() -> None:
    (record,) = alerts(logins.a_program_with_a_wrong_password_tries_again())
    assert record["evidence"] == {"protocol": "http", "conversations": 60, "user": "backup"} and record["count"] == 60
    assert "old" not in json.dumps(record)


def test_evidence_of_logins_by_http() -> None:
    many, one = ([each for each in alerts(frames) if each["kind"] == "brute_force"] for frames in (
        logins.passwords_are_tried_by_http(), logins.passwords_are_tried_in_one_connection()))
    assert len(many) == len(one) == 1
    assert many[0]["evidence"] == {"connections": 30, "connections_at_most": 30, "window_s": 60, "service": "http"}
    assert "failed to log in over 30 HTTP connections" in many[0]["text"]
    assert one[0]["evidence"] == {"connections": 1, "credentials": 50, "service": "http"}


def test_what_keys_opened_is_not_in_clear(netwatch: Run) -> None:
    """A password inside TLS is none, that of the proxy before it is."""
    captures = logins.ROOT / "tests" / "captures"
    for app in ("ldap", "mqtt"):
        command = ("read", captures / f"{app}.pcap", "--keylog", captures / f"{app}.keys", "--what")
        flows = [json.loads(line) for line in netwatch(*command, "flows").stdout.splitlines()]
        told = [json.loads(line) for line in netwatch(*command, "alerts").stdout.splitlines()]
        opened = {flow["id"] for flow in flows if "password" in flow.get(app, {}) and "decrypt" in flow}
        clear = {flow["id"] for flow in flows if "password" in flow.get(app, {}) and "decrypt" not in flow}
        assert opened and clear == {flow for each in told if each["kind"] == "cleartext" for flow in each["flows"]}
    proxied = logins.basic(0, 38000, ["eve:secret"], logins.GRANTED, field="Proxy-Authorization", dport=3128)
    assert kinds(alerts(proxied)) == {"cleartext"}


def test_a_gateway_that_is_claimed_is_critical() -> None:
    frames = [neighbours.advertisement(0, neighbours.MAC_GATEWAY, "fe80::1")]
    frames += [neighbours.advertisement(1 + i, (neighbours.MAC_EVIL, neighbours.MAC_GATEWAY)[i % 2], "fe80::1")
               for i in range(6)]
    assert [record["severity"] for record in alerts(frames) if record["kind"] == "arp_spoof"] == ["critical"]


def test_switched_off_and_allowed() -> None:
    frames = scans.a_syn_scan_of_a_hundred_ports()
    assert not alerts(frames, on=False)
    assert not alerts(frames, port_scan__on=False)
    assert not alerts(frames, port_scan__allow=f"10.0.0.0/8, {scans.ME}")
    assert not alerts(frames, port_scan__ports=200, port_scan__slow_ports=200)


def test_the_command_line_tells_them(netwatch: Run, tmp_path: Any) -> None:
    path = tmp_path / "scan.pcap"
    path.write_bytes(pcap(sorted(scans.a_syn_scan_of_a_hundred_ports())))
    done = netwatch("read", path, "--what", "alerts", "--format", "ndjson")
    (record,) = map(json.loads, done.stdout.splitlines())
    assert record["schema"] == "netwatch.alert/1" and record["kind"] == "port_scan"
    assert record["src"] == scans.ME and record["dst"] == scans.YOU and record["count"] == 100
    assert "100 ports" in netwatch("read", path, "--what", "alerts", "--format", "table").stdout
    assert "severity,kind,title" in netwatch("read", path, "--what", "alerts", "--format", "csv").stdout
    where = netwatch("read", path, "--what", "alerts", "--format", "ndjson", "--where", "severity == critical")
    assert not where.stdout
    two = netwatch("read", path, "--what", "alerts,summary", "--format", "ndjson", "--where", f"src == {scans.ME}")
    assert len(two.stdout.splitlines()) == 2


def test_time_is_that_of_frames() -> None:
    (record,) = alerts(scans.a_slow_scan())
    assert record["first"].startswith("2023-11-14T22:13:20") and record["last"] > record["first"]
    assert at(0) == 1_700_000_000_000_000_000
