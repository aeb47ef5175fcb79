"""The native query: agrees with Python on what matches, sorts as Python would, pages without asking again."""
import random

import pytest
from flowsample import APPS, LATENCY, NAMES, SNI, STATES, STATUS, Flows
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netwatch._fast.engine import Engine
from netwatch._fast.out.addresses import packed_of, text_of
from netwatch._fast.view import columns
from netwatch._fast.view.engineview import EngineView
from netwatch._fast.view.program import LIMIT, TARGET_ACCEPT, TARGET_REJECT, Program
from netwatch._fast.view.querytest import SampleFlows
from netwatch._fast.view.selection import Selection
from netwatch.filter import Filter, FilterError, fields
from netwatch.schema import SEARCHED

ADDRESSES4 = [b"\x0a\0\0\1", b"\x0a\0\0\2", b"\xc0\xa8\1\1", b"\xc0\0\2\1", b"\xff\xff\xff\xff"]
ADDRESSES6 = [bytes.fromhex("20010db8000000000000000000000001"), bytes(15) + b"\1", bytes(16),
              bytes.fromhex("fe800000000000000001000000000000")]
HOSTS = [b"github.com", b"api.GitHub.com", b"example.org", "caf\u00e9.example".encode(), b"a"]
small, pair = st.integers(0, 5), st.tuples(st.integers(0, 3), st.integers(0, 3))
tcp_part = st.fixed_dictionaries({}, optional={
    "rtt_us": st.sampled_from([0, 1000, 200_000, 200_001]), "srtt_us": pair, "retransmits": pair, "dup_acks": pair,
    "out_of_order": pair, "zero_windows": pair, "mss": pair, "wscale": pair, "sack": st.booleans(),
    "flags": st.tuples(st.integers(0, 255), st.integers(0, 255))})
facts = st.fixed_dictionaries({}, optional={SNI: st.sampled_from(HOSTS), STATUS: st.sampled_from([b"200", b"404"]),
                                            LATENCY: st.sampled_from([999, 2_000_999]),
                                            NAMES: st.lists(st.sampled_from(HOSTS), min_size=1, max_size=3)})


@st.composite
def flow(draw):
    proto = draw(st.sampled_from([1, 6, 17, 256]))
    ends = draw(st.sampled_from([ADDRESSES4, ADDRESSES6, [b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"], [b""]]))
    made = {"proto": proto, "src": draw(st.sampled_from(ends)), "dst": draw(st.sampled_from(ends)),
            "sport": draw(st.sampled_from([443, 50000])), "dport": draw(st.sampled_from([22, 53, 80, 443])),
            "swapped": draw(st.booleans()), "seen": draw(st.booleans()), "state": draw(st.sampled_from(list(STATES))),
            "app": draw(st.sampled_from([0, *APPS])), "confidence": draw(small), "path": draw(st.integers(0, 3)),
            "ended": draw(st.integers(0, 3)), "ttl": draw(pair),
            "first": 1_700_000_000 * 10**9, "last": 1_700_000_000 * 10**9 + draw(small) * 500_000_000,
            "bytes": draw(st.tuples(st.sampled_from([0, 60, 999_999, 2**40]), small)), "payload": draw(pair),
            "facts": draw(facts), "process": draw(st.sampled_from(["", "firefox", "Firefox"])),
            "host": draw(st.sampled_from(["", "a.example", "GitHub.com"]))}
    if proto == 6:
        made["tcp"] = draw(tcp_part)
    return made


CONDITIONS = [
    "port == 443", "port != 443", "port in {22, 50..60, 443, 1, 2, 3}", "dport < 80", "sport:443", "port contains 4",
    "port matches /^4/", "tcp.port == 443", "udp.port == 53", "proto tcp", "proto == UDP", "proto != arp",
    "src == 10.0.0.1", "addr in 10.0.0.0/8", "src != 10.0.0.1", "ip in {10.0.0.1..10.0.0.2, ::1}", "dst:192.168",
    "src == 2001:db8::1", "dst in 2001:db8::/32", "addr contains 192", "src == 02:00:00:00:00:01", "10.0.0.0/8",
    "bytes > 1MB", "bytes == 60", "bytes <= 62", "bytes_out >= 1", "payload != 0", "packets == 1", "bytes > 0.5",
    "rtt > 200ms", "rtt == 200ms", "rtt <= 1ms", "rtt_us >= 200000", "srtt == 2us", "duration > 0.5s", "duration < 1s",
    "first >= 2023-11-14", "last > 2023-11-14T22:13:20Z", "first == 2023-11-14", "ttl != 1", "mss == 2",
    "retransmits > 2", "retransmits_in == 0", "dup_acks != 0", "window_scale == 1", "sack", "not sack", "sack == no",
    "tcp_flags == syn", "tcp_flags_out != syn", "state == established", "state != established", "state matches /WAIT$/",
    "app == TLS", "app != tls", "app:t", "app in {dns, http}", "confidence >= 3", "ended == fin", "ended != fin",
    "service == https", "service contains s", "vlan == 12", "vlan != 12", "vlan > 100", "interface == ETH0",
    "initiator == seen", "sni == GITHUB.com", "sni contains github", "sni matches /^a/", "sni != github.com",
    "host == example.org", "host contains github", "dns.names == a", "dns.names contains git", "host != a",
    "status == 200", "status != 200", "http.status > 300", "process == firefox", "process != firefox",
    "process contains fire", "country == DE", "ja4 == x", "google", "github", "443", "10.0.0.1", "2001:db8", "eth0",
    "fire", ":443", "[::1]", "/^tcp$/", "02:00", "caf\u00e9", "id == 1", "id in 2..3", "id > 2", '""', "tls",
    "label contains tls", "label == 'tls a'", "label != 'tls a'", "label matches /^(tls|dns) a/", "label",
    "not label:a", "dns.latency_us > 1ms", "dns.latency_us == 2ms", "latency contains 0", "http.status matches /^4/",
    "status != 404",
    "name.host == GITHUB.com", "name.host != a.example", "host:hub", "name.host matches /^a/", "src matches /^10\\./",
    "addr matches /1$/", "src != '10.0.0.1'", "/^10.*:443$/", "/::1.:53/", "/(?i)GITHUB/", "duration contains .5",
    "first matches /^2023-11-14T/", "bytes contains 6", "bytes matches /^6/", "srtt contains 2", "ttl matches /[12]/",
    "bytes in {1, 2, 60, 100000..200000, 999999}", "addr in {10.0.0.1, 192.168.0.0/16, ::1, fe80::/10}",
    "sni", "not host", "exists process", "tcp", "not udp", "quic", "ip", "ipv6", "icmp", "not vlan", "src port 443",
    "bytes_in > bytes_out", "bytes_out >= bytes_in", "packets <= bytes", "sport != dport", "rtt < duration",
    "first == last", "port > packets_out", "bytes_in != bytes_out", "rtt != srtt", "net 10", "proto == 6",
    "dns.names in {a, 'github.com', zz}", "sni in {a, b}", "sni not in {a, b}", "dns.names matches /^e.*g$/",
]
expression = st.recursive(st.sampled_from(CONDITIONS), lambda inner: st.one_of(
    inner.map(lambda x: f"not ({x})"),
    st.tuples(inner, st.sampled_from([" and ", " or ", " "]), inner).map(lambda x: f"({x[0]}){x[1]}({x[2]})")),
    max_leaves=6)


def native(flows: Flows, text: str) -> list[int]:
    return flows.select(text).page()


@settings(max_examples=600, deadline=None)
@given(st.lists(flow(), min_size=1, max_size=8), expression)
def test_native_agrees_with_python(given_flows, text):
    flows = Flows(given_flows)
    try:
        found = Filter(text)
    except FilterError as refused:  # a number alone beside the port that it may be another of
        assume("a number alone is text" not in str(refused))
        raise
    assert native(flows, text) == [row for row, record in flows.records.items() if found.matches(record)]


@pytest.mark.parametrize("text", CONDITIONS)
def test_every_condition_agrees_and_separates_nothing_wrongly(text):
    flows = Flows([{"proto": 6, "src": ADDRESSES4[0], "dst": ADDRESSES4[1], "sport": 50000, "dport": 443, "tcp": {}},
                   {"proto": 17, "src": ADDRESSES6[0], "dst": ADDRESSES6[1], "sport": 50000, "dport": 53, "app": 2},
                   {"proto": 256}])
    found = Filter(text)
    assert native(flows, text) == [row for row, record in flows.records.items() if found.matches(record)]


@settings(max_examples=300, deadline=None)
@given(st.lists(flow(), max_size=12), st.booleans(), st.sampled_from(
    ["bytes", "bytes_in", "rtt_us", "duration", "src", "dst", "dport", "state", "app", "vlan", "ended", "tls.sni",
     "ttl", "process.name", "last", "http.status", "sack", "dns.names", "label", "name.host", "dns.latency_us"]))
def test_order_is_that_of_python(given_flows, descending, field):
    flows = Flows(given_flows)
    rows = flows.select(None, field, descending).page()

    def value(record):
        if field == "bytes":
            return record["bytes_out"] + record["bytes_in"]
        for name in field.split("."):
            record = record.get(name) if record is not None else None
        if record is not None and field in ("src", "dst"):
            raw = bytes.fromhex(record.replace(":", "")) if record.count(":") == 5 and len(record) == 17 else None
            raw = raw or Filter(f"src == {record}").node.test.ranges[0][0]
            return ({4: 4, 16: 6, 6: 8}[len(raw)], raw)
        if isinstance(record, list):
            record = record[0]
        return record.encode().lower() if isinstance(record, str) else record
    known = [row for row, record in flows.records.items() if value(record) is not None]
    known.sort(key=lambda row: value(flows.records[row]), reverse=False)
    if descending:
        known = sorted(known, key=lambda row: row)
        known = [row for _, row in sorted(((value(flows.records[row]), -row) for row in known), reverse=True)]
        known = [-row for row in known]
    unknown = [row for row, record in flows.records.items() if value(record) is None]
    assert rows == known + unknown


def test_pages_come_from_the_answer_kept():
    flows = Flows([{"proto": 17, "bytes": (k % 7, 0)} for k in range(100)])
    found = flows.select(None, "bytes", True)
    whole = found.page()
    assert found.matched == len(whole) == 100
    assert whole[10:15] == found.page(10, 5)
    assert found.page(98, 10) == whole[98:]
    assert found.page(1000, 10) == []
    assert found.page(-5, 2) == whole[:2]


def test_rows_used_again_keep_the_order_of_first_frames():
    flows = Flows([{"proto": 17, "key": key, "bytes": (1, 0)} for key in (48, 16, 64, 32)])
    assert flows.select().page() == [2, 4, 1, 3]
    assert flows.select(None, "id", True).page() == [3, 1, 4, 2]
    assert flows.select(None, "bytes", True).page() == [2, 4, 1, 3]


def test_by_a_field_that_nobody_knows_flows_stay_in_their_order():
    flows = Flows([{"proto": 17, "bytes": (9 - k, 0)} for k in range(5)])
    assert flows.select(None, "process.exe").page() == [1, 2, 3, 4, 5]


def test_free_and_ended_rows():
    flows = Flows([{"proto": 17}, {"proto": 17, "packets": (0, 0)}, {"proto": 17, "ended": 1}])
    assert flows.select().page() == [1, 3]
    assert flows.select(ended=False).page() == [1]


def test_an_unnamed_udp_flow_shows_its_age():
    second = 10**9
    flows = Flows([{"proto": 17, "state": 12, "last": 100 * second}])
    for now, state in ((100, "udp_active"), (129, "udp_active"), (130, "udp_idle"), (160, "udp_idle"),
                       (161, "udp_stale")):
        assert flows.select(f"state == {state}", now_ns=now * second).matched == 1


def test_rates_are_those_of_the_last_three_seconds_that_are_over():
    second = 10**9
    flows = Flows([{"proto": 17, "last": 100 * second, "rate": (60, 9), "older": (30, 0), "now": (900, 0),
                    "peak": (60, 800)}])

    def holds(text, now):
        return flows.select(text, now_ns=now).matched == 1
    assert holds("rate_out == 30 and rate_in == 3 and rate == 33B/s", 100 * second + 5)
    assert holds("rate_out == 330 and rate_in == 3", 101 * second)
    assert holds("rate_out == 320 and rate_in == 3", 102 * second)
    assert holds("rate_out == 300 and rate_in == 0", 103 * second + 5)
    assert holds("rate == 0", 104 * second)
    assert holds("peak_out == 900 and peak_in == 800", 102 * second)


def test_a_program_is_made_again_when_names_grow():
    flows = Flows([{"proto": 17, "path": 9}])
    table = {1: [5]}
    flows.view.set_table("vlan", table)
    found = Filter("vlan == 12")
    assert Selection(flows.view).query(found.program)[0] == []
    assert found.program(flows.view) is found.program(flows.view)
    table[9] = [12]
    assert Selection(flows.view).query(found.program)[0] == [1]


def test_what_is_asked_again_is_answered_for_new_flows_alone():
    flows = Flows([{"proto": 17, "facts": {SNI: b"%d.example" % k}} for k in range(3000)])
    work = flows.view.work
    found = [flows.select("sni contains 7").page() for _ in range(2)]
    texts = work.texts
    assert found[0] == found[1] == [k + 1 for k in range(3000) if "7" in str(k)]
    assert texts == 3000
    assert flows.select("label contains 7 or sni contains 7").page() == found[0]
    assert work.texts <= texts + 3000                     # those of labels, none of which there is


def test_a_search_of_all_fields_tests_each_column_once():
    """However many fields protocols add: what they say is one answer a profile, codes of one column are one bitmap."""
    view = EngineView(Engine(), [], None, (), fields.tell).view
    searched = [field for field in SEARCHED if "flow" in field.kinds and field.name in view.columns()]
    columns_of = {view.columns()[field.name][1] for field in searched}
    for text in ("word", "/w.rd/"):
        assert Filter(text).program(view).count <= len(columns_of) < len(searched) / 4


def test_what_is_known_of_rows_is_forgotten_once_for_a_search_of_all_fields():
    """However many fields want facts that were not kept before."""
    flows = Flows([{"proto": 17, "app": 1, "facts": {SNI: b"%d.example" % k}} for k in range(5000)])
    fields.tell(flows.view)
    flows.select("sni contains 7")
    before = flows.view.profiles.forgotten
    flows.select("word")
    assert 0 < flows.view.profiles.forgotten - before <= 5000


def test_a_slice_is_bounded_whatever_is_asked():
    """What is done without a pause is counted, not timed: by rows, texts and calls of Python."""
    flows = Flows([{"proto": 17, "app": 1, "sport": k, "bytes": (k, 0), "facts": {SNI: b"%d.example" % k}}
                   for k in range(40_000)])
    work = flows.view.work
    for text, sort in (("label contains 7", "label"), ("sni matches /7.*e/", "tls.sni"), ("bytes contains 7", "src"),
                       ("/^0.*7/", "bytes"), ("example", "state"), ("sni matches /./", None)):
        before = work.rows, work.texts, work.calls
        for _ in Selection(flows.view).steps(Filter(text).program, sort):
            now = work.rows, work.texts, work.calls
            rows, texts, calls = (new - old for new, old in zip(now, before, strict=True))
            assert rows + 8 * texts + 100 * calls < 700_000
            assert (rows, texts, calls) < (300_001, 300_001, 1000)
            before = now


def test_flows_that_came_later_are_in_no_answer():
    flows = Flows([{"proto": 17, "key": 16}, {"proto": 17, "key": 32}])
    flows.view.newest_is(16)
    assert flows.select().page() == [1]


def test_an_error_in_python_comes_through():
    flows = Flows([{"proto": 6, "app": 1, "facts": {SNI: b"a"}}])

    def broken(facts):
        raise RuntimeError("no label")
    flows.view.add_described("label", "label", broken, True)
    with pytest.raises(RuntimeError, match="no label"):
        native(flows, "label == x")
    assert native(flows, "sni == a") == [1]


def test_a_large_sort_is_stable():
    rng = random.Random(4)
    given_flows = [{"proto": 17, "bytes": (rng.choice([5, rng.getrandbits(8), rng.getrandbits(40)]),
    rng.getrandbits(20)),
                    "key": k * 7919 % 20011 * 16 + 16} for k in range(20000)]
    sample = SampleFlows(len(given_flows))
    for flow in given_flows:
        sample.add(flow)
    for sign in (1, -1):
        wanted = sorted(range(20000), key=lambda k: (sign * sum(given_flows[k]["bytes"]), given_flows[k]["key"]))
        assert Selection(sample.view).query(None, "bytes", sign < 0)[0] == [k + 1 for k in wanted]


def test_long_texts_are_sorted_to_their_ends():
    names = [b"x" * 70 + b"%d" % (k * 7919 % 1000) for k in range(1000)] + [b"x" * 64, b"X" * 71, b"", b"x" * 70]
    flows = Flows([{"proto": 17, "facts": {SNI: name}} for name in names])
    wanted = sorted(range(len(names)), key=lambda k: names[k].lower())
    assert flows.select(None, "tls.sni").page() == [k + 1 for k in wanted]


def test_a_long_list_of_numbers_is_one_condition():
    flows = Flows([{"proto": 17, "bytes": (70000 + 10 * k, 0)} for k in range(3)])
    text = "bytes in {" + ",".join(str(70020 + 10 * k) for k in range(300)) + "}"
    assert native(flows, text) == [3]
    assert Filter(text).program(flows.view).count == 1


def test_a_bad_program_is_refused():
    good = ("number", columns.NUMBERS["bytes"], TARGET_ACCEPT, TARGET_REJECT, (0, 1))
    Program([good], 0)
    for bad in ([(*good[:2], 0, *good[3:])], [("end", 1, *good[2:4], b"x")], [("number", 5000, *good[2:])],
                [("address", columns.NUMBERS["bytes"], *good[2:4], [(b"1234", b"1234")])],
                [("ask", 0, *good[2:4], 3)], [("address", columns.ADDRESSES["src"], *good[2:4], [(b"123", b"123")])],
                [("ranges", good[1], *good[2:4], [(5, 6), (1, 2)])], [good] * (LIMIT + 1)):
        with pytest.raises(ValueError):
            Program(bad, 0)
    with pytest.raises(ValueError):
        Program([good], 1)


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=16, max_size=16))
def test_the_text_of_an_address_is_that_of_ipaddress(packed):
    import ipaddress
    import socket
    assert text_of(packed[:4]) == str(ipaddress.ip_address(packed[:4]))
    for sparse in (packed, bytes(6) + packed[6:], packed[:4] + bytes(8) + packed[12:], packed[:2] + bytes(14),
                   bytes(10) + b"\xff\xff" + packed[12:], bytes(12) + packed[12:], packed[:2] + bytes(2) + packed[4:]):
        text = text_of(sparse)
        assert socket.inet_pton(socket.AF_INET6, text) == sparse
        assert text == socket.inet_ntop(socket.AF_INET6, sparse)


@pytest.mark.parametrize("text", ["::192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "192.0.2.1"])
def test_an_end_is_looked_through_as_records_write_it(text):
    sample = SampleFlows(1)
    sample.add({"proto": 6, "src": packed_of(text), "dst": packed_of(text), "sport": 1, "dport": 2})
    escaped = text.replace(".", "[.]")
    for where in (f"src matches /^{escaped}$/", f"src matches /^{escaped}/ and dst contains \"{text}\""):
        assert Selection(sample.view).query(Filter(where).program)[1] == 1, where


def test_a_million_flows_in_bounded_time():
    """Far above what it takes here (about 20 ms), so that only a change of kind fails it."""
    import time
    sample = SampleFlows(1_000_000)
    sample.fill(7)
    where = Filter("port == 443 and bytes > 1MB")
    begin = time.process_time()
    rows, total = Selection(sample.view).query(where.program, "bytes", True, 0, 50)
    assert time.process_time() - begin < 0.5
    assert total > 500_000
    assert len(rows) == 50
