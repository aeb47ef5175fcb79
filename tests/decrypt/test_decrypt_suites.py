"""Every version and kind of cipher that the `ssl` module at hand still speaks, opened with its key log."""

from __future__ import annotations

import contextlib
import ssl

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_private_key
from opening import ANSWER, ASKED, HTTP, frames, opened, plaintext
from peers import NO_EMS, NO_ETM, Peers, Said, identity

BOTH = {"out": ASKED.decode(), "in": ANSWER.decode()}
OLD = ("AES128-SHA", "CAMELLIA256-SHA", "ECDHE-RSA-AES256-SHA")
CASES = [
    ("1.3", "", 0, "rsa"), ("1.2", "ECDHE-RSA-AES128-GCM-SHA256", 0, "rsa"), ("1.2", "AES256-GCM-SHA384", 0, "rsa"),
    ("1.2", "ECDHE-RSA-CHACHA20-POLY1305", 0, "rsa"), ("1.2", "ECDHE-ECDSA-AES128-CCM", 0, "ec"),
    ("1.2", "ECDHE-ECDSA-AES256-CCM8", 0, "ec"), ("1.2", "AES128-SHA256", 0, "rsa"),
    ("1.2", "ECDHE-RSA-AES256-SHA384", NO_ETM, "rsa"), ("1.2", "CAMELLIA128-SHA256", NO_ETM | NO_EMS, "rsa"),
    ("1.2", "NULL-SHA256", 0, "rsa"), ("1.2", "NULL-MD5", NO_ETM, "rsa"),
    *[(version, suite, options, "rsa") for version in ("1.0", "1.1") for suite in OLD for options in (0, NO_ETM)],
]


def peers_of(version: str, suites: str, options: int, kind: str) -> Peers:
    try:
        return Peers(version, suites, options, kind)
    except ssl.SSLError as e:
        pytest.skip(f"OpenSSL here lacks it: {e}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_opened(case: tuple[str, str, int, str]) -> None:
    peers = peers_of(*case)
    try:
        said = peers.talk(HTTP)
    except ssl.SSLError as e:
        pytest.skip(f"OpenSSL here refuses it: {e}")
    result = opened(frames(said), peers.keys())
    assert plaintext(result) == BOTH
    flow = result.flow
    assert flow["decrypted"] is True
    assert flow["decrypt"] == {"keys": "keylog", "bytes": len(ASKED) + len(ANSWER)}
    assert flow["app_stack"] == ["tls", "http"]
    assert flow["tls"]["cert"]["san"] == ["peer.example"]
    assert [(h["path"], h["status"], h["decrypted"]) for h in result.by_kind["http"]] == [("/secret", 200, True)]


@pytest.mark.parametrize("cut", [1, 7, 100])
@pytest.mark.parametrize("version", ["1.0", "1.2", "1.3"])
def test_segmentation_changes_nothing(version: str, cut: int) -> None:
    peers = Peers(version, options=NO_ETM)
    assert plaintext(opened(frames(peers.talk(HTTP), cut), peers.keys())) == BOTH


def test_long_records_and_many() -> None:
    body = bytes(range(32, 127)) * 2000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    peers = Peers("1.3")
    result = opened(frames(peers.talk([(0, ASKED), (1, answer)])), peers.keys())
    stream = next(s for s in result.by_kind["streams"] if s["dir"] == "in" and s["source"] == "decrypted")
    assert stream["bytes"] == len(answer)
    assert result.by_kind["http"][0]["response_bytes"] == len(body)


@pytest.mark.parametrize("ticket", [True, False], ids=["ticket", "session ID"])
def test_resumption_needs_the_first_connections_key_alone(ticket: bool) -> None:
    peers = Peers("1.2", "ECDHE-RSA-AES128-GCM-SHA256", 0 if ticket else ssl.OP_NO_TICKET)
    first = peers.talk(HTTP)
    keys = peers.keys()
    second = peers.talk(HTTP, resume=True)
    assert len(peers.keys()) == 2
    both = frames(first) + [(ns + 10**9, frame) for ns, frame in frames(second, sport=40001)]
    result = opened(both, keys)
    assert [flow.get("decrypted") for flow in result.flows] == [True, True]
    assert result.flows[1]["tls"]["resumed"] is True


def master_line(peers: Peers) -> list[bytes]:
    """The words of the newest CLIENT_RANDOM line; OpenSSL writes one with the premaster secret as well."""
    return [line.split() for line in peers.keys() if line.startswith(b"CLIENT_RANDOM")][-1]


def client_key_exchange(said: Said) -> bytes:
    """The encrypted premaster secret of a 2048-bit RSA key."""
    at = next(data.index(b"\x10\x00\x01\x02\x01\x00") for side, data in said
              if side == 0 and b"\x10\x00\x01\x02\x01\x00" in data)
    data = next(data for side, data in said if side == 0 and b"\x10\x00\x01\x02\x01\x00" in data)
    return data[at + 6 : at + 6 + 256]


@pytest.mark.parametrize("options", [0, NO_EMS], ids=["extended master secret", "plain"])
@pytest.mark.parametrize("version", ["1.0", "1.2"])
def test_premaster_secret(version: str, options: int) -> None:
    """What a server's RSA key gives is enough: by the encrypted secret's first bytes, or by the client's random."""
    peers = Peers(version, "AES128-SHA", options)
    said = peers.talk(HTTP)
    sealed = client_key_exchange(said)
    key = load_der_private_key(identity("rsa")[1], None)
    premaster = key.decrypt(sealed, padding.PKCS1v15())  # type: ignore[union-attr]
    random = master_line(peers)[1]
    for line in (b"RSA %s %s" % (sealed[:8].hex().encode(), premaster.hex().encode()),
                 b"PMS_CLIENT_RANDOM %s %s" % (random, premaster.hex().encode())):
        assert plaintext(opened(frames(said), [line])) == BOTH


def test_session_id_line() -> None:
    """As `openssl s_client` prints a session."""
    peers = Peers("1.2", "AES128-SHA", ssl.OP_NO_TICKET)
    said = peers.talk(HTTP)
    assert peers.session
    master = master_line(peers)[2]
    line = b"RSA Session-ID:%s Master-Key:%s" % (peers.session.id.hex().encode(), master)
    assert plaintext(opened(frames(said), [line])) == BOTH


def test_starttls() -> None:
    peers = Peers("1.3")
    clear: Said = [(1, b"220 mail.example ESMTP\r\n"), (0, b"EHLO me\r\n"),
                   (1, b"250-mail.example\r\n250 STARTTLS\r\n"), (0, b"STARTTLS\r\n"), (1, b"220 go ahead\r\n")]
    sealed = peers.talk([(0, b"EHLO me\r\n"), (1, b"250 mail.example\r\n"), (0, b"MAIL FROM:<a@b.example>\r\n")])
    result = opened(frames(clear + sealed, dport=25), peers.keys())
    assert "MAIL FROM:<a@b.example>" in plaintext(result)["out"]
    assert result.flow["app_stack"] == ["smtp", "tls"]


def test_peers_close_quietly() -> None:
    """The end of a connection is no alert worth telling."""
    peers = Peers("1.2")
    with contextlib.suppress(ssl.SSLError):
        assert "alert" not in opened(frames(peers.talk(HTTP)), peers.keys()).flow["tls"]
