"""Prometheus: /metrics and /healthz, made of the newest snapshot. What was not measured is absent, not zero."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from netwatch.model.record import Record
from netwatch.outlets.plan import SNAPSHOT, OutletError, is_port

MOST_LABELS = 64  # values of one label; what is beyond is summed up as "other"
AT_ONCE = 16  # requests
SECONDS = 5.0  # for a request, all of it
STALE_S = 30.0  # a snapshot older than that is no good health
INTERFACE = (("receive", "rx"), ("transmit", "tx"))


class Metrics:
    """Listens at once; answers once serve() is called, inside the walls."""

    name = "metrics"

    def __init__(self, address: str) -> None:
        """HOST:PORT. Raises OutletError."""
        host, _, port = address.rpartition(":")
        if not host or not is_port(port):
            raise OutletError(f"{address}: HOST:PORT, such as 127.0.0.1:9464")
        try:
            self._socket = socket.create_server((host.strip("[]"), int(port)), reuse_port=False,
                                                family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except (OSError, UnicodeError) as e:  # UnicodeError: no name can be like that
            why = (getattr(e, "strerror", None) or str(e)).partition(" (")[0]
            raise OutletError(f"{address}: {why}") from None
        self._snapshot: Record = {}
        self._at = 0.0
        self._others: dict[str, dict[str, int | str]] = {}
        self._served = 0
        self._server: _Server | None = None
        self._labels = _Labels()
        self._registry = CollectorRegistry()
        self._registry.register(_Collector(self))

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def serve(self) -> None:
        self._server = _Server(self._socket, self)
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def take(self, kind: str, line: bytes) -> None:
        if kind == SNAPSHOT:
            self._snapshot, self._at = json.loads(line), time.monotonic()

    def others(self, states: dict[str, dict[str, int | str]]) -> None:
        """How the other outlets do."""
        self._others = states

    def reopen(self) -> None:
        """It stays."""

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
        self._socket.close()

    def state(self) -> dict[str, int | str]:
        return {"served": self._served}

    def text(self) -> bytes:
        self._served += 1
        return generate_latest(self._registry)

    @property
    def healthy(self) -> bool:
        """A snapshot came a short while ago."""
        return bool(self._at) and time.monotonic() - self._at < STALE_S

    def collected(self) -> Iterator[Metric]:
        """Every metric there is a value of."""
        yield _gauge("netwatch_up", "1 while the agent tells how it is.", int(self.healthy))
        said = self._snapshot
        if not said:
            return
        yield GaugeMetricFamily("netwatch_snapshot_age_seconds", "Age of what these numbers say.",
                                time.monotonic() - self._at)
        info = GaugeMetricFamily("netwatch_build_info", "Version, as a label.", labels=["version"])
        info.add_metric([said["version"]], 1)
        yield info
        yield from _capture(said["capture"], self._labels)
        yield from _flows(said, self._labels)
        yield from _interfaces(said.get("interfaces"), self._labels)
        yield from _times(said)
        yield from _own(said["agent"])
        yield from _outlets(self._others)


def _capture(capture: Record, labels: _Labels) -> Iterator[Metric]:
    yield _counter("netwatch_captured_packets", "Packets seen.", capture["packets"])
    yield _counter("netwatch_captured_bytes", "Bytes of them on the wire.", capture["bytes"])
    drops = CounterMetricFamily("netwatch_capture_drops", "Packets lost before they were seen.", labels=["cause"])
    for cause in ("kernel", "interface", "ring"):
        if f"{cause}_drops" in capture:
            drops.add_metric([cause], capture[f"{cause}_drops"])
    yield drops
    bad = CounterMetricFamily("netwatch_rejected_packets", "Packets that could not be read.", labels=["reason"])
    for reason, count in labels.bounded("reason", capture.get("rejected", {})):
        bad.add_metric([reason], count)
    yield bad


def _flows(said: Record, labels: _Labels) -> Iterator[Metric]:
    flows = said["flows"]
    yield _gauge("netwatch_connections", "Flows that are open now.", flows["live"])
    yield _counter("netwatch_flows_ended", "Flows that are over.", flows["ended"])
    yield _counter("netwatch_flows_evicted", "Flows that had to make room.", flows["evicted"])
    states = GaugeMetricFamily("netwatch_tcp_connections", "TCP connections by state.", labels=["state"])
    for state, count in labels.bounded("state", said.get("tcp_states", {})):
        states.add_metric([state], count)
    yield states
    by_app = CounterMetricFamily("netwatch_app_flows", "Flows by application.", labels=["app"])
    octets = CounterMetricFamily("netwatch_app_bytes", "Bytes by application.", labels=["app"])
    for what, family in (("flows", by_app), ("bytes", octets)):
        for app, count in labels.bounded("app", {app: each[what] for app, each in said.get("apps", {}).items()}):
            family.add_metric([app], count)
    yield by_app
    yield octets
    alerts = CounterMetricFamily("netwatch_alerts", "Alerts by detector.", labels=["kind"])
    for kind, count in labels.bounded("kind", said.get("alerts", {})):
        alerts.add_metric([kind], count)
    yield alerts
    owners = said.get("attribution")
    if owners and owners["known"] + owners["unknown"]:
        yield _gauge("netwatch_attribution_ratio", "Share of the open flows of this machine whose process is known.",
                     owners["known"] / (owners["known"] + owners["unknown"]))


def _interfaces(rows: list[Record] | None, labels: _Labels) -> Iterator[Metric]:
    yield _gauge("netwatch_collectors_ok", "1 where the interfaces' counters can be had.", int(rows is not None))
    for word, way in INTERFACE:
        for what in ("bytes", "packets", "errors", "drops"):
            total = CounterMetricFamily(f"netwatch_interface_{word}_{what}", f"The interface's own count of {what}.",
                                        labels=["interface"])
            for name, count in labels.bounded("interface", {row["name"]: row[f"{way}_{what}"] for row in rows or ()
                                                            if row.get(f"{way}_{what}") is not None}):
                total.add_metric([name], count)
            yield total
        rate = GaugeMetricFamily(f"netwatch_interface_{word}_bytes_per_second", "Over the last second or so.",
                                 labels=["interface"])
        for name, value in labels.bounded("interface", {row["name"]: row[f"{way}_bytes_per_s"] for row in rows or ()
                                                        if f"{way}_bytes_per_s" in row}):
            rate.add_metric([name], value)
        yield rate
    coverage = GaugeMetricFamily("netwatch_interface_captured_ratio", "Share of the interface's bytes captured.",
                                 labels=["interface"])
    for name, share in labels.bounded("interface", {row["name"]: row["coverage"] for row in rows or ()
                                                    if "coverage" in row}):
        coverage.add_metric([name], share)
    yield coverage


def _times(said: Record) -> Iterator[Metric]:
    """Round trips that passed by: nobody is asked."""
    if said.get("gateway", {}).get("rtt_us") is not None:
        yield _gauge("netwatch_gateway_rtt_seconds", "Newest round trip to the default gateway that was seen.",
                     said["gateway"]["rtt_us"] / 1e6)
    if said.get("dns", {}).get("median_us") is not None:
        yield _gauge("netwatch_dns_rtt_seconds", "Median from query to response in the last five minutes.",
                     said["dns"]["median_us"] / 1e6)


def _own(agent: Record) -> Iterator[Metric]:
    yield _counter("netwatch_process_cpu_seconds", "CPU time of the agent.", agent["cpu_s"])
    yield _gauge("netwatch_process_resident_memory_bytes", "Memory of the agent.", agent["rss_bytes"])
    yield _counter("netwatch_untold_records", "Records for which there was no room on the way to the outlets.",
                   agent["untold"])


def _outlets(states: dict[str, dict[str, int | str]]) -> Iterator[Metric]:
    for what in ("sent", "dropped"):
        total = CounterMetricFamily(f"netwatch_outlet_{what}", f"Records {what}, by outlet.", labels=["outlet"])
        for name, state in states.items():
            if what in state:
                total.add_metric([name], cast(int, state[what]))
        yield total


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value)


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(name, about, value)


class _Labels:
    """The values that each label has: the first that were seen keep theirs, so that no counter goes back when another
    comes."""

    def __init__(self) -> None:
        self._known: dict[str, set[str]] = {}

    def bounded(self, label: str, values: dict[str, float]) -> Iterator[tuple[str, float]]:
        """Values of that label, what is beyond the bound together."""
        known = self._known.setdefault(label, set())
        for name in sorted(values):
            if len(known) < MOST_LABELS - 1:
                known.add(name)
        yield from ((name, value) for name, value in values.items() if name in known)
        others = [value for name, value in values.items() if name not in known]
        if others:
            yield "other", sum(others)


class _Collector(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics.collected()


class _Server(ThreadingHTTPServer):
    """On a socket that listens already; so many requests at a time, the oldest makes room, and each has its time."""

    daemon_threads = True

    def __init__(self, listening: socket.socket, metrics: Metrics) -> None:
        super().__init__(listening.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.metrics = metrics
        self._since: dict[object, float] = {}  # of requests that are being answered, the oldest first
        self._guard = threading.Lock()

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket],
                        client_address: tuple[str, int]) -> None:
        with self._guard:
            if len(self._since) >= AT_ONCE:
                self._let_go(next(iter(self._since)))
            self._since[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket.socket | tuple[bytes, socket.socket],
                               client_address: tuple[str, int]) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._since.pop(request, None)

    def service_actions(self) -> None:
        """Every half second, and after each request that came."""
        with self._guard:
            for request in [each for each, since in self._since.items() if time.monotonic() - since > SECONDS]:
                self._let_go(request)

    def _let_go(self, request: object) -> None:
        """Its thread finds that there is no more to read or write."""
        del self._since[request]
        if isinstance(request, socket.socket):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket],
                     client_address: tuple[str, int]) -> None:
        """Who asks may go whenever they like."""


class _Handler(BaseHTTPRequestHandler):
    timeout = SECONDS
    server_version = "netwatch"
    sys_version = ""
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        """/metrics and /healthz."""
        metrics = cast(_Server, self.server).metrics
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, metrics.text())
        elif path == "/healthz":
            good = metrics.healthy
            self._answer(200 if good else 503, "text/plain; charset=utf-8", b"ok\n" if good else b"no news\n")
        else:
            self._answer(404, "text/plain; charset=utf-8", b"/metrics, /healthz\n")

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
