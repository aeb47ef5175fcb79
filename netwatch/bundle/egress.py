"""What each program talked to, summed up over flows: a line for each program, name, address, port and protocol."""

from __future__ import annotations

from collections.abc import Iterator

from netwatch.model.record import Record, look_up

KEYS = frozenset({"process", "tls", "quic", "http", "name", "dst", "dport", "proto", "app", "bytes_out", "bytes_in",
                  "first", "last"})  # of flow records
MOST = 100_000  # lines; what comes after is summed up in one
HOSTS = ("tls.sni", "quic.sni", "http.host", "name.host")


class Egress:
    """Lines are in the order of their first flow."""

    def __init__(self) -> None:
        self._lines: dict[tuple[object, ...], Record] = {}
        self._others: Record = {}

    def add(self, flow: Record) -> None:
        host = next((found for path in HOSTS if (found := look_up(flow, path))), None)
        key = (look_up(flow, "process.name"), host, flow.get("dst"), flow.get("dport"), flow.get("proto"),
               flow.get("app"))
        line = self._lines.get(key)
        if line is None and len(self._lines) >= MOST:
            line = self._others
        elif line is None:
            names = ("program", "host", "ip", "port", "proto", "app")  # as `netwatch egress` calls them
            line = self._lines[key] = {name: value for name, value in zip(names, key, strict=True) if value is not None}
        line["flows"] = line.get("flows", 0) + 1
        for name in ("bytes_out", "bytes_in"):
            line[name] = line.get(name, 0) + flow.get(name, 0)
        if "first" in flow:
            line["first"] = min(line.get("first", flow["first"]), flow["first"])
            line["last"] = max(line.get("last", flow["last"]), flow["last"])

    def lines(self) -> Iterator[Record]:
        yield from ({"schema": "netwatch.egress/1", **line} for line in self._lines.values())
        if self._others:
            yield {"schema": "netwatch.egress/1", "others": True, **self._others}
