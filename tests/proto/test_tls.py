"""TLS: hellos over any segmentation, names, fingerprints, resumption, hostile lengths; nothing depends on the cuts."""

import hashlib
import struct

import pytest
from cuts import at_once, outcome, same_however_cut, told

from netwatch._fast.out.probe import DONE, MALFORMED, MORE, MORE_BYTES, NOT_MINE, OK, Probe
from netwatch._fast.proto.tls import text as tls
from netwatch._fast.proto.tls.text import ja3, ja3s, ja4

RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
# The example of FoxIO's technical details of JA4, GREASE added as a browser sends it.
CIPHERS = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
EXTS = "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
SIGALGS = "0403,0804,0401,0503,0805,0501,0806,0601"
SNI_KEY, CIPHERS_KEY, EXTS_KEY, GROUPS_KEY, POINTS_KEY, SIGALGS_KEY, ALPN_KEY, VERSIONS_KEY, CLIENT_KEY = range(1, 10)


def make():
    return Probe("tls")


def vector(size, data):
    return len(data).to_bytes(size, "big") + data


def listed(text):
    return bytes.fromhex(text.replace(",", ""))


def ext(kind, data=b""):
    return struct.pack(">H", kind) + vector(2, data)


def sni(name):
    return ext(0, vector(2, b"\0" + vector(2, name)))


def alpn(*names):
    return ext(16, vector(2, b"".join(vector(1, name) for name in names)))


def record(data, kind=22, version=b"\3\3"):
    return bytes([kind]) + version + vector(2, data)


def client_hello(exts, ciphers=b"\x13\x01\xc0\x2f", sid=b"", version=b"\3\3"):
    body = (
        version
        + b"R" * 32
        + vector(1, sid)
        + vector(2, ciphers)
        + b"\1\0"
        + (vector(2, exts) if exts is not None else b"")
    )
    return b"\1" + vector(3, body)


def server_hello(exts=b"", cipher=0x1301, sid=b"", version=b"\3\3", random=b"Q" * 32):
    return b"\2" + vector(3, version + random + vector(1, sid) + struct.pack(">H", cipher) + b"\0" + vector(2, exts))


def example_hello(extra=b""):
    """The hello of the JA4 example."""
    values = {
        0: None,
        0x10: None,
        0x0D: vector(2, listed(SIGALGS)),
        0x2B: vector(1, listed("1a1a,0304,0303")),
        0x0A: vector(2, listed("2a2a,001d,0017")),
        0x0B: b"\1\0",
    }
    exts = ext(0x3A3A) + extra
    for kind in [int(word, 16) for word in EXTS.split(",")]:
        exts += (
            sni(b"api.example.com")
            if kind == 0
            else alpn(b"h2", b"http/1.1")
            if kind == 0x10
            else ext(kind, values.get(kind, b""))
        )
    return client_hello(exts + ext(0xFAFA, b"\0"), ciphers=listed("4a4a," + CIPHERS))


CLIENT = record(example_hello(), version=b"\3\1")
SERVER13 = record(server_hello(ext(43, b"\3\4") + ext(51, b"\0\x1d\0\1x"), sid=b""))


def test_the_published_ja4_example():
    result = same_however_cut(make, [(0, CLIENT)])
    obj = tls.describe(result["facts"])
    assert obj["ja4"] == "t13d1516h2_8daaf6152771_e5627efa2ab1"
    assert (obj["sni"], obj["alpn"]) == ("api.example.com", ["h2", "http/1.1"])
    assert tls.label(obj) == "TLS api.example.com"
    assert result["initiator"] == 0


def hello_facts(**changes):
    facts = {
        CIPHERS_KEY: listed(CIPHERS),
        EXTS_KEY: listed(EXTS),
        SIGALGS_KEY: listed(SIGALGS),
        CLIENT_KEY: b"\3\3",
        VERSIONS_KEY: listed("0304"),
        ALPN_KEY: b"\2h2",
    }
    facts.update({globals()[key.upper() + "_KEY"]: value for key, value in changes.items()})
    return {key: value for key, value in facts.items() if value is not None}


@pytest.mark.parametrize(
    "changes, want",
    [
        ({"sigalgs": None}, "t13d1516h2_8daaf6152771_6d807ffa2a79"),
        ({"alpn": b""}, "t13d151600_8daaf6152771_e5627efa2ab1"),
        ({"alpn": b"\0"}, "t13d151600_8daaf6152771_e5627efa2ab1"),
        ({"alpn": b"\x08http/1.1"}, "t13d1516h1_8daaf6152771_e5627efa2ab1"),
        ({"alpn": b"\1h"}, "t13d1516hh_8daaf6152771_e5627efa2ab1"),
        ({"alpn": b"\1\xab"}, "t13d1516ab_8daaf6152771_e5627efa2ab1"),
        ({"alpn": b"\2\xab\xcd"}, "t13d1516ad_8daaf6152771_e5627efa2ab1"),
        ({"alpn": b"\2\x30\xab"}, "t13d15163b_8daaf6152771_e5627efa2ab1"),
        ({"alpn": b"\4\x30\x31\xab\xcd"}, "t13d15163d_8daaf6152771_e5627efa2ab1"),
        ({"alpn": b"\4\x30\xab\xcd\x31"}, "t13d151601_8daaf6152771_e5627efa2ab1"),
        (
            {"ciphers": b"", "exts": b"", "versions": None, "alpn": None, "sigalgs": None},
            "t12i000000_000000000000_000000000000",
        ),
        ({"versions": None, "client": b"\3\0"}, "ts3d1516h2_8daaf6152771_e5627efa2ab1"),
        ({"versions": listed("8a8a"), "client": b"\3\1"}, "t10d1516h2_8daaf6152771_e5627efa2ab1"),
        ({"versions": listed("7f17")}, "t00d1516h2_8daaf6152771_e5627efa2ab1"),
    ],
)
def test_ja4_rules(changes, want):
    assert ja4(hello_facts(**changes)) == want


def test_ja4_counts_stop_at_99_and_other_transports_have_their_letter():
    assert ja4(hello_facts(ciphers=listed(CIPHERS) * 9))[4:6] == "99"
    assert ja4(hello_facts(), "q")[0] == "q"
    assert ja4(hello_facts(versions=listed("fefd,fefc")), "d")[:3] == "dd3"


def test_ja3_and_ja3s_are_the_md5_of_their_strings():
    facts = hello_facts(
        ciphers=listed("0a0a,1301,c02f"), exts=listed("0000,1a1a,000a"), groups=listed("2a2a,001d"), points=b"\0\1"
    )
    assert ja3(facts) == hashlib.md5(b"771,4865-49199,0-10,29,0-1").hexdigest()
    assert (
        ja3s({10: b"\3\3", 12: b"\xc0\x2f", 13: listed("ff01,0010")}) == hashlib.md5(b"771,49199,65281-16").hexdigest()
    )
    assert ja3s({12: b"\xc0\x2f"}) is None


def test_tls13_is_done_at_the_first_application_record():
    result = same_however_cut(make, [(0, CLIENT), (1, SERVER13 + record(b"\1", 20) + record(b"x" * 50, 23))])
    assert result["code"] == DONE
    obj = tls.describe(result["facts"])
    assert (obj["version"], obj["cipher"], obj["resumed"]) == ("TLS 1.3", "TLS_AES_128_GCM_SHA256", False)


def test_messages_reassembled_over_records_and_records_with_several_messages():
    hello = example_hello()
    pieces = b"".join(record(hello[i : i + 7]) for i in range(0, len(hello), 7))
    flight = server_hello(alpn(b"h2"), cipher=0xC02F) + b"\x0b" + vector(3, vector(3, b"")) + b"\x0e\0\0\0"
    result = same_however_cut(make, [(0, pieces), (1, record(flight))])
    obj = tls.describe(result["facts"])
    assert (obj["sni"], obj["alpn_chosen"], obj["cipher"]) == (
        "api.example.com",
        "h2",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    )
    assert result["code"] in (OK, MORE)


@pytest.mark.parametrize(
    "client_sid, server_sid, certificate, resumed",
    [
        (b"S" * 32, b"S" * 32, False, True),
        (b"S" * 32, b"T" * 32, False, False),
        (b"", b"", False, False),
        (b"S" * 32, b"S" * 32, True, False),
    ],
)
def test_tls12_resumption(client_sid, server_sid, certificate, resumed):
    flight = server_hello(cipher=0xC02F, sid=server_sid)
    flight += b"\x0b" + vector(3, vector(3, vector(3, b"\x30\x00"))) if certificate else b""
    turns = [
        (0, record(client_hello(sni(b"h"), sid=client_sid))),
        (1, record(flight) + record(b"\1", 20)),
        (0, record(b"\1", 20)),
    ]
    result = same_however_cut(make, turns)
    assert result["code"] == DONE
    assert tls.describe(result["facts"])["resumed"] is resumed


def test_tls13_psk_is_resumption():
    server = record(server_hello(ext(43, b"\3\4") + ext(41, b"\0\0")))
    assert tls.describe(same_however_cut(make, [(0, CLIENT), (1, server)])["facts"])["resumed"] is True


@pytest.mark.parametrize(
    "alert, text",
    [(b"\2\x28", "handshake_failure"), (b"\1\x70", "unrecognized_name (warning)"), (b"\2\xfa", "alert 250")],
)
def test_clear_alerts(alert, text):
    result = same_however_cut(make, [(0, CLIENT), (1, record(alert, 21))])
    assert tls.describe(result["facts"])["alert"] == text


def test_ech_is_seen():
    assert tls.describe(told(make, [(0, record(example_hello(ext(0xFE0D, b"x"))))], at_once)["facts"])["ech"] is True
    assert "ech" not in tls.describe(told(make, [(0, CLIENT)], at_once)["facts"])


def test_a_certificate_that_is_too_long_or_of_the_client_is_not_kept():
    huge = b"\x0b" + vector(3, vector(3, vector(3, b"\x30" * 7000)))
    own = b"\x0b" + vector(3, vector(3, vector(3, b"\x30\x00")))
    result = told(make, [(0, CLIENT), (1, record(server_hello(cipher=0xC02F) + huge)), (0, record(own))], at_once)
    assert 16 not in dict(result["facts"])


@pytest.mark.parametrize(
    "hello",
    [
        client_hello(sni(b"x") + ext(43, b"\5\3\4")),
        client_hello(sni(b"x") + ext(1)[:2] + b"\0\1"),
        client_hello(ext(0, b"\0\x09\0\0\x09x")),
        client_hello(None, ciphers=b"\x13\1\0"),
        b"\1" + vector(3, b"\3\3" + b"R" * 32 + vector(1, b"s" * 33) + b"\0" * 20),
        b"\1" + vector(3, b"\3\3" + b"R" * 36),
        client_hello(ext(1) * 600),
    ],
)
def test_broken_hellos_are_counted_and_give_no_fingerprint(hello):
    result = same_however_cut(make, [(0, record(hello)), (1, SERVER13)])
    assert result["malformed"] == 1
    obj = tls.describe(result["facts"])
    assert "ja4" not in obj and "ja3" not in obj
    assert obj["version"] == "TLS 1.3"


def test_long_lists_are_left_out_whole():
    result = told(make, [(0, record(client_hello(sni(b"x"), ciphers=b"\x13\1" * 600)))], at_once)
    obj = tls.describe(result["facts"])
    assert obj["sni"] == "x"
    assert "ja4" not in obj
    assert sum(len(value) for _, value in result["facts"]) < 1200


def test_a_message_that_claims_more_than_a_hello_can_be():
    result = same_however_cut(make, [(0, record(b"\1\x01\x00\x01" + b"x" * 100))])
    assert (result["code"], result["facts"]) == (MALFORMED, [])


def test_hostile_texts_are_clean():
    result = told(make, [(0, record(client_hello(sni(b"a\x1b[2J\xff") + alpn(b"\xff\n"))))], at_once)
    obj = tls.describe(result["facts"])
    assert (obj["sni"], obj["alpn"]) == ("a\ufffd[2J\ufffd", ["\ufffd\ufffd"])


SSL2 = b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + b"c" * 37


@pytest.mark.parametrize(
    "data, sure",
    [
        (CLIENT, 98),
        (CLIENT[:20], 98),
        (SERVER13, 96),
        (CLIENT[:8], MORE_BYTES),
        (b"", MORE_BYTES),
        (SSL2, 90),
        (SSL2[:8], MORE_BYTES),
        (b"\x80\x2f" + SSL2[2:], 0),
        (b"\x16\x03\x05", MORE_BYTES),
        (b"\x16\x04\x01", 0),
        (b"\x16\x02\x00", 0),
        (b"\x16\x03\x01\xff\xff\x01\0\0\0\3\3\0", 0),
        (b"\x16\x03\x01\0\x30\x05\0\0\0\3\3\0", 0),
        (b"\x16\x03\x01\0\x30\x01\xff\0\0\3\3\0", 0),
        (record(b"\1", 20) + record(b"x", 22), 85),
        (record(b"\2\x28", 21), 95),
        (record(b"\1\x28", 21), 80),
        (record(b"\2\xfa", 21), 80),
        (record(b"x" * 20, 23) * 2, 85),
        (record(b"x" * 90, 23)[:70], 70),
        (record(b"x" * 3, 23), 0),
        (record(b"x" * 16, 23), MORE_BYTES),
        (b"GET / HTTP/1.1\r\n", 0),
        (b"\x14\x03\x03\0\1\2\x16", 0),
        (b"\xff" * 30, 0),
    ],
)
def test_detection(data, sure):
    assert make().detect(data) == sure


@pytest.mark.parametrize("data", [b"\x17\x03\x09\0\1x", b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\xff\xff", b"\xff" * 20])
def test_what_is_not_tls_is_given_back(data):
    assert same_however_cut(make, [(0, data)])["code"] == NOT_MINE


def test_an_ssl2_hello_counts_at_the_start_only():
    assert same_however_cut(make, [(1, record(b"x" * 40, 23) + SSL2)])["code"] == NOT_MINE


def test_noise_after_a_hello_is_malformed():
    assert same_however_cut(make, [(0, CLIENT + b"GET / HTTP/1.1\r\n")])["code"] == MALFORMED


def test_data_of_a_flow_joined_in_its_middle_costs_four_records():
    probe = make()
    codes = [probe.feed(0, record(b"x" * 100, 23)) for _ in range(4)]
    assert codes == [OK, OK, OK, DONE]


def test_one_sided_early_data_waits_for_the_server():
    result = same_however_cut(make, [(0, CLIENT + record(b"x" * 30, 23) * 10), (1, SERVER13), (0, record(b"x", 23))])
    assert result["code"] == DONE
    assert tls.describe(result["facts"])["version"] == "TLS 1.3"


def test_a_hole_in_one_side_leaves_the_other():
    probe = make()
    probe.feed(0, CLIENT[:50])
    probe.lost(0, 100)
    probe.feed(0, b"anything at all")
    probe.feed(1, SERVER13)
    assert tls.describe(outcome(probe)["facts"])["version"] == "TLS 1.3"
    assert probe.lost(1, 5) == OK  # where records begin again there may be a handshake


def test_facts_of_a_usual_flow_are_small():
    probe = make()
    probe.feed(0, CLIENT)
    probe.feed(1, SERVER13)
    assert probe.fact_bytes <= 400


@pytest.mark.parametrize("minor", [0, 4, 5, 9, 0x7F, 0xFF])
def test_the_version_that_records_say_means_nothing(minor):
    """RFC 8446 section 5.1."""
    whole = same_however_cut(make, [(0, CLIENT), (1, SERVER13)])
    odd = [(side, data[:2] + bytes([minor]) + data[3:]) for side, data in ((0, CLIENT), (1, SERVER13))]
    assert same_however_cut(make, odd)["facts"] == whole["facts"]
    apart = [(0, record(CLIENT[5:][at : at + 90], version=bytes([3, minor]))) for at in range(0, len(CLIENT) - 5, 90)]
    assert same_however_cut(make, [*apart, (1, SERVER13)])["facts"] == whole["facts"]
