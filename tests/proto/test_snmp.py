"""SNMP: versions, PDUs, OIDs, the masked community, latency; broken BER."""

import pytest
from datagrams import check_datagrams, flow, said
from messages import CONVERSATIONS, snmp3, snmp_pdu, string
from messages import snmp as message

from netwatch._fast.proto import snmp


def test_both_directions_and_the_community_is_masked():
    probe = said("snmp", CONVERSATIONS["snmp"][:2])
    obj = snmp.describe(probe.facts)
    assert obj == {
        "version": "2c",
        "community": "***",
        "pdus": ["get", "response"],
        "oids": ["1.3.6.1.2.1.1.5.0"],
        "error": "noError",
        "latency_us": 1500,
    }
    assert snmp.describe(probe.facts, True)["community"] == "s3cret"
    assert snmp.label(obj) == "SNMPv2c get 1.3.6.1.2.1.1.5.0"
    assert probe.initiator == 0


def test_version_3():
    obj = snmp.describe(said("snmp", [(0, CONVERSATIONS["snmp"][2][1])]).facts)
    assert (obj["version"], obj["user"], obj["security"], obj["pdus"]) == ("3", "alice", "noAuthNoPriv", ["get"])
    sealed = snmp.describe(said("snmp", [(0, snmp3(7, string(b"e" * 40)))]).facts)
    assert (sealed["security"], "pdus" in sealed) == ("authPriv", False)


def test_a_trap_of_version_1():
    obj = snmp.describe(said("snmp", [(0, CONVERSATIONS["snmp"][3][1])]).facts)
    assert (obj["version"], obj["pdus"], obj["oids"]) == ("1", ["trap"], ["1.3.6.1.2.1.1.5.0"])


def test_errors_have_names():
    assert snmp.describe(said("snmp", [(1, message(0, snmp_pdu(0xA2, error=2)))]).facts)["error"] == "noSuchName"


@pytest.mark.parametrize(
    "raw, text", [(b"\x2b\x06", "1.3.6"), (b"\x88\x37\x03", "2.999.3"), (b"", ""), (b"\x2b\x86", "1.3")]
)
def test_oids(raw, text):
    assert snmp.oid_text(raw) == text


def test_broken_inside_only_on_the_port():
    broken = CONVERSATIONS["snmp"][0][1].replace(b"\x30\x0e", b"\x30\x7e", 1)
    assert flow("snmp", 161).detect(broken) == 75
    assert flow("snmp", 4321).detect(broken) == 0


def test_hostile():
    check_datagrams("snmp", snmp)
