"""Flows that another flow told of: known by that alone, whatever their bytes look like."""

from __future__ import annotations

import pytest
from conversation import CLIENT, SERVER, Talk
from running import run
from wire import A4, A6, B4, B6, MS, eth, ip4, ip6, udp

REQUEST = b"GET /in-a-file HTTP/1.1\r\nHost: h.example\r\n\r\n"


def control(*turns: tuple[int, bytes]) -> Talk:
    talk = Talk(40000, 21).open()
    for side, text in ((SERVER, b"220 FTP ready\r\n"), (CLIENT, b"USER bob\r\n"), (SERVER, b"331 so\r\n"), *turns):
        talk.say(side, text)
    return talk



ACTIVE = {"PORT": b"PORT 192,0,2,1,195,80\r\n", "EPRT": b"EPRT |1|192.0.2.1|50000|\r\n"}
PASSIVE = {
    "PASV": b"227 Entering Passive Mode (198,51,100,2,195,80).\r\n",
    "PASV behind a translator": b"227 Entering Passive Mode (10,0,0,9,195,80)\r\n",
    "EPSV": b"229 Extended passive (|||50000|)\r\n",
}


@pytest.mark.parametrize("how", ACTIVE)
def test_the_server_connects(how: str) -> None:
    talk = control((CLIENT, ACTIVE[how]), (SERVER, b"200 ok\r\n"), (CLIENT, b"RETR report.pdf\r\n"))
    data = Talk(20, 50000, start=talk.now + MS, src=B4, dst=A4).open().say(CLIENT, REQUEST)
    check(run(talk.frames + data.frames, kinds=("flows", "http")))


@pytest.mark.parametrize("how", PASSIVE)
@pytest.mark.parametrize("late", [False, True])
def test_the_client_connects(how: str, late: bool) -> None:
    """Before the transfer is asked for, or after."""
    talk = control((CLIENT, b"PASV\r\n"), (SERVER, PASSIVE[how]))
    asked = [] if late else talk.say(CLIENT, b"RETR report.pdf\r\n").frames
    data = Talk(45000, 50000, start=talk.now + MS).open()
    if late:
        talk.now = data.now
        talk.say(CLIENT, b"RETR report.pdf\r\n")
        data.now = talk.now
    data.say(SERVER, REQUEST)
    assert asked == [] or not late
    check(run(sorted(talk.frames + data.frames), kinds=("flows", "http")))


def check(result) -> None:
    assert result.by_kind["http"] == []
    flow = next(flow for flow in result.flows if 50000 in (flow["sport"], flow["dport"]))
    assert (flow["app"], flow["app_stack"], flow["label"]) == ("ftp-data", ["ftp-data"], "FTP RETR report.pdf")
    assert flow["ftp-data"] == {"command": "RETR", "file": "report.pdf"}
    assert flow["announced_by"] == "192.0.2.1:40000 198.51.100.2:21"


def test_an_announcement_is_of_one_flow_and_for_a_while() -> None:
    talk = control((CLIENT, ACTIVE["PORT"]), (CLIENT, b"RETR x\r\n"))
    first = Talk(20, 50000, start=talk.now + MS, src=B4, dst=A4).open().say(CLIENT, REQUEST)
    second = Talk(4444, 50000, start=first.now + MS, src=B4, dst=A4).open().say(CLIENT, REQUEST)
    late = Talk(20, 50000, start=talk.now + 200_000 * MS, src=B4, dst=A4).open().say(CLIENT, REQUEST)
    apps = [flow["app"] for flow in run(talk.frames + first.frames + second.frames).flows]
    assert apps == ["ftp", "ftp-data", "http"]
    assert [flow["app"] for flow in run(talk.frames + late.frames).flows] == ["ftp", "http"]


def datagram(at: int, src: str, sport: int, dst: str, dport: int, data: bytes) -> tuple[int, bytes]:
    return at, eth(ip4(17, udp(sport, dport, data), src, dst))


SDP = (b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.77\r\n"
       b"m=audio 49170 RTP/AVP 0\r\nm=image 5 udptl t38\r\n")
RTP = bytes.fromhex("8000000100000000000000aa") + bytes(160)
INVITE = (b"INVITE sip:bob@b.example SIP/2.0\r\nCall-ID: c1\r\nFrom: <sip:a@x>\r\nTo: <sip:b@y>\r\n"
          b"Content-Length: %d\r\n\r\n" % len(SDP) + SDP)


@pytest.mark.parametrize("address", ["192.0.2.77", A4])
@pytest.mark.parametrize("tcp", [False, True])
def test_media_of_a_call(address: str, tcp: bool) -> None:
    """One packet is enough, which alone says nothing."""
    start = Talk().now
    call = Talk(5060, 5060).open().say(CLIENT, INVITE[:300]).say(CLIENT, INVITE[300:]).frames if tcp else [
        datagram(start, A4, 5060, B4, 5060, INVITE)]
    media = datagram(call[-1][0] + MS, B4, 30000, address, 49170, RTP)
    report = datagram(call[-1][0] + MS, B4, 30001, address, 49171, bytes.fromhex("80c90001000000aa"))
    flows = run([*call, media, report]).flows
    assert [flow.get("app") for flow in flows] == ["sip", "rtp", "rtcp"]
    assert flows[1]["announced_by"] == "192.0.2.1:5060 198.51.100.2:5060"


def test_what_was_announced_and_is_something_else_is_named_by_what_it_is() -> None:
    start = Talk().now
    query = bytes.fromhex("000101000001000000000000 0377777703636f6d0000010001".replace(" ", ""))
    flows = run([datagram(start, A4, 5060, B4, 5060, INVITE), datagram(start + MS, B4, 53, A4, 49170, query)]).flows
    assert flows[1].get("app") in (None, "dns")


def test_media_of_rtsp() -> None:
    talk = Talk(40000, 554).open()
    talk.say(CLIENT, b"SETUP rtsp://cam/1 RTSP/1.0\r\nCSeq: 1\r\n"
                     b"Transport: RTP/AVP;unicast;client_port=4588-4589\r\n\r\n")
    talk.say(SERVER, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=4588-4589;"
                     b"server_port=6256-6257\r\n\r\n")
    media = datagram(talk.now + MS, B4, 6256, A4, 4588, RTP)
    assert [flow.get("app") for flow in run([*talk.frames, media]).flows] == ["rtsp", "rtp"]


def test_a_tftp_transfer_has_the_name_of_its_file() -> None:
    start = Talk().now
    frames = [datagram(start, A4, 50000, B4, 69, b"\0\1boot.img\0octet\0"),
              datagram(start + MS, B4, 33333, A4, 50000, b"\0\3\0\1" + b"GET / HTTP/1.1\r\n\r\n")]
    flows = run(frames).flows
    assert [flow["app"] for flow in flows] == ["tftp", "tftp"] and flows[1]["tftp"]["file"] == "boot.img"


def six(frames: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The same conversation over IPv6."""
    ends = {A4: A6, B4: B6}
    out = []
    for at, frame in frames:
        src, dst = (".".join(map(str, frame[k : k + 4])) for k in (26, 30))
        out.append((at, eth(ip6(frame[23], frame[34:], ends[src], ends[dst]), 0x86DD)))
    return out


@pytest.mark.parametrize("words", [b"EPRT |2|2001:db8::1|50000|\r\n",
                                   b"LPRT 6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,195,80\r\n"])
def test_the_server_connects_over_ipv6(words: bytes) -> None:
    talk = control((CLIENT, words), (SERVER, b"200 ok\r\n"), (CLIENT, b"RETR report.pdf\r\n"))
    data = Talk(20, 50000, start=talk.now + MS, src=B4, dst=A4).open().say(CLIENT, REQUEST)
    result = run(six(talk.frames + data.frames), kinds=("flows", "http"))
    assert result.by_kind["http"] == [] and result.flows[1]["label"] == "FTP RETR report.pdf"


def sdp(session: bytes, *lines: bytes) -> bytes:
    body = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN %s\r\nt=0 0\r\n" % session + b"".join(
        line + b"\r\n" for line in lines)
    return INVITE[: INVITE.index(b"Content-Length")] + b"Content-Length: %d\r\n\r\n" % len(body) + body


RTCP = bytes.fromhex("80c90001000000aa")
MEDIA = {  # what is said, and where what comes
    "a medium's own address": (sdp(b"IP4 192.0.2.9", b"m=audio 49170 RTP/AVP 0", b"c=IN IP4 192.0.2.77",
                                   b"m=video 5000 RTP/AVP 96"), [("192.0.2.77", 49170, RTP), ("192.0.2.9", 5000, RTP)]),
    "another port for RTCP": (sdp(b"IP4 192.0.2.1", b"m=audio 49170 RTP/AVP 0", b"a=rtcp:50001"),
                              [(A4, 49170, RTP), (A4, 50001, RTCP)]),
    "another address for RTCP": (sdp(b"IP4 192.0.2.1", b"m=audio 49170 RTP/AVP 0", b"a=rtcp:50001 IN IP4 192.0.2.78"),
                                 [(A4, 49170, RTP), ("192.0.2.78", 50001, RTCP)]),
    "several ports": (sdp(b"IP4 192.0.2.1", b"m=audio 49170/2 RTP/AVP 0"), [(A4, 49170, RTP), (A4, 49172, RTP)]),
    "a group": (sdp(b"IP4 239.1.1.1/127", b"m=audio 49170 RTP/AVP 0"), [("239.1.1.1", 49170, RTP)]),
}


@pytest.mark.parametrize("what", MEDIA)
def test_what_a_description_may_say(what: str) -> None:
    words, media = MEDIA[what]
    start = Talk().now
    frames = [datagram(start + (k + 1) * MS, B4, 30000 + k, dst, port, data)
              for k, (dst, port, data) in enumerate(media)]
    flows = run([datagram(start, A4, 5060, B4, 5060, words), *frames]).flows
    assert [flow.get("app") for flow in flows[1:]] == ["rtp" if data == RTP else "rtcp" for _, _, data in media]
    assert all("announced_by" in flow for flow in flows[1:])


def test_media_over_ipv6() -> None:
    start = Talk().now
    call = eth(ip6(17, udp(5060, 5060, sdp(b"IP6 2001:db8::77", b"m=audio 49170 RTP/AVP 0"))), 0x86DD)
    media = eth(ip6(17, udp(30000, 49170, RTP), B6, "2001:db8::77"), 0x86DD)
    assert [flow.get("app") for flow in run([(start, call), (start + MS, media)]).flows] == ["sip", "rtp"]


def test_media_of_rtsp_to_a_group() -> None:
    talk = Talk(40000, 554).open()
    talk.say(CLIENT, b"SETUP rtsp://cam/1 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;multicast\r\n\r\n")
    talk.say(SERVER, b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n"
                     b"Transport: RTP/AVP;multicast;destination=239.1.1.1;port=5000-5001;ttl=5\r\n\r\n")
    media = datagram(talk.now + MS, B4, 6000, "239.1.1.1", 5000, RTP)
    report = datagram(talk.now + 2 * MS, B4, 6001, "239.1.1.1", 5001, RTCP)
    assert [flow.get("app") for flow in run([*talk.frames, media, report]).flows] == ["rtsp", "rtp", "rtcp"]
