"""Makes the captures of this folder: built ones from the builders of tests/engine, real ones from programs in a lab.

python tests/golden/make_captures.py          the built ones, the same bytes on every run
python tests/golden/make_captures.py --real   the real ones too (root, tcpdump, tools of tests/live/namespaces.py)
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "engine"), str(HERE.parent / "live")]

from cases import LINKS, NETWORKS, TAGS, TRANSPORTS, TUNNELS  # noqa: E402
from conversation import CLIENT, SERVER, Talk  # noqa: E402
from talks import dns_message, dns_talk, http_talk, tell, tls_talk  # noqa: E402
from wire import (  # noqa: E402
    A4,
    ACK,
    B4,
    MS,
    RST,
    SECOND,
    START,
    SYN,
    Timed,
    arp,
    eth,
    fragments4,
    fragments6,
    icmp6_echo,
    icmp_echo,
    ip4,
    ip6,
    pcap,
    spaced,
    udp,
)


def on_ethernet(*tables: list) -> list[Timed]:
    return list(spaced([case.frame for table in tables for case in table if case.link == 1], step=SECOND // 10))


def names() -> list[Timed]:
    """DNS, mDNS and LLMNR queries with and without answers."""
    frames = []
    for i, (port, target) in enumerate(((53, "192.0.2.53"), (5353, "224.0.0.251"), (5355, "224.0.0.252"))):
        name = b"host%d.example.net" % i
        frames.append(eth(ip4(17, udp(5353 if port == 5353 else 40000 + i, port, dns_message(i, name)), dst=target)))
        answer = dns_message(i, name, bytes([10, 0, 0, i]))
        frames.append(eth(ip4(17, udp(port, 5353 if port == 5353 else 40000 + i, answer), "192.0.2.53", A4)))
    frames.append(eth(ip4(17, udp(40009, 53, dns_message(9, b"unanswered.example.net")), dst="192.0.2.53")))
    return list(spaced(frames, step=7 * MS))


def neighbours() -> list[Timed]:
    """ARP and ping, both families."""
    frames = [eth(arp(1), 0x0806), eth(arp(2, B4, A4, "02:00:00:00:00:0b"), 0x0806)]
    for i in range(3):
        frames += [eth(ip4(1, icmp_echo(8, 77, i))), eth(ip4(1, icmp_echo(0, 77, i), B4, A4))]
        frames += [
            eth(ip6(58, icmp6_echo(128, 78, i)), 0x86DD),
            eth(ip6(58, icmp6_echo(129, 78, i), "2001:db8:f::2", "2001:db8::1"), 0x86DD),
        ]
    return list(spaced(frames, step=11 * MS))


def lossy() -> list[Timed]:
    """Retransmissions, disorder, duplicate ACKs, a zero window, a keep-alive."""
    talk = Talk(dport=9999, step=5 * MS).open().say(CLIENT, b"a" * 100).ack(SERVER)
    talk.segment(CLIENT, ACK, b"a" * 100, seq=1001, after=SECOND).skip(CLIENT, 50)
    hole = talk.seq[0] - 50
    for _ in range(4):
        talk.say(CLIENT, b"b" * 50).ack(SERVER, ack=hole)
    talk.segment(CLIENT, ACK, b"c" * 50, seq=hole).ack(SERVER, window=0).ack(SERVER)
    return list(talk.segment(CLIENT, ACK, b"\0", seq=talk.seq[0] - 1, after=20 * SECOND).ack(SERVER).close().frames)


def endings() -> list[Timed]:
    """A reset, a refusal, an unanswered SYN, ports used again, a flow joined in the middle, one that times out."""
    frames = Talk(1001).open().say(CLIENT, b"x").segment(SERVER, RST | ACK).frames
    frames += Talk(1002).segment(CLIENT, SYN, ack=0).segment(SERVER, RST | ACK, seq=0, ack=1001).frames
    frames += Talk(1003).segment(CLIENT, SYN, ack=0).frames
    first = Talk(1004).open().say(CLIENT, b"one").close()
    frames += first.frames + Talk(1004, start=first.now, isn=(90000, 80000)).open().say(CLIENT, b"two").frames
    frames += Talk(1005, 443).say(SERVER, b"y" * 10).ack(CLIENT).frames
    frames.append((START + 700 * SECOND, eth(ip4(17, udp(1006, 9999, b"late")))))
    return sorted(frames)


def pieces() -> list[Timed]:
    """Fragments: in order, reversed, one missing; IPv6; inside each other's intervals."""
    body = udp(7000, 7001, bytes(range(256)) * 4)
    frames = [eth(f) for f in fragments4(17, body, 400)]
    frames += [eth(f) for f in reversed(fragments4(17, body, 400, ident=2, src="192.0.2.7"))]
    frames += [eth(f) for f in fragments4(17, body, 400, ident=3, src="192.0.2.8")[1:]]
    frames += [eth(f, 0x86DD) for f in fragments6(17, body, 400)]
    return list(spaced(frames))


def rubbish() -> list[Timed]:
    """Frames that are cut, or that nobody made: counted by reason."""
    rng = Random(7)
    whole = [case.frame for case in TAGS + TUNNELS + NETWORKS if case.link == 1]
    frames = [frame[: rng.randrange(len(frame))] for frame in whole]
    return list(spaced(frames + [rng.randbytes(rng.randrange(70)) for _ in range(40)]))


def links(number: int) -> list[Timed]:
    return list(spaced([case.frame for case in LINKS if case.link == number]))


BUILT: dict[str, tuple[int, Callable[[], list[Timed]]]] = {
    "http": (1, lambda: list(tell(80, http_talk(), [300, 900, 1500, 40], reorder=Random(1), repeat=Random(2)).frames)),
    "http-gap": (1, lambda: list(tell(80, http_talk(), [300, 900, 1500], drop=(1, 1)).frames)),
    "tls": (1, lambda: list(tell(443, tls_talk(), [600, 1200]).frames)),
    "dns-tcp": (1, lambda: list(tell(53, dns_talk(), [1, 30]).frames)),
    "names": (1, names),
    "neighbours": (1, neighbours),
    "lossy": (1, lossy),
    "endings": (1, endings),
    "fragments": (1, pieces),
    "tags": (1, lambda: on_ethernet(TAGS)),
    "tunnels": (1, lambda: on_ethernet(TUNNELS)),
    "transports": (1, lambda: on_ethernet(NETWORKS, TRANSPORTS)),
    "rubbish": (1, rubbish),
    "wlan": (105, lambda: links(105)),
    "frame-relay": (107, lambda: links(107)),
}


def build(folder: Path) -> None:
    for name, (link, frames) in BUILT.items():
        (folder / f"{name}.pcap").write_bytes(pcap(frames(), link))


def record_real(folder: Path) -> None:
    from namespaces import Lab

    with tempfile.TemporaryDirectory() as scratch, Lab(Path(scratch)) as lab:
        for name, acts in {
            "real-http": [lambda: lab.curl("http")],
            "real-dns": [lab.dig, lambda: lab.dig("+tcp")],
            "real-https": [lambda: lab.curl("https"), lambda: lab.curl("https", True, "--tls-max", "1.2")],
        }.items():
            path = folder / f"{name}.pcap"
            words = lab.inside(lab.client, "tcpdump", "-q", "-U", "-i", lab.near, "-w", str(path))
            tcpdump = subprocess.Popen(words, stderr=subprocess.DEVNULL)
            time.sleep(1)
            for act in acts:
                act()
            time.sleep(1)
            tcpdump.terminate()
            tcpdump.wait(5)


if __name__ == "__main__":
    build(HERE)
    if "--real" in sys.argv:
        record_real(HERE)
