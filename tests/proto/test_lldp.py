"""LLDP and CDP: what devices tell of themselves, from frames through the whole engine, and hostile lists."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from spoken import check_hostile, describing, shown, told
from talk_lldp import MAC, PHONE, ROUTER, SWITCH, tlv, value

TOLD = [
    ("lldp", SWITCH, {
        "device": "sw1.example", "chassis": "02:00:00:00:00:0a", "port": "Gi1/0/7", "port_description": "uplink",
        "platform": "Example OS 15", "capabilities": ["bridge"], "addresses": ["192.0.2.7"], "vlan": 10,
        "hold_time": 120,
    }, "LLDP sw1.example Gi1/0/7"),
    ("lldp", PHONE, {
        "chassis": "192.0.2.9", "port": "02:00:00:00:00:0a", "capabilities": ["bridge", "telephone"],
        "addresses": ["2001:db8::1"], "hold_time": 60,
    }, "LLDP 192.0.2.9 02:00:00:00:00:0a"),
    ("cdp", ROUTER, {
        "device": "r2.example", "port": "FastEthernet0/1", "platform": "example 2950",
        "software": "Example Software, 12.2", "capabilities": ["router", "switch", "igmp"],
        "addresses": ["192.0.2.9", "2001:db8::2"], "vlan": 10, "domain": "dom", "hold_time": 180,
    }, "CDP r2.example FastEthernet0/1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "obj", "label"), TOLD)
def test_what_a_device_tells(name: str, data: bytes, obj: dict[str, Any], label: str) -> None:
    probe = told(name, [(0, data), (0, data)])
    assert shown(name, probe.facts) == obj
    assert (describing(name).label(obj), probe.detect(data)) == (label, 98)


@pytest.mark.parametrize(("name", "data"), [
    ("lldp", tlv(2, b"\5x") + tlv(1, b"\4" + MAC)),
    ("lldp", tlv(1, b"\4" + MAC)),
    ("lldp", tlv(1, b"") + tlv(2, b"\5x") + bytes(9)),
    ("lldp", struct.pack(">H", 1 << 9 | 300) + bytes(40)),
    ("cdp", b"\3" + ROUTER[1:]),
    ("cdp", ROUTER[:4] + struct.pack(">HH", 1, 400) + bytes(8)),
    ("cdp", ROUTER[:4] + bytes(8)),
])
def test_what_is_no_list(name: str, data: bytes) -> None:
    assert told(name, []).detect(data) == 0


def test_what_is_cut_is_read_as_far_as_it_goes() -> None:
    assert shown("lldp", told("lldp", [(0, SWITCH[:40])]).facts)["port"] == "Gi1/0/7"
    assert shown("cdp", told("cdp", [(0, ROUTER[:24])]).facts) == {"device": "r2.example", "hold_time": 180}


def test_addresses_that_lie() -> None:
    for lie in (b"\xff\xff\xff\xff", b"\0\0\0\1\1\1\xcc\0\x05\1\2\3\4", b"\0\0\0\1\1\xff\xcc\0\4\1\2\3\4"):
        data = ROUTER[:4] + value(1, b"r") + value(2, lie) + value(3, b"p")
        assert shown("cdp", told("cdp", [(0, data)]).facts) == {"device": "r", "port": "p", "hold_time": 180}


@pytest.mark.parametrize("name", ["lldp", "cdp"])
def test_hostile(name: str) -> None:
    check_hostile(name, most=8192)
