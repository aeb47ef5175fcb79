"""A session that invents its traffic: for looking at the terminal, and for tests of it.

A thousand flows really change, at `updates` per second; the rest, up to `total`, are made up when a page asks for them.
Everything follows from the id of the flow and the clock, so two runs look alike.

    python -m tests.ui.fake [--flows N] [--updates N] [--query-ms N] [--flow-ms N] [--file] [--empty] ...
"""
from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from dataclasses import replace
from typing import Any

from netwatch.model.session import Health, Page

HOT = 1000
FIRST_NS = 1_767_225_600_000_000_000       # 2026-01-01T00:00:00Z
NAMES = ("api.github.com", "www.example.com", "日本語サイト.例え.jp", "lb-140-82-121-3-fra.github.com",
         "cdn.jsdelivr.net", "evil\x1b[31m.example\u202e", "cafe\u0301.example", "storage.googleapis.com")
APPS = (("tls", "TLS", 443), ("http", "GET", 80), ("dns", "DNS", 53), ("quic", "QUIC", 443), ("ssh", "SSH", 22),
        (None, "", 8125))
STATES = ("ESTABLISHED", "ESTABLISHED", "SYN_SENT", "FIN_WAIT1", "TIME_WAIT", "CLOSE_WAIT")
PROGRAMS = ("firefox", "curl", "sshd", "systemd-resolved", "chrome")


def iso(ns: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns % 10**9:09d}Z"


def make_row(number: int, rate: float, clock_s: float, processes: bool = False) -> dict[str, Any]:
    """Flow `number` as a record, `clock_s` seconds after the start."""
    dice = random.Random(number)
    proto = "udp" if number % 3 == 2 else "tcp"
    app, word, port = APPS[number % len(APPS)]
    name = NAMES[number % len(NAMES)]
    six = number % 5 == 4
    began = dice.random() * 60
    row: dict[str, Any] = {
        "id": number, "proto": proto, "sport": 32768 + number % 28000, "dport": port, "initiator": "seen",
        "src": f"2001:db8::{number % 65536:x}" if six else f"10.0.{number // 250 % 256}.{number % 250 + 1}",
        "dst": f"2600:1901:0:92a9::{number % 4096:x}" if six else f"93.184.{number % 256}.{number // 7 % 250 + 1}",
        "first": iso(FIRST_NS + int(began * 1e9)), "last": iso(FIRST_NS + int(clock_s * 1e9)), "interface": "eth0",
        "state": STATES[number % len(STATES)] if proto == "tcp" else "ACTIVE",
        "packets_out": 10 + number % 90, "packets_in": 12 + number % 70, "bytes_out": 1000 + number % 9000,
        "bytes_in": int(5000 + rate * 10 + number % 100_000), "payload_out": 500 + number % 9000, "payload_in": 4000,
        "rate_out": rate / 9, "rate_in": rate, "age_s": clock_s + 60 - began, "idle_s": 0.2, "staleness": 0.0,
        "ttl": 64,
    }
    if proto == "tcp":
        row |= {"rtt_us": int(dice.lognormvariate(9.5, 1.2)), "mss": 1460, "retransmits_out": number % 3,
                "retransmits_in": 0}
    if app:
        row |= {"app": app, "app_stack": [app], "confidence": 95, "label": f"{word} {name}", "service": "https"}
        row["name"] = {"host": name, "via": "sni" if app == "tls" else "dns", "age_s": 12.0}
    if app == "tls":
        row["tls"] = {"sni": name, "alpn": ["h2", "http/1.1"], "version": "1.3", "cipher": "TLS_AES_128_GCM_SHA256",
                      "ja4": "t13d1516h2_8daaf6152771_b186095e22b6", "ech": False,
                      "cert": {"subject": f"CN={name}", "san": [f"san{i}.example.com" for i in range(12)]}}
    if processes:
        row["process"] = {"pid": 1000 + number % 50, "name": PROGRAMS[number % len(PROGRAMS)], "method": "ebpf"}
    if number % 11 == 7:
        row |= {"staleness": 0.8, "idle_s": 96.0}
    if number % 13 == 9:
        row |= {"staleness": 0.95, "idle_s": 114.0}
    if number % 17 == 11:
        row |= {"ended": ("fin", "rst", "timeout")[number % 3], "rate_out": 0.0, "rate_in": 0.0}
    return row


class FakeSession:
    """Has the face of netwatch.run.session.Session."""

    def __init__(self, flows: int = 1000, updates: int = 20_000, query_ms: float = 0.0, flow_ms: float = 0.0,
                 live: bool = True, label: str = "eth0", processes: bool = False, still: bool = False) -> None:
        self.label, self.live = label, live
        self.offers: list[Any] = []
        self.flows, self.updates, self.query_ms, self.flow_ms = flows, updates, query_ms, flow_ms
        self.processes, self.still = processes, still
        self.dice = random.Random(7)
        self.rates = [self.dice.lognormvariate(8, 3) for _ in range(min(HOT, flows))]
        self.began = self.last = time.monotonic()
        self.queries = 0
        self.extra = 0               # packets that came although the clock stands still
        self.fail = ""
        self.started = self.stopped = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        self.started += 1

    def stop(self) -> None:
        self.stopped += 1

    def clock_s(self) -> float:
        return 0.0 if self.still else time.monotonic() - self.began

    def _update(self) -> None:
        now = time.monotonic()
        if self.still or not self.rates:
            return
        for _ in range(min(20_000, int((now - self.last) * self.updates))):
            self.rates[self.dice.randrange(len(self.rates))] = self.dice.lognormvariate(8, 3)
        self.last = now

    def query(self, where: Any, sort: str, descending: bool, offset: int, limit: int, history: bool,
              within: Any = None, early: Any = None) -> Page:
        self.queries += 1
        if self.fail:
            raise RuntimeError(self.fail)
        if self.query_ms:
            time.sleep(self.query_ms / 1000)
        with self._lock:
            self._update()
            rows, total = self._pick(where, sort, descending, offset, limit, history)
        return Page(rows, total, self._now_ns())

    def prepare(self, seconds: float) -> bool:
        return True

    def _pick(self, where: Any, sort: str, descending: bool, offset: int, limit: int,
              history: bool) -> tuple[list[dict[str, Any]], int]:
        clock = self.clock_s()
        rows = [make_row(i, rate, clock, self.processes) for i, rate in enumerate(self.rates)]
        if not history:
            rows = [row for row in rows if "ended" not in row]
        if where is not None:
            rows = [row for row in rows if where.matches(row)]
        parts = {"bytes": ("bytes_out", "bytes_in"), "rate": ("rate_out", "rate_in")}.get(sort, (sort,))

        def place(row: dict[str, Any]) -> tuple[bool, float, str]:
            values = [row.get(part) for part in parts]
            if isinstance(values[0], str):
                return True, 0.0, values[0]
            return values[0] is not None, sum(value or 0 for value in values if not isinstance(value, dict)), ""

        rows.sort(key=place, reverse=descending)
        cold = max(0, self.flows - HOT) if where is None else 0
        total = len(rows) + cold
        page = rows[offset:offset + limit]
        for number in range(max(offset, len(rows)), min(offset + limit, total)):
            page.append(make_row(HOT + number - len(rows), 0.0, clock, self.processes))
        return page, total

    def flow(self, id: int) -> dict[str, Any] | None:
        if self.flow_ms:
            time.sleep(self.flow_ms / 1000)
        if not 0 <= id < self.flows:
            return None
        rate = self.rates[id] if id < len(self.rates) else 0.0
        return {"schema": "netwatch.flow/1", **make_row(id, rate, self.clock_s(), self.processes)}

    def ask(self, question: Any) -> Any:
        return None

    def _now_ns(self) -> int:
        return FIRST_NS + int((60 + self.clock_s()) * 1e9)

    def health(self) -> Health:
        seconds = 0.0 if self.still else time.monotonic() - self.began
        packets = int(seconds * self.updates) + self.extra if self.flows else 0
        found = Health(packets=packets, bytes=packets * 700, flows_live=self.flows, flows_ended=int(seconds * 10),
                       clock_ns=self._now_ns(), link_types=["Ethernet"], cpu_percent=3.0, rss_bytes=61_000_000)
        if not self.live:
            return replace(found, position=min(1.0, seconds / 10), done=seconds >= 10 or self.still)
        found = replace(found, kernel_drops=int(max(0.0, seconds - 20) * 3))
        if self.flows:
            found = replace(found, packets_per_s=self.updates, bytes_per_s=self.updates * 700.0,
                            rejected={"ip: bad length": int(seconds / 5)})
        return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--flows", type=int, default=1000)
    parser.add_argument("--updates", type=int, default=20_000)
    parser.add_argument("--query-ms", type=float, default=0)
    parser.add_argument("--flow-ms", type=float, default=0)
    parser.add_argument("--refresh", type=int, default=1000)
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--where", default="")
    for name in ("file", "empty", "processes", "still", "no-color", "ascii", "palette", "crash-draw", "crash-shell"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args()
    from netwatch import ui
    from netwatch.store.settings import Settings
    session = FakeSession(0 if options.empty else options.flows, options.updates, options.query_ms, options.flow_ms,
                          not options.file, "capture.pcap" if options.file else "eth0", options.processes,
                          options.still)
    if options.crash_draw:
        from netwatch.ui.tabs.connections import flow_details
        flow_details.draw = lambda canvas, area, state: 1 // 0      # opening the details breaks the tab
    if options.crash_shell:
        from netwatch.ui import app
        app.App.draw = lambda self, canvas: [].pop()
    return ui.run(session, where=options.where, refresh_ms=options.refresh, theme=options.theme,
                  color=not options.no_color, ascii_only=options.ascii,
                  settings=Settings({"ui.welcome": False, "ui.palette": options.palette}))


if __name__ == "__main__":
    sys.exit(main())
