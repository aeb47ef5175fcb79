"""What is told can be trusted: a time of 0 is a time, secrets are masked wherever they would be shown."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from made_captures import CLIENT, HEADER, SERVER, capture, tcp, udp
from netwatch_command import Run

from netwatch._fast.out.masking import masked, masked_pieces


@pytest.mark.parametrize("times", [(0, 100, 200), (100, 0, 200), (200, 100, 0), (0, 0, 0), (0,), (7, 7), (300, 5, 5)])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_time_of_0_is_a_time(netwatch: Run, tmp_path: Path, times: tuple[int, ...], workers: int) -> None:
    frames = [udp(CLIENT, 1000 + i, SERVER, 53, bytes(20)) for i in range(len(times))]
    (tmp_path / "early.pcap").write_bytes(HEADER + b"".join(
        struct.pack("<IIII", time, 0, len(frame), len(frame)) + frame
        for time, frame in zip(times, frames, strict=True)))
    told = json.loads(netwatch("read", "early.pcap", "--what", "summary", "--workers", workers).stdout)
    assert told["first"] == f"1970-01-01T00:0{min(times) // 60}:{min(times) % 60:02}.000000000Z"
    assert told["last"] == f"1970-01-01T00:0{max(times) // 60}:{max(times) % 60:02}.000000000Z"
    assert told["duration"] == max(times) - min(times)


def spoken(turns: list[tuple[bool, bytes]], port: int) -> bytes:
    """A TCP conversation of these turns; True: the client's."""
    frames = [tcp(True, 100, 0, 2, dport=port), tcp(False, 9000, 101, 18, dport=port),
              tcp(True, 101, 9001, 16, dport=port)]
    at = {True: 101, False: 9001}
    for client, data in turns:
        frames.append(tcp(client, at[client], at[not client], 24, data, dport=port))
        at[client] += len(data)
    return capture(frames)


FTP = spoken([(False, b"220 ready\r\n"), (True, b"USER alice\r\n"), (False, b"331 password\r\n"),
              (True, b"PASS open sesame\r\n"), (False, b"230 in\r\n")], 21)
HTTP = spoken([
    (True, b"GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Basic YWxpY2U6c2VzYW1l\r\nCookie: sid=sesame\r\n\r\n"),
    (False, b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=sesame\r\nContent-Length: 2\r\n\r\nhi")], 80)


@pytest.mark.parametrize(("made", "secrets"), [(FTP, [b"sesame"]), (HTTP, [b"sesame", b"YWxpY2U6c2VzYW1l"])],
                         ids=["ftp", "http"])
@pytest.mark.parametrize("words", [
    ["--follow", "1"], ["--follow", "1", "--follow-as", "raw"], ["--what", "streams"], ["--what", "flows"],
    ["--what", "streams", "--format", "table"], ["--what", "http"], ["--what", "flows,streams", "--format", "json"]])
def test_secrets_are_shown_to_who_asks_only(netwatch: Run, tmp_path: Path, made: bytes, secrets: list[bytes],
                                            words: list[str]) -> None:
    (tmp_path / "said.pcap").write_bytes(made)
    hidden = netwatch("read", "said.pcap", *words).stdout.encode()
    open_ = netwatch("read", "said.pcap", *words, "--show-secrets").stdout.encode()
    assert not any(secret in hidden for secret in secrets)
    assert secrets[0] in open_ or words[-1] in ("flows", "http", "table")  # which show none of these
    assert hidden or "http" in words


@pytest.mark.parametrize("style", ["text", "ndjson"])
@pytest.mark.parametrize(("made", "secret"), [(FTP, b"open sesame"), (HTTP, b"sid=sesame"),
                                              (HTTP, b"Basic YWxpY2U6c2VzYW1l")], ids=["ftp", "cookie", "basic"])
def test_bytes_of_frames_are_masked_where_they_stand(netwatch: Run, tmp_path: Path, made: bytes, secret: bytes,
                                                     style: str) -> None:
    (tmp_path / "said.pcap").write_bytes(made)
    hidden, open_ = ([bytes.fromhex(dump) for dump in frames_of(netwatch(
        "show", "said.pcap", "--flow", 1, "-x", "--format", style, *words).stdout, style)]
        for words in ([], ["--show-secrets"]))
    assert [len(frame) for frame in hidden] == [len(frame) for frame in open_]
    assert secret in b"".join(open_) and secret.split()[-1] not in b"".join(hidden)
    for masked_one, one in zip(hidden, open_, strict=True):
        assert all(a in (b, ord("*")) for a, b in zip(masked_one, one, strict=True))


def frames_of(shown: str, style: str) -> list[str]:
    """The bytes of each frame, in hexadecimal."""
    if style == "ndjson":
        return [json.loads(line)["bytes"] for line in shown.splitlines()]
    return ["".join(line[6:53] for line in frame.splitlines() if line[4:6] == "  " and line[:4].strip())
            for frame in shown.split("\n\n")]


def test_hex_keeps_its_offsets(netwatch: Run, tmp_path: Path) -> None:
    (tmp_path / "said.pcap").write_bytes(FTP)
    hidden, open_ = (netwatch("read", "said.pcap", "--follow", "1", "--follow-as", "hex", *words).stdout.splitlines()
                     for words in ([], ["--show-secrets"]))
    assert [line[:8] for line in hidden] == [line[:8] for line in open_]
    assert "sesame" not in "".join(hidden) and "sesame" in "".join(open_)


@pytest.mark.parametrize("turns", [
    [(True, b"PASS open ses"), (True, b"ame\r\n")],
    [(True, b"PASS o"), (True, b"pen sesam"), (True, b"e\r"), (True, b"\nCWD /\r\nPW"), (True, b"D\r\n")],
    [(True, bytes([byte])) for byte in b"PASS open sesame\r\n"],
    [(True, b"PASS open "), (False, b"110 go on\r\n"), (True, b"sesame\r\n")]], ids=["two", "five", "bytes", "between"])
@pytest.mark.parametrize("style", ["text", "hex", "raw"])
def test_a_secret_in_several_segments_is_masked(netwatch: Run, tmp_path: Path, turns: list[tuple[bool, bytes]],
                                                style: str) -> None:
    """And nothing else is: every byte that is no secret is there, in the same order."""
    (tmp_path / "said.pcap").write_bytes(spoken(
        [(False, b"220 ready\r\n"), (True, b"USER alice\r\n"), (False, b"331 password\r\n"), *turns,
         (False, b"230 in\r\n")], 21))
    hidden, open_ = (netwatch("read", "said.pcap", "--follow", "1", "--follow-as", style, *words, encoding="latin-1")
                     .stdout for words in ([], ["--show-secrets"]))
    if style == "raw":
        assert len(hidden) == len(open_)
        assert "open sesame" not in hidden
        assert hidden.replace("*" * 11, "open sesame") == open_ or "110 go on" in open_
    elif style == "text":
        said = "".join(line for line in hidden.splitlines() if not line.startswith("---"))
        assert "***" in said and not any(part in said for part in ("open", "sesame", "ses", "ame", "sesam"))
        assert "alice" in said and "230 in" in said
    assert "sesame" not in hidden


@pytest.mark.parametrize("following", [b"", b"0", b"\x30\x0c", b"e"])
def test_what_follows_a_secret_may_look_like_a_letter(following: bytes) -> None:
    """The length or type of the next message of LDAP, MQTT."""
    assert masked(b"\x80\nwonderland" + following, (b"wonderland",)) == b"\x80\n***" + following
    assert masked_pieces((b"\x80\x03cat", following), (b"cat",)) == [b"\x80\x03***", following]


@pytest.mark.parametrize("line", [
    b"GET /?code=sesame&a=b HTTP/1.1", b"GET http://alice:sesame@a.example/ HTTP/1.1", b"X-Api-Key: sesame",
    b"x-auth-token: sesame", b"Referer: https://a.example/?a=b&token=sesame", b"Location: ftp://alice:sesame@b.example/"])
def test_what_a_tree_masks_is_masked_in_bytes(line: bytes) -> None:
    assert b"sesame" not in masked(line + b"\r\n", ())
    assert len(masked(line, (), True)) == len(line)


def test_the_end_of_json_may_be_missing() -> None:
    assert masked(b'{"user": "a", "password": "open se', ()) == b'{"user": "a", "password": "***'


def test_only_whole_words_are_masked() -> None:
    assert masked(b"a cat is a", (b"a",)) == b"*** cat is ***"
    assert masked(b"pass.word pass_word", (b"pass",)) == b"***.word pass_word"
    assert masked(b"Cookie: a=b; c=d\r\nX: y", (), True) == b"Cookie: ********\r\nX: y"
