"""ESP that encrypts nothing (RFC 2410, RFC 4543) is read when what it carries proves itself; nothing else ever is."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from conversation import CLIENT, SERVER, Talk
from running import Result, run
from wire import SECOND, START, Timed, eth, ip4, ip6

GET, OK = b"GET /0 HTTP/1.1\r\nHost: h.example\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TALK = Talk().open().say(CLIENT, GET).ack(SERVER).say(SERVER, OK).ack(CLIENT).close()
PACKETS = [(ns, frame[14:]) for ns, frame in TALK.frames]
CHECKS = (0, 12, 16, 24, 32)
Protects = Callable[[bytes], bytes]
GATES = ("203.0.113.1", "203.0.113.2")


def esp(body: bytes, proto: int, check: int, iv: int = 0, pads: bytes | None = None) -> bytes:
    """RFC 4303 section 2, with a check value of some length."""
    size = -(len(body) + 2) % 4
    pads = bytes(range(1, size + 1)) if pads is None else pads
    return b"\0\0\x10\1" + b"\0\0\0\5" + b"\xa7" * iv + body + pads + bytes([len(pads), proto]) + b"\x5c" * check


def tunnel(check: int, iv: int = 0, pads: bytes | None = None) -> list[Timed]:
    return [(ns, eth(ip4(50, esp(packet, 4, check, iv, pads), *GATES))) for ns, packet in PACKETS]


def transport(check: int, iv: int = 0) -> list[Timed]:
    return [(ns, eth(ip4(50, esp(packet[20:], 6, check, iv), *ends_of(packet)))) for ns, packet in PACKETS]


def ends_of(packet: bytes) -> list[str]:
    return [".".join(map(str, packet[at : at + 4])) for at in (12, 16)]


def pairs(result: Result) -> list[tuple[object, object]]:
    return [(each.get("path"), each.get("status")) for each in result.by_kind["http"]]


@pytest.mark.parametrize(("check", "iv"), [*((check, 0) for check in CHECKS), (16, 8)])
@pytest.mark.parametrize("mode", [tunnel, transport])
def test_what_is_not_encrypted_is_read(mode, check: int, iv: int) -> None:
    result = run(mode(check, iv), kinds=("flows", "http", "packets"))
    assert pairs(result) == [("/0", 200)] and result.flow["payload_out"] == len(GET)
    assert "esp" in result.packets[0]["layers"]


def ah(packet: bytes) -> bytes:
    """RFC 4302 section 2.2, before the segment of an IPv4 packet."""
    return ip4(51, b"\6\4\0\0" + b"\0\0\x10\1\0\0\0\5" + bytes(12) + packet[20:], *ends_of(packet))


def in_esp(packet: bytes) -> bytes:
    return ip4(50, esp(packet[20:], 6, 12), *ends_of(packet))


@pytest.mark.parametrize("protected", [ah, in_esp])
@pytest.mark.parametrize("flags", [None, 4, 20])
def test_what_is_protected_never_joins_the_conversation_in_the_clear(protected: Protects, flags: int | None) -> None:
    """Who has no security association takes nothing of it (RFC 4301 section 5.2): bytes nor resets."""
    other = Talk().open()
    if flags is None:
        other.say(CLIENT, GET.replace(b"/0", b"/9"))
    else:
        other.segment(CLIENT, flags)
    frames = [*TALK.frames[:3], (TALK.frames[2][0] + 1, eth(protected(other.frames[3][1][14:]))), *TALK.frames[3:]]
    result = run(frames, kinds=("flows", "http"))
    clear, apart = sorted(result.flows, key=lambda flow: flow["packets_out"], reverse=True)
    assert pairs(result)[0] == ("/0", 200) and clear["state"] == "TIME_WAIT" and "tunnel" not in clear
    assert (clear["packets_out"] + clear["packets_in"], apart["packets_out"]) == (len(TALK.frames), 1)
    assert apart["tunnel"][0] == ("ah" if protected is ah else "esp")


@pytest.mark.parametrize("protected", [ah, in_esp])
def test_what_both_directions_protect_is_one_flow(protected: Protects) -> None:
    result = run([(ns, eth(protected(packet))) for ns, packet in PACKETS], kinds=("flows", "http"))
    assert pairs(result) == [("/0", 200)] and len(result.flows) == 1


def test_in_ipv6() -> None:
    frames = [(ns, eth(ip6(50, esp(packet, 4, 16)), 0x86DD)) for ns, packet in PACKETS]
    assert pairs(run(frames, kinds=("flows", "http"))) == [("/0", 200)]


def test_a_spoilt_sum_a_wrong_length_or_other_padding_is_not_entered() -> None:
    packet = bytearray(PACKETS[3][1])
    packet[10] ^= 1
    for body, pads in [(bytes(packet), None), (PACKETS[3][1][:-1], None), (PACKETS[3][1], b"\1\3")]:
        flow = run([(START, eth(ip4(50, esp(body, 4, 12, pads=pads), *GATES)))]).flow
        assert flow["proto"] == "esp"
    segment = bytearray(PACKETS[3][1][20:])
    segment[-1] ^= 1
    assert run([(START, eth(ip4(50, esp(bytes(segment), 6, 12))))]).flow["proto"] == "esp"


def test_a_trailer_that_was_not_captured_proves_nothing() -> None:
    frame = tunnel(12)[3][1]
    cut: list[Timed] = [(START, frame[:-5], len(frame))]
    assert run(cut).flow["proto"] == "esp"


def test_noise_is_nothing_else() -> None:
    """What is encrypted looks like chance; each of these says a protocol that could be entered."""
    rng = Random(4)
    frames = []
    for number in range(3000):
        noise = bytearray(rng.randbytes(rng.randrange(24, 120)))
        at = len(noise) - 1 - rng.choice(CHECKS[:2])
        noise[at], noise[at - 1], noise[8] = rng.choice([4, 41, 6, 17]), 0, rng.choice([0x45, 0x60, noise[8]])
        frames.append((START + number * SECOND // 1000, eth(ip4(50, bytes(noise), *GATES))))
    assert run(frames).flow["packets_out"] == 3000
