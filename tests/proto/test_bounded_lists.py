"""Lists of a flow record are bounded, and say so: beside each of which values were not kept stands how many more there
were, at least. One mechanism keeps them, `keep_distinct` of proto/common/learn; some of each kind are overfilled."""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest
from conversation import CLIENT, SERVER, Talk
from netwatch_command import ROOT
from running import run

from netwatch._fast.out.probe import Probe
from netwatch._fast.out.protocols import DESCRIBING, FACT_MORE, PLAIN, flow_fields
from netwatch._fast.proto.dns.text import message
from netwatch.schema import FIELDS, Field, Type

# a value that is added to a list without being looked for among its others, and why that is right
ADDED = {
    "sasl.pyx": "one login at a time, read when all is known",
    "netbios/wire.pyx": "a single value",
    "smb/smb1.pyx": "in their order, several may be alike; what is beyond is counted there",
    "telnet.pyx": "each option once, a bit of 256 says which",
    "websocket.pyx": "once: the connection closes with it",
}
Turns = list[tuple[int, bytes]]


class Filled(NamedTuple):
    """A list, what a flow says first, and what it says to add the n-th value."""

    field: str
    more: Callable[[int], tuple[int, bytes]]
    first: Turns = []  # noqa: RUF012 a tuple's default, never changed
    port: int = 4321
    datagram: bool = False


def dns(n: int, answers: Iterable[int] = ()) -> bytes:
    count = len(list(answers))
    head = struct.pack(">HHHHHH", n, 0x8180 if count else 0x100, 1, count, 0, 0)
    found = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + struct.pack(">I", 0x0A000000 + each) for each in answers)
    return head + b"\4n%03d\2ex\0\0\1\0\1" % n + found


def ssdp(n: int, line: bytes) -> bytes:
    return b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\nNT: a\r\n" + line % n + b"\r\n\r\n"


SMTP: Turns = [(1, b"220 mail.example ESMTP\r\n"), (0, b"EHLO x\r\n"), (1, b"250 ok\r\n")]
IRC: Turns = [(0, b"NICK bob\r\nUSER bob 0 * :Bob\r\n")]
FILLED = [
    Filled("ftp.arguments", lambda n: (0, b"CWD d%d\r\n" % n), [(1, b"220 FTP ready\r\n")], 21),
    Filled("ftp.codes", lambda n: (1, b"%d text\r\n" % (500 + n)), [(1, b"220 FTP ready\r\n")], 21),
    Filled("ftp.commands", lambda n: (0, b"X%c%c\r\n" % (65 + n // 26, 65 + n % 26)), [(1, b"220 FTP ready\r\n")], 21),
    Filled("smtp.from", lambda n: (0, b"MAIL FROM:<a%d@x>\r\n" % n), SMTP, 25),
    Filled("smtp.to", lambda n: (0, b"RCPT TO:<a%d@x>\r\n" % n), SMTP, 25),
    Filled("imap.mailboxes", lambda n: (0, b"a%d SELECT box%d\r\n" % (n, n)), [(1, b"* OK IMAP4rev1 ready\r\n")], 143),
    Filled("irc.channels", lambda n: (0, b"JOIN #c%d\r\n" % n), IRC, 6667),
    Filled("redis.commands", lambda n: (0, b"*1\r\n$4\r\nX%03d\r\n" % n), [], 6379),
    Filled("rtsp.statuses", lambda n: (1, b"RTSP/1.0 %d x\r\nCSeq: 1\r\n\r\n" % (400 + n)),
           [(0, b"OPTIONS rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n")], 554),
    Filled("dns.names", lambda n: (0, dns(n)), [], 53, True),
    Filled("dns.answers", lambda n: (1, dns(1, [n])), [(0, dns(1))], 53, True),
    Filled("ssdp.usn", lambda n: (0, ssdp(n, b"USN: u%d")), [], 1900, True),
    Filled("ssdp.location", lambda n: (0, ssdp(n, b"LOCATION: http://x/%d")), [], 1900, True),
]


def told(filled: Filled, numbers: Iterable[int]) -> dict[str, object]:
    """The protocol's object after those values."""
    app = filled.field.partition(".")[0]
    probe = Probe(app, dport=filled.port, datagram=filled.datagram)
    for side, data in [*filled.first, *(filled.more(n) for n in numbers)]:
        probe.feed(side, data)
        probe.ts += 1000
    return flow_fields(app, {app: probe.facts}).get(app, {})  # type: ignore[no-any-return]


@pytest.mark.parametrize("filled", FILLED, ids=lambda filled: filled.field)
def test_a_list_says_how_many_more_there_were(filled: Filled) -> None:
    name = filled.field.partition(".")[2]
    beside = f"{name}_more"
    before, whole = told(filled, []), told(filled, range(200))
    kept = len(whole[name])  # type: ignore[arg-type]
    own = kept - len(before.get(name, ()))  # type: ignore[arg-type]
    assert 0 < own < 60 and whole[name] == told(filled, range(own))[name]
    assert 60 <= whole[beside] <= 200 - own  # type: ignore[operator]
    for extra in range(4):
        obj = told(filled, [*range(own + extra), *range(own + extra)])
        assert (len(obj[name]), obj.get(beside)) == (kept, extra or None)  # type: ignore[arg-type]
    assert beside not in told(filled, [0, 0, *range(own), 0, own - 1])
    assert sum(key.endswith("_more") for key in told(filled, range(own + 1))) == 1


def lists() -> list[Field]:
    return [field for field in FIELDS
            if field.many and "flow" in field.kinds and field.name.count(".") == 1
            and field.name.partition(".")[0] in DESCRIBING]


def test_each_list_has_a_field_beside_it() -> None:
    types = {field.name: field.type for field in FIELDS if "flow" in field.kinds}
    assert {field.name for field in lists() if types.get(f"{field.name}_more") is not Type.INT} == set()
    assert len(lists()) > 150


def test_what_lists_hold_is_kept_by_one_mechanism() -> None:
    """Whoever adds a value without it has a reason, or its list is cut in silence."""
    folder = ROOT / "netwatch" / "_fast" / "proto"
    adds = {path.name if path.parent in (folder, folder / "common") else f"{path.parent.name}/{path.name}"
            for path in folder.rglob("*.pyx") if re.search(r"\bfact_add\(", path.read_text(encoding="utf-8"))}
    assert adds == set(ADDED)


def test_a_single_value_that_found_no_room_is_no_list() -> None:
    """Lists take all the room of a flow; a name, which is one value, is then not told, and not counted as if there were
    more of it."""
    probe = Probe("ftp", dport=21)
    probe.feed(1, b"220 FTP ready\r\n")
    for n in range(40):
        probe.feed(0, b"CWD %d%s\r\n" % (n, b"x" * 250))
    probe.feed(0, b"USER %s\r\nPASS %s\r\nCLNT %s\r\n" % (b"bob" * 80, b"secret" * 40, b"client" * 40))
    obj = flow_fields("ftp", {"ftp": probe.facts})["ftp"]
    assert obj["arguments_more"] >= 8 and "user" not in obj and "client" not in obj
    lists = {plain.key for name in ("arguments", "commands", "codes") for _, plain in PLAIN[f"ftp.{name}"]}
    assert {value[0] for key, value in probe.facts if key == FACT_MORE} <= lists


def question(n: int) -> bytes:
    return b"\4q%03d\2ex\0\0\1\0\1" % n


@pytest.mark.parametrize(("asked", "answered", "listed"), [(1, 2, (1, 2)), (300, 0, (256, 0)), (1, 300, (1, 256))])
def test_sections_of_a_dns_message(asked: int, answered: int, listed: tuple[int, int]) -> None:
    """An OPT record (RFC 6891) is none of those that are listed; a header that says more than there is is believed to
    have been cut."""
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4"
    opt = b"\0\0\x29\x10\0\0\0\0\0\0\0"
    parts = b"".join(map(question, range(asked))), record * answered, opt
    whole = struct.pack(">HHHHHH", 7, 0x8180, asked, answered, 0, 1) + b"".join(parts)
    obj = message(whole)
    assert (len(obj["questions"]), len(obj["answers"])) == listed
    assert obj.get("questions_more", 0) == asked - listed[0]
    assert obj.get("answers_more", 0) == answered - listed[1]
    cut = message(whole[: -len(opt) - 1])
    assert cut["answers_more"] >= 1 or not answered


@pytest.mark.parametrize("answers", [False, True])
def test_names_beyond_what_is_listed_are_not_made_text_of(answers: bool) -> None:
    """Thousands of pointers to one long name: a message of 64 KiB is no second's work."""
    name = b"".join(b"\1" + bytes([0x80 + n % 100]) for n in range(126)) + b"\0"
    each, times = (b"\xc0\x0c\0\1\0\1" + bytes(6), 5400) if answers else (b"\xc0\x0c\0\1\0\1", 10800)
    counts = (1, times) if answers else (1 + times, 0)
    whole = struct.pack(">HHHHHH", 7, 0x8180, *counts, 0, 0) + name + b"\0\1\0\1" + each * times
    obj = message(whole)
    assert obj["answers_more" if answers else "questions_more"] == max(counts) - 256
    assert min(took(message, whole) for _ in range(5)) < 0.05


def took(work: Callable[[bytes], object], data: bytes) -> float:
    """Seconds of this process's own time."""
    start = time.process_time()
    work(data)
    return time.process_time() - start


@pytest.mark.parametrize("size", [10, 100])
@pytest.mark.parametrize("fields", [0, 255, 256, 300, 1500])
def test_fields_of_an_http_head(fields: int, size: int) -> None:
    """What is kept of a head has a bound as well; of more lines than that holds the last are missing."""
    lines = b"".join(b"X-%d: %s\r\n" % (n, b"v" * size) for n in range(fields))
    talk = Talk().open()
    for side, start in ((CLIENT, b"GET /0 HTTP/1.1\r\n"), (SERVER, b"HTTP/1.1 204 No Content\r\n")):
        head = start + lines + b"\r\n"
        for at in range(0, len(head), 1400):
            talk.say(side, head[at : at + 1400]).ack(1 - side)
    record, = run(talk.frames, kinds=("http",)).by_kind["http"]
    for name in ("request_headers", "response_headers"):
        more = record.get(f"{name}_more", 0)
        assert len(record[name]) + more <= fields and (more > 0) == (len(record[name]) < fields)
        assert fields * (size + 9) > 16000 or len(record[name]) + more == fields
