"""proxy: heads however cut; what is and is not taken for one; what follows is read as if it began the stream."""

import pytest
from cuts import check_talk
from talk_proxy import ENDS4, SIGNATURE, TALKS, V1, v2

from netwatch._fast.out.probe import MORE_BYTES, Probe
from netwatch._fast.proto import proxy


def make():
    return Probe("proxy")


@pytest.mark.parametrize("talk", TALKS)
def test_a_head(talk):
    check_talk(make, proxy, talk)
    assert make().detect(talk[0][0][1]) >= 98


@pytest.mark.parametrize("head", [V1, v2(0x21, 0x11, ENDS4)])
def test_the_head_alone_is_used(head):
    probe = make()
    probe.feed(0, head + b"what follows")
    assert probe.left_over == (b"what follows", b"")


def test_a_line_without_end_is_none():
    probe = make()
    assert probe.feed(0, b"PROXY TCP4 " + b"1" * 200) == 3 and probe.facts == []


FRIENDS = [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", bytes(64), b"PROXY tcp4 x\r\n",
           b"PROXIES ", b"\r\n\r\n\0\r\nQUIT\r\n", SIGNATURE + b"\x11", b"\r\n\r\nGET / HTTP/1.1\r\n"]


@pytest.mark.parametrize("data", FRIENDS)
def test_false_friends(data):
    assert make().detect(data) == 0


@pytest.mark.parametrize("head", [V1[:12], SIGNATURE + b"\x21"])
def test_the_beginning_asks_for_more(head):
    for n in range(1, len(head) - 2):
        assert make().detect(head[:n]) == MORE_BYTES
