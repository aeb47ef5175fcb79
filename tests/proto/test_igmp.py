"""IGMP and MLD: groups of every record, what is left, senders; lists that lie."""

from __future__ import annotations

from typing import Any

import pytest
from spoken import check_hostile, describing, shown, told
from talk_igmp import DONE, LEAVE, MLD1, MLD2, QUERY, V2, V3, record, report

TOLD = [
    ("igmp", [V3], {
        "types": ["v3 report"], "version": 3, "groups": ["239.1.1.1", "239.1.1.2", "232.1.1.3"], "left": ["239.9.9.9"],
        "sources": ["192.0.2.9", "192.0.2.8", "192.0.2.7"],
    }, "IGMP v3 report 239.1.1.1"),
    ("igmp", [V2, LEAVE], {"types": ["v2 report", "leave"], "version": 2,
                           "groups": ["239.1.1.1"], "left": ["239.1.1.1"]},
     "IGMP v2 report 239.1.1.1"),
    ("igmp", [QUERY], {"types": ["query"]}, "IGMP query"),
    ("mld", [MLD2], {"types": ["v2 report"], "version": 2,
                     "groups": ["ff02::fb", "ff3e::1"], "sources": ["2001:db8::9"]},
     "MLD v2 report ff02::fb"),
    ("mld", [MLD1, DONE], {"types": ["v1 report", "done"], "version": 1,
                           "groups": ["ff02::fb"], "left": ["ff02::fb"]},
     "MLD v1 report ff02::fb"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "said", "obj", "label"), TOLD)
def test_what_a_host_tells(name: str, said: list[bytes], obj: dict[str, Any], label: str) -> None:
    probe = told(name, [(0, data) for data in said])
    assert (shown(name, probe.facts), describing(name).label(obj)) == (obj, label)


def test_records_that_are_not_there() -> None:
    lying = report(record(4, "239.1.1.1"), said=500)
    assert shown("igmp", told("igmp", [(0, lying)]).facts)["groups"] == ["239.1.1.1"]
    cut = report(record(4, "239.1.1.1"), record(4, "239.1.1.2", "192.0.2.1"))[:-2]
    assert shown("igmp", told("igmp", [(0, cut)]).facts)["groups"] == ["239.1.1.1", "239.1.1.2"]


@pytest.mark.parametrize(("name", "data"), [("igmp", V2[:7]), ("igmp", b"\x13" + bytes(11)), ("mld", MLD1[:23]),
                                            ("mld", b"\x87" + bytes(23))])
def test_what_is_not_read(name: str, data: bytes) -> None:
    assert told(name, []).detect(data) == 0


@pytest.mark.parametrize("name", ["igmp", "mld"])
def test_hostile(name: str) -> None:
    check_hostile(name)
