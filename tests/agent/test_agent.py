"""netwatch agent and snapshot: the event log, signals, systemd, Prometheus, syslog, IPFIX, OTLP, push."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from agentspace import Space, collected, needs, nfcapd, records, until
from netwatch_command import COMMAND, ENVIRONMENT, Run

PORT = 9464


def scrape(space: Space, path: str = "/metrics") -> str:
    return space.run("curl", "-s", f"http://127.0.0.1:{PORT}{path}")


def metrics_of(text: str) -> dict[str, float]:
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[:1] != "#"}


@needs("ip", "curl")
def test_event_log(space: Space, tmp_path: Path) -> None:
    """Flows that are over, messages, and on TERM those still open; HUP begins the file anew where it was moved."""
    log = tmp_path / "events.ndjson"
    agent = space.agent("--log", log)
    space.talk(3)
    until(lambda: len([r for r in records(log) if r["schema"] == "netwatch.http/1"]) == 3)
    moved = tmp_path / "moved.ndjson"
    log.rename(moved)
    agent.send_signal(signal.SIGHUP)
    until(log.exists)
    space.over(agent)
    said = records(moved) + records(log)
    assert {str(r["schema"]) for r in said} == {"netwatch.http/1", "netwatch.flow/1"}
    flows = [r for r in said if r["schema"] == "netwatch.flow/1"]
    http = [r for r in flows if r.get("app") == "http"]
    assert len(http) == 3
    assert {r["http"]["host"] for r in http} == {"www.lab.example"}  # type: ignore[index]
    assert records(log)
    assert len({r["id"] for r in flows}) == len(flows)


@needs("ip")
def test_what_happens_to_flows_is_logged(space: Space, tmp_path: Path) -> None:
    """While a flow is open the log tells that it began, and then what it speaks; it is the flow of the later record."""
    log = tmp_path / "events.ndjson"
    agent = space.agent("--log", log, "--what", "events,flows")
    space.talk(2)
    until(lambda: len([r for r in records(log) if r.get("app") == "http" and r.get("kind") == "identified"]) == 2)
    space.over(agent)
    events = [r for r in records(log) if r["schema"] == "netwatch.event/1"]
    flows = {r["id"]: r for r in records(log) if r["schema"] == "netwatch.flow/1"}
    for number in {e["flow"] for e in events if e.get("app") == "http"}:
        start, identified, *over = [e for e in events if e["flow"] == number]
        assert [e["kind"] for e in over] == ["end"] * ("ended" in flows[number])
        assert (start["kind"], identified["kind"]) == ("start", "identified")
        assert all(start[key] == flows[number][key] for key in ("proto", "src", "sport", "dst", "dport"))
        assert start["time"] == flows[number]["first"]


@needs("ip", "curl")
def test_an_agent_may_keep_and_tell_nobody(space: Space, tmp_path: Path, netwatch: Run) -> None:
    """A history alone is something to do."""
    state = tmp_path / "state"
    agent = space.agent("--set", "history.on=true", XDG_STATE_HOME=str(state))
    until(lambda: (state / "netwatch" / "history.sqlite").exists())
    space.talk(2)
    space.over(agent)
    kept = netwatch("read", "--history", "--where", "http", env={**ENVIRONMENT, "XDG_STATE_HOME": str(state)})
    assert len(kept.stdout.splitlines()) == 2, kept


MANY = """
import socket
names = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(50)]
for number, each in enumerate(names):
    each.bind(("127.0.1.1", 20000 + number))
for port in range(30000, 30050):
    for each in names:
        each.sendto(b"abcd", ("127.0.0.9", port))
"""


@needs("ip")
def test_all_that_is_open_is_told_in_the_end(space: Space, tmp_path: Path) -> None:
    """More flows than are handed out at once, each of them."""
    import sys

    from netwatch.agent.journal import AT_ONCE

    assert AT_ONCE * 2 < 2_500
    log = tmp_path / "events.ndjson"
    agent = space.agent("--log", log, "--what", "flows")
    space.run(sys.executable, "-c", MANY)
    space.over(agent)
    ends = [(r["sport"], r["dport"]) for r in records(log) if r["src"] == "127.0.1.1"]
    assert len(ends) == len(set(ends)) == 2_500


@needs("ip")
def test_findings_are_logged(space: Space, tmp_path: Path) -> None:
    """Whatever --where asks of flows."""
    log = tmp_path / "events.ndjson"
    agent = space.agent("--log", log, "--where", "app == dns")
    space.run("bash", "-c", "for i in 1 2 3 4 5 6; do (: < /dev/tcp/127.0.0.1/9) 2> /dev/null; done; true")
    time.sleep(1)
    space.over(agent)
    said = records(log)
    assert {(r["schema"], r["kind"]) for r in said} == {("netwatch.finding/1", "refused")}


@needs("ip", "curl")
def test_log_is_rotated_and_filtered(space: Space, tmp_path: Path) -> None:
    log = tmp_path / "events.ndjson"
    log.write_text(" " * 999_000 + "\n")
    agent = space.agent("--log", log, "--what", "flows", "--where", "app == http", "--set", "agent.log_mb=1",
                        "--set", "agent.log_keep=1")
    space.talk(2)
    space.over(agent)
    assert [r["app"] for r in records(log)] == ["http", "http"]
    assert (tmp_path / "events.ndjson.1").stat().st_size > 990_000


@needs("ip", "curl")
def test_metrics(space: Space) -> None:
    agent = space.agent("--metrics", f"127.0.0.1:{PORT}")
    assert scrape(space, "/healthz") == "ok\n"
    space.talk(2)
    time.sleep(2.5)
    found = metrics_of(scrape(space))
    assert found["netwatch_up"] == found["netwatch_collectors_ok"] == 1
    assert found["netwatch_captured_packets_total"] > 20
    assert found['netwatch_app_flows_total{app="http"}'] >= 2, "and what asks for it"
    assert found['netwatch_interface_receive_bytes_total{interface="lo"}'] > 0
    assert found['netwatch_capture_drops_total{cause="kernel"}'] == 0
    assert found["netwatch_untold_records_total"] == 0
    assert not [name for name in found if "gateway" in name or "dns_rtt" in name], "nothing was measured: absent"
    assert "/metrics, /healthz" in scrape(space, "/other")
    space.over(agent, signal.SIGINT)


@needs("ip", "curl", "prometheus", "promtool")
def test_prometheus_scrapes_it(space: Space, tmp_path: Path) -> None:
    agent = space.agent("--metrics", f"127.0.0.1:{PORT}")
    checked = subprocess.run(["promtool", "check", "metrics"], input=scrape(space), text=True, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: netwatch\n  static_configs:\n"
        f"  - targets: ['127.0.0.1:{PORT}']\n")
    space.start("prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                "--web.listen-address=127.0.0.1:9099")

    def up() -> bool:
        # -f: while it starts it answers 503, in words that are no JSON
        said = space.run("curl", "-sf", "http://127.0.0.1:9099/api/v1/query?query=netwatch_up", check=False)
        return bool(said) and [each["value"][1] for each in json.loads(said)["data"]["result"]] == ["1"]
    until(up, 30)
    space.over(agent)


@needs("ip", "rsyslogd")
@pytest.mark.parametrize("transport", ["udp", "tcp", "unix"])
def test_rsyslog_receives(space: Space, tmp_path: Path, transport: str) -> None:
    modules = {"udp": 'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="5514")',
               "tcp": 'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="5514")',
               "unix": f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{tmp_path}/s" '
                       'UseSpecialParser="off")'}
    (tmp_path / "rsyslog.conf").write_text(
        f'global(workDirectory="{tmp_path}" maxMessageSize="64k")\n{modules[transport]}\n'
        'template(name="t" type="string" string="%syslogseverity%|%app-name%|%msgid%|%msg%\\n")\n'
        f'action(type="omfile" file="{tmp_path}/got" template="t")\n')
    space.start("rsyslogd", "-n", "-f", tmp_path / "rsyslog.conf", "-i", tmp_path / "pid")
    until((tmp_path / "pid").exists)
    time.sleep(1)
    where = {"udp": "udp://127.0.0.1:5514", "tcp": "tcp://127.0.0.1:5514", "unix": f"unix:{tmp_path}/s"}[transport]
    agent = space.agent("--syslog", where, "--what", "flows,http", "--where", "app == http")
    space.talk(2)
    space.over(agent)
    got = tmp_path / "got"
    until(lambda: got.exists() and got.read_text().count("\n") == 4)
    parts = [line.split("|", 3) for line in got.read_text().splitlines()]
    assert {tuple(part[:3]) for part in parts} == {("6", "netwatch", "flow"), ("6", "netwatch", "http")}
    assert {json.loads(part[3])["schema"] for part in parts} == {"netwatch.flow/1", "netwatch.http/1"}


@needs("ip", "nfcapd", "nfdump")
def test_nfcapd_counts_what_we_count(space: Space, tmp_path: Path) -> None:
    program, log = nfcapd(space, tmp_path / "flows", 4739), tmp_path / "events.ndjson"
    agent = space.agent("--ipfix", "udp://127.0.0.1:4739", "--log", log, "--what", "flows", "--where", "app == http")
    space.talk(5)
    space.over(agent)
    ours = records(log)
    assert len(ours) == 5
    theirs = collected(program, tmp_path / "flows", ours)
    assert {each["proto"] for each in theirs} == {6}
    ports = {(each["src_port"], each["dst_port"]) for each in theirs}
    assert ports == {pair for r in ours for pair in ((r["sport"], r["dport"]), (r["dport"], r["sport"]))}


COLLECTOR = """
import http.server, json, sys, time
answers = [int(word) for word in sys.argv[2].split(",")]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = answers.pop(0) if answers else 200
        if status == 0:
            time.sleep(1)
            self.close_connection = True
            return
        if status == 200:
            with open(sys.argv[1], "a") as out:
                out.write(json.dumps({"path": self.path, "key": self.headers.get("Authorization"),
                                      "body": json.loads(body)}) + "\\n")
        self.send_response(status)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", 8088), Handler).serve_forever()
"""


def collector(space: Space, answers: str = "200") -> Path:
    import sys

    got = space.folder / "collected"
    space.start(sys.executable, "-c", COLLECTOR, got, answers)
    time.sleep(1)
    return got


@needs("ip")
def test_push_loses_nothing(space: Space) -> None:
    """A collector that fails, is busy and goes away while it is asked."""
    got = collector(space, "500,429,0,503")
    state = space.folder / "state"
    agent = space.agent("--push", "http://127.0.0.1:8088/ingest", "--set", "agent.push_every_s=1",
                        NETWATCH_KEY="a-key", XDG_STATE_HOME=str(state))
    until(lambda: len(records(got)) >= 6, 60)
    space.over(agent)
    said = records(got)
    numbers = [each["body"]["snapshots"][0]["n"] for each in said]  # type: ignore[index]
    assert numbers == list(range(1, len(numbers) + 1)), "in order, none missing, none twice"
    assert {each["key"] for each in said} == {"Bearer a-key"}
    assert {each["path"] for each in said} == {"/ingest"}
    assert len({each["body"]["host"]["id"] for each in said}) == 1  # type: ignore[index]
    assert "final" in said[-1]["body"]["snapshots"][0]  # type: ignore[index]


@needs("ip")
def test_otlp_is_what_the_protocol_says(space: Space) -> None:
    pytest.importorskip("opentelemetry.proto")
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    got = collector(space)
    agent = space.agent("--otlp", "http://127.0.0.1:8088", "--where", "http.host == www.lab.example")
    space.talk(2)
    space.over(agent)
    said = records(got)
    logs = [ParseDict(each["body"], ExportLogsServiceRequest()) for each in said if each["path"] == "/v1/logs"]
    metrics = [ParseDict(each["body"], ExportMetricsServiceRequest()) for each in said if each["path"] == "/v1/metrics"]
    bodies = [json.loads(record.body.string_value) for each in logs
              for record in each.resource_logs[0].scope_logs[0].log_records]
    assert sorted(body["schema"] for body in bodies) == ["netwatch.flow/1"] * 2 + ["netwatch.http/1"] * 2
    names = {metric.name for each in metrics for metric in each.resource_metrics[0].scope_metrics[0].metrics}
    assert {"netwatch.capture.packets", "system.network.io", "process.cpu.time"} <= names
    last = {metric.name: metric for metric in metrics[-1].resource_metrics[0].scope_metrics[0].metrics}
    assert last["netwatch.capture.packets"].sum.is_monotonic
    assert last["netwatch.capture.packets"].sum.data_points[0].as_int > 20


@needs("ip")
def test_snapshots(space: Space) -> None:
    watching = space.start(*COMMAND, "snapshot", "-i", "lo", "--every", "500ms", "--count", "4", "--where",
                           "app == http")
    time.sleep(2)
    space.talk(1)
    said, words = watching.communicate(timeout=40)
    assert (watching.returncode, words) == (0, "")
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["n"] for line in lines] == [1, 2, 3, 4]
    assert all(line["schema"] == "netwatch.snapshot/1" for line in lines)
    assert [line.get("final") for line in lines] == [None, None, None, True]
    one = space.start(*COMMAND, "snapshot", "-i", "lo", "--final", "--duration", "1s")
    said, words = one.communicate(timeout=40)
    assert json.loads(said)["final"] is True


@needs("ip")
def test_watchdog_and_stop_are_told(space: Space, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        from netwatch_command import ENVIRONMENT

        agent = space.start(*COMMAND, "agent", "-i", "lo", "--log", tmp_path / "log", env={
            **ENVIRONMENT, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"})
        said = [systemd.recv(100) for _ in range(4)]
        assert said == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        space.over(agent)
        systemd.settimeout(2)
        while said[-1] != b"STOPPING=1":
            said.append(systemd.recv(100))


@pytest.mark.parametrize(("words", "said"), [
    ([], "the agent has nothing to do"),
    (["--metrics", "9464"], "9464: HOST:PORT, such as 127.0.0.1:9464"),
    (["--syslog", "ftp://x"], "ftp://x: begins with udp:, tcp:, tls:, unix:"),
    (["--ipfix", "udp://"], "udp://: udp://HOST:PORT"),
    (["--push", "collector"], "collector: an http:// or https:// address"),
    (["--log", "/nowhere/at/all"], "/nowhere/at/all: No such file or directory"),
    (["--log", "x", "--what", "packets"],
     "agent.what: of alerts, dns, events, findings, flows, http, tls, not packets"),
    (["--log", "x", "--where", "prt == 1"], "did you mean 'port'"),
    (["--log", "x", "--set", "agent.key_file=gone"], "agent.key_file gone: No such file"),
])
def test_words_that_make_no_sense(words: list[str], said: str, netwatch: Run) -> None:
    done = netwatch("agent", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 3


def test_one_who_stalls_does_not_stop_the_others() -> None:
    """Requests that never end: others are answered, and too many are turned away."""
    from netwatch.outlets.metrics import Metrics

    metrics = Metrics("127.0.0.1:0")
    metrics.serve()
    stalled = [socket.create_connection(("127.0.0.1", metrics.port)) for _ in range(5)]
    for each in stalled:
        each.sendall(b"GET /metrics HTT")
    with socket.create_connection(("127.0.0.1", metrics.port), 5) as asking:
        asking.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert asking.recv(100).startswith(b"HTTP/1.0 503")
    for each in stalled:
        each.close()
    metrics.close()
    assert threading.active_count() < 20
