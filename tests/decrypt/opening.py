"""A conversation as frames through the whole engine, with the service that decrypts."""

from __future__ import annotations

from collections.abc import Container, Iterable

from conversation import Talk
from peers import Said
from running import Result, run

from netwatch.decrypt.decryptor import Decryptor

KINDS = ("flows", "http", "streams", "dns")
MSS = 1400
ASKED = b"GET /secret HTTP/1.1\r\nHost: peer.example\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nHello inside"
HTTP: Said = [(0, ASKED), (1, ANSWER)]


def frames(said: Said, cut: int = MSS, dport: int = 443, sport: int = 40000, without: Container[int] = (),
           ) -> list[tuple[int, bytes]]:
    """One TCP connection in which this was said, in segments of `cut` bytes; some flights were not captured."""
    talk = Talk(sport, dport).open()
    for number, (side, data) in enumerate(said):
        for at in range(0, len(data), cut):
            if number in without:
                talk.skip(side, len(data[at : at + cut]))
            else:
                talk.say(side, data[at : at + cut])
    return talk.close().frames


def opened(timed: list[tuple[int, bytes]], keys: Iterable[bytes], decryptor: Decryptor | None = None, **words: object,
           ) -> Result:
    """The records of the frames, read by one who has these key log lines."""
    decryptor = decryptor or Decryptor()
    decryptor.keys.take_lines(keys, "keylog")
    return run(timed, kinds=KINDS, addons=[decryptor], **words)


def plaintext(result: Result) -> dict[str, str]:
    """Decrypted text by direction."""
    return {record["dir"]: record["text"] for record in result.by_kind["streams"] if record["source"] == "decrypted"}
