"""What only the `openssl` programs say: key updates, renegotiation, early data, the rarer suites, DTLS."""

from __future__ import annotations

from pathlib import Path

import pytest
import relay
from opening import frames, opened, plaintext
from running import Result, run
from wire import MS, START, eth, ip4, udp

from netwatch.decrypt.decryptor import Decryptor

pytestmark = pytest.mark.skipif(bool(relay.reason()), reason=str(relay.reason()))
WEAK = ["-cipher", "ALL:@SECLEVEL=0"]  # OpenSSL 3.2 and later take suites with eight octets of tag from there only
UPDATE = 27  # bytes of a record that holds a KeyUpdate and nothing else
TALK = [(0, b"spoken by the client\n"), (1, b"spoken by the server\n")]


def words(result: Result) -> dict[str, list[str]]:
    return {side: text.split("\n") for side, text in plaintext(result).items()}


@pytest.mark.parametrize("suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                                   "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"])
def test_suites_of_tls_1_3(suite: str, tmp_path: Path) -> None:
    options = [*WEAK, "-ciphersuites", suite]
    told = relay.Conversation(tmp_path, options, [*options, "-tls1_3"], TALK)
    result = opened(frames(told.said), told.keys)
    assert words(result) == {"out": ["spoken by the client", ""], "in": ["spoken by the server", ""]}
    assert result.flow["tls"]["cipher"] == suite
    assert result.flow["tls"]["cert"]["san"] == ["peer.example"]


@pytest.mark.parametrize("lost", [False, True], ids=["whole", "the update itself is lost"])
def test_key_update(lost: bool, tmp_path: Path) -> None:
    """Both sides change their keys, three times; `K` asks for it."""
    typed = [*TALK, (0, b"K\n"), (0, b"after one\n"), (1, b"K\n"), (1, b"after two\n"), (0, b"K\n"),
             (0, b"after three\n")]
    told = relay.Conversation(tmp_path, [], ["-tls1_3"], typed)
    update = next(i for i, (side, data) in enumerate(told.said) if side == 0 and len(data) == UPDATE)
    result = opened(frames(told.said, without={update} if lost else set()), told.keys)
    texts = words(result)
    assert [line for line in texts["out"] if line] == ["spoken by the client", "after one", "after three"]
    assert [line for line in texts["in"] if line] == ["spoken by the server", "after two"]
    assert "failed" not in result.flow["decrypt"]


def test_renegotiation(tmp_path: Path) -> None:
    """`R` begins another handshake inside the first one's records."""
    told = relay.Conversation(tmp_path, ["-client_renegotiation", "-tls1_2"], ["-tls1_2"],
                              [*TALK, (0, b"R\n"), (0, b"after it\n"), (1, b"and here\n")])
    assert len({line.split()[1] for line in told.keys if line.startswith(b"CLIENT_RANDOM")}) == 2
    assert words(opened(frames(told.said), told.keys)) == {
        "out": ["spoken by the client", "after it", ""], "in": ["spoken by the server", "and here", ""]}


def test_retry(tmp_path: Path) -> None:
    told = relay.Conversation(tmp_path, ["-groups", "P-384"], ["-tls1_3", "-groups", "X25519:P-384"], TALK)
    assert words(opened(frames(told.said), told.keys))["out"] == ["spoken by the client", ""]


def early(folder: Path) -> tuple[relay.Conversation, relay.Conversation]:
    """A first connection, and one that resumes it and says something before it is answered."""
    (folder / "early.txt").write_bytes(b"said early\n")
    server = ["-early_data", "-max_early_data", "1000"]
    first = folder / "first"
    first.mkdir()
    session = ["-sess_out", str(folder / "session")]
    return (relay.Conversation(first, server, ["-tls1_3", *session], TALK),
            relay.Conversation(folder, server, ["-tls1_3", "-sess_in", str(folder / "session"), "-early_data",
                                                str(folder / "early.txt")], TALK))


def test_early_data_that_is_refused(tmp_path: Path) -> None:
    """Another server than the one that gave the ticket: what was said early is not opened twice, nor in the way."""
    _, told = early(tmp_path)
    labels = {line.split()[0] for line in told.keys if line and not line.startswith(b"#")}
    if b"CLIENT_EARLY_TRAFFIC_SECRET" not in labels:
        pytest.skip("this openssl did not offer early data")
    texts = words(opened(frames(told.said), told.keys))
    assert texts["out"][-2:] == ["spoken by the client", ""]
    assert texts["out"][0] in ("said early", "spoken by the client")
    assert texts["in"] == ["spoken by the server", ""]


@pytest.mark.parametrize("suite", ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "AES128-SHA",
                                   "AES256-CCM8"])
@pytest.mark.parametrize("mtu", [[], ["-mtu", "256"]], ids=["whole", "fragments"])
def test_dtls(suite: str, mtu: list[str], tmp_path: Path) -> None:
    options = ["-dtls1_2", "-cipher", f"{suite}:@SECLEVEL=0", *mtu]
    told = relay.Conversation(tmp_path, options, options, TALK, datagrams=True)
    decryptor = Decryptor()
    decryptor.keys.take_lines(told.keys, "keylog")
    ends, ports = ("192.0.2.1", "198.51.100.2"), (50000, 4433)
    timed = [(START + i * MS, eth(ip4(17, udp(ports[side], ports[1 - side], data), ends[side], ends[1 - side])))
             for i, (side, data) in enumerate(told.said)]
    result = run(timed, kinds=("flows", "streams"), addons=[decryptor])
    assert words(result) == {"out": ["spoken by the client", ""], "in": ["spoken by the server", ""]}
    assert result.flow["app_stack"][0] == "dtls"
    assert result.flow["tls"]["cert"]["san"] == ["peer.example"]
