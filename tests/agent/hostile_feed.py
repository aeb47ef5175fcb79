"""Feeds that lie: the tour's, with what it says of flows, its pieces or its heads made others, and a terminal that
shows what comes of it. `python tests/agent/hostile_feed.py SEED COUNT` tries many."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import zstandard

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "agent")]

from netwatch.history.tape import given, parted, taken  # noqa: E402
from netwatch.run.tables import TablesSession  # noqa: E402

JUNK: tuple[object, ...] = (
    None, True, False, 0, -1, 1, 1 << 31, 1 << 62, 1 << 63, -(1 << 63), 1 << 64, 10**30, 0.5, -1e308, float("nan"),
    float("inf"), "", "x", "\x1b]52;c;eA==\x07", "\x9b2J\u202e", "\ud800", "a" * 70_000, "\n\t\0", "10.0.0.1",
    "::1", "curl", [], [None], [1], ["x"], [[[]]], {}, {"a": 1}, {"host": 5}, {"pid": "x"},
    [{"pid": 1, "name": "init"}])
NAMES = ("id", "src", "sport", "bytes_out", "state", "app", "label", "proto", "first", "last", "ended", "tcp_info",
         "minute", "interface", "process", "name", "geo", "lan", "scope", "service", "decrypt", "decrypted", "tls",
         "http", "alerts", "of_a_users_addon", "schema", "rate_out", "community_id", "app_stack")
KEYS = ("enter", "tab", "down", "s", "S", "esc", "d", "p", "v", "o", "right", "g", "/", "esc")


def messages(stream: bytes) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    """The heads of a stream, and what goes with each."""
    at = stream.index(b"\n") + 1
    while at < len(stream):
        size = int.from_bytes(stream[at:at + 4], "little")
        head = json.loads(stream[at + 4:at + 4 + size])
        at += 4 + size
        parts = []
        for each in head["sizes"]:
            parts.append(stream[at:at + each])
            at += each
        yield head, parts


def joined(stream: bytes, made: list[tuple[dict[str, Any], list[bytes]]]) -> bytes:
    out = stream[:stream.index(b"\n") + 1]
    for head, parts in made:
        text = json.dumps({**head, "sizes": [len(part) for part in parts]}).encode()
        out += len(text).to_bytes(4, "little") + text + b"".join(parts)
    return out


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of everything within a JSON value, itself included."""
    yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], by: object) -> Any:
    if not path:
        return by
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], by)
    return copied


def within(value: Any, path: tuple[Any, ...]) -> Any:
    """What stands at a place."""
    for key in path:
        value = value[key]
    return value


def bent(value: Any, chance: random.Random) -> Any:
    """The same with something in it made another, or more in it than there was."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        found = list(places(value))
        if isinstance(value, list) and value and isinstance(value[0], dict) and chance.random() < 0.4:
            value = [{**value[0], chance.choice(NAMES): chance.choice(JUNK)}, *value[1:]]
        else:
            value = replaced(value, chance.choice(found[1:] or found), chance.choice(JUNK))
    return value


def flipped(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 2, 8)) if out else 0):
        out[chance.randrange(len(out))] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
    return bytes(out)


def lied(stream: bytes, seed: int) -> bytes:
    """A feed in which one kind of thing is another than it was."""
    chance, out = random.Random(seed), []
    kind = chance.choice(("said", "said", "said", "facts", "facts", "piece", "around", "head"))
    for head, (piece, texts, around) in messages(stream):
        if kind in ("said", "facts") and texts:
            told: Mapping[int, bytes] = taken(texts, 1 << 26)
            texts = given({number: _text(text, kind, chance) for number, text in told.items()})
        elif kind == "piece" and piece:
            size, plain = head["size"], zstandard.ZstdDecompressor().decompress(piece, max_output_size=1 << 26)
            assert size == len(plain)
            piece = zstandard.ZstdCompressor(level=1, write_checksum=True).compress(flipped(plain, chance))
        elif kind == "around" and around:
            around = flipped(around, chance)
        elif kind == "head":
            head = bent([head], chance)[0]
            head = head if isinstance(head, dict) else {}
        out.append((head, [piece, texts, around]))
    return joined(stream, out)


def _text(text: bytes, kind: str, chance: random.Random) -> bytes:
    facts, words = parted(text)
    if chance.random() < 0.5:
        return text
    if kind == "facts":
        facts = flipped(facts, chance)
    else:
        words = json.dumps(bent(json.loads(words), chance)).encode()
    return len(facts).to_bytes(4, "little") + facts + words


class Shown(TablesSession):
    """As tests/ui's Driver wants a session."""

    extra = 0


def look(session: Shown) -> None:
    """Draw every tab and view of it, with a row's details, other orders and filters. What fails is raised."""
    from netwatch.ui.tabs import TABS
    from netwatch.ui.views import VIEWS
    from tests.ui.driver import Driver

    for where in (*({"tab": tab.name} for tab in TABS), *({"view": view.name} for view in VIEWS)):
        driver = Driver(session, 160, 40, **where)
        driver.screen()
        for key in KEYS:
            driver.keys(key)
            driver.screen()
    for text in ("process.name contains c and name.host",
                 "geo.asn > 5 or process.pid == 7",
                 "process.age_s < 5 or scope.src"):
        driver = Driver(session, 160, 40, tab="connections", where=text)
        driver.screen()


if __name__ == "__main__":
    import traceback

    from tables_lab import fed
    from test_feed_tables import shown

    honest, first, count = fed(ROOT / "docs" / "tour.pcap"), int(sys.argv[1]), int(sys.argv[2])
    faults: dict[str, int] = {}
    ended = 0
    for seed in range(first, first + count):
        session = shown(lied(honest, seed), kind=Shown)
        ended += session._failure is not None
        try:
            look(session)
        except Exception as e:
            last = traceback.extract_tb(e.__traceback__)[-1]
            key = f"{type(e).__name__}: {str(e)[:80]} at {last.filename.split('/work/')[-1]}:{last.lineno}"
            if key not in faults:
                print(seed, key, flush=True)
                traceback.print_exc(limit=-6)
            faults[key] = faults.get(key, 0) + 1
        session.stop()
    print(count, "feeds,", ended, "ended with a line,", sum(faults.values()), "faults:", faults)
