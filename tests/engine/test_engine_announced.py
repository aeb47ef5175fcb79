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
    "PASV, no parentheses": b"227 Entering Passive Mode 198,51,100,2,195,80\r\n",
    "PASV, blanks": b"227 Entering Passive Mode (198, 51, 100, 2, 195, 80)\r\n",
    "PASV, =": b"227 =198,51,100,2,195,80\r\n",
    "PASV, numbers around": b"227 Mode 2 of 3, at 198,51,100,2,195,80 for 1,2 s\r\n",
    "PASV, lines": b"227-Now 2\r\n227-more 1,2\r\n227 Entering Passive Mode (198,51,100,2,195,80)\r\n",
    "EPSV": b"229 Extended passive (|||50000|)\r\n",
    "EPSV, another mark": b"229 Extended passive (!!!50000!) for 60 s\r\n",
    "EPSV, all of it": b"229 Extended passive (|1|198.51.100.2|50000|)\r\n",
    "SPSV": b"227 50000\r\n",
    "LPSV": b"228 Entering Long Passive Mode (4,4,198,51,100,2,2,195,80)\r\n",
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
    talk = control((CLIENT, b"%s\r\n" % how[:4].encode()), (SERVER, PASSIVE[how]))
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
RRQ = b"\0\1boot.img\0octet\0"
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


QUERY = bytes.fromhex("000101000001000000000000 0377777703636f6d0000010001".replace(" ", ""))


@pytest.mark.parametrize("kinds", [("flows",), ("summary",), ("flows", "dns", "streams")])
@pytest.mark.parametrize("how", ["call", "file"])
def test_what_was_announced_and_is_something_else_is_named_by_what_it_is(how: str, kinds: tuple[str, ...]) -> None:
    """By its first datagram: else one that is forged would hide a server from who listens."""
    start = Talk().now
    first = INVITE.replace(b"192.0.2.77", A4.encode()).replace(b"49170", b"53   ") if how == "call" else RRQ
    port = 5060 if how == "call" else 69
    frames = [datagram(start, A4, 53, B4, port, first), datagram(start + MS, B4, 53, A4, 53, QUERY),
              datagram(start + 2 * MS, B4, 53, A4, 53, QUERY)]
    result = run(frames, kinds=kinds)
    assert result.summary["apps"]["dns"]["flows"] == 1 and len(result.by_kind["dns"]) == (2 if "dns" in kinds else 0)
    assert all("tftp" not in flow and flow["app"] == "dns" for flow in result.flows[1:])


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


OTHER = "203.0.113.9"
PORT, PASV = ACTIVE["PORT"], PASSIVE["PASV"]
RETR = b"RETR x\r\n"
NOT_BELIEVED = {  # what is said on the control connection, and who connects to whom
    "the client answers": ([(CLIENT, PASV), (SERVER, b"500 what\r\n"), (CLIENT, RETR)], (A4, B4)),
    "the server offers": ([(SERVER, PORT), (CLIENT, RETR)], (B4, A4)),
    "nobody asked": ([(SERVER, PASV), (CLIENT, RETR)], (A4, B4)),
    "refused": ([(CLIENT, PORT), (SERVER, b"500 Illegal PORT\r\n"), (CLIENT, RETR)], (B4, A4)),
    "another host named by the client": ([(CLIENT, b"PORT 203,0,113,9,195,80\r\n"), (SERVER, b"200 ok\r\n"),
                                          (CLIENT, RETR)], (B4, OTHER)),
    "another host named by the server": ([(CLIENT, b"PASV\r\n"), (SERVER, b"227 (203,0,113,9,195,80)\r\n"),
                                          (CLIENT, RETR)], (A4, OTHER)),
    "another host comes to the client": ([(CLIENT, PORT), (SERVER, b"200 ok\r\n"), (CLIENT, RETR)], (OTHER, A4)),
    "another host comes to the server": ([(CLIENT, b"PASV\r\n"), (SERVER, PASV), (CLIENT, RETR)], (OTHER, B4)),
}


@pytest.mark.parametrize("what", NOT_BELIEVED)
def test_nobody_hides_a_connection_by_telling_of_it(what: str) -> None:
    """RFC 2577 section 3: an FTP server is asked to connect to others, or has others hidden from who listens."""
    turns, (src, dst) = NOT_BELIEVED[what]
    talk = control(*turns)
    other = Talk(45000, 50000, start=talk.now + MS, src=src, dst=dst).open().say(CLIENT, REQUEST)
    assert [flow["app"] for flow in run(talk.frames + other.frames).flows] == ["ftp", "http"]


@pytest.mark.parametrize("lost", [b"PASV\r\n", b"227"])
def test_an_answer_whose_question_was_lost_counts(lost: bytes) -> None:
    """Or that is heard by one who joined in the middle."""
    talk = control()
    talk.skip(CLIENT, 6)
    if lost == b"227":
        talk = Talk(40000, 21)
    talk.say(SERVER, PASV).say(CLIENT, RETR)
    data = Talk(45000, 50000, start=talk.now + MS).open().say(SERVER, REQUEST)
    assert [flow["app"] for flow in run(talk.frames + data.frames).flows] == ["ftp", "ftp-data"]


def test_an_offer_whose_answer_was_lost_counts_at_the_transfer() -> None:
    talk = control((CLIENT, PORT), (CLIENT, RETR))
    data = Talk(20, 50000, start=talk.now + MS, src=B4, dst=A4).open().say(CLIENT, REQUEST)
    assert [flow["app"] for flow in run(talk.frames + data.frames).flows] == ["ftp", "ftp-data"]


def test_blocks_for_a_group_have_the_name_of_their_file() -> None:
    """RFC 2090."""
    start = Talk().now
    parts = [(A4, 50000, B4, 69, RRQ + b"multicast\0\0"), (B4, 3333, A4, 50000, b"\0\6multicast\x00239.1.1.1,1758,1\0"),
             (A4, 50000, B4, 3333, b"\0\4\0\0"), (B4, 3333, "239.1.1.1", 1758, b"\0\3\0\1GET / HTTP/1.1\r\n\r\n")]
    flows = run([datagram(start + k * MS, *part) for k, part in enumerate(parts)]).flows
    assert [(flow["app"], flow["tftp"]["file"]) for flow in flows] == [("tftp", "boot.img")] * 3


@pytest.mark.parametrize(("said", "dst", "port"), [
    (b'dest_addr=":4588"/":4589";src_addr="198.51.100.2:6256"/"198.51.100.2:6257"', A4, 4588),
    (b'dest_addr="203.0.113.5:4588"', "203.0.113.5", 4588),
    (b"client_port=4588;server_port=6256", A4, 4588),
    (b'src_addr=":6000"', B4, 6000),
    (b'dest_addr="', A4, 0), (b'dest_addr=":"/":4589', A4, 0),
])
def test_where_media_of_rtsp_go(said: bytes, dst: str, port: int) -> None:
    """RFC 7826 section 18.54 has addresses in quotation marks."""
    talk = Talk(40000, 554).open()
    talk.say(CLIENT, b"SETUP rtsp://cam/1 RTSP/2.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast\r\n\r\n")
    talk.say(SERVER, b"RTSP/2.0 200 OK\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;" + said + b"\r\n\r\n")
    media = datagram(talk.now + MS, B4 if dst != B4 else A4, 6256, dst, port or 4588, RTP)
    assert run([*talk.frames, media]).flows[1].get("app") == ("rtp" if port else None)


def changed(session: bytes, port: int, first: bytes) -> bytes:
    return sdp(b"IP4 " + session, b"m=audio %d RTP/AVP 0" % port).replace(b"INVITE sip:bob@b.example SIP/2.0", first)


INVITES, ANSWERS = b"INVITE sip:bob@b.example SIP/2.0", b"SIP/2.0 200 OK"
BARE = INVITE[: INVITE.index(b"Content-Length")] + b"Content-Length: 0\r\n\r\n"
CALLS = {  # who says what, and where media come to then
    "late offer": ([(CLIENT, BARE), (SERVER, changed(B4.encode(), 30000, ANSWERS)),
                    (CLIENT, changed(A4.encode(), 40000, b"ACK sip:bob@b.example SIP/2.0"))], [A4, 40000]),
    "early media": ([(CLIENT, changed(A4.encode(), 40000, INVITES)),
                     (SERVER, changed(B4.encode(), 30000, b"SIP/2.0 183 Session Progress"))], [B4, 30000]),
    "another port later": ([(CLIENT, changed(A4.encode(), 40000, INVITES)),
                            (CLIENT, changed(b"0.0.0.0", 40000, INVITES)),
                            (CLIENT, changed(A4.encode(), 42000, INVITES))], [A4, 42000]),
    "an update": ([(CLIENT, changed(A4.encode(), 40000, INVITES)),
                   (CLIENT, changed(A4.encode(), 44000, b"UPDATE sip:bob@b.example SIP/2.0"))], [A4, 44000]),
}


@pytest.mark.parametrize("call", CALLS)
def test_media_whenever_they_are_agreed_on(call: str) -> None:
    turns, (dst, port) = CALLS[call]
    start = Talk().now
    frames = [datagram(start + k * MS, *((A4, 5060, B4, 5060) if side == CLIENT else (B4, 5060, A4, 5060)), data)
              for k, (side, data) in enumerate(turns)]
    media = datagram(start + 9 * MS, B4 if dst == A4 else A4, 33333, dst, port, RTP)
    assert [flow.get("app") for flow in run([*frames, media]).flows] == ["sip", "rtp"]


MULTIPLEXED = bytes.fromhex("8081000100000001000000007f")  # what DNS may begin with, and RTP as well
SAYS = {  # who tells of the flow of others, and how
    "rtsp": lambda: Talk(40000, 554).open().say(
        CLIENT, b'SETUP rtsp://h/1 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;dest_addr="203.0.113.9:53"'
                b'/"203.0.113.9:123"\r\n\r\n').frames,
    "sip": lambda: [datagram(Talk().now, A4, 5060, B4, 5060,
                             sdp(b"IP4 203.0.113.9", b"m=audio 53 RTP/AVP 0", b"a=rtcp:123"))],
    "tftp": lambda: [datagram(Talk().now, A4, 50000, B4, 69, RRQ + b"multicast\0\0"),
                     datagram(Talk().now + MS, B4, 3333, A4, 50000, b"\0\6multicast\x00203.0.113.9,53,1\0")],
}


@pytest.mark.parametrize("who", SAYS)
@pytest.mark.parametrize("said", [QUERY, b"\0\3" + QUERY[2:], MULTIPLEXED, b"\xe3" + bytes(47), RTP])
@pytest.mark.parametrize("port", [53, 123])
def test_nobody_tells_of_the_flows_of_others(who: str, said: bytes, port: int) -> None:
    """One datagram of theirs, whatever it is: it is read as if nobody had told of it."""
    frames = SAYS[who]()
    theirs = datagram(frames[-1][0] + MS, "198.51.100.99", 5362, OTHER, port, said)
    alone = run([theirs]).flow
    told = run([*frames, theirs]).flows[-1]
    assert told["src"] == "198.51.100.99"
    for key in alone.keys() | told.keys():
        if key not in ("id", "first_frame", "last_frame"):
            assert told.get(key) == alone.get(key), key


def test_what_the_bytes_show_is_believed_of_others() -> None:
    """Proxies agree on media that go past them: who speaks RTP is known by that, and then whose call it is."""
    call = datagram(Talk().now, A4, 5060, B4, 5060, sdp(b"IP4 203.0.113.9", b"m=audio 40000 RTP/AVP 0"))
    media = [datagram(call[0] + (k + 1) * MS, "198.51.100.99", 5362, OTHER, 40000,
                      RTP[:2] + bytes([0, k + 1]) + RTP[4:]) for k in range(5)]
    flow = run([call, *media]).flows[1]
    assert (flow["app"], flow["announced_by"]) == ("rtp", "192.0.2.1:5060 198.51.100.2:5060")
    assert all("announced_by" not in run([call, *media[:n]]).flows[1] for n in (1, 2))


@pytest.mark.parametrize("kinds", [("flows",), ("flows", "dns", "packets")])
@pytest.mark.parametrize("first", [QUERY, b"\xe3" + bytes(47), b"SSH-2.0-x\r\n"])
def test_who_told_of_a_flow_is_named_when_that_was_true(kinds: tuple[str, ...], first: bytes) -> None:
    """Even of one's own: once the protocol that was told of has taken what came."""
    start = Talk().now
    call = datagram(start, A4, 5060, B4, 5060, changed(A4.encode(), 40000, INVITES))
    assert "announced_by" not in run([call, datagram(start + MS, B4, 30000, A4, 40000, first)], kinds=kinds).flows[1]
    assert "announced_by" in run([call, datagram(start + MS, B4, 30000, A4, 40000, RTP)], kinds=kinds).flows[1]
