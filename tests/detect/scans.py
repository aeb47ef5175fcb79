"""Scans and floods, and what looks like them."""

from __future__ import annotations

from situation import Frames, at, datagram, fires, ping, syn
from wire import ACK, FIN, RST, eth, ip4, tcp

ME, YOU = "192.0.2.10", "198.51.100.20"


def other(i: int) -> str:
    return f"203.0.{113 + i // 250}.{1 + i % 250}"


@fires("port_scan")
def a_syn_scan_of_a_hundred_ports() -> Frames:
    return [frame for i in range(100)
            for frame in syn(i * 0.01, ME, YOU, 50000, 1 + i, "half" if 1 + i in (22, 80) else "rst")]


@fires("port_scan")
def a_connect_scan_of_filtered_ports() -> Frames:
    return [frame for i in range(60) for frame in syn(i * 0.1, ME, YOU, 40000 + i, 1000 + i)]


@fires("port_scan")
def a_scan_whose_syns_come_behind_stray_segments() -> Frames:
    """An ACK passes a filter that has no states."""
    return [frame for i in range(60)
            for frame in ((at(i * 0.1), eth(ip4(6, tcp(40000 + i, 1000 + i, ACK, 1, 1), ME, YOU))),
                          *syn(i * 0.1 + 0.01, ME, YOU, 40000 + i, 1000 + i))]


@fires("port_scan")
def a_scan_that_ends_with_the_capture() -> Frames:
    return [frame for i in range(30) for frame in syn(i * 0.01, ME, YOU, 40000 + i, 1000 + i)]


@fires("port_scan")
def a_sweep_for_one_port() -> Frames:
    return [frame for i in range(100) for frame in syn(i * 0.1, ME, other(i), 41000 + i, 6379, "" if i % 9 else "open")]


@fires("port_scan")
def a_ping_sweep() -> Frames:
    return [frame for i in range(60) for frame in ping(i * 0.05, ME, other(i), 7, reply=i % 10 == 0)]


@fires("port_scan")
def a_udp_scan() -> Frames:
    return [datagram(i * 0.2, ME, YOU, 51000, 100 + i) for i in range(50)]


@fires("port_scan")
def a_slow_scan() -> Frames:
    return [frame for i in range(50) for frame in syn(i * 60, ME, YOU, 50000 + i, 20 + i, "rst")]


@fires("syn_flood")
def a_flood_from_many_addresses() -> Frames:
    return [frame for i in range(1500)
            for frame in syn(i * 0.002, f"10.{i % 200}.{i % 7}.{i % 251}", YOU, 1024 + i, 80)]


@fires("syn_flood")
def a_flood_from_one_address_that_is_answered() -> Frames:
    return [frame for i in range(800) for frame in syn(i * 0.004, ME, YOU, 1024 + i, 443)[:2]]


@fires()
def a_busy_client() -> Frames:
    """Two hundred servers, all of which answer."""
    return [frame for i in range(200) for frame in syn(i * 0.05, ME, other(i), 42000 + i, 443, "open")]


@fires()
def a_peer_that_meets_many_who_are_gone() -> Frames:
    return [frame for i in range(200)
            for frame in syn(i * 0.2, ME, other(i), 43000 + i, 6881, "open" if i % 2 else "")]


@fires()
def a_client_that_tries_again_and_again() -> Frames:
    return [frame for i in range(300) for frame in syn(i, ME, YOU, 44000 + i, 5432, "rst")]


@fires()
def a_traceroute() -> Frames:
    return [datagram(i * 0.1, ME, YOU, 45000, 33434 + i) for i in range(90)]


@fires()
def a_monitor_whose_hosts_answer() -> Frames:
    return [frame for i in range(200) for frame in ping(i * 0.1, ME, other(i), 9, reply=True)]


@fires()
def many_clients_of_a_busy_server() -> Frames:
    return [frame for i in range(2000) for frame in syn(i * 0.002, other(i), YOU, 1024 + i, 443, "done")]


@fires()
def a_server_that_is_down_refuses_its_clients() -> Frames:
    return [frame for i in range(1200) for frame in syn(i * 0.005, other(i), YOU, 1024 + i, 443, "rst")]


def refused(when: float, dst: str, sport: int, dport: int, flags: int) -> Frames:
    """A segment that opens nothing, and the RST that it gets."""
    return [(at(when), eth(ip4(6, tcp(sport, dport, flags, 100, 7), ME, dst))),
            (at(when + 0.001), eth(ip4(6, tcp(dport, sport, RST, 7, 0), dst, ME)))]


@fires("port_scan")
def a_scan_by_fin() -> Frames:
    return [frame for i in range(60) for frame in refused(i * 0.1, YOU, 50000, 1 + i, FIN)]


@fires("port_scan")
def a_scan_by_ack() -> Frames:
    return [frame for i in range(60) for frame in refused(i * 0.1, YOU, 50000, 1 + i, ACK)]


@fires()
def connections_that_servers_have_forgotten() -> Frames:
    """As those of a machine that slept are."""
    return [frame for i in range(60) for frame in refused(i * 0.1, other(i), 42000 + i, 443, FIN | ACK)]
