"""What hosts do again and again, and what they ask DNS."""

from __future__ import annotations

import base64
import hashlib
import struct

from situation import Frames, at, fires, syn
from wire import eth, ip4, udp

ME, OUTSIDE, RESOLVER = "10.2.0.8", "93.184.216.34", "10.2.0.1"


def noise(i: int) -> bytes:
    return hashlib.sha256(str(i).encode()).digest()


def jitter(i: int, share: float) -> float:
    """Between -share and share, the same every time."""
    return (noise(i)[0] / 255 * 2 - 1) * share


def beats(n: int, gap: float, share: float, dst: str = OUTSIDE) -> Frames:
    now, out = 0.0, []
    for i in range(n):
        out += syn(now, ME, dst, 20000 + i, 8443, "done")
        now += gap * (1 + jitter(i, share))
    return out


def lookup(when: float, name: str, sport: int, rcode: int = 0, src: str = ME, dst: str = RESOLVER) -> Frames:
    """A question and its answer (RFC 1035 section 4.1): the question again, and no record."""
    labels = b"".join(bytes([len(part)]) + part.encode("latin-1") for part in name.split("."))
    body = labels + b"\0" + struct.pack(">HH", 16, 1)
    ask = struct.pack(">HHHHHH", sport, 0x0100, 1, 0, 0, 0) + body
    tell = struct.pack(">HHHHHH", sport, 0x8180 | rcode, 1, 0, 0, 0) + body
    return [(at(when), eth(ip4(17, udp(sport, 53, ask), src, dst))),
            (at(when + 0.01), eth(ip4(17, udp(53, sport, tell), dst, src)))]


def encoded(i: int) -> str:
    return base64.b32encode(noise(i)).decode().lower().rstrip("=")[:48]


@fires("beacon")
def a_beacon_of_a_minute() -> Frames:
    return beats(40, 60, 0.0)


@fires("beacon")
def a_beacon_with_jitter_over_hours() -> Frames:
    return beats(40, 600, 0.3)


@fires()
def visits_by_chance() -> Frames:
    return [frame for i in range(60) for frame in syn(chance(i), ME, OUTSIDE, 21000 + i, 443, "done")]


def chance(i: int) -> float:
    """Times of a person: gaps from seconds to minutes."""
    return float(sum(3 + noise(k)[0] * noise(k)[1] // 60 for k in range(i)))


@fires()
def a_monitor_of_ones_own() -> Frames:
    return beats(40, 30, 0.0, "10.2.0.99")


@fires("dns_tunnel")
def a_tunnel_of_many_lookups() -> Frames:
    return [frame for i in range(60) for frame in lookup(i, f"{encoded(i)}.t.example.com", 22000 + i)]


@fires("dns_tunnel")
def a_tunnel_through_one_socket() -> Frames:
    return [frame for i in range(60)
            for frame in lookup(i * 0.1, f"{encoded(i)}.{encoded(i + 99)}.example.co.uk", 22500)]


@fires("dns_tunnel")
def a_tunnel_of_few_different_digits() -> Frames:
    """As dnscat2's do, whose fields are mostly zero; one socket, no domain."""
    return [frame for i in range(60) for frame in lookup(i, f"dnscat.{i:04x}01f500{i:06x}0000000012a1{i:04x}00", 22600)]


@fires("dns_tunnel")
def a_tunnel_of_bytes() -> Frames:
    """As iodine's Base128 does, however regular what it carries is."""
    return [frame for i in range(60)
            for frame in lookup(i, f"r{i:02x}" + 9 * "\xceNt\xbe\xe7" + ".t.example.org", 22700)]


@fires()
def names_of_a_content_network() -> Frames:
    words = ("images", "static", "video", "assets", "thumbnails", "downloads", "fonts", "scripts")
    return [frame for i in range(60) for frame in lookup(
        i, f"{words[i % 8]}-{words[i // 8]}.edge-{i}.europe-west.delivery.example.net", 23000 + i)]


@fires()
def reverse_lookups() -> Frames:
    return [frame for i in range(60) for frame in lookup(
        i, ".".join(f"{noise(i).hex()[:32]}") + ".ip6.arpa", 23500 + i)]


@fires("dga")
def domains_made_by_an_algorithm() -> Frames:
    return [frame for i in range(40) for frame in lookup(i * 2, f"{encoded(i)[:14]}.com", 24000 + i, 3)]


@fires()
def trackers_that_a_resolver_hides() -> Frames:
    words = ("doubleclick", "analytics", "adserver", "metrics", "tracking", "pixelcount", "statistics", "sponsors")
    return [frame for i in range(40) for frame in lookup(i, f"{words[i % 8]}{words[i // 8]}.com", 25000 + i, 3)]
