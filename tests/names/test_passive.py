"""Names learnt from answers on the wire: of the right flow, of the right client, at the right time, whoever works."""

from __future__ import annotations

import ipaddress
import random
import struct

import pytest
from answers import (
    AAAA,
    CDN,
    CLIENT,
    CNAME,
    OTHER,
    PTR,
    A,
    address,
    name,
    named,
    opened,
    response,
    told,
)
from talks import http_talk, tell, tls_talk
from wire import A4, B4, MS, SECOND, START, eth, ip4, udp

from netwatch._fast.out.naming import LIMITS, NameTable, nanoseconds

WWW, SHOP = "www.example.com", "shop.example.net"


def host(flow: dict) -> str | None:
    return flow.get("name", {}).get("host")


def answer(asked: str = WWW, at: str = CDN, **options: object) -> bytes:
    return response(asked, (asked, A, address(at)), **options)


def test_an_answer_names_the_flow_that_follows():
    (flow,) = named([(START, told(answer())), (START + 1500 * MS, opened())])
    assert flow["name"] == {"host": WWW, "via": "dns", "age_s": 1.5}


def test_an_answer_of_the_same_instant_counts_and_has_no_age():
    (flow,) = named([(START, told(answer())), (START, opened())])
    assert flow["name"] == {"host": WWW, "via": "dns", "age_s": 0.0}


def test_no_name_from_an_answer_that_came_after_the_flow_began():
    (flow,) = named([(START, opened()), (START + 1, told(answer()))])
    assert "name" not in flow


def test_the_newest_answer_before_the_flow_wins():
    frames = [(START, told(answer())), (START + SECOND, told(answer(SHOP))), (START + 2 * SECOND, opened()),
              (START + 3 * SECOND, told(answer()))]
    (flow,) = named(frames)
    assert flow["name"] == {"host": SHOP, "via": "dns", "age_s": 1.0}


def test_each_client_gets_the_name_it_asked_for():
    frames = [(START, told(answer(), CLIENT)), (START + 1, told(answer(SHOP), OTHER)),
              (START + 2, opened(CLIENT)), (START + 3, opened(OTHER)), (START + 4, opened("10.0.0.7"))]
    assert [host(flow) for flow in named(frames)] == [WWW, SHOP, SHOP]


def test_an_answer_too_old_names_nothing():
    end = START + LIMITS["age_ns"]
    frames = [(START, told(answer())), (end, opened()), (end + 1, opened(sport=50001))]
    assert [host(flow) for flow in named(frames)] == [WWW, None]


def test_cname_chains_lead_to_what_was_asked_for():
    chain = [(WWW, CNAME, name("edge.cdn.net")), ("edge.cdn.net", CNAME, name("e1.cdn.net")),
             ("E1.cdn.NET", A, address(CDN))]
    for records in (chain, chain[::-1]):
        (flow,) = named([(START, told(response(WWW, *records))), (START + 1, opened())])
        assert host(flow) == WWW


def test_a_record_off_the_chain_is_not_believed():
    message = response(WWW, ("bank.example.org", A, address(CDN)), (WWW, A, address("198.51.100.81")))
    (flow,) = named([(START, told(message)), (START + 1, opened())])
    assert "name" not in flow


@pytest.mark.parametrize("flags", [0x8183, 0x0100], ids=["nxdomain", "query"])
def test_only_good_answers_name(flags: int):
    (flow,) = named([(START, told(answer(flags=flags))), (START + 1, opened())])
    assert "name" not in flow


def test_random_letter_case_does_not_make_other_names():
    (flow,) = named([(START, told(response("wWw.ExAmple.com", (WWW, A, address(CDN))))), (START + 1, opened())])
    assert host(flow) == WWW


def test_addresses_that_stand_for_nobody_get_no_name():
    for nobody in ("0.0.0.0", "127.0.0.1", "224.0.0.251", "255.255.255.255"):
        (flow,) = named([(START, told(answer(at=nobody))), (START + 1, opened(server=nobody))])
        assert "name" not in flow, nobody


def test_six():
    client, server = "2001:db8::5", "2001:db8:f::80"
    message = response(WWW, (WWW, AAAA, address(server)), kind=AAAA)
    (flow,) = named([(START, told(message, client, "2001:db8::53")), (START + 1, opened(client, server))])
    assert host(flow) == WWW


@pytest.mark.parametrize("at", [CDN, "2001:db8:f::80"], ids=["four", "six"])
def test_reverse_answers_name_where_nothing_better_does(at: str):
    client, kind = ("2001:db8::5", AAAA) if ":" in at else (CLIENT, A)
    tree = ipaddress.ip_address(at).reverse_pointer
    frames = [(START, told(response(tree, (tree, PTR, name("Host.example.org")), kind=PTR))),
              (START + 1, opened(client, at))]
    (flow,) = named(frames)
    assert (flow["name"]["host"], flow["name"]["via"]) == ("host.example.org", "ptr")
    (flow,) = named([(START - 1, told(response(WWW, (WWW, kind, address(at)), kind=kind), OTHER)), *frames])
    assert (flow["name"]["host"], flow["name"]["via"]) == (WWW, "dns")


def test_mdns_names_devices_and_their_goodbye_does_not():
    def say(ttl: int) -> bytes:
        device = ("Printer.local", A, address("10.0.0.9"))
        message = response("", device, flags=0x8400, cls=0x8001, ttl=ttl, questions=0)
        return eth(ip4(17, udp(5353, 5353, message), src="10.0.0.9", dst="224.0.0.251"))

    (flow,) = named([(START, say(120)), (START + 1, opened(server="10.0.0.9"))])
    assert (flow["name"]["host"], flow["name"]["via"]) == ("Printer.local", "mdns")
    (flow,) = named([(START, say(0)), (START + 1, opened(server="10.0.0.9"))])
    assert "name" not in flow


def test_llmnr():
    message = response("nas", ("nas", A, address("10.0.0.9")), flags=0x8000)
    (flow,) = named([(START, told(message, server="10.0.0.9", port=5355)), (START + 1, opened(server="10.0.0.9"))])
    assert (flow["name"]["host"], flow["name"]["via"]) == ("nas", "llmnr")


def netbios(group: bool) -> bytes:
    half = bytes(c for byte in b"FILESERVER     \x20" for c in (65 + (byte >> 4), 65 + (byte & 15)))
    data = struct.pack(">H", 0x8000 if group else 0) + address("10.0.0.9")
    return (struct.pack(">6H", 7, 0x8580, 0, 1, 0, 0) + b"\x20" + half + b"\0" + struct.pack(">HHIH", 0x20, 1, 60, 6)
            + data)


def test_netbios_names_a_station_and_not_a_group():
    for group in (False, True):
        frames = [(START, told(netbios(group), server="10.0.0.9", port=137, to=137)),
                  (START + 1, opened(server="10.0.0.9"))]
        (flow,) = named(frames)
        assert flow.get("name", {}).get("host") == (None if group else "FILESERVER")


def test_what_the_flow_says_itself_beats_dns():
    wrong = told(answer("cdn.example.com", B4), A4)
    (tls,) = named([(START - SECOND, wrong), *tell(443, tls_talk()).frames])
    assert tls["name"] == {"host": tls["tls"]["sni"].lower(), "via": "sni"}
    (http,) = named([(START - SECOND, wrong), *tell(80, http_talk()).frames])
    assert http["name"] == {"host": http["http"]["host"].partition(":")[0], "via": "http"}


Said = tuple[int, str, str, str]


def busy(seed: int) -> tuple[list, list[Said]]:
    """Clients that ask and connect at random, some before they ask; and (ns, client, server, name) of the answers."""
    rng = random.Random(seed)
    frames, said, at = [], [], START
    for i in range(600):
        at += rng.randrange(0, 50 * MS)
        client, server = f"10.0.{rng.randrange(3)}.{rng.randrange(1, 9)}", f"198.51.100.{rng.randrange(1, 12)}"
        if rng.random() < 0.5:
            said.append((at, client, server, f"h{rng.randrange(9)}.example.com"))
            frames.append((at, told(answer(said[-1][3], server), client, to=4000 + i)))
        else:
            frames.append((at, opened(client, server, 10000 + i)))
    return frames, said


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.same
def test_the_same_by_any_number_of_workers_and_as_all_answers_at_hand_would_have_it(seed: int):
    frames, said = busy(seed)
    flows = named(frames)
    assert flows == named(frames, workers=3)
    for flow in flows:
        first = nanoseconds(flow["first"])
        before = [each for each in said if each[0] <= first and each[2] == flow["dst"]]
        own = [each for each in before if each[1] == flow["src"]]
        if not before:
            assert "name" not in flow
            continue
        ns, _, _, wanted = max(own or before)
        assert flow["name"] == {"host": wanted, "via": "dns", "age_s": (first - ns) / 1e9}


def test_the_memory_is_bounded_and_says_what_it_forgot():
    table = NameTable(bound=100)
    for i in range(1000):
        table.add(START + i, 0, CLIENT, f"10.1.{i // 250}.{i % 250}", WWW)
    assert table.held <= 100 and table.forgotten == 900
    assert table.find(CLIENT, "10.1.3.249", START + 2000)[0] == WWW
    assert table.find(CLIENT, "10.1.0.0", START + 2000) is None


def test_no_address_and_no_client_takes_more_than_its_share():
    table = NameTable()
    for i in range(50):
        table.add(START + i, 0, CLIENT, CDN, f"h{i}.example.com")
    assert table.held == LIMITS["names"]
    for i in range(LIMITS["clients"] + 10):
        table.add(START + i, 0, f"10.2.{i // 250}.{i % 250}", CDN, WWW)
    assert table.held <= 2 * LIMITS["names"] + LIMITS["clients"]


def test_looking_changes_nothing():
    table = NameTable(bound=2)
    table.add(START, 0, CLIENT, "10.1.0.1", WWW)
    table.add(START + 1, 0, CLIENT, "10.1.0.2", WWW)
    assert table.find(CLIENT, "10.1.0.1", START + 2) is not None
    table.add(START + 2, 0, CLIENT, "10.1.0.3", WWW)
    assert table.find(CLIENT, "10.1.0.1", START + 3) is None
