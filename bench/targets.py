"""What netwatch is to cost, and whether it does: ratios within one run, for only those mean anything."""
from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from bench.measure import Run

# CPU seconds of a prototype that keeps no timeouts and reassembles nothing, and of softflowd beside it, as published
FLOOR = {"mix": (0.50, 3.0), "small": (1.17, 62.0), "bulk": (0.36, 0.84), "web": (0.20, 2.4)}
FLOOR_FACTOR = 3.0
RSS_MIB = 350.0
SPEED_UP = 1.6
IDLE = 0.15                  # cores others may use while two workers are timed
SOFTFLOWD = {"mix": 0.5, "web": 0.5, "bulk": 1.0}
ARGUS = {"small": 0.1}

Table = dict[str, dict[str, list[Run]]]          # workload -> program -> its runs


@dataclass(frozen=True)
class Check:
    """One target. `met` is None where it could not be measured; `why` says so, or what disturbs."""
    what: str
    value: float | None
    bound: float
    met: bool | None
    why: str = ""

    def __str__(self) -> str:
        said = "?" if self.met is None else "met" if self.met else "MISSED"
        value = "-" if self.value is None else f"{self.value:.2f}"
        return f"{said:7} {self.what}: {value} (target {self.bound:.2f}){'; ' + self.why if self.why else ''}"


def cpu(runs: list[Run]) -> float | None:
    """The median CPU seconds, None when it failed or was cut off."""
    good = [run.cpu_s for run in runs if run.code == 0 and not run.timed_out]
    return median(good) if good else None


def check(table: Table) -> list[Check]:
    """Every target that these runs can tell something of."""
    found: list[Check] = []
    for name, runs in table.items():
        for peer, bounds in (("softflowd", SOFTFLOWD), ("argus", ARGUS)):
            if name in bounds:
                found.append(_ratio(f"{name}: CPU, of {peer}'s", runs, peer, bounds[name]))
        floor, then = FLOOR[name]
        found.append(_ratio(f"{name}: CPU, of softflowd's, 3 times the prototype", runs, "softflowd",
                            FLOOR_FACTOR * floor / then))
        found.append(_workers(name, runs))
    if "small" in table:
        peak = max((run.peak_mib for run in table["small"].get("netwatch", [])), default=None)
        found.append(Check("small: peak resident MiB", peak, RSS_MIB, None if peak is None else peak <= RSS_MIB))
    return found


def _ratio(what: str, runs: dict[str, list[Run]], peer: str, bound: float) -> Check:
    ours, theirs = cpu(runs.get("netwatch", [])), cpu(runs.get(peer, []))
    if ours is None or not theirs:
        return Check(what, None, bound, None, f"{peer} was not measured" if ours is not None else "netwatch failed")
    return Check(what, ours / theirs, bound, ours / theirs <= bound)


def _workers(name: str, runs: dict[str, list[Run]]) -> Check:
    what = f"{name}: two workers, times as fast (wall)"
    one, two = runs.get("netwatch", []), runs.get("netwatch, 2 workers", [])
    if not one or not two:
        return Check(what, None, SPEED_UP, None, "not measured")
    value = median(run.wall_s for run in one) / median(run.wall_s for run in two)
    busy = max(run.others for run in (*one, *two))
    if busy > IDLE:
        return Check(what, value, SPEED_UP, None, f"not valid, other processes used up to {busy:.2f} cores")
    return Check(what, value, SPEED_UP, value >= SPEED_UP)
