"""LDAP: binds with masked passwords, searches, StartTLS given back, large entries skipped, CLDAP."""

import pytest
from cuts import at_once, same_however_cut, told
from datagrams import check_datagrams, flow, said
from messages import CONVERSATIONS, LDAP_BIND, LDAP_SEARCH, LDAP_TLS, ldap_result, number, string, tlv
from messages import ldap as message
from remote_talks import kerberos_token, ntlm_type1, ntlm_type2, ntlm_type3

from netwatch._fast.out.probe import DONE, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.proto.ldap import text as ldap


def test_both_directions_and_the_password_is_masked():
    result = same_however_cut(lambda: Probe("ldap", dport=389), CONVERSATIONS["ldap"])
    obj = ldap.describe(result["facts"])
    obj.pop("latency_us")
    assert obj == {
        "operations": ["bind", "bind response", "search", "entry", "search done"],
        "bind": "cn=admin,dc=example",
        "password": "***",
        "base": "dc=example",
        "attributes": ["mail"],
        "result": "success",
        "entries": 1,
    }
    assert ldap.describe(result["facts"], True)["password"] == "hunter2"
    assert ldap.label(obj) == "LDAP bind dc=example"
    assert result["initiator"] == 0


def test_starttls_gives_the_flow_back():
    probe = Probe("ldap", dport=389)
    probe.feed(0, LDAP_TLS)
    assert probe.feed(1, ldap_result(3, 0x78) + b"\x16\3\3") == NOT_MINE
    assert probe.left_over == (b"", b"\x16\3\3")
    assert ldap.describe(probe.facts)["starttls"] is True


def test_starttls_refused_goes_on():
    probe = Probe("ldap", dport=389)
    probe.feed(0, LDAP_TLS)
    assert probe.feed(1, ldap_result(3, 0x78, 2)) == OK
    assert ldap.describe(probe.facts)["result"] == "protocolError"


def test_a_large_entry_is_skipped():
    entry = b"\x30\x83\3\0\0\2\1\7\x64\x83\2\xff\xf8" + b"v" * 196600
    turns = [(0, LDAP_SEARCH), (1, entry + ldap_result(2, 0x65))]
    probe = Probe("ldap", dport=389)
    for side, data in turns:
        for at in range(0, len(data), 1400):
            probe.feed(side, data[at : at + 1400])
    assert ldap.describe(probe.facts)["operations"] == ["search", "entry", "search done"]


def test_after_sasl_what_is_wrapped_is_left_alone():
    probe = Probe("ldap", dport=389)
    probe.feed(0, message(1, 0x60, number(3), string(b""), tlv(0xA3, string(b"GSSAPI"), string(b"x"))))
    assert ldap.describe(probe.facts)["mechanism"] == "GSSAPI"
    assert probe.feed(0, b"\0\0\0\x20" + b"e" * 32) == DONE


def test_other_operations():
    turns = [(0, message(4, 0x68, string(b"cn=new"), tlv(0x30))), (0, tlv(0x30, number(5), string(b"cn=old", 0x4A)))]
    obj = ldap.describe(told(lambda: Probe("ldap"), turns, at_once)["facts"])
    assert (obj["operations"], obj["dn"]) == (["add", "delete"], ["cn=new", "cn=old"])


def test_over_udp():
    obj = ldap.describe(said("ldap", [(0, LDAP_SEARCH), (1, ldap_result(2, 0x65))]).facts)
    assert (obj["base"], obj["latency_us"]) == ("dc=example", 1500)
    assert flow("ldap").detect(LDAP_SEARCH[:-1]) == 0


@pytest.mark.parametrize(
    "data",
    [
        tlv(0x30, number(1), string(b"public"), tlv(0xA0)),
        tlv(0x30, number(1), tlv(0x62, b"x" * 20)),
        tlv(0x30, string(b"x" * 20)),
        b"\x30\x80\2\1\1" + b"\x60" * 20,
        tlv(0x30, number(1), tlv(0x60, b"\4" * 20)),
    ],
)
def test_other_ber_is_not_ldap(data):
    assert Probe("ldap", dport=389).detect(data) == 0
    assert flow("ldap").detect(data) == 0


def test_more_is_asked_for_while_it_fits():
    assert {Probe("ldap").detect(LDAP_BIND[:n]) for n in range(1, 8)} == {MORE_BYTES}
    assert Probe("ldap").detect(LDAP_BIND) == 90


def test_hostile():
    check_datagrams("ldap", ldap)


def sasl_bind(token: bytes) -> bytes:
    return message(1, 0x60, number(3), string(b""), tlv(0xA3, string(b"GSS-SPNEGO"), string(token)))


def test_an_ntlm_bind_says_who_and_to_whom():
    agreed = message(1, 0x61, number(14, 10), string(b""), string(b""), string(ntlm_type2(), 0x87))
    turns = [(0, sasl_bind(ntlm_type1())), (1, agreed), (0, sasl_bind(ntlm_type3()))]
    obj = ldap.describe(same_however_cut(lambda: Probe("ldap", dport=389), turns)["facts"])
    assert (obj["auth"], obj["user"], obj["domain"], obj["workstation"]) == ("NTLMv2", "anna", "CORP", "PC7")
    assert (obj["server"], obj["server_dns"], obj["server_os"]) == ("FILES", "files.corp.example", "10.0.17763")
    assert obj["mechanism"] == "GSS-SPNEGO"


def test_a_kerberos_bind_names_its_realm():
    obj = ldap.describe(told(lambda: Probe("ldap", dport=389), [(0, sasl_bind(kerberos_token()))], at_once)["facts"])
    assert (obj["auth"], obj["realm"], obj["spn"]) == ("Kerberos", "CORP.EXAMPLE", "cifs/files.corp.example")
