"""Logins, certificates and TLS, and hosts that reach many others, or send much."""

from __future__ import annotations

import base64
import struct

from conversation import CLIENT, SERVER, Talk
from messages import be32
from netwatch_command import ROOT
from situation import Frames, at, fires, syn
from wire import SECOND

ME, YOU, OUTSIDE = "10.1.0.7", "10.1.0.9", "93.184.216.34"


def captured(name: str, later_s: int = 0) -> Frames:
    """The frames of a capture of real programs, moved in time."""
    data = (ROOT / "tests" / "captures" / f"{name}.pcap").read_bytes()
    place, out = 24, []
    while place < len(data):
        second, micro, size, _ = struct.unpack_from("<4I", data, place)
        out.append(((second + later_s) * SECOND + micro * 1000, data[place + 16 : place + 16 + size]))
        place += 16 + size
    return out


def packet(number: int, body: bytes) -> bytes:
    """RFC 4253 section 6, without a cipher: padded to whole blocks of 8."""
    padding = 12 + (-(len(body) + 1 + 5 + 12) % 8)
    if padding > 11:
        padding -= 8
    return be32(len(body) + 2 + padding) + bytes([padding, number]) + body + bytes(padding)


def ssh(start: float, sport: int, sealed: tuple[int, int], *, src: str = ME, dst: str = YOU) -> Frames:
    """A connection by SSH, with so many bytes behind the keys by the client and by the server."""
    names = [b"curve25519-sha256", b"ssh-ed25519", b"aes128-ctr", b"aes128-ctr", b"hmac-sha2-256", b"hmac-sha2-256",
             b"none", b"none", b"", b""]
    offer = packet(20, bytes(16) + b"".join(be32(len(each)) + each for each in names) + bytes(5))
    key = be32(11) + b"ssh-ed25519" + be32(32) + bytes(32)
    talk = Talk(sport, 22, start=at(start), src=src, dst=dst).open()
    talk.say(SERVER, b"SSH-2.0-OpenSSH_9.2\r\n").say(CLIENT, b"SSH-2.0-OpenSSH_9.2\r\n")
    talk.say(CLIENT, offer).say(SERVER, offer).say(CLIENT, packet(30, be32(32) + bytes(32)))
    talk.say(SERVER, packet(31, be32(len(key)) + key + be32(32) + bytes(32) + be32(83) + bytes(83)) + packet(21, b""))
    talk.say(CLIENT, packet(21, b"")).say(CLIENT, bytes([3]) * sealed[0]).say(SERVER, bytes([7]) * sealed[1])
    return talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames


@fires("brute_force")
def ssh_logins_one_after_the_other() -> Frames:
    return [frame for i in range(40) for frame in ssh(i * 0.8, 30000 + i, (300, 250))]


@fires()
def sessions_of_a_build_server() -> Frames:
    """As many, and each does some work."""
    return [frame for i in range(40) for frame in ssh(i * 0.8, 31000 + i, (900, 30000))]


@fires()
def an_administrator_logs_in_now_and_then() -> Frames:
    return [frame for i in range(15) for frame in ssh(i * 240, 32000 + i, (300, 250))]


def basic(start: float, sport: int, logins: list[str], status: str, *, dst: str = YOU, dport: int = 8080,
          field: str = "Authorization") -> Frames:
    """An HTTP connection, with a request for each of the logins, each answered by the status."""
    talk = Talk(sport, dport, start=at(start), src=ME, dst=dst).open()
    for login in logins:
        token = base64.b64encode(login.encode()).decode()
        talk.say(CLIENT, f"GET /admin HTTP/1.1\r\nHost: web\r\n{field}: Basic {token}\r\n\r\n".encode())
        talk.say(SERVER, f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nno".encode())
    return talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames


DENIED, GRANTED, NO_PROXY = "401 Unauthorized", "200 OK", "407 Proxy Authentication Required"


@fires("brute_force", "cleartext")
def passwords_are_tried_by_http() -> Frames:
    return [frame for i in range(30) for frame in basic(i * 0.5, 37000 + i, [f"admin:{i}"], DENIED)]


@fires("brute_force", "cleartext")
def passwords_are_tried_in_one_connection() -> Frames:
    return basic(0, 37100, [f"admin:{i}" for i in range(50)], DENIED)


@fires("brute_force", "cleartext")
def passwords_of_a_proxy_are_tried() -> Frames:
    return [frame for i in range(30)
            for frame in basic(i * 0.5, 37200 + i, [f"a:{i}"], NO_PROXY, field="Proxy-Authorization", dport=3128)]


@fires("cleartext")
def a_program_with_a_wrong_password_tries_again() -> Frames:
    return [frame for i in range(60) for frame in basic(i * 0.5, 37300 + i, ["backup:old"] * 3, DENIED)]


@fires("cleartext")
def many_users_of_a_proxy_are_let_in() -> Frames:
    return [frame for i in range(60) for frame in basic(
        i * 0.5, 37400 + i, [f"user{i}:pw"], GRANTED, field="Proxy-Authorization", dport=3128)]


@fires()
def requests_without_a_login_are_refused() -> Frames:
    """An API whose clients have no session, and tokens that have expired."""
    out: Frames = []
    for i in range(60):
        talk = Talk(37500 + i, 8080, start=at(i * 0.5), src=ME, dst=YOU).open()
        token = f"Authorization: Bearer {i}\r\n" if i % 2 else ""
        talk.say(CLIENT, f"GET /api HTTP/1.1\r\nHost: web\r\n{token}\r\n".encode())
        talk.say(SERVER, f"HTTP/1.1 {DENIED}\r\nWWW-Authenticate: Basic x\r\nContent-Length: 0\r\n\r\n".encode())
        out += talk.fin(CLIENT).fin(SERVER).ack(CLIENT).frames
    return out


@fires("lateral")
def one_host_reaches_many_by_smb() -> Frames:
    return [frame for i in range(30) for frame in syn(i * 3, ME, f"10.1.2.{1 + i}", 33000 + i, 445, "open")]


@fires()
def a_client_of_three_file_servers() -> Frames:
    return [frame for i in range(60) for frame in syn(i * 3, ME, f"10.1.2.{1 + i % 3}", 34000 + i, 445, "open")]


@fires()
def a_browser_reaches_many() -> Frames:
    return [frame for i in range(60) for frame in syn(i, ME, f"10.1.3.{1 + i}", 35000 + i, 443, "open")]


@fires("cleartext")
def a_mailbox_by_pop3() -> Frames:
    return captured("pop3")


@fires("cleartext")
def telnet() -> Frames:
    return captured("telnet")


@fires()
def a_mailbox_by_tls() -> Frames:
    return captured("pop3-tls")


@fires("weak_tls")
def tls_of_the_last_century() -> Frames:
    return captured("tls10")


@fires()
def tls_of_today() -> Frames:
    return captured("tls13") + captured("tls12")


@fires("certificate")
def a_certificate_that_has_expired() -> Frames:
    return captured("tls12", later_s=40 * 365 * 86400)


@fires("certificate")
def a_certificate_of_tomorrow() -> Frames:
    return captured("tls12", later_s=-20 * 365 * 86400)


def transfer(mib: int, dst: str, *, back: bool = False) -> Frames:
    """So much payload from ME (or to ME, `back`), in segments that the capture cut short."""
    talk = Talk(36000, 9000, start=at(0), src=ME, dst=dst).open()
    for _ in range(mib * 18):
        talk.say(SERVER if back else CLIENT, bytes(60000))
    return talk.frames


@fires()
def a_download() -> Frames:
    return transfer(12, OUTSIDE, back=True)


@fires()
def a_backup_to_a_host_nearby() -> Frames:
    return transfer(12, YOU)
