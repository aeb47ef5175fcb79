"""Captures whose packets are changed and whose containers stay whole, read with options at random: nothing may end by a
signal, by an internal error, by what a sanitizer says, or not at all.

    python fuzz/mutator.py SECONDS [SEED] [--sanitized]

Packets of the tests' captures are changed, cut, repeated, dropped, exchanged and mixed with those of another capture of
the same link. Each reading is a process of its own, forked from one that has loaded everything. `--sanitized`: in the
copy that fuzz/asan.sh makes. What fails is kept in found/: the capture, and the words it was read with. Exit code 1.
"""

from __future__ import annotations

import os
import random
import shlex
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FOUND = ROOT / "found"
SEEDS = ("tests/captures", "tests/golden")
MAGIC = {0xA1B2C3D4: "us", 0xA1B23C4D: "ns"}
LARGEST = 400_000  # bytes of a capture that is taken
PATIENCE_S = 120  # of CPU, for one reading
SAID, INTERNAL = 99, 70  # exit codes: a sanitizer said something; netwatch found a fault of its own
STRANGE = (0, 1, 2, 3, 7, 8, 63, 64, 65, 127, 128, 129, 192, 254, 255)
WORDS = (b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff", b"\0\1", b"\r\n\r\n", b"\r\n")


class Capture(NamedTuple):
    """A classic capture file, taken apart. `packets`: (second, fraction, length on the wire, bytes)."""

    name: str
    head: bytes
    link: int
    packets: list[tuple[int, int, int, bytes]]


def taken_apart(path: Path) -> Capture | None:
    """None for what is no classic capture of this byte order, or none that is small."""
    data = path.read_bytes()
    if not 24 < len(data) <= LARGEST or int.from_bytes(data[:4], sys.byteorder) not in MAGIC:
        return None
    packets, at = [], 24
    while at + 16 <= len(data):
        second, fraction, size, wire = struct.unpack_from("=4I", data, at)
        packets.append((second, fraction, wire, data[at + 16 : at + 16 + size]))
        at += 16 + size
    return Capture(path.name, data[:24], struct.unpack_from("=I", data, 20)[0], packets)


def put_together(capture: Capture) -> bytes:
    return capture.head + b"".join(
        struct.pack("=4I", second, fraction, len(data), max(wire, len(data))) + data
        for second, fraction, wire, data in capture.packets)


def changed(data: bytes, chance: random.Random) -> bytes:
    """Bytes of one packet, mostly behind its link layer."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 9))):
        if not out:
            break
        at = chance.randrange(min(chance.choice((0, 14, 34, 54)), len(out) - 1), len(out))
        kind = chance.randrange(8)
        if kind < 4:
            out[at] = chance.choice(STRANGE) if kind else out[at] ^ 1 << chance.randrange(8)
        elif kind == 4:
            word = chance.choice(WORDS)
            out[at : at + len(word)] = word
        elif kind == 5:
            del out[at : at + chance.randrange(1, 20)]
        elif kind == 6:
            out[at:at] = out[at : at + chance.randrange(1, 200)]
        else:
            del out[at:]
    return bytes(out[:65535])


def mutant(captures: list[Capture], chance: random.Random) -> Capture:
    """Of one of the captures, with packets of another."""
    one = chance.choice(captures)
    packets = list(one.packets)
    if chance.random() < 0.25:
        other = chance.choice([each for each in captures if each.link == one.link])
        packets = sorted(packets + other.packets) if chance.random() < 0.5 else packets + other.packets
    for _ in range(chance.choice((1, 2, 5, 12))):
        if not packets:
            break
        at = chance.randrange(len(packets))
        second, fraction, wire, data = packets[at]
        kind = chance.randrange(10)
        if kind < 6:
            packets[at] = second, fraction, wire, changed(data, chance)
        elif kind == 6:
            del packets[at]
        elif kind == 7:
            packets.insert(chance.randrange(len(packets) + 1), packets[at])
        elif kind == 8:
            packets[at] = second, fraction, wire, data[: chance.randrange(len(data) + 1)]
        else:
            packets[at] = chance.choice((0, second ^ 4096, 0xFFFFFFFF)), fraction, wire, data
    return one._replace(packets=packets)


def options(chance: random.Random, folder: Path) -> list[str]:
    """Words of `read` that go together, and some that do not: a refusal is an answer."""
    sys.path.insert(0, str(ROOT / "tests" / "cli"))
    sys.path.insert(0, str(ROOT / "tests"))
    from test_cli_together import OPTIONS

    stand = {"KEYS": str(folder / "keys"), "OUT": str(folder / "out.pcapng")}
    names = chance.sample(sorted(OPTIONS), chance.choice((0, 1, 2, 2, 3)))
    return [stand.get(word, word) for name in names for word in OPTIONS[name]]


def outcome(words: list[str]) -> str:
    """Of a reading in a process of its own: what went wrong, "" nothing."""
    child = os.fork()
    if child == 0:
        _read(words)
    end = time.monotonic() + 4 * PATIENCE_S
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "it does not end"
        time.sleep(0.002)
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    code = os.WEXITSTATUS(status)
    return f"exit code {code}" if code in (SAID, INTERNAL) else ""


def _read(words: list[str]) -> None:
    """In the child, which ends with it."""
    import resource

    code = INTERNAL
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE_S, PATIENCE_S))
        with open(os.devnull, "r+b") as nothing, open(FOUND / f"said-{os.getppid()}.txt", "wb") as said:
            os.dup2(nothing.fileno(), 0)
            os.dup2(nothing.fileno(), 1)
            os.dup2(said.fileno(), 2)
        from netwatch.cli import run

        code = run(words)
    finally:
        os._exit(code)


def seeds() -> Iterator[Capture]:
    for folder in SEEDS:
        for path in sorted((ROOT / folder).glob("*.pcap")):
            if (capture := taken_apart(path)) is not None and capture.packets:
                yield capture


def main(seconds: float, seed: int) -> int:
    """Loads everything once, reads mutants until the time is over. 1 when anything failed."""
    import netwatch.cli
    import netwatch.cli.read
    import netwatch.records.reading
    import netwatch.run.addons
    assert netwatch.cli and netwatch.cli.read and netwatch.records.reading and netwatch.run.addons

    FOUND.mkdir(exist_ok=True)
    chance, captures, failed, runs = random.Random(seed), list(seeds()), 0, 0
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            capture = mutant(captures, chance)
            path = Path(folder) / "mutant.pcap"
            path.write_bytes(put_together(capture))
            keys = next((ROOT / each / f"{Path(capture.name).stem}.keys" for each in SEEDS
                         if (ROOT / each / f"{Path(capture.name).stem}.keys").exists()), None)
            (Path(folder) / "keys").write_bytes(keys.read_bytes() if keys else b"")
            words = ["read", str(path), *options(chance, Path(folder))]
            why = outcome(words)
            runs += 1
            if why:
                failed += 1
                kept = FOUND / f"mutant-{seed}-{runs}.pcap"
                kept.write_bytes(path.read_bytes())
                (FOUND / f"said-{os.getpid()}.txt").rename(kept.with_suffix(".txt"))
                print(f"{kept.name} (of {capture.name}): {why}: {shlex.join(words)}", flush=True)
    print(f"{runs} readings, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--sanitized"]
    if "--sanitized" in sys.argv:
        from sanitized import environment

        os.execve(sys.executable, [sys.executable, __file__, *given], environment())
    sys.path.insert(0, str(ROOT))
    sys.exit(main(float(given[0]), int(given[1]) if len(given) > 1 else 1))
