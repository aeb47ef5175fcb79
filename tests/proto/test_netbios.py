"""NetBIOS: names decoded in name, datagram and session service; a session is given back to what it carries."""

import struct

from cuts import same_however_cut
from datagrams import check_datagrams, flow, said
from messages import NB_ASK, NB_CALL, NB_DATAGRAM, NB_SAY, NB_STATUS, NB_YES
from remote_talks import smb1

from netwatch._fast.out.probe import DONE, NOT_MINE, Probe
from netwatch._fast.proto.netbios import wire as netbios


def mailslot(data: bytes, name: bytes = b"\\MAILSLOT\\BROWSE") -> bytes:
    at = 69 + len(name) + 1
    words = struct.pack("<11H2H4H", 0, len(data), 0, 0, 0, 0, 0, 0, 0, 0, at, len(data), at, 3, 1, 1, 2)
    return NB_DATAGRAM.removesuffix(b"\xffSMB") + smb1(0x25, words, name + b"\0" + data, flags2=0)


ANNOUNCED = (
    b"\x01\0\0\0\0\0" + b"FILES".ljust(16, b"\0") + b"\x0a\0" + struct.pack("<I", 0x11003) + b"\x0f\1\x55\xaahome\0"
)


def test_name_service():
    probe = said("netbios", [(0, NB_ASK), (1, NB_SAY)])
    obj = netbios.describe(probe.facts)
    assert obj == {
        "service": "name",
        "names": ["SERVER<20> (Server service)"],
        "operations": ["query", "query response"],
        "rcode": "OK",
        "addresses": ["192.0.2.5"],
        "latency_us": 1500,
    }
    assert netbios.label(obj) == "NetBIOS name SERVER<20> (Server service)"
    assert probe.initiator == 0


def test_node_status_and_datagram():
    obj = netbios.describe(said("netbios", [(1, NB_STATUS), (0, NB_DATAGRAM)]).facts)
    assert obj["service"] == ["name", "datagram"]
    assert "WORK<1e> (Browser Election Service)" in obj["names"]
    assert "WORKGROUP<1d> (Local Master Browser)" in obj["names"]
    assert (obj["from"], obj["mac"]) == ("PC<00> (Workstation/Redirector)", "02:00:00:c0:ff:ee")


def test_a_session_however_cut():
    result = same_however_cut(lambda: Probe("netbios", dport=139), [(0, NB_CALL), (1, NB_YES + b"\0\0\0\x20\xffSMB")])
    assert (result["code"], result["initiator"]) == (NOT_MINE, 0)
    obj = netbios.describe(result["facts"])
    assert (obj["service"], obj["status"], obj["names"]) == ("session", "established", ["SERVER<20> (Server service)"])


def test_what_follows_the_answer_is_left():
    probe = Probe("netbios", dport=139)
    probe.feed(0, NB_CALL)
    probe.feed(1, NB_YES + b"next")
    assert probe.left_over == (b"", b"next")


def test_a_refusal():
    probe = Probe("netbios", dport=139)
    probe.feed(0, NB_CALL)
    assert probe.feed(1, b"\x83\0\0\1\x82") == DONE
    assert netbios.describe(probe.facts)["status"] == "refused: called name not present"


def test_control_bytes_of_a_name():
    assert netbios.name_text(b"\1\2__MSBROWSE__\2\1") == "<01><02>__MSBROWSE__<02><01> (Browser)"


def test_plain_dns_and_bare_answers_are_not_netbios():
    assert flow("netbios", 137).detect(b"\0\7\1\0\0\1\0\0\0\0\0\0" + b"\x20" + b"z" * 32 + b"\0\0\x20\0\1") == 0
    assert Probe("netbios", dport=4321).detect(NB_YES) == 0
    assert Probe("netbios", dport=139).detect(NB_YES) == 60
    assert Probe("netbios", dport=4321).detect(NB_CALL) == 95


def test_hostile():
    check_datagrams("netbios", netbios)


def test_a_mailslot_announces_a_host():
    obj = netbios.describe(said("netbios", [(0, mailslot(ANNOUNCED))]).facts)
    assert (obj["mailslots"], obj["browser"]) == (["\\MAILSLOT\\BROWSE"], ["host announcement"])
    assert (obj["host"], obj["system"], obj["comment"]) == ("FILES", "10.0", "home")
    assert obj["roles"] == ["workstation", "server", "nt workstation", "potential browser"]
    assert obj["stack"] == ["smb"]


def test_other_mailslots_are_named_only():
    obj = netbios.describe(said("netbios", [(0, mailslot(ANNOUNCED, b"\\MAILSLOT\\NET\\LOGON"))]).facts)
    assert (obj["mailslots"], "browser" in obj) == (["\\MAILSLOT\\NET\\LOGON"], False)
    assert "mailslots" not in netbios.describe(said("netbios", [(0, mailslot(ANNOUNCED, b"\\PIPE\\LANMAN"))]).facts)


def test_every_truncation_of_a_mailslot_is_survived():
    whole = mailslot(ANNOUNCED)
    for size in range(len(NB_DATAGRAM), len(whole)):
        obj = netbios.describe(said("netbios", [(0, whole[:size])]).facts)
        assert "comment" not in obj
        assert isinstance(netbios.label(obj), str)
