"""SMB 1, 2 and 3: negotiation, logins, shares, files, errors, encryption; however cut; after holes; what is masked."""

import json

import pytest
from cuts import outcome, same_however_cut, told, truncated
from remote_talks import (
    KERBEROS_TALK,
    PLAIN_TALK,
    SMB1_TALK,
    SMB3_TALK,
    SMB_TALKS,
    create2,
    nbss,
    negotiate2,
    negotiated2,
    sealed,
    smb1,
    smb2,
    tree2,
)

from netwatch._fast.out.probe import DONE, MALFORMED, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.proto.smb import text as smbtext


def make():
    return Probe("smb", dport=445)


def test_smb3_until_it_is_encrypted():
    result = same_however_cut(make, SMB3_TALK)
    assert (result["code"], result["initiator"], result["malformed"]) == (DONE, 0, 0)
    obj = smbtext.describe(result["facts"])
    assert smbtext.label(obj) == "SMB 3.1.1 \\\\files\\public encrypted"
    assert obj == {
        "dialect": "3.1.1",
        "dialect_id": "0x0311",
        "version": 3,
        "offered": ["2.0.2", "3.0.2", "3.1.1"],
        "encrypted": True,
        "cipher": "AES-128-GCM",
        "signing": "AES-GMAC",
        "signing_client": "enabled",
        "signing_server": "required",
        "signed": True,
        "auth": "NTLMv2",
        "user": "anna",
        "domain": "CORP",
        "workstation": "PC7",
        "server": "FILES",
        "server_domain": "CORP",
        "server_dns": "files.corp.example",
        "dns_domain": "corp.example",
        "client_os": "10.0.19041",
        "server_os": "10.0.17763",
        "target": "files",
        "shares": ["\\\\files\\public"],
        "files": ["docs\\plan.txt", "docs\\old.txt"],
        "listed": ["a.txt", "später.txt"],
        "errors": ["OBJECT_NAME_NOT_FOUND"],
        "commands": [
            "negotiate",
            "session setup",
            "tree connect",
            "create",
            "query directory",
            "write",
            "set info",
        ],
        "capabilities": ["dfs", "leasing", "large mtu", "multi channel", "directory leasing"],
        "client_guid": "03020100-0504-0706-0809-0a0b0c0d0e0f",
        "server_guid": "13121110-1514-1716-1819-1a1b1c1d1e1f",
        "server_started": "2016-02-15T08:53:20Z",
        "below": ["netbios"],
    }


def test_smb1_chains_paths_and_raw_data():
    result = same_however_cut(make, SMB1_TALK)
    assert (result["code"], result["initiator"], result["malformed"]) == (OK, 0, 0)
    obj = smbtext.describe(result["facts"])
    assert (obj["version"], obj["dialect"], obj["offered"]) == (1, "NT LM 0.12", ["LANMAN1.0", "NT LM 0.12"])
    assert (obj["auth"], obj["user"], obj["domain"], obj["workstation"]) == ("NTLMv1", "anna", "CORP", "PC7")
    assert (obj["native_client"], obj["native_server"], obj["guest"]) == ("Unix", "Windows 5.1", "guest")
    assert obj["shares"] == ["\\\\FILES\\PUB"]
    assert obj["files"] == ["\\eicar.com", "old.txt", "\\dir\\a.doc", "a.txt", "b.txt"]
    assert obj["errors"] == ["ACCESS_DENIED"]
    assert smbtext.label(obj) == "SMB1 \\\\FILES\\PUB"


def test_an_andx_chain_is_read_to_its_end():
    setup = b"\x75\0" + (32 + 1 + 26 + 2 + 4).to_bytes(2, "little") + bytes(22)
    tree = b"\4\xff\0\0\0\0\0\1\0" + (14).to_bytes(2, "little") + b"\0\\\\S\\C$\0?????\0"
    message = smb1(0x73, setup, b"\0\0\0\0", flags2=0)
    obj = smbtext.describe(told(make, [(0, nbss(message + tree))], lambda data: [data])["facts"])
    assert obj["shares"] == ["\\\\S\\C$"]
    assert obj["commands"] == ["session setup", "tree connect"]


def test_a_password_in_clear_is_masked():
    facts = same_however_cut(make, PLAIN_TALK)["facts"]
    obj = smbtext.describe(facts)
    assert (obj["user"], obj["domain"], obj["server_domain"], obj["password"]) == ("bob", "HOME", "CORP", "***")
    assert smbtext.describe(facts, show_secrets=True)["password"] == "s3cret"


def test_a_kerberos_ticket_names_realm_and_service():
    obj = smbtext.describe(same_however_cut(make, KERBEROS_TALK)["facts"])
    assert (obj["auth"], obj["realm"], obj["spn"]) == ("Kerberos", "CORP.EXAMPLE", "cifs/files.corp.example")
    assert (obj["errors"], obj["guest"]) == (["LOGON_FAILURE"], "guest")


@pytest.mark.parametrize(
    ("dialect", "name", "version"),
    [(0x0202, "2.0.2", 2), (0x0210, "2.1", 2), (0x0300, "3.0", 3), (0x0399, "dialect 0x0399", 3)],
)
def test_dialects(dialect, name, version):
    obj = smbtext.describe(told(make, [(1, nbss(negotiated2(dialect)))], lambda data: [data])["facts"])
    assert (obj["dialect"], obj["version"]) == (name, version)


def test_of_bulk_data_only_the_header_is_kept_waiting():
    probe = make()
    probe.feed(0, nbss(smb2(9, b"d" * 100000))[:100])
    assert probe.left_over == (b"", b"")
    probe.feed(0, b"d" * (100000 - 32))
    probe.feed(0, nbss(create2("after.txt")))
    assert smbtext.describe(probe.facts)["files"] == ["after.txt"]


def test_after_a_hole_the_next_message_is_found():
    probe = make()
    probe.feed(0, nbss(negotiate2()))
    probe.feed(0, nbss(create2("lost.txt"))[:30])
    probe.lost(0, 777)
    probe.feed(0, b"the middle of a message\0\0SMB" + nbss(tree2("\\\\s\\found")))
    obj = smbtext.describe(probe.facts)
    assert obj["shares"] == ["\\\\s\\found"]
    assert "files" not in obj


def test_many_names_stay_bounded():
    probe = make()
    for i in range(400):
        probe.feed(0, nbss(create2(f"{i}-" + "x" * 250, i)))
    assert len(smbtext.describe(probe.facts)["files"]) <= 32
    assert probe.fact_bytes < 8192


def test_long_names_are_cut_between_characters():
    name = smbtext.describe(told(make, [(0, nbss(create2("ü" * 200)))], lambda data: [data])["facts"])["files"][0]
    assert name == "ü" * 127


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (nbss(negotiate2()), 97),
        (nbss(negotiate2())[:10], 97),
        (nbss(negotiate2())[:9], MORE_BYTES),
        (b"\0", MORE_BYTES),
        (nbss(smb1(0x72, b"", b"\2NT LM 0.12\0")), 97),
        (nbss(sealed()), 97),
        (nbss(b"\xfcSMB" + bytes(40)), 97),
        (b"\0\0\0\x20\xfeSMB\x40\0" + bytes(60), 0),
        (b"\0\0\1\0\xfeSMB\x41\0" + bytes(60), 0),
        (b"\0\0\0\x50\xfbSMB" + bytes(60), 0),
        (b"\0\0\0\x50\xfeSMC" + bytes(60), 0),
        (b"\0\0\0\x50GET / HTTP", 0),
        (b"\x85\0\0\0", 0),
        (bytes(64), 0),
    ],
)
def test_detection(data, sure):
    assert make().detect(data) == sure


def test_what_it_is_not():
    assert make().feed(0, b"\0\0\0\x04abcd") == NOT_MINE
    assert make().feed(0, b"GET / HTTP/1.1\r\n") == NOT_MINE
    probe = make()
    probe.feed(0, nbss(negotiate2()))
    assert probe.feed(0, b"GET / HTTP/1.1\r\n") == MALFORMED


@pytest.mark.parametrize("talk", SMB_TALKS)
def test_every_truncation_and_flipped_byte_is_survived(talk):
    for size in range(0, sum(len(data) for _, data in talk), 3):
        facts = told(make, truncated(talk, size), lambda data: [data] if data else [])["facts"]
        json.dumps(smbtext.describe(facts))
    for turn, (side, data) in enumerate(talk):
        for at in range(min(len(data), 500)):
            spoilt = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
            probe = make()
            for s, part in [*talk[:turn], (side, spoilt), *talk[turn + 1 :]]:
                probe.feed(s, part)
            obj = smbtext.describe(outcome(probe)["facts"])
            assert json.loads(json.dumps(obj)) == obj
            assert isinstance(smbtext.label(obj), str)
