"""A day of offices, homes and data centres, none of which may make an alert; and attacks that hide among such."""

from __future__ import annotations

import struct

from everyday import outside
from habits import encoded, jitter, lookup, noise
from situation import Frames, at, datagram, fires, ping, syn
from wire import ACK, RST, SYN, eth, ip6, syn_options, tcp

ME, YOU, RESOLVER = "10.6.0.9", "10.6.0.20", "10.6.0.1"
MINE6 = "2001:db8:6::9"
GROUP = "224.0.0.251"


def syn6(when: float, dst: str, sport: int, dport: int, *, opens: bool) -> Frames:
    """A SYN by IPv6, and what comes of it: nothing, or a connection."""
    out = [(at(when), eth(ip6(6, tcp(sport, dport, SYN, 100, 0, options=syn_options()), MINE6, dst), 0x86DD))]
    if opens:
        out += [(at(when + 0.001), eth(ip6(6, tcp(dport, sport, SYN | ACK, 900, 101, options=syn_options()), dst,
                                           MINE6), 0x86DD)),
                (at(when + 0.002), eth(ip6(6, tcp(sport, dport, ACK, 101, 901), MINE6, dst), 0x86DD)),
                (at(when + 0.01), eth(ip6(6, tcp(sport, dport, RST | ACK, 101, 901), MINE6, dst), 0x86DD))]
    return out


def announcement(name: str) -> bytes:
    """A PTR record of DNS-SD (RFC 6763 section 4.1) for an instance of that name."""
    service = b"\x04_ipp\x04_tcp\x05local\0"
    label = name.encode()
    instance = bytes([len(label)]) + label + b"\xc0\x0c"
    return struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0) + service + struct.pack(
        ">HHIH", 12, 1, 120, len(instance)) + instance


# ----------------------------------------------------------------------------------------------------------- every day

@fires()
def a_storm_of_printers_that_announce_themselves() -> Frames:
    """Eighty of them by mDNS, after a power cut, three times each, by names that end in parts of their MACs."""
    return [datagram(turn + i * 0.01, f"10.6.1.{10 + i}", GROUP, 5353, 5353, announcement(
        f"OfficePrinter-{noise(i).hex()[:12]}-floor-{i % 9}")) for turn in range(3) for i in range(80)]


@fires()
def a_browser_of_services_asks_by_unicast() -> Frames:
    """DNS-SD (RFC 6763 section 11) of a domain: the same long names of services again and again."""
    kinds = ("_ipp", "_ipps", "_printer", "_pdl-datastream", "_airplay", "_raop", "_smb", "_afpovertcp")
    return [frame for turn in range(5) for i, kind in enumerate(kinds) for frame in lookup(
        turn * 20 + i * 0.1, f"{kind}._tcp.workstations-and-printers.office.example.com", 22000 + turn * 8 + i, 3)]


@fires()
def updates_come_from_peers() -> Frames:
    """Forty machines of the office at port 7680 (Windows Delivery Optimization); one in three is asleep."""
    return [frame for turn in range(3) for i in range(40) for frame in syn(
        turn * 120 + i * 0.5, ME, f"10.6.2.{10 + i}", 23000 + turn * 40 + i, 7680, "" if i % 3 == 2 else "done")]


@fires()
def clocks_of_a_pool() -> Frames:
    """A client of four servers, each asked every 64 seconds from a port of its own, for hours."""
    return [frame for turn in range(60) for i in range(4) for frame in (
        datagram(turn * 64 + i, ME, outside(i), 24000 + i, 123, b"\x23" + bytes(47)),
        datagram(turn * 64 + i + 0.03, outside(i), ME, 123, 24000 + i, b"\x24" + bytes(47)))]


@fires()
def a_vpn_that_stays_up() -> Frames:
    """OpenVPN by UDP: a ping every ten seconds each way, from one port."""
    return [frame for turn in range(200) for frame in (
        datagram(turn * 10, ME, outside(3), 25000, 1194, b"\x30" + noise(turn)),
        datagram(turn * 10 + 0.03, outside(3), ME, 1194, 25000, b"\x30" + noise(turn + 999)))]


@fires()
def a_match_is_played() -> Frames:
    """Thirty servers are asked how far away they are, by ping and by datagram; then one is played on."""
    out: Frames = []
    for i in range(30):
        out += ping(i * 0.02, ME, outside(i), i, reply=i % 4 != 3)
        out += [datagram(i * 0.02, ME, outside(i), 26000, 27015),
                datagram(i * 0.02 + 0.05, outside(i), ME, 27015, 26000)]
    for tick in range(600):
        out += [datagram(5 + tick * 0.05, ME, outside(4), 26001, 27020, noise(tick)),
                datagram(5.02 + tick * 0.05, outside(4), ME, 27020, 26001, noise(tick) * 4)]
    return out


@fires()
def a_node_of_a_swarm() -> Frames:
    """Five hundred others of BitTorrent's DHT, at ports of their own; of three, one has gone."""
    ask = b"d1:ad2:id20:" + noise(1)[:20] + b"e1:q4:ping1:t2:aa1:y1:qe"
    tell = b"d1:rd2:id20:" + noise(2)[:20] + b"e1:t2:aa1:y1:re"
    out: Frames = []
    for i in range(500):
        port = 10000 + i * 97 % 50000
        out.append(datagram(i * 0.1, ME, outside(i), 6881, port, ask))
        if i % 3:
            out.append(datagram(i * 0.1 + 0.08, outside(i), ME, port, 6881, tell))
    return out


@fires()
def a_build_pulls_containers() -> Frames:
    """Sixteen layers at a time, of names with a hash, behind a registry that sends each elsewhere."""
    out: Frames = []
    for i in range(160):
        out += lookup(i * 0.2, f"production-registry-{i % 4}-layers.s3.dualstack.eu-west-1.amazonaws.com", 27000 + i)
        out += syn(i * 0.2 + 0.02, ME, outside(i % 12), 40000 + i, 443, "done")
    return out


@fires()
def a_call_with_pictures() -> Frames:
    """Relays are tried by STUN at five ports each, half of which a firewall drops; then media flow by one."""
    out: Frames = []
    bind = struct.pack(">HHI12s", 1, 0, 0x2112A442, noise(3)[:12])
    for i in range(10):
        for k, port in enumerate((3478, 3479, 8801, 8802, 443)):
            out.append(datagram(i * 0.05, ME, outside(i), 50000 + k, port, bind))
            if k % 2 == 0:
                out.append(datagram(i * 0.05 + 0.04, outside(i), ME, port, 50000 + k, b"\x01\x01" + bind[2:]))
    for k in range(400):
        out += [datagram(2 + k * 0.02, ME, outside(2), 50002, 8801, noise(k) * 20),
                datagram(2.01 + k * 0.02, outside(2), ME, 8801, 50002, noise(k) * 20)]
    return out


@fires()
def eyeballs_that_are_happy() -> Frames:
    """Both families are tried for each of fifty names (RFC 8305); a fifth of the servers has no way by IPv6."""
    out: Frames = []
    for i in range(50):
        out += lookup(i * 0.8, f"www.site{i}.example.com", 28000 + i)
        out += syn6(i * 0.8 + 0.02, f"2001:db8:ff::{i + 1:x}", 41000 + i, 443, opens=i % 5 != 4)
        out += syn(i * 0.8 + 0.27, ME, outside(i), 42000 + i, 443, "done")
    return out


@fires()
def a_family_of_addresses_that_fails() -> Frames:
    """IPv6 breaks for a minute in the middle of it: IPv4 takes over for each of the twelve servers in use."""
    out: Frames = []
    for i in range(120):
        broken = 50 <= i < 80
        out += syn6(i * 2, f"2001:db8:ff::{i % 12 + 1:x}", 43000 + i, 443, opens=not broken)
        if broken:
            out += syn(i * 2 + 0.3, ME, outside(i % 12), 44000 + i, 443, "done")
    return out


@fires()
def a_portal_that_asks_to_log_in() -> Frames:
    """Until it was, all that a laptop's programs try at port 443 is refused, ten places again and again."""
    out = [frame for i in range(60) for frame in syn(i * 0.5, ME, outside(i % 10), 45000 + i, 443, "rst")]
    out += [frame for i in range(5) for frame in syn(i * 6, ME, outside(20), 46000 + i, 80, "done")]
    return out + [frame for i in range(60) for frame in syn(40 + i * 0.3, ME, outside(i), 47000 + i, 443, "done")]


@fires()
def copies_by_rsync_every_quarter_of_an_hour() -> Frames:
    """To a machine of the same network, by the minute (cron)."""
    return [frame for i in range(30) for frame in syn(i * 900 + jitter(i, 0.9), ME, YOU, 30000 + i, 873, "done")]


@fires()
def mail_goes_to_many_who_are_not_there() -> Frames:
    """A newsletter: two hundred servers in three minutes, one in six of which is down or refuses."""
    return [frame for i in range(200) for frame in syn(
        i * 0.9, ME, outside(i), 31000 + i, 25, ("", "rst")[i % 2] if i % 6 == 5 else "done")]


@fires()
def a_look_at_every_service_of_a_host() -> Frames:
    """A monitor asks forty ports of a server each minute; three are off."""
    return [frame for turn in range(5) for i in range(40) for frame in syn(
        turn * 60 + i * 0.2, ME, YOU, 32000 + turn * 40 + i, 8000 + i, "rst" if i % 15 == 14 else "done")]


@fires()
def an_administrator_runs_a_playbook() -> Frames:
    """Eighty hosts by SSH within a minute, five of which are switched off."""
    return [frame for i in range(80) for frame in syn(
        i * 0.6, ME, f"10.6.4.{10 + i}", 33000 + i, 22, "" if i % 16 == 15 else "done")]


@fires()
def names_by_windows_that_nobody_has() -> Frames:
    """LLMNR and NetBIOS for forty words that were mistyped, to everybody."""
    return [frame for i in range(40) for frame in (
        datagram(i * 1.5, ME, "224.0.0.252", 34000 + i, 5355, struct.pack(">HHHHHH", i, 0, 1, 0, 0, 0)
                 + b"\x0afilserver" + bytes([97 + i % 26]) + b"\0" + struct.pack(">HH", 1, 1)),
        datagram(i * 1.5 + 0.1, ME, "10.6.255.255", 137, 137, struct.pack(">HHHHHH", i, 0x0110, 1, 0, 0, 0)
                 + b"\x20" + b"EGEJEMFDEFFCFGEFFCCACACACACACAAA" + b"\0" + struct.pack(">HH", 0x20, 1)))]


@fires()
def a_crawler_at_work() -> Frames:
    """Three hundred domains in ten minutes, of which one in ten does not exist any more: they are called by words."""
    words = ("garden", "bakery", "football", "museum", "library", "concert", "harvest", "railway", "village", "press")
    out: Frames = []
    for i in range(300):
        name = f"www.{words[i % 10]}-{words[i // 10 % 10]}{'' if i < 100 else i // 100}.example"
        out += lookup(i * 2, name, 35000 + i, 3 if i % 10 == 9 else 0)
        if i % 10 != 9:
            out += syn(i * 2 + 0.1, ME, outside(i), 36000 + i, 443, "done")
    return out


# ------------------------------------------------------------------------------------------------ so as not to be seen

@fires("port_scan")
def a_worm_looks_for_file_servers() -> Frames:
    """Port 445 of addresses by chance, between a user's visits that succeed elsewhere."""
    out: Frames = []
    for i in range(120):
        a, b, c, d = noise(i)[:4]
        out += syn(i * 0.4, "10.6.0.66", f"{11 + a % 180}.{b}.{c}.{1 + d % 250}", 37000 + i, 445, "")
    return out + [frame for i in range(10) for frame in syn(i * 5, ME, outside(i), 38000 + i, 443, "done")]


@fires("port_scan")
def open_resolvers_are_looked_for() -> Frames:
    """Port 53 of a hundred hosts; none is one."""
    ask = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\x07example\x03com\0" + struct.pack(">HH", 255, 1)
    return [datagram(i * 0.2, ME, outside(i), 39000 + i, 53, ask) for i in range(100)]


@fires("beacon")
def a_beacon_among_visits() -> Frames:
    """Every 45 seconds, give or take a fifth, at the port of the web, beside a user's many connections there."""
    out = [frame for i in range(50) for frame in syn(
        i * 45 + 9 * jitter(i, 1.0), ME, "203.0.114.77", 48000 + i, 443, "done")]
    return out + [frame for i in range(200) for frame in syn(
        2000 * noise(i)[5] / 255 + i / 7, ME, outside(noise(i)[6] % 40), 50000 + i, 443, "done")]


@fires("lateral")
def a_worm_reaches_desktops() -> Frames:
    """Thirty by RDP within four minutes."""
    return [frame for i in range(30) for frame in syn(i * 8, ME, f"10.6.3.{10 + i}", 51000 + i, 3389, "open")]


@fires("syn_flood")
def a_flood_of_the_web_from_everywhere() -> Frames:
    """A thousand addresses that never answer, while others are served."""
    out = [frame for i in range(1000) for frame in syn(
        i * 0.008, f"{20 + noise(i)[0] % 150}.{noise(i)[1]}.{noise(i)[2]}.9", YOU, 1025 + i, 80, "")]
    return out + [frame for i in range(20) for frame in syn(i * 0.3, outside(i), YOU, 52000 + i, 80, "done")]


@fires("dns_tunnel")
def a_tunnel_beside_everyday_names() -> Frames:
    """One name a second, two labels of base 32 each, among four everyday ones."""
    out: Frames = []
    for i in range(40):
        out += lookup(i, f"{encoded(i)[:30]}.{encoded(i + 500)[:30]}.cdn.example.org", 53000 + i)
        for k in range(4):
            out += lookup(i + 0.1 * k, f"www.site{(i * 4 + k) % 25}.example.com", 54000 + i * 4 + k)
    return out
