"""What a filter text means, and where its errors point. Every example of CONTRACT section 4 is here."""
import pathlib
import subprocess
import sys

import pytest

from netwatch import schema
from netwatch.filter import Filter, FilterError, parse
from netwatch.filter.nodes import MAX_DEPTH, MAX_NODES, MAX_TEXT, And, Compare, Exists, Not, Or, Relate, Search
from netwatch.filter.regex import MAX_STEPS, Regex

FLOW = {
    "schema": "netwatch.flow/1", "id": 7, "proto": "tcp", "src": "10.1.2.3", "sport": 50000, "dst": "192.0.2.1",
    "dport": 443, "initiator": "seen", "first": "2026-01-02T03:04:05.678901234Z", "duration": 1.5,
    "last": "2026-01-02T03:04:07.178901234Z", "vlan": [12, 300], "state": "ESTABLISHED", "packets_out": 5,
    "packets_in": 7, "bytes_out": 1_000_001, "bytes_in": 500_000, "rtt_us": 250_000, "app": "tls",
    "tls": {"sni": "API.GitHub.com", "ja4": "t13d1516h2_8daaf6152771_b186095e22b6", "alpn": ["h2", "http/1.1"],
            "ech": True, "cert": {"not_after": "2027-01-01T00:00:00Z", "san": ["a.example.com", "b.example.org"]}},
    "process": {"name": "firefox", "pid": 250}, "geo": {"country": "NL", "asn": 64500}, "decrypted": True}
OTHER = {
    "schema": "netwatch.flow/1", "id": 8, "proto": "udp", "src": "2001:db8::5", "sport": 5353, "dst": "2001:db8::1",
    "dport": 53, "bytes_out": 80, "bytes_in": 0, "app": "dns", "dns": {"names": ["www.google.com"], "rcode": "NOERROR"}}


@pytest.mark.parametrize("text", [
    'port == 443 and sni contains "github"', "proto tcp and not app dns",
    'process == "firefox" or pid in {100, 200..300}',
    "src in 10.0.0.0/8 and bytes > 1MB", "state == established and rtt > 200ms",
    "ja4 == t13d1516h2_8daaf6152771_b186095e22b6", 'vlan == 12 and country != "DE"',
    "tcp.port == 443 && ip.addr == 192.0.2.1", "port:443 process:firefox sni:github",
    # beyond the contract's own
    "", "   ", "tcp", "TLS firefox", "10.1.2.3:50000", ":443", "/^10\\.1/", "10.0.0.0/8", "decrypted", "decrypted tls",
    "decrypted == true", "decrypted yes", "ech and decrypted", "not not tcp", "!udp", "! ! tcp", "(tcp)",
    "((tcp) and (443))",
    "port = 443", "sni ~ /(?i)github/", "sni matches GitHub", "SNI == api.github.COM", "Port:443",
    "PROTO TCP AND NOT APP DNS",
    "bytes == 1500001", "bytes > 1.5MB", "bytes >= 1464KiB", "bytes<=1500001", "packets > 11", "packets in {1..5, 12}",
    "packets in {12}", "rtt == 250ms", "rtt >= 0.25s", "rtt < 1m", "rtt == 250000us", "rtt_us == 250000",
    "duration == 1.5",
    "duration == 1500ms", "duration > 1", "duration < 1h", "first == 2026-01-02", "first >= 2026-01-02T03:04:05Z",
    "first < 2026-01-02T03:04:05.7Z", 'first > "2026-01-02 03:04:05.6"', "last <= 2026-01-02T04:04:07+01:00",
    "first in 2026-01-01..2026-01-02", "tls.cert.not_after < 2027-01-01T00:00:01Z", "san:b.example", "alpn == h2",
    "alpn contains http/", "dst == 192.0.2.1", "addr in {192.0.2.0/24, ::1}", "src in 10.0.0.0..10.255.255.255",
    "src:10.1", "src:10.", "src:10.0.0.0/8", "ip.src != 10.0.0.1", "src contains .2.", "port not in {80, 22}",
    "sni not contains google", "sni not matches /^www/", "port != 80", "vlan != 13", "port:{80, 443}",
    'sni:"github.com"',
    "sni:/Git/", "bytes:>1MB", "asn == 64500", "pid == 0xfa", "process fire", "host github", "app:tl", "port 443",
    'sni contains ""', "tcp port 443 process firefox", "rate != 5 or tcp", "tcp.state == established",
    "sni == 'API.GitHub.com'",
])
def test_matches(text):
    assert Filter(text).matches(FLOW)
    assert not Filter(f"not ({text})" if text.strip() else "not tcp").matches(FLOW)


@pytest.mark.parametrize("text", [
    "port == 80", "udp", "proto udp", "not tcp", "app dns", "port != 443", "port != 50000", "vlan != 12", "vlan != 300",
    "rate != 5", "country == DE", "country != NL", "nosuch", "bytes < 1MB", "bytes == 1.5MB", "bytes == 1500000.5",
    "rtt > 250ms", "rtt < 250ms", "first == 2026-01-03", "first > 2026-01-02", "tls.cert.not_after < 2027-01-01",
    "tls.cert.not_after > 2027-01-01", "udp.port == 443", "sni matches /github/", "sni == github.com", "src:10.10",
    "src in 11.0.0.0/8", "dst == 2001:db8::1", "ech == false", "resumed == false", "resumed != true",
    "sni != API.github.com",
    "tcp and udp", "src == 10.1.2.3 and port 80", "srtt < 1h", "10.1.2.3:5000x", "process:chrome", "quic.sni != x"])
def test_does_not_match(text):
    assert not Filter(text).matches(FLOW)


def test_the_contracts_regex():
    flow = {"tls": {"sni": "WWW.Example.ORG"}}
    text = r"host matches /(?i)\.example\.(com|org)$/"
    assert Filter(text).matches(flow)
    assert not Filter(text).matches({"tls": {"sni": "example.net"}})
    assert not Filter(text.replace("(?i)", "")).matches(flow)


@pytest.mark.parametrize("text", [r"(a+)+$", r"(a|aa)+$", r"(a|a?)+$", r"(.*a){20}", r"(?:a?){500}a{500}z",
                                  r"([a-q][^u-z]{50}){4}x"])
def test_no_expression_takes_more_than_the_size_of_text_and_program(text):
    """RE2 takes at most so many steps for a byte as its program has; what of a text is looked at is bounded."""
    regex = Regex(text)
    assert regex.steps <= MAX_STEPS
    assert Filter(f"sni matches /{text}/").matches({"tls": {"sni": "a" * 60 + "!"}}) is regex.found(b"a" * 60 + b"!")


def test_what_is_behind_the_looked_at_part_of_a_text_is_not_found():
    assert Filter("sni matches /z/").matches({"tls": {"sni": "a" * (MAX_TEXT - 1) + "z"}})
    assert not Filter("sni matches /z/").matches({"tls": {"sni": "a" * MAX_TEXT + "z"}})
    assert Filter("sni matches /^.\\z/").matches({"tls": {"sni": "\u20ac"}})


@pytest.mark.parametrize("text", ["src == 2001:db8::5", "src:2001:db8::5", "src == [2001:db8::5]",
    "src in 2001:db8::/32",
                                  "src:2001:db8::/32", "src in {2001:db8::4..2001:db8::6}", "[2001:db8::5]:5353",
                                  "2001:db8::5", "::5", "ipv6.addr == 2001:DB8:0::1", "google", "host:google",
                                  "dns.qry.name == www.google.com", "rcode noerror"])
def test_ipv6_and_dns(text):
    assert Filter(text).matches(OTHER)
    assert not Filter(text).matches(FLOW)


def test_mac_addresses():
    flow = {"proto": "arp", "src": "02:00:5e:10:00:01", "dst": "ff:ff:ff:ff:ff:ff"}
    assert Filter("src == 02:00:5E:10:00:01 dst:ff-ff-ff-ff-ff-ff 02:00:5e").matches(flow)
    assert not Filter("src in {10.0.0.0/8, ::/0}").matches(flow)


def test_precedence():
    assert isinstance(parse("a or b and c"), Or)
    assert isinstance(parse("a or b c"), Or)
    assert isinstance(parse("(a or b) c"), And)
    assert isinstance(parse("a b and c").items[2], Search)
    left, right = parse("not a and b").items
    assert isinstance(left, Not)
    assert isinstance(right, Search)
    assert parse("not (a and b)") == Not(parse("a and b"))
    assert parse("a || b && c") == parse("a or (b and c)")
    assert parse("A AND b") == parse("a && b")


def test_a_field_name_is_a_value_only_where_one_can_stand():
    host, there = parse("host"), parse("exists host")
    assert isinstance(host, Exists)
    assert host == there == parse("host exists")
    assert parse("host port == 443") == And((host, parse("port == 443")))
    assert parse("host port:443") == And((host, parse("port == 443")))
    assert parse("host and port 443") == And((host, parse("port:443")))
    assert parse("host port not in {1}") == And((host, parse("port not in {1}")))
    assert parse("foo:bar") == parse("'foo:bar'")
    assert parse("sni:port:443") == parse("sni contains 'port:443'")
    assert isinstance(parse("http://x/y"), Search)
    assert parse("path == /index.html") == parse("path == '/index.html'")
    assert parse("sni contains and") == parse("sni contains 'and'")
    assert parse(r"'it\'s' ") == parse('"it\'s"')


@pytest.mark.parametrize(("text", "column", "words"), [
    ("sport == 80 and prot == tcp", 17, "no field is called 'prot'; did you mean 'proto'?"),
    ("prosess == x", 1, "did you mean 'process'?"), ("zzzzqq == 1", 1, "no field is called 'zzzzqq'"),
    ("port == htpt", 9, "name of a service such as https, not 'htpt'"), ("port:htpt", 6, "port wants a port number"),
    ("bytes > 5XB", 9, "bytes wants a size"), ("packets > 5MB", 11, "packets wants a number"),
    ("rtt > 200", 7, "rtt needs a unit, such as 200ms"), ("rtt > fast", 7, "rtt wants a duration"),
    ("src == 10.0.0", 8, "src wants an address"), ("src in 10.0.0.0/33", 8, "src wants an address"),
    ("src > 10.0.0.1", 7, "src is an address"), ("sni > a", 7, "sni is text"), ("first > soon", 9,
    "first wants a time"),
    ("first > 2026-13-01", 9, "first wants a time"), ("decrypted == maybe", 14, "decrypted wants true or false"),
    ("src == 10.0.0.1..::1", 8, "src wants an address"), ("port in {1..}", 10, "a range is written low..high"),
    ("port ==", 8, "a value should follow =="), ("port == and", 9, "port wants"), ("port:", 6, "should follow port:"),
    ("port: 443", 7, "without a blank"), ("a and", 6, "the filter ends where a condition should follow"),
    ("and a", 1, "a condition should stand here, not 'and'"), ("a or or b", 6, "a condition should stand here"),
    ("not", 4, "the filter ends"), ("(a", 1, "the parenthesis is not closed"), ("a)", 2, "')' does not belong here"),
    ("()", 2, "a condition should stand here"), ('sni == "abc', 8, "the quote is not closed"),
    ("port in {1, 2", 9, "the set is not closed"), ("sni in {ab cd}", 12, "parted by commas"),
    ("port in {}", 10, "a value should stand here"), ("port in {1,", 9, "the set is not closed"),
    ("port == {1}", 9, "a set goes with in"), ("sni matches /a(b/", 14, "in the /regex/: missing )"),
    ("sni matches /abc", 13, "the /regex/ is not closed"), ("sni == /abc/", 8, "a /regex/ goes with matches"),
    ("/[/", 2, "in the /regex/: missing ]"), ("a == 1", 1, "no field is called 'a'"), ("{", 1,
    "a condition should stand here"),
    ("== 3", 1, "a condition should stand here"),
    ("sni matches /a{99999999999999}/", 15, "in the /regex/: invalid repetition size"),
    ("sni matches /(?:x{900}){900}/", 18, "in the /regex/: invalid repetition size"),
    (r"/(\pL{500}\pL{500}){1,2}/", 2, "in the /regex/: too large"), ("/a(?=b)/", 3, "RE2 has not got look-around"),
    ("/(?<!b)a/", 2, "look-around"), (r"/(a)\1/", 5, "a backreference"), ("/(?P<x>a)(?P=x)/", 10, "a backreference"),
    ("/a++/", 3, "possessive repetition"), ("/(?>a)/", 2, "an atomic group"), ("/(a)?(?(1)b|c)/", 6, "a condition"),
    ("/(?x)a/", 2, "this flag"), (r"/a\Z/", 3, "the end of the text is"), ("/a**/", 3, "bad repetition operator: **"),
    ("x" * (MAX_TEXT + 1), MAX_TEXT + 1, "longer than"), ("(" * (MAX_DEPTH + 1) + "a", MAX_DEPTH + 1, "nested deeper"),
    ("a " * (MAX_NODES + 1), MAX_NODES * 2 + 1, "more than")])
def test_errors_point_at_the_place(text, column, words):
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert words in caught.value.message
    assert caught.value.column == column
    assert str(caught.value).startswith(f"column {column}: ")
    shown, caret, message = caught.value.pointing().split("\n")
    assert message == caught.value.message and max(len(shown), len(caret)) < 200
    assert len(text) > 60 or (shown, caret) == (text.replace("\n", " "), " " * (column - 1) + "^")
    assert shown[len(caret) - 1:].removesuffix("...")[:60] == text[column - 1:column + 59]


@pytest.mark.parametrize("odd", ["\n", "\x02", "\x1b[31m", "\x9b", "\u2028", "\u202e", "\x7f", "\udc80"])
@pytest.mark.parametrize("form", ["/a{}(/", "sni matches /{}(/", "sni matches /(?={})/", '"{}', 'sport == "{}"',
                                  'src == "{}"', 'state == "{}"', 'dst in @a{}', 'rtt > "1{}"', "a{} == 1"])
def test_an_error_quotes_nothing_that_moves_a_terminal(form, odd):
    with pytest.raises(FilterError) as caught:
        parse(form.format(odd))
    assert caught.value.message.isprintable() and str(caught.value).isprintable()
    assert all(line.isprintable() for line in caught.value.pointing().split("\n", 2))


@pytest.mark.parametrize(("literal", "value"), [
    ("1", 1), ("1B", 1), ("1k", 1000), ("1K", 1000), ("1kB", 1000), ("2KB", 2000), ("1KiB", 1024), ("1M", 10**6),
    ("1MB", 10**6),
    ("1MiB", 2**20), ("1GB", 10**9), ("3GiB", 3 * 2**30), ("1TB", 10**12), ("0.5k", 500), ("1.25MiB", 1310720),
    ("0x10", 16)])
def test_sizes(literal, value):
    found = Filter(f"bytes == {literal}")
    assert found.matches({"bytes_out": value - 1, "bytes_in": 1})
    assert found.matches({"bytes_out": value})
    assert not found.matches({"bytes_out": value + 1})


@pytest.mark.parametrize(("literal", "us"), [("5us", 5), ("5µs", 5), ("3000ns", 3), ("2ms", 2000), ("1.5s", 1_500_000),
                                             ("2m", 120_000_000), ("1h", 3_600_000_000), ("1d", 86_400_000_000)])
def test_durations(literal, us):
    assert Filter(f"rtt == {literal}").matches({"rtt_us": us})
    assert not Filter(f"rtt == {literal}").matches({"rtt_us": us + 1})
    assert Filter(f"rtt < {literal}").matches({"rtt_us": us - 1})


def test_fractions_are_not_rounded():
    assert Filter("ttl > 1.5").matches({"ttl": 2})
    assert not Filter("ttl >= 1.5").matches({"ttl": 1})
    assert not Filter("ttl == 1.5").matches({"ttl": 1})
    assert Filter("ttl < 1.5").matches({"ttl": 1})
    assert Filter("ttl != 1.5").matches({"ttl": 1})
    assert Filter("mss > -1").matches({"mss": 0})


def test_absent_is_false_also_for_unequal_and_not_negates():
    assert not Filter("country == DE").matches({})
    assert not Filter("country != DE").matches({})
    assert not Filter("country not in {DE}").matches({})
    assert Filter("not country == DE").matches({})
    assert not Filter("bytes != 1").matches({})


def test_other_records_and_their_flow():
    http = {"schema": "netwatch.http/1", "host": "a.example", "method": "GET", "status": 404, "latency_us": 5000,
        "flow": 7}
    assert Filter("host == a.example and http.method == get and status in 400..499 and latency > 4ms").matches(http)
    assert not Filter("port == 443").matches(http)
    assert Filter("port == 443 and proto == tcp and github").matches(http, FLOW)
    assert Filter("host != api.github.com").matches(http, FLOW)          # the record answers for itself
    assert Filter("flow == 7").matches(http)
    dns = {"schema": "netwatch.dns/1", "client": "10.0.0.1", "server": "9.9.9.9", "questions": [{"name": "x.org",
        "type": "A"}],
           "answers": [{"name": "x.org", "type": "A", "ttl": 60, "data": "192.0.2.9"}], "rcode": "NOERROR"}
    assert Filter("host x.org qtype == a answer:192.0.2.9 src == 10.0.0.1 dns.answers.ttl < 100").matches(dns)
    assert Filter("192.0.2.9").matches(dns)
    tls = {"schema": "netwatch.tls/1", "tls": {"sni": "s.example", "ja4": "t13"}, "src": "10.0.0.1", "sport": 1,
           "dst": "::1", "dport": 2}
    assert Filter("sni:s.example ja4:t13 dst == ::1 [::1]:2").matches(tls)
    packet = {"schema": "netwatch.packet/1", "n": 3, "len": 60, "src": "10.0.0.1", "notes": ["retransmission"],
        "flow": 7}
    assert Filter("frame.number == 3 frame.len <= 60 retransmission").matches(packet)
    assert Filter("n == 3 sni:github").matches(packet, FLOW)


def test_case_is_ignored_for_ascii_letters_only():
    assert Filter("process == FIREFOX").matches(FLOW)
    assert Filter("process == Ä").matches({"process": {"name": "Ä"}})
    assert not Filter("process == Ä").matches({"process": {"name": "ä"}})
    assert not Filter("process == k").matches({"process": {"name": "\u212a"}})


def test_only_the_first_4096_bytes_of_a_text_are_looked_at():
    assert Filter("sni contains b").matches({"tls": {"sni": "a" * 4095 + "b"}})
    assert not Filter("sni contains b").matches({"tls": {"sni": "a" * 4096 + "b"}})
    assert not Filter("sni matches /b/").matches({"tls": {"sni": "a" * 4096 + "b"}})


def test_odd_records_do_not_raise():
    for value in (None, [], {}, "x", 3, 2.5, True, [None, {"a": 1}], float("inf")):
        for text in ("port > 3", "sni:x", "src == ::1", "first > 2026-01-01", "bytes > 3", "sack", "x", "rtt_us > 1.5"):
            Filter(text).matches({"sport": value, "tls": value, "src": value, "first": value, "sack": value,
                "rtt_us": value})


@pytest.mark.parametrize("text", [
    "sni", "exists sni", "sni exists", "not country == DE", "process", "geo", "tls.cert", "app", "not quic.sni",
    "tls", "tcp", "not udp", "not icmp", "not dns", "ip", "not ipv6", "not ip6", "host 10.1.2.3", "host 192.0.2.1",
    "net 10.0.0.0/8", "net 10.1", "src host 10.1.2.3", "dst host 192.0.2.1", "src net 10.0.0.0/8", "dst port 443",
    "src port 50000", "tcp port 443", "tcp dst port 443", "ip host 10.1.2.3", "ip proto 6", "not dst port 50000",
    "not src host 192.0.2.1", "proto == 6", "ip.proto == 6", "proto:6", "proto in {6, 17}", "not proto == 17",
    "port eq 443", "bytes gt 1MB", "port ne 80", "bytes_out > bytes_in", "packets_in >= packets_out", "sport != dport",
    "rtt < duration", "first < last", "src != dst", "sni == tls.sni", "not bytes_in > bytes_out",
    "not uid == pid", "ech", "src or dst host 10.1.2.3", "dst or src net 192.0.2.0/24",
    "not src and dst net 10.0.0.0/8",
    "src or dst port 443 and tcp", "net 10.0.0.0 mask 255.0.0.0", "dst net 192.0.2.0 mask 255.255.255.0", "tcp.port",
    "not udp.port", "not exists udp.srcport", "tcp.srcport exists", "ip.src", "not ipv6.dst", "not ip6 host 10.1.2.3",
])
def test_habits(text):
    assert Filter(text).matches(FLOW)


def test_names_of_a_header_are_not_true_of_what_has_none():
    arp = {"proto": "arp", "src": "192.0.2.1", "dst": "192.0.2.2"}
    for text in ("ip", "ip.addr == 192.0.2.1", "ip.addr != 192.0.2.9", "ip.src", "ip host 192.0.2.1", "tcp.port",
                 "ipv6.addr"):
        assert not Filter(text).matches(arp)
        assert not Filter(text).matches({"proto": "cdp", "src": "02:00:00:00:00:01", "dst": "01:00:0c:cc:cc:cc"})
    assert Filter("host 192.0.2.1").matches(arp) and Filter("addr == 192.0.2.1 and arp").matches(arp)


@pytest.mark.parametrize(("text", "record"), [
    ("tls.version == 1.2", {"tls": {"version": "TLS 1.2"}}), ("tls.version == 0x0304", {"tls": {"version": "TLS 1.3"}}),
    ("tls.version == TLSv1.1", {"tls": {"version": "TLS 1.1"}}),
    ("tls.version == 769", {"tls": {"version": "TLS 1.0"}}),
    ("rcode == 3", {"dns": {"rcode": "NOERROR", "rcodes": ["NOERROR", "NXDOMAIN"]}}),
    ("dns.flags.rcode != 0", {"dns": {"rcode": "REFUSED"}}), ("dns.qry.type == 28", {"dns": {"types": ["A", "AAAA"]}}),
    ("tcp_flags == 2", {"tcp_flags_out": ["SYN", "ACK"]}), ("proto == icmpv6", {"proto": "icmp6"}),
    ("icmpv6", {"proto": "icmp6"}), ("proto == 253", {"proto": "ip-253"}),
])
def test_numbers_that_have_names(text, record):
    assert Filter(text).matches(record)
    assert not Filter(text).matches({"proto": "udp", "tls": {"version": "SSL 3.0"}, "dns": {"rcode": "NOERROR"}})


@pytest.mark.parametrize(("text", "column", "words"), [
    ("sni contans apple", 5, "'contans' is no operator; did you mean contains?"), ("sni like %a%", 5, "contains"),
    ("sni startswith x", 5, "did you mean matches /^.../"), ("port==443 &", 11, "'&' is no operator"),
    ("sport == 443 xor dport == 443", 14, "'xor' is no operator"), ("sni xor app", 5, "'xor' is no operator"),
    ("http.request", 1, "write http.method"), ("tls.handshake", 1, "write tls"),
    ("tls.snii", 1, "did you mean 'tls.sni'?"), ("dns.google", 1, "quoted, it is looked for as text"),
    ("port == 99999", 9, "port is never 99999: it is 0 to 65535"), ("dport in {1..70000}", 11, "never 70000"),
    ("ttl > 300", 7, "0 to 255"), ("vlan == 5000", 9, "0 to 4095"), ("state == establised", 10, "mean ESTABLISHED?"),
    ("ended == done", 10, "ended is never 'done'"), ("rcode == 77", 10, "no name for the number 77"),
    ("tls.version == 5", 16, "no name for the number 5"), ("less 100", 1, "bytes < N"),
    ("tcp[13] & 2", 1, "tcp.flags.syn"),
    ("ether host 2:0:0:0:0:1", 1, "addr == MAC"), ("bytes > rtt", 9, "a duration is not compared with a bytes"),
    ("port == 21 or 22", 15, "write port == 22"), ("bytes == 7 and 8", 16, "bytes == 8"),
    ("port 21 22", 9, "write or before 22"), ("port domaim", 6, "name of a service"),
    ("net 10.0.0.0 mask 255.0.255.0", 5, "net and mask"), ("net 10.0.0.0 mask x", 5, "net and mask"),
    ("src > dst", 7, "compared by == and !="), ("dst in @list", 8, "no list is called @list"),
])
def test_what_cannot_hold_is_said(text, column, words):
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert words in caught.value.message
    assert caught.value.column == column


def test_states_and_protocols_are_those_that_records_have():
    from netwatch._fast.out.names import ENDINGS, PROTOCOLS, STATES
    from netwatch._fast.proto.dns.text import OPCODES, RCODES
    from netwatch.filter import enumerated

    assert set(STATES) - {None} | {"UDP_IDLE", "UDP_STALE"} == enumerated.STATE.words
    assert set(ENDINGS) - {None} == enumerated.ENDED.words
    assert {number: name for number, name in PROTOCOLS.items() if number < 256} == enumerated.PROTO.numbers
    assert (enumerated.RCODE.numbers, enumerated.OPCODE.numbers) == (RCODES, OPCODES)


def test_every_protocol_can_be_asked_for_alone():
    from netwatch._fast.dpi import app_names

    for app in filter(None, app_names()):
        assert Filter(app).matches({"app_stack": ["quic", app], "app": "other"}), app
        assert Filter(app).matches({"app": app})
        assert not Filter(app).matches({"app": app + "x", "label": app, "name": {"host": app}})


def test_the_keys_of_the_asked_kind_are_meant():
    dns = {"schema": "netwatch.dns/1", "qr": "response", "client": "10.0.0.1", "id": 7, "flow": 3}
    assert Filter("qr == response client == 10.0.0.1 id == 7", ("dns",)).matches(dns, {"id": 3})
    assert not Filter("id == 3", ("dns",)).matches(dns, {"id": 3})
    assert isinstance(parse("bytes > caplen", ("packet",)), Relate)


def test_fields_used():
    assert Filter("bytes > 1 and sni:x").fields == {"bytes_out", "bytes_in", "tls.sni", "quic.sni", "quic.gquic_sni"}
    assert Filter("").fields == frozenset()


def test_the_table_is_sound():
    names = [field.name for field in schema.FIELDS]
    assert len(names) == len(set(names))
    for name, fields in schema.NAMES.items():
        assert name == name.lower()
        assert name not in ("and", "or", "not", "in", "contains", "matches")
        for kind in {kind for field in fields for kind in field.kinds}:
            assert len({field.type for field in fields if kind in field.kinds}) == 1, name
        assert not set(name) <= set("0123456789abcdef"), f"{name} could begin an IPv6 or MAC address"
    for field in schema.FIELDS:
        assert field.help.endswith("."), field.name
        assert field.width >= len(field.title.rstrip("↑↓")), field.name
        assert field.type is not schema.Type.DURATION or field.unit in schema.UNIT_NS, field.name
        assert all(part in schema.BY_NAME for part in field.parts)
    for field in schema.SEARCHED:
        assert field.type in (schema.Type.TEXT, schema.Type.ADDRESS, schema.Type.PORT)
    assert schema.BY_NAME["http.host"].key("http") == "host"
    assert schema.BY_NAME["http.host"].key("flow") == "http.host"
    assert isinstance(parse("tls.sni:x"), Compare)


def test_understanding_a_filter_imports_nothing_compiled():
    code = ("import sys; from netwatch.filter import Filter; Filter('sni:x port 443').matches({});"
            "sys.exit(any(name.startswith('netwatch._fast') for name in sys.modules))")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_reference_pages_are_those_of_the_table():
    tool = pathlib.Path(__file__).parents[2] / "tools" / "make_reference.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
