"""Whole programs on the same captures, in turn: CPU seconds, wall seconds, peak memory, and whether targets are met.

    python -m bench.run                      all of it, some 20 minutes
    python -m bench.run --size quick -n 1    a minute: does it run at all? The figures mean nothing at that size
"""
from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench import measure, peers, targets, workloads

WIDTH = 22


def main() -> int:
    options = _options()
    programs = peers.netwatch() + peers.others(options.nfstream)
    if options.only:
        programs = [each for each in programs if any(word in each.name for word in options.only.split(","))]
    table: targets.Table = {}
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {measure.load()}, {options.size} size"
          f"{', shared generator' if options.shared else ''}, median of {options.repeat}", flush=True)
    for name in options.workloads.split(","):
        path = workloads.make(name, workloads.SIZES[options.size], options.shared)
        table[name] = compare(programs, path, options.repeat, options.limit)
        show(name, path, programs, table[name])
    checks = targets.check(table) if options.size == "full" else []
    print(*checks, sep="\n")
    if options.json:
        Path(options.json).write_text(json.dumps(as_json(table, checks), indent=1) + "\n")
    return 1 if any(each.met is False for each in checks) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(workloads.SIZES), default="full")
    parser.add_argument("--workloads", default=",".join(workloads.NAMES), metavar="A,B", help="default all four")
    parser.add_argument("--only", metavar="A,B", help="only programs with this in their name")
    parser.add_argument("-n", "--repeat", type=int, default=3, metavar="N", help="runs of each, default 3")
    parser.add_argument("--limit", type=float, default=300, metavar="S", help="seconds a program may take, default 300")
    parser.add_argument("--shared", action="store_true", help="workloads of ../shared/bench/gen.c, full size")
    parser.add_argument("--nfstream", action="store_true", help="also NFStream, installed in .build/nfstream")
    parser.add_argument("--json", metavar="FILE", help="every run, as JSON")
    return parser.parse_args()


def compare(programs: list[peers.Program], path: Path, repeat: int, limit_s: float) -> dict[str, list[measure.Run]]:
    """Every program `repeat` times, in turn, after the file was read once so that it is in memory for all."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass
    runs: dict[str, list[measure.Run]] = {each.name: [] for each in programs}
    for turn in range(repeat):
        for each in programs:
            if path.stat().st_size > each.largest or (turn and (each.once or runs[each.name][-1].timed_out)):
                continue
            runs[each.name].append(measure.run(each.on(path), limit_s))
    return runs


def show(name: str, path: Path, programs: list[peers.Program], runs: dict[str, list[measure.Run]]) -> None:
    """The table of one workload."""
    flows, packets = _found(runs.get("netwatch", []))
    print(f"\n{name}: {packets:,} packets, {path.stat().st_size / 1e6:,.0f} MB, {flows:,} flows; {measure.load()}")
    print(f"{'':{WIDTH}} {'CPU s':>8} {'ns/pkt':>7} {'wall s':>8} {'MiB':>6} {'others':>6}  netwatch is")
    ours = targets.cpu(runs.get("netwatch", []))
    for each in programs:
        done = runs[each.name]
        if not done:
            continue
        cpu = targets.cpu(done)
        if cpu is None:
            print(f"{each.name:{WIDTH}} {'gave up' if done[-1].timed_out else f'exit {done[-1].code}':>8}")
            continue
        ratio = f"{ours / cpu:.2f} of it" if ours and not each.name.startswith("netwatch") else ""
        print(f"{each.name:{WIDTH}} {cpu:8.2f} {1e9 * cpu / max(packets, 1):7.0f} {median(r.wall_s for r in done):8.2f}"
              f" {max(r.peak_mib for r in done):6.0f} {max(r.others for r in done):6.2f}  {ratio}", flush=True)


def _found(runs: list[measure.Run]) -> tuple[int, int]:
    """(flows, packets) by netwatch's own summary."""
    try:
        summary = json.loads(runs[0].output)
    except (IndexError, ValueError):
        return 0, 0
    return sum(summary["flows"].values()), summary["packets"]


def as_json(table: targets.Table, checks: list[targets.Check]) -> dict[str, Any]:
    def plain(run: measure.Run) -> dict[str, Any]:
        found = dataclasses.asdict(run)
        del found["output"]
        return found

    return {"runs": {name: {program: [plain(run) for run in each] for program, each in runs.items()}
                     for name, runs in table.items()},
            "checks": [dataclasses.asdict(each) for each in checks]}


if __name__ == "__main__":
    sys.exit(main())
