"""OTLP over HTTP as JSON: snapshots as metrics, records as logs, by OpenTelemetry's semantic names where it has them
(OTLP 1.x, "JSON Protobuf Encoding"; 64-bit numbers are texts)."""

from __future__ import annotations

import json
import socket
import time
from datetime import datetime

from netwatch.model.record import Record
from netwatch.outlets.plan import SNAPSHOT, Plan
from netwatch.outlets.posting import Collector, Refused
from netwatch.outlets.push import host_id
from netwatch.outlets.sending import Sending

CUMULATIVE = 2
SEVERITIES = {"info": (9, "INFO"), "warning": (13, "WARN"), "critical": (21, "FATAL")}
SCOPE = {"name": "netwatch"}
OF_INTERFACES = (("system.network.io", "bytes", "By"), ("system.network.packet.count", "packets", "{packet}"),
                 ("system.network.errors", "errors", "{error}"),
                 ("system.network.packet.dropped", "drops", "{packet}"))
EVERY_S = 10.0  # between two snapshots that are sent


class Otlp:
    name = "otlp"

    def __init__(self, plan: Plan) -> None:
        """Raises OutletError."""
        self._metrics = Collector(plan.otlp, "/v1/metrics", plan.push_key, plan.ca)
        self._logs = Collector(plan.otlp, "/v1/logs", plan.push_key, plan.ca)
        self._resource = {"attributes": attributes({"service.name": "netwatch", "host.name": socket.gethostname(),
                                                    "host.id": host_id()})}
        self._began = time.time_ns()
        self._due = 0.0
        self._refused = 0
        self._sending: dict[str, Sending] = {}

    def take(self, kind: str, line: bytes) -> None:
        if not self._sending:
            self._sending = {"metrics": Sending("otlp-metrics", self._send_metrics, 1),
                             "logs": Sending("otlp-logs", self._send_logs)}
        if kind != SNAPSHOT:
            self._sending["logs"].put(line)
        elif time.monotonic() >= self._due or b'"final":true' in line:
            self._due = time.monotonic() + EVERY_S
            self._sending["metrics"].put(line)

    def reopen(self) -> None:
        """Nothing of it is in files."""

    def close(self) -> None:
        for sending in self._sending.values():
            sending.close()

    def state(self) -> dict[str, int | str]:
        states = [sending.state() for sending in self._sending.values()]
        said: dict[str, int | str] = {key: sum(int(state[key]) for state in states)
                                      for key in ("sent", "dropped", "waiting")}
        errors = [state["error"] for state in states if "error" in state]
        return said | {"refused": self._refused} | ({"error": errors[0]} if errors else {})

    def _send_metrics(self, batch: list[bytes]) -> None:
        for line in batch:
            made = metrics(json.loads(line), self._began)
            self._post(self._metrics, {"resourceMetrics": [{"resource": self._resource, "scopeMetrics": [
                {"scope": SCOPE, "metrics": made}]}]})

    def _send_logs(self, batch: list[bytes]) -> None:
        self._post(self._logs, {"resourceLogs": [{"resource": self._resource, "scopeLogs": [
            {"scope": SCOPE, "logRecords": [log_record(json.loads(line)) for line in batch]}]}]})

    def _post(self, collector: Collector, document: Record) -> None:
        try:
            collector.post(json.dumps(document, separators=(",", ":")).encode())
        except Refused:
            self._refused += 1


def metrics(said: Record, began: int) -> list[Record]:
    """Of a snapshot; what was not measured is absent."""
    at = {"timeUnixNano": str(_nanoseconds(said["time"]) or time.time_ns()), "startTimeUnixNano": str(began)}
    capture, flows, agent = said["capture"], said["flows"], said["agent"]
    found = [
        _sum("netwatch.capture.packets", "{packet}", [({}, capture["packets"])], at),
        _sum("netwatch.capture.io", "By", [({}, capture["bytes"])], at),
        _sum("netwatch.capture.dropped", "{packet}", [({"netwatch.drop.cause": cause}, capture[f"{cause}_drops"])
                                                      for cause in ("kernel", "interface", "ring")], at),
        _sum("netwatch.flows.ended", "{flow}", [({}, flows["ended"])], at),
        _gauge("netwatch.flows.live", "{flow}", [({}, flows["live"])], at),
        _gauge("system.network.connection.count", "{connection}", [
            ({"network.transport": "tcp", "network.connection.state": state.lower()}, count)
            for state, count in said.get("tcp_states", {}).items()], at),
        _sum("netwatch.app.io", "By", [({"network.protocol.name": app}, each["bytes"])
                                       for app, each in said.get("apps", {}).items()], at),
        _sum("netwatch.alerts", "{alert}", [({"netwatch.alert.kind": kind}, count)
                                            for kind, count in said.get("alerts", {}).items()], at),
        _sum("process.cpu.time", "s", [({}, agent["cpu_s"])], at),
        _gauge("process.memory.usage", "By", [({}, agent["rss_bytes"])], at),
    ]
    for name, what, unit in OF_INTERFACES:
        found.append(_sum(name, unit, [
            ({"network.interface.name": row["name"], "network.io.direction": direction}, row[f"{way}_{what}"])
            for row in said.get("interfaces", ()) for way, direction in (("rx", "receive"), ("tx", "transmit"))
            if f"{way}_{what}" in row], at))
    return [each for each in found if each]


def log_record(record: Record) -> Record:
    """The record is the body; what OpenTelemetry has names for is among the attributes."""
    kind = record["schema"].partition("/")[0]
    number, text = SEVERITIES.get(record.get("severity", ""), (9, "INFO"))
    process = record.get("process", {})
    named = {
        "event.name": kind, "network.transport": record.get("proto"), "network.protocol.name": record.get("app"),
        "source.address": record.get("src"), "source.port": record.get("sport"),
        "destination.address": record.get("dst"), "destination.port": record.get("dport"),
        "server.address": record.get("name", {}).get("host"), "process.pid": process.get("pid"),
        "process.executable.name": process.get("name"), "tls.client.server_name": record.get("tls", {}).get("sni"),
        "dns.question.name": next((each.get("name") for each in record.get("questions", ())), None),
        "http.request.method": record.get("method"), "http.response.status_code": record.get("status"),
        "url.path": record.get("path")}
    return {"timeUnixNano": str(_nanoseconds(record.get("time") or record.get("last")) or 0),
            "observedTimeUnixNano": str(time.time_ns()), "severityNumber": number, "severityText": text,
            "body": {"stringValue": json.dumps(record, separators=(",", ":"), ensure_ascii=False)},
            "attributes": attributes({key: value for key, value in named.items() if value is not None})}


def attributes(named: Record) -> list[Record]:
    return [{"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}}
            for key, value in named.items()]


def _points(values: list[tuple[Record, float]], at: Record) -> list[Record]:
    return [{**at, "attributes": attributes(named),
             **({"asInt": str(value)} if isinstance(value, int) else {"asDouble": value})} for named, value in values]


def _sum(name: str, unit: str, values: list[tuple[Record, float]], at: Record) -> Record:
    return {"name": name, "unit": unit, "sum": {"dataPoints": _points(values, at), "isMonotonic": True,
                                                "aggregationTemporality": CUMULATIVE}} if values else {}


def _gauge(name: str, unit: str, values: list[tuple[Record, float]], at: Record) -> Record:
    return {"name": name, "unit": unit, "gauge": {"dataPoints": _points(values, at)}} if values else {}


def _nanoseconds(time: str | None) -> int | None:
    if not time or len(time) < 30:
        return None
    return round(datetime.fromisoformat(f"{time[:19]}+00:00").timestamp()) * 10**9 + int(time[20:29])
