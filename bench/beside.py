"""What scripts feel, beside the programs they use today: ratios of CPU time, each pair in turn on the same file.

    python -m bench.beside [FILE] [-n N] [--peers PYTHON] [--pyshark N] [--only WORD]

FILE is by default the workload web in full. Of each program the least of N runs counts, user and system time, its start
in it; a program that takes over a minute runs once. PYTHON has nfstream and pyshark, and what netwatch's tables need.
"""
from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import library, measure, peers, workloads

TEN = {"n": "frame.number", "time": "frame.time_epoch", "src": "ip.src", "dst": "ip.dst", "sport": "tcp.srcport",
       "dport": "tcp.dstport", "proto": "ip.proto", "len": "frame.len", "ttl": "ip.ttl", "tcp.flags": "tcp.flags"}
WHERE = "tcp.port==443"
LONG_S = 60


@dataclass(frozen=True)
class Pair:
    """`most`: our CPU may be that many times theirs."""
    name: str
    ours: list[str]
    theirs: list[str]
    most: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?")
    parser.add_argument("-n", "--repeat", type=int, default=3, metavar="N")
    parser.add_argument("--peers", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--pyshark", metavar="N", type=int, default=80_000, help="packets that pyshark is given")
    parser.add_argument("--tshark", metavar="N", type=int, default=360_000, help="packets that tshark is given")
    parser.add_argument("--only", metavar="WORD", default="", help="pairs with this in their name")
    parser.add_argument("--limit", metavar="S", type=float, default=600, help="seconds a program may take")
    options = parser.parse_args()
    file = options.file or str(workloads.make("web", workloads.SIZES["full"]))
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {measure.load()}, {file}, least of {options.repeat}")
    print(f"{'':40} {'ours':>8} {'theirs':>8} {'ratio':>7} {'at most':>8}")
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        for pair in pairs(file, options, folder):
            if options.only in pair.name:
                missed += not compare(pair, options.repeat, options.limit)
    print(measure.load())
    return 1 if missed else 0


def pairs(file: str, options: argparse.Namespace, folder: str) -> list[Pair]:
    """Those whose peers are installed."""
    read = [*peers.NETWATCH, "read", file]
    python = options.peers
    part, short, out = (str(Path(folder) / name) for name in ("part.pcap", "short.pcap", "out.pcap"))
    for name, packets in ((part, options.tshark), (short, options.pyshark)):
        subprocess.run(["editcap", "-r", file, name, f"1-{packets}"], check=True, capture_output=True)
    saved = ["tcpdump", "-n", "-r", file, "-w", out, "tcp port 443"]
    write = ["--where", WHERE, "--force", "--write", out]
    ndpi = ["ndpiReader", "-i", file, "-q"]
    tshark = ["tshark", "-n", "-r", part, "-T", "fields", *(word for name in TEN.values() for word in ("-e", name))]
    columns = ",".join(library.FIELDS)
    found = [Pair(f"flows as {form}, ndpiReader", [*read, "--what", "flows", "--format", form], ndpi, 0.3)
             for form in ("ndjson", "csv", "arrow")]
    found += [
        Pair("packets, ten fields, tshark -T fields", [*peers.NETWATCH, "read", part, "--what", "packets", "--fields",
                                                       ",".join(TEN)], tshark, 1 / 5),
        Pair("--write --where, tcpdump -r -w", [*read, "--what", "summary", *write], saved, 2),
        Pair("--bare --write --where, tcpdump", [*read, "--bare", *write], saved, 2),
        Pair("to_pandas(), NFStream", [python, "-c", library.OURS, file, columns],
             [python, "-c", library.NFSTREAM, file, folder], 1 / 15),
        Pair("to_pandas(), pyshark", [python, "-c", library.OURS, short, columns],
             [python, "-c", library.PYSHARK, short], 1 / 100)]
    return [pair for pair in found if shutil.which(pair.theirs[0])]


def compare(pair: Pair, repeat: int, limit_s: float) -> bool:
    """Both in turn; the line of the table. Is the target met?"""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(repeat):
        for command, taken in ((pair.ours, ours), (pair.theirs, theirs)):
            if taken and taken[0] > LONG_S:
                continue
            run = measure.run(command, limit_s)
            if run.code or run.timed_out:
                print(f"{pair.name:40} {'given up' if run.timed_out else f'exit {run.code}'}: {run.command[:150]}")
                return True
            taken.append(run.cpu_s)
    ratio = min(ours) / min(theirs)
    print(f"{pair.name:40} {min(ours):8.2f} {min(theirs):8.2f} {ratio:7.3f} {pair.most:8.3f}"
          f"{'' if ratio <= pair.most else '  missed'}", flush=True)
    return ratio <= pair.most


if __name__ == "__main__":
    sys.exit(main())
