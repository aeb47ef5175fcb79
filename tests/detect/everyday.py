"""What a network does every day and might be taken for an attack, and what an attacker does so that it is not seen."""

from __future__ import annotations

import struct

from habits import encoded, jitter, lookup, noise
from logins import YOU, ssh
from situation import Frames, at, fires, syn
from wire import ACK, RST, SYN, eth, fragments4, ip4, ip6, syn_options, tcp, udp

ME = "10.2.0.8"
SERVICES = ("checkout-service-frontend-api", "notification-delivery-worker", "recommendation-service-v2",
            "payment-gateway-internal", "customer-profile-service", "inventory-reservation-api",
            "shipping-label-generator", "fraud-detection-pipeline", "product-catalogue-search",
            "subscription-billing-cron", "image-thumbnail-renderer", "document-export-service")


def outside(i: int) -> str:
    return f"93.184.{i // 250}.{1 + i % 250}"


def register(i: int) -> bytes:
    return (f"REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP {ME}:5060;branch=z9hG4bK{i}\r\n"
            f"From: <sip:a@example.net>;tag={i}\r\nTo: <sip:a@example.net>\r\nCall-ID: 7\r\nCSeq: {i + 1} REGISTER\r\n"
            "Contact: <sip:a@10.2.0.8>\r\nExpires: 300\r\nContent-Length: 0\r\n\r\n").encode()


# ----------------------------------------------------------------------------------------------------------- every day

@fires()
def names_of_services_of_a_cluster() -> Frames:
    """Long names of words, each with the domains of the search list (Kubernetes, ndots 5)."""
    out, port = [], 20000
    for i in range(60):
        for tail in ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local"):
            out += lookup(i * 0.5 + len(tail) / 100, f"{SERVICES[i % 12]}.shop.{tail}", port)
            port += 1
    return out


@fires()
def names_of_pods() -> Frames:
    """A replica set's hash and a pod's, behind a word (Kubernetes)."""
    return [frame for i in range(60) for frame in lookup(
        i, f"web-frontend-{noise(i // 5).hex()[:10]}-{encoded(i)[:5]}.web.prod.svc.cluster.local", 20500 + i)]


@fires()
def names_of_devices_by_their_identifiers() -> Frames:
    """A UUID each, as brokers of devices and workspaces of clouds are called."""
    return [frame for i in range(40) for frame in lookup(
        i, "{}-{}-{}-{}-{}.devices.example.net".format(*(noise(i).hex()[a:b] for a, b in (
            (0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))), 21000 + i)]


@fires()
def a_telephone_that_stays_registered() -> Frames:
    """By SIP, every five minutes from the same port, at a provider outside."""
    out = []
    for i in range(40):
        out += [(at(i * 300), eth(ip4(17, udp(5060, 5060, register(i)), ME, outside(7)))),
                (at(i * 300 + 0.02), eth(ip4(17, udp(5060, 5060, b"SIP/2.0 200 OK\r\n\r\n"), outside(7), ME)))]
    return out


@fires()
def keepalives_of_a_tunnel_behind_a_nat() -> Frames:
    """IPsec over UDP: one byte every twenty seconds and, after each sleep, a flow of its own (RFC 3948 section 4)."""
    return [(at(i * 400), eth(ip4(17, udp(4500, 4500, b"\xff"), ME, outside(9)))) for i in range(40)]


@fires()
def a_monitor_scrapes_two_hundred_hosts() -> Frames:
    """Of its own network, a tenth of them down for an hour's maintenance (Prometheus)."""
    return [frame for turn in range(16) for i in range(200) for frame in syn(
        turn * 15 + i * 0.07, ME, f"10.2.{4 + i // 100}.{1 + i % 100}", 20000 + turn * 200 + i, 9100,
        "rst" if i % 10 == 0 else "done")]


@fires()
def a_night_of_package_updates() -> Frames:
    """A proxy of packages fetches for sixty machines from six mirrors, some of which are slow to come up."""
    return [frame for i in range(360) for frame in syn(
        i * 0.4, ME, outside(i % 6), 30000 + i, 80, "" if i % 30 == 29 else "done")]


@fires()
def players_look_for_a_server() -> Frames:
    """A game asks two hundred servers for their state; a third of them is gone."""
    out = []
    for i in range(200):
        out.append((at(i * 0.02), eth(ip4(17, udp(27005, 27015, b"\xff\xff\xff\xffTSource Engine Query\0"), ME,
                                           outside(i)))))
        if i % 3:
            out.append((at(i * 0.02 + 0.03), eth(ip4(17, udp(27015, 27005, b"\xff\xff\xff\xffI"), outside(i), ME))))
    return out


@fires()
def probes_of_pods_during_a_rollout() -> Frames:
    """A node's agent asks forty pods every ten seconds, each of which refuses until it has started."""
    return [frame for turn in range(12) for i in range(40) for frame in syn(
        turn * 10 + i * 0.1, ME, f"10.244.1.{10 + i}", 20000 + turn * 40 + i, 8080,
        "rst" if turn == (i % 12) else "done")]


# ------------------------------------------------------------------------------------------------ so as not to be seen

@fires("brute_force")
def ssh_passwords_a_minute_apart() -> Frames:
    """Slower than what bans by the minute."""
    return [frame for i in range(90) for frame in ssh(i * 38 * (1 + jitter(i, 0.5)), 31000 + i, (500, 420), dst=YOU)]


@fires("port_scan")
def a_scan_in_fragments() -> Frames:
    """Eight bytes of the TCP header a fragment (nmap -f)."""
    out: Frames = []
    for i in range(60):
        ask = ip4(6, tcp(40000, 1 + i, SYN, 100, 0, options=syn_options()), ME, YOU)[20:]  # with its sum
        for k, part in enumerate(fragments4(6, ask, 8, src=ME, dst=YOU, ident=i + 1)):
            out.append((at(i * 0.05 + k * 0.0001), eth(part)))
        out.append((at(i * 0.05 + 0.01), eth(ip4(6, tcp(1 + i, 40000, RST | ACK, 0, 101), YOU, ME))))
    return out


@fires("port_scan")
def a_scan_of_ports_by_ipv6() -> Frames:
    mine, other = "2001:db8:1::8", "2001:db8:2::9"
    out: Frames = []
    for i in range(60):
        out += [(at(i * 0.05), eth(ip6(6, tcp(40000, 1 + i, SYN, 100, 0, options=syn_options()), mine, other), 0x86DD)),
                (at(i * 0.05 + 0.01), eth(ip6(6, tcp(1 + i, 40000, RST | ACK, 0, 101), other, mine), 0x86DD))]
    return out


def solicitation(when: float, address: str, mac: str) -> tuple[int, bytes]:
    """A station asks for its router (RFC 4861 section 4.3), from its global address."""
    body = struct.pack(">BBHI", 135, 0, 0, 0) + bytes.fromhex("fe80" + 13 * "00" + "01") + b"\x01\x01" + bytes.fromhex(
        mac.replace(":", ""))
    return at(when), eth(ip6(58, body, address, "fe80::1", hops=255), 0x86DD, src=mac)


@fires("beacon")
def a_beacon_by_ipv6() -> Frames:
    """From a global address, as all have there: that it is one's own is what neighbour discovery shows."""
    mine, other = "2a01:4f8:77::8", "2600:9000:2000::9"
    out, now = [solicitation(0, mine, "02:00:00:00:00:08")], 1.0
    for i in range(30):
        ports = 20000 + i, 443
        for late, here, flags, numbers, options in ((0, True, SYN, (100, 0), syn_options()),
                                                    (0.001, False, SYN | ACK, (900, 101), syn_options()),
                                                    (0.002, True, ACK, (101, 901), b""),
                                                    (0.01, True, RST | ACK, (101, 901), b"")):
            ends, way = (ports, (mine, other)) if here else (ports[::-1], (other, mine))
            out.append((at(now + late), eth(ip6(6, tcp(*ends, flags, *numbers, options=options), *way), 0x86DD)))
        now += 300 * (1 + jitter(i, 0.2))
    return out


@fires("beacon")
def a_monitor_of_many_places_outside() -> Frames:
    """In one rhythm: told once, with how many places there are."""
    return [frame for turn in range(14) for i in range(30) for frame in syn(
        turn * 30 + i * 0.2, ME, outside(i), 20000 + turn * 30 + i, 443, "done")]


@fires("dns_tunnel")
def a_tunnel_with_hyphens() -> Frames:
    """What is encoded stays long between them."""
    return [frame for i in range(60) for frame in lookup(i, f"{encoded(i)[:24]}-{encoded(i + 99)[:24]}.t.example.com",
                                                         22000 + i)]
