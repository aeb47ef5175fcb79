"""netwatch.snapshot/1: what the terminal would show, at one moment, as one record (docs/agent.md)."""

from __future__ import annotations

import resource
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netwatch import __version__
from netwatch._fast.out.record import iso
from netwatch.addons.interfaces import Interfaces
from netwatch.addons.overview import OverviewQuestion
from netwatch.addons.processes import Processes
from netwatch.filter import Filter
from netwatch.health.addon import HealthNow
from netwatch.model.host import Unavailable
from netwatch.model.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netwatch.addons.interfaces import Interface
    from netwatch.run.session import Session

TOP = 20
KNOWN, UNKNOWN = Filter("process.pid"), Filter("process.unknown")
STATES = ("SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT", "CLOSING", "LAST_ACK",
          "TIME_WAIT", "CLOSED")
OF_FLOWS = ("id", "proto", "src", "sport", "dst", "dport", "state", "app", "label", "first", "packets_out",
            "packets_in", "bytes_out", "bytes_in", "rate_out", "rate_in", "rtt_us", "retransmits_out",
            "retransmits_in", "name", "process", "geo", "interface")
OF_PROCESSES = ("flows", "live", "remotes", "bytes_out", "bytes_in", "packets_out", "packets_in", "rate_out", "rate_in",
                "cpu_percent")
COUNTED = ("bytes", "packets", "errors", "drops")


@dataclass
class Snapshots:
    """Makes them, of a session that runs. `where` picks the flows among `top`; totals are of everything."""

    session: Session
    where: Filter | None = None
    top: int = TOP
    alerts: Mapping[str, int] = field(default_factory=dict)
    count: int = 0
    began: float = field(default_factory=time.monotonic)

    def take(self, final: bool = False, untold: int = 0) -> Record:
        """The next. `final`: the last one. `untold`: records that found no room on their way out."""
        session = self.session
        self.count += 1
        health = session.health()
        page = session.query(self.where, "rate", True, 0, self.top, False)
        with session.lock:
            summary = session.pipeline.summary()
        overview = session.ask(OverviewQuestion("5m", 1, interfaces=False))
        usage = resource.getrusage(resource.RUSAGE_SELF)
        found: Record = {
            "schema": "netwatch.snapshot/1", "time": iso(time.time_ns()), "n": self.count, "version": __version__,
            "uptime_s": round(time.monotonic() - self.began, 3), "final": True if final else None,
            "capture": {
                "source": session.label, "packets": health.packets, "bytes": health.bytes,
                "packets_per_s": round(health.packets_per_s, 1), "bytes_per_s": round(health.bytes_per_s, 1),
                "kernel_drops": health.kernel_drops, "interface_drops": health.interface_drops,
                "ring_drops": health.ring_drops, "rejected": health.rejected, "snap_truncated": health.snap_truncated,
                "bytes_skipped": health.bytes_skipped, "error": health.error},
            "flows": {"live": health.flows_live, "ended": health.flows_ended, "evicted": health.flows_evicted,
                      "matched": page.total if self.where is not None else None},
            "protocols": summary["flows"], "apps": summary["apps"], "tcp_states": self._states(),
            "top": [{key: row[key] for key in OF_FLOWS if key in row} for row in page.rows],
            "processes": self._processes(), "attribution": self._attribution(),
            "interfaces": self._interfaces(), "alerts": dict(self.alerts),
            "dns": {"median_us": overview.dns.median_us, "timed": overview.dns.timed} if not overview.dns.off else None,
            "gateway": {"address": overview.gateway.address, "rtt_us": overview.gateway.rtt_us}
            if overview.gateway is not None else None,
            "health": session.ask(HealthNow()),
            "agent": {"cpu_percent": round(health.cpu_percent, 2), "rss_bytes": health.rss_bytes, "untold": untold,
                      "cpu_s": round(usage.ru_utime + usage.ru_stime, 3), "owners": health.owners or None,
                      "owners_why": health.owners_why or None},
        }
        return {key: _known(value) for key, value in found.items() if value is not None}

    def _states(self) -> Record:
        found = {}
        for state in STATES:
            count = self._matching(Filter(f"proto == tcp and state == {state}"))
            if count:
                found[state] = count
        return found

    def _attribution(self) -> Record | None:
        """Of open flows: how many have an owner, and of how many it is known why not."""
        if not self.session.owners.looking:
            return None
        return {"known": self._matching(KNOWN), "unknown": self._matching(UNKNOWN)}

    def _matching(self, where: Filter) -> int:
        def count() -> Generator[bool, None, int]:
            found = yield from self.session.view.select(where, None, False, False)
            return int(found.matched)
        return self.session.look(count())

    def _processes(self) -> list[Record] | None:
        if not self.session.owners.looking:
            return None
        return [_process(row) for row in self.session.ask(Processes(where=self.where, limit=self.top)).rows]

    def _interfaces(self) -> list[Record] | None:
        """None where the system does not tell."""
        try:
            now = self.session.ask(Interfaces())
        except Unavailable:
            return None
        rows = [_interface(row) for row in now.rows if row.counters is not None]
        return rows if rows or not now.why else None


def _interface(row: Interface) -> Record:
    assert row.counters is not None
    found: Record = {"name": row.name, "state": row.state}
    for way in ("rx", "tx"):
        found |= {f"{way}_{what}": getattr(row.counters, f"{way}_{what}") for what in COUNTED}
        if row.rate is not None:
            found[f"{way}_bytes_per_s"] = round(getattr(row.rate, f"{way}_bytes_s"), 1)
    if row.coverage is not None:
        found["coverage"] = round(row.coverage, 4)
    return found


def _process(row: Record) -> Record:
    """Of a process, or of the flows whose process is not known, and why."""
    kind, named = row["key"]
    who = {"name": named[0], "pid": named[1]} if kind == "pid" else {"unknown": named}
    return who | {key: row[key] for key in OF_PROCESSES if key in row}


def _known(value: object) -> object:
    """Without what is not known."""
    if isinstance(value, dict):
        return {key: _known(each) for key, each in value.items() if each is not None}
    return [_known(each) for each in value] if isinstance(value, list) else value
