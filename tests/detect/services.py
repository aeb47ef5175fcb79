"""What networks in use are full of, and what only looks like an attack: none of it may make an alert."""

from __future__ import annotations

import hashlib
import struct

from conversation import CLIENT, SERVER, Talk
from habits import lookup
from logins import ssh
from messages import be32
from neighbours import says
from situation import Frames, at, datagram, fires, ping, syn
from wire import ACK, eth, ip4, tcp, udp

ME, NEAR, RESOLVER = "10.4.0.7", "10.4.0.20", "10.4.0.1"


def outside(i: int) -> str:
    return f"{(31, 45, 62, 78, 84, 93, 109, 151)[i % 8]}.{17 + i % 97}.{i // 8 % 250}.{1 + i % 251}"


def noise(i: int) -> str:
    return hashlib.sha256(str(i).encode()).hexdigest()


def asked(when: float, port: int, src: str, dst: str, dport: int, reply: bytes = b"x") -> Frames:
    """A datagram and its answer."""
    return [datagram(when, src, dst, port, dport), datagram(when + 0.02, dst, src, dport, port, reply)]


@fires()
def a_page_from_a_content_network() -> Frames:
    """Sixty servers at once, six connections to each, some of them refused; half of their long names are a hash."""
    out = [frame for i in range(360) for frame in syn(
        i * 0.01, ME, outside(i % 60), 30000 + i, 443, "rst" if i % 40 == 39 else "done")]
    for i in range(60):
        out += lookup(i * 0.03, f"{noise(i)[:32]}-{1000 + i}.eu-west-1.elb.amazonaws.com", 20000 + i)
        out += lookup(i * 0.03, f"d{noise(i)[:13]}.cloudfront.net", 21000 + i)
    return out


@fires()
def a_backup_over_ssh_for_hours() -> Frames:
    """Every hour to a machine of the same network, some minutes each."""
    out: Frames = []
    for hour in range(14):
        talk = Talk(40000 + hour, 22, start=at(hour * 3600 + hour % 5), src=ME, dst=NEAR).open()
        talk.say(SERVER, b"SSH-2.0-OpenSSH_9.2\r\n").say(CLIENT, b"SSH-2.0-OpenSSH_9.2\r\n")
        for _ in range(120):
            talk.say(CLIENT, bytes(32000), after=500_000_000).ack(SERVER)
        out += talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames
    return out


@fires("brute_force")
def six_passwords_a_connection_by_ssh() -> Frames:
    return [frame for i in range(40) for frame in ssh(i * 0.8, 30000 + i, (760, 440))]


@fires()
def jobs_that_ask_a_repository_by_ssh() -> Frames:
    """As `git ls-remote` and `ssh host true` do, as measured of OpenSSH 9.2: far less than a session at work."""
    return [frame for i in range(120) for frame in ssh(i * 0.5, 31000 + i, (1000, 1500))]


@fires()
def a_load_balancer_looks_whether_ssh_is_there() -> Frames:
    """It takes the banner and goes."""
    out: Frames = []
    for i in range(120):
        talk = Talk(32000 + i, 22, start=at(i * 0.5), src=ME, dst=NEAR).open().say(SERVER, b"SSH-2.0-OpenSSH_9.2\r\n")
        out += talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames
    return out


@fires()
def a_load_balancer_breaks_off_handshakes() -> Frames:
    """Of thirty servers every two seconds: SYN, SYN/ACK, RST."""
    return [frame for i in range(900) for frame in syn(
        i / 15, ME, f"10.4.1.{1 + i % 30}", 20000 + i, 8080, "half")]


@fires()
def a_load_balancer_whose_servers_are_down_in_part() -> Frames:
    return [frame for i in range(900) for frame in syn(
        i / 15, ME, f"10.4.1.{1 + i % 60}", 20000 + i, 8080, "rst" if i * 7 % 60 < 25 else "half")]


def said(start: float, sport: int, dport: int, words: list[tuple[int, bytes]], dst: str = NEAR) -> Frames:
    talk = Talk(sport, dport, start=at(start), src=ME, dst=dst).open()
    for side, text in words:
        talk.say(side, text)
    return talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames


def mail(i: int) -> list[tuple[int, bytes]]:
    return [(SERVER, b"220 mx.example ESMTP\r\n"), (CLIENT, b"EHLO out.example\r\n"), (SERVER, b"250 mx.example\r\n"),
            (CLIENT, b"MAIL FROM:<a@out.example>\r\n"), (SERVER, b"250 ok\r\n"),
            (CLIENT, b"RCPT TO:<b%d@example.org>\r\n" % i), (SERVER, b"250 ok\r\n"), (CLIENT, b"DATA\r\n"),
            (SERVER, b"354 go\r\n"), (CLIENT, b"Subject: x\r\n\r\nhello\r\n.\r\n"), (SERVER, b"250 queued\r\n"),
            (CLIENT, b"QUIT\r\n"), (SERVER, b"221 bye\r\n")]


@fires()
def a_mail_server_sends_to_many_and_to_its_relay() -> Frames:
    """Each mail by a connection of its own; one in three servers is not there. Lists are asked for hashes."""
    out = [frame for i in range(60) for frame in said(i * 0.5, 33000 + i, 25, mail(i))]
    for i in range(90):
        out += syn(i, ME, outside(i), 34000 + i, 25, "") if i % 3 == 0 else said(i, 34000 + i, 25, mail(i), outside(i))
        out += lookup(i, f"{noise(i)[:40]}.ebl.msbl.org", 22000 + i, 3)
        out += lookup(i, f"{1 + i}.{i}.0.{i}.zen.spamhaus.org", 23000 + i, 3)
    return out


@fires()
def a_page_that_asks_its_database_anew_each_time() -> Frames:
    """PostgreSQL (protocol 3.0), a connection for each of 120 pages."""
    begin = be32(3 << 16) + b"user\0web\0database\0shop\0\0"
    row = b"D" + be32(11) + struct.pack(">HI", 1, 1) + b"1"
    ready = b"Z" + be32(5) + b"I"
    words = [(CLIENT, be32(len(begin) + 4) + begin), (SERVER, b"R" + be32(8) + be32(0) + ready),
             (CLIENT, b"Q" + be32(13) + b"SELECT 1\0"), (SERVER, row + b"C" + be32(13) + b"SELECT 1\0" + ready),
             (CLIENT, b"X" + be32(4))]
    return [frame for i in range(120) for frame in said(i * 0.3, 35000 + i, 5432, words)]


@fires("brute_force")
def passwords_of_a_database_are_tried() -> Frames:
    begin = be32(3 << 16) + b"user\0postgres\0\0"
    why = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0"
    words = [(CLIENT, be32(len(begin) + 4) + begin), (SERVER, b"R" + be32(12) + be32(5) + b"salt"),
             (CLIENT, b"p" + be32(40) + b"md5" + noise(1)[:32].encode() + b"\0"),
             (SERVER, b"E" + be32(len(why) + 4) + why)]
    return [frame for i in range(40) for frame in said(i * 0.5, 36000 + i, 5432, words)]


@fires("brute_force", "cleartext")
def passwords_of_a_mailbox_are_tried() -> Frames:
    return [frame for i in range(40) for frame in said(i * 0.5, 37000 + i, 143, [
        (SERVER, b"* OK IMAP4rev1 ready\r\n"), (CLIENT, b"a1 LOGIN bob pw%d\r\n" % i), (SERVER, b"a1 NO failed\r\n")])]


@fires("cleartext")
def webmail_opens_a_mailbox_for_each_page() -> Frames:
    return [frame for i in range(80) for frame in said(i * 0.5, 38000 + i, 143, [
        (SERVER, b"* OK IMAP4rev1 ready\r\n"), (CLIENT, b"a1 LOGIN bob secret\r\n"), (SERVER, b"a1 OK in\r\n"),
        (CLIENT, b"a2 SELECT INBOX\r\n"), (SERVER, b"* 1 EXISTS\r\na2 OK\r\n"), (CLIENT, b"a3 LOGOUT\r\n")])]


@fires()
def a_swarm_of_bittorrent() -> Frames:
    """Peers by TCP and by UDP at ports of all kinds, most of them gone; nodes of the table mostly at one port."""
    out: Frames = []
    for i in range(300):
        port = 6881 if i % 3 == 0 else 10000 + i * 37 % 50000
        out += syn(i * 0.2, ME, outside(i), 40000 + i, port, "open" if i % 4 == 0 else "" if i % 4 == 1 else "rst")
        out += asked(i * 0.2, 6881, ME, outside(i + 400), 6881) if i % 3 == 0 else [
            datagram(i * 0.2, ME, outside(i + 400), 6881, port)]
    return out


@fires()
def clocks_of_a_pool() -> Frames:
    """Four servers every 64 seconds for hours, and one that does not answer any more (RFC 5905)."""
    ask, tell = b"\x23" + bytes(47), b"\x24\2\6\xec" + bytes(44)
    return [frame for i in range(200) for k in range(5) for frame in asked_with(
        i * 64 + k, 123, outside(k), 123, ask, tell if k < 4 else b"")]


def asked_with(when: float, sport: int, dst: str, dport: int, ask: bytes, tell: bytes, src: str = ME) -> Frames:
    out = [(at(when), eth(ip4(17, udp(sport, dport, ask), src, dst)))]
    return [*out, (at(when + 0.02), eth(ip4(17, udp(dport, sport, tell), dst, src)))] if tell else out


@fires()
def a_resolver_asks_the_world() -> Frames:
    """A thousand name servers from ports at random, one in four of which does not answer; some names do not exist."""
    out: Frames = []
    for i in range(400):
        found = lookup(i * 0.1, f"www.{('mountain', 'river', 'market', 'garden')[i % 4]}{i}.org", 1024 + i * 61 % 60000,
                       3 if i % 7 == 0 else 0, src=RESOLVER, dst=outside(i))
        out += found if i % 4 else found[:1]
    return out


@fires()
def browsers_ask_whether_a_resolver_lies() -> Frames:
    """Three names of a single label at random, whenever one begins: forty of them behind one forwarder."""
    return [frame for i in range(120) for frame in lookup(
        i // 3 * 5, "".join(chr(97 + int(c, 16)) for c in noise(i)[: 7 + i % 9]), 24000 + i, 3)]


@fires()
def names_by_https() -> Frames:
    """One connection to a resolver, a query every few seconds, for an hour."""
    talk = Talk(41000, 443, start=at(0), src=ME, dst="9.9.9.9").open()
    for i in range(600):
        talk.say(CLIENT, bytes(120), after=(4 + i % 5) * 1_000_000_000).say(SERVER, bytes(380))
    return talk.frames


@fires()
def a_lan_full_of_announcements() -> Frames:
    """Eighty stations ask and tell by mDNS; two of them say the same name."""
    out: Frames = []
    for i in range(800):
        name = b"\x08station" + bytes([48 + i % 80 // 8]) + b"\5local\0"
        ask = struct.pack(">HHHHHH", 0, 0, 1, 0, 0, 0) + name + struct.pack(">HH", 255, 1)
        tell = struct.pack(">HHHHHH", 0, 0x8400, 0, 1, 0, 0) + name + struct.pack(">HHIH", 1, 0x8001, 120, 4) + bytes(
            [10, 4, 2, i % 80])
        body = tell if i % 2 else ask
        out.append((at(i * 0.5), eth(ip4(17, udp(5353, 5353, body), f"10.4.2.{1 + i % 80}", "224.0.0.251"), 0x0800,
                                     f"02:00:00:00:20:{i % 80:02x}")))
    return out


@fires()
def a_router_fails_over_and_back() -> Frames:
    """VRRP (RFC 5798): the address has a MAC of its own. Beside it a pair that moves one between their own, there and
    back, as keepalived does without one."""
    out: Frames = []
    for i in range(300):
        who = "10.4.0.2" if i // 100 != 1 else "10.4.0.3"
        advert = b"\x21\x05\x64\x01\0\x64\0\0" + bytes([10, 4, 0, 1])
        out.append((at(i), eth(ip4(112, advert, who, "224.0.0.18", ttl=255), 0x0800, "00:00:5e:00:01:05")))
        if i in (100, 200):
            out.append(says(i + 0.1, "10.4.0.1", "00:00:5e:00:01:05"))
            out.append(says(i + 0.2, "10.4.0.9", f"02:00:00:00:04:0{i // 100}"))
    return [says(0, "10.4.0.9", "02:00:00:00:04:02"), *out]


@fires()
def a_monitor_pings_and_some_are_down() -> Frames:
    """A hundred hosts every minute; fifteen of them do not answer."""
    return [frame for i in range(600) for frame in ping(
        i * 0.6, ME, f"10.4.3.{1 + i % 100}", 100 + i, reply=i % 100 >= 15)]


@fires()
def keepalives_of_connections_that_were_there_before() -> Frames:
    """As those of any capture that begins while work is being done."""
    return [frame for i in range(60) for k in range(3) for frame in (
        (at(i + k * 60), eth(ip4(6, tcp(42000 + i, 443, ACK, 100, 200, b"\0"), ME, outside(i)))),
        (at(i + k * 60 + 0.02), eth(ip4(6, tcp(443, 42000 + i, ACK, 200, 101), outside(i), ME))))]
