"""A capture of everything at once: hand-made frames of every kind, conversations, fragments, rubbish, over a while."""

from __future__ import annotations

from random import Random

from cases import CASES
from conversation import CLIENT, SERVER, Talk
from talks import TALKS, dns_message, tell
from wire import SECOND, START, arp, eth, fragments4, fragments6, icmp_echo, ip4, ip6, udp, vlan, vxlan


def later(frames: list[tuple[int, bytes]], by: int) -> list[tuple[int, bytes]]:
    return [(ns + by, data) for ns, data in frames]


def conversations(rng: Random, count: int) -> list[tuple[int, bytes]]:
    """HTTP, TLS and DNS between many hosts, cut, shuffled and doubled."""
    out: list[tuple[int, bytes]] = []
    for i in range(count):
        port, turns = TALKS[rng.choice(sorted(TALKS))]
        told = turns()
        cuts = [rng.randrange(2000) for _ in range(rng.randrange(6))]
        drop = (rng.randrange(len(told)), rng.randrange(4)) if i % 7 == 0 else None
        talk = tell(port, told, cuts, reorder=rng, repeat=rng if i % 3 == 0 else None, drop=drop)
        start = rng.randrange(400) * SECOND // 4
        out += [(ns + start, moved(frame, i % 40, i % 23)) for ns, frame in talk.frames]
    return out


def moved(frame: bytes, client: int, server: int) -> bytes:
    """The frame between two other hosts: the last byte of both addresses differs."""
    ends = bytearray(frame)
    for at in (29, 33):
        ends[at] = 100 + client if ends[at] == 1 else 200 + server
    return bytes(ends)


def datagrams(rng: Random, count: int) -> list[tuple[int, bytes]]:
    out = []
    for i in range(count):
        at = START + rng.randrange(100 * SECOND)
        src, dst = f"10.0.{i % 5}.{i % 200}", "192.0.2.53"
        ask = dns_message(i, b"name%d.example.net" % (i % 50))
        answer = dns_message(i, b"name%d.example.net" % (i % 50), bytes([10, 1, 2, i & 255]))
        out.append((at, eth(vlan(i % 3, 0x0800, ip4(17, udp(1024 + i, 53, ask), src, dst)), 0x8100)))
        out.append((at + 3_000_000, eth(vlan(i % 3, 0x0800, ip4(17, udp(53, 1024 + i, answer), dst, src)), 0x8100)))
        inner = ip4(1, icmp_echo(8, i), src, dst)
        out.append(
            (at, eth(ip4(17, udp(50000 + i % 9, 4789, vxlan(i % 4, eth(inner))), "172.16.0.1", f"172.16.1.{i % 8}")))
        )
        out.append((at, eth(arp(1 + i % 2, src, "10.0.0.250"), 0x0806)))
    return out


def pieces(rng: Random) -> list[tuple[int, bytes]]:
    """Fragments whose first is sometimes missing."""
    out = []
    for i in range(40):
        body = udp(7000 + i, 7001, rng.randbytes(2000))
        four = [eth(f) for f in fragments4(17, body, 600, ident=i, src=f"10.3.0.{i}")]
        six = [eth(f, 0x86DD) for f in fragments6(17, body, 600, ident=i, src=f"fd00::{i + 1:x}", dst="fd00::ffff")]
        for frames in (four, six):
            rng.shuffle(frames)
            out += [(START + i * SECOND + k, f) for k, f in enumerate(frames[i % 5 == 0 :])]
    return out


def everything(seed: int = 1) -> list[tuple[int, bytes]]:
    rng = Random(seed)
    frames = [(START + i * SECOND // 3, case.frame) for i, case in enumerate(CASES) if case.link == 1]
    frames += conversations(rng, 120) + datagrams(rng, 250) + pieces(rng)
    frames += [(START + rng.randrange(90 * SECOND), rng.randbytes(rng.randrange(80))) for _ in range(200)]
    for i in range(30):
        again = Talk(30000 + i % 3, 22, start=START + i * 4 * SECOND, isn=(i * 100_000, i * 200_000)).open()
        frames += again.say(SERVER, b"SSH-2.0-x\r\n").say(CLIENT, b"SSH-2.0-y\r\n").close().frames
    frames += [(START + 99 * SECOND, eth(ip6(17, udp(5353, 5353, b"\0" * 20)), 0x86DD))]
    return sorted(frames)
