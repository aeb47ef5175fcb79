"""Nanoseconds of CPU per packet of each step: reading, parsing, flows, everything. One thread, no output.

    python -m bench.micro [--size quick] [--workloads web,small] [-n 3]
"""
from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import measure, native, workloads


def steps() -> dict[str, Callable[[], Any]]:
    """What handles a box of frames, by the name of how far it goes."""
    from netwatch._fast.engine import Engine

    return {
        "read": lambda: None,
        "parse": native.load("steps").ParseOnly,
        "flows": lambda: Engine(dpi=False),
        "all": lambda: Engine(dpi=True),
    }


def spent(path: Path, make: Callable[[], Any]) -> tuple[float, int]:
    """(seconds of CPU, packets) of one pass over the file."""
    from netwatch._fast.input.box import Box
    from netwatch.capture.file import open_files

    source, box, worker = open_files([str(path)]), Box(), make()
    began = time.thread_time()
    while box.fill(source) > 0:
        if worker is not None:
            worker.process(box)
    passed = time.thread_time() - began
    packets = int(source.frames_read)
    source.close()
    return passed, packets


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.micro", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(workloads.SIZES), default="full")
    parser.add_argument("--workloads", default=",".join(workloads.NAMES), metavar="A,B")
    parser.add_argument("--shared", action="store_true", help="workloads of ../shared/bench/gen.c")
    parser.add_argument("-n", "--repeat", type=int, default=3, metavar="N", help="passes, of which the best counts")
    options = parser.parse_args()
    todo = steps()
    print(f"ns per packet, best of {options.repeat}; {measure.load()}")
    print(f"{'':8}" + "".join(f"{name:>8}" for name in todo))
    for name in options.workloads.split(","):
        path = workloads.make(name, workloads.SIZES[options.size], options.shared)
        best = []
        for make in todo.values():
            runs = [spent(path, make) for _ in range(options.repeat)]
            best.append(min(1e9 * seconds / max(packets, 1) for seconds, packets in runs))
        print(f"{name:8}" + "".join(f"{value:8.0f}" for value in best), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
