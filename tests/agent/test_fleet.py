"""The examples of fleet/ are what their readers take, and speak of what there is."""

from __future__ import annotations

import json
import re
import subprocess
import time
import tomllib
from pathlib import Path

import pytest
from agentspace import Space, needs, until
from netwatch_command import ROOT, Run

FLEET = ROOT / "fleet"
METRICS = re.compile(r"netwatch_[a-z_]+")


def told() -> set[str]:
    """Metrics that docs/agent.md names."""
    page = (ROOT / "docs/agent.md").read_text()
    found = set(METRICS.findall(page))
    found |= {f"netwatch_interface_{way}_{what}_total" for way in ("receive", "transmit")
              for what in ("bytes", "packets", "errors", "drops")}
    return found | {f"netwatch_interface_{way}_bytes_per_second" for way in ("receive", "transmit")}


@pytest.mark.parametrize("name", ["alerts.yml", "grafana/netwatch.json"])
def test_metrics_that_are_asked_for_exist(name: str) -> None:
    asked = set(METRICS.findall((FLEET / name).read_text()))
    assert len(asked) > 4
    assert asked <= told()


def test_what_the_page_names_is_what_is_served() -> None:
    """A snapshot with everything in it gives every metric of docs/agent.md."""
    from netwatch.outlets.metrics import Metrics

    metrics = Metrics("127.0.0.1:0")
    interface = {"name": "eth0", "coverage": 0.5, **{f"{way}_{what}": 1 for way in ("rx", "tx")
                                    for what in ("bytes", "packets", "errors", "drops", "bytes_per_s")}}
    metrics.take("snapshot", json.dumps({
        "version": "1", "capture": {"packets": 1, "bytes": 1, "kernel_drops": 1, "interface_drops": 1, "ring_drops": 1,
                                    "rejected": {"short": 1}},
        "flows": {"live": 1, "ended": 1, "evicted": 1}, "tcp_states": {"ESTABLISHED": 1},
        "apps": {f"app{n}": {"flows": 1, "bytes": 2} for n in range(100)}, "alerts": {"port-scan": 1},
        "attribution": {"known": 3, "unknown": 1}, "interfaces": [interface], "gateway": {"rtt_us": 5},
        "dns": {"median_us": 5}, "agent": {"cpu_s": 1, "rss_bytes": 1, "untold": 0}}).encode())
    metrics.others({"log": {"sent": 1, "dropped": 0}})
    said = metrics.text().decode()
    served = {line.split("{")[0].split(" ")[0] for line in said.splitlines() if line[:1] != "#"}
    assert served == {name for name in told() if not name.endswith("_")}
    assert said.count("netwatch_app_flows_total{") == 64, "a label has no more values than that"
    assert 'netwatch_app_flows_total{app="other"} 37.0' in said
    assert "netwatch_attribution_ratio 0.75" in said
    metrics.close()


def test_counters_never_go_back_when_more_labels_come() -> None:
    """Whoever was named stays named, and what is together only grows."""
    from netwatch.outlets.metrics import Metrics

    metrics = Metrics("127.0.0.1:0")
    before: dict[str, float] = {}
    for count in (3, 63, 64, 65, 100, 300):
        # later ones stand before earlier ones in any order by name
        apps = {f"app{1000 - n}": {"flows": count, "bytes": 2 * count} for n in range(count)}
        metrics.take("snapshot", json.dumps({
            "version": "1", "capture": {"packets": 1, "bytes": 1}, "flows": {"live": 1, "ended": 1, "evicted": 1},
            "apps": apps, "agent": {"cpu_s": 1, "rss_bytes": 1, "untold": 0}}).encode())
        now = {name: float(value) for name, _, value in (line.rpartition(" ") for line in
                                                         metrics.text().decode().splitlines()) if "{app=" in name}
        assert before.keys() <= now.keys()
        assert all(value <= now[name] for name, value in before.items())
        assert sum(value for name, value in now.items() if "flows" in name) == count * count
        assert len(now) <= 2 * 64
        before = now
    metrics.close()


def test_what_is_not_known_is_absent_and_counters_are_wide() -> None:
    """Past 32 bits, where libpcap's own counters begin anew."""
    from netwatch.outlets.metrics import Metrics

    metrics = Metrics("127.0.0.1:0")
    metrics.take("snapshot", json.dumps({
        "version": "1", "capture": {"packets": 2**33 + 1, "bytes": 2**45 + 1, "kernel_drops": 2**32 + 7},
        "flows": {"live": 1, "ended": 1, "evicted": 1}, "tcp_states": {}, "apps": {}, "alerts": {},
        "agent": {"cpu_s": 1, "rss_bytes": 1, "untold": 0}}).encode())
    samples = [line.rpartition(" ") for line in metrics.text().decode().splitlines() if line[:1] != "#"]
    found = {name: float(value) for name, _, value in samples}
    assert found["netwatch_captured_packets_total"] == 2**33 + 1
    assert found["netwatch_captured_bytes_total"] == 2**45 + 1
    assert found['netwatch_capture_drops_total{cause="kernel"}'] == 2**32 + 7
    assert not [name for name in found if "interface" in name or "ratio" in name or "rtt" in name or "{app" in name]
    assert found["netwatch_collectors_ok"] == 0
    metrics.close()


def test_dashboard_is_one() -> None:
    board = json.loads((FLEET / "grafana/netwatch.json").read_text())
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) > 5
    assert all(panel["targets"] for panel in board["panels"])


@needs("promtool")
def test_prometheus_takes_its_configuration() -> None:
    done = subprocess.run(["promtool", "check", "config", str(FLEET / "prometheus.yml")], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 rules found" in done.stdout


def test_collector_configuration_fits_the_agents() -> None:
    yaml = pytest.importorskip("yaml")
    config = yaml.safe_load((FLEET / "otel-collector.yaml").read_text())
    agent = tomllib.loads((FLEET / "agent.toml").read_text())["agent"]
    assert agent["otlp"] == f"http://{config['receivers']['otlp']['protocols']['http']['endpoint']}"
    for pipeline in config["service"]["pipelines"].values():
        assert set(pipeline["receivers"]) <= set(config["receivers"])
        assert set(pipeline["exporters"]) <= set(config["exporters"])
    scrape = yaml.safe_load((FLEET / "prometheus.yml").read_text())["scrape_configs"][0]
    assert scrape["static_configs"][0]["targets"] == [agent["metrics"]]
    assert tomllib.loads((FLEET / "vector.toml").read_text())["sources"]["netwatch"]["include"] == [agent["log"]]
    assert agent["log"] in (FLEET / "fluent-bit.conf").read_text()


def test_settings_are_settings(netwatch: Run) -> None:
    done = netwatch("config", "check", "--config", FLEET / "agent.toml")
    assert done.returncode == 0, done.stderr


@needs("ip", "nfcapd", "nfdump")
def test_nfdump_recipe(space: Space, tmp_path: Path) -> None:
    agent = space.agent("--ipfix", "udp://127.0.0.1:4739", "--where", "app == http")
    recipe = space.start("sh", FLEET / "nfdump.sh", tmp_path / "flows", "12")
    until((tmp_path / "flows").exists)
    time.sleep(1)
    space.talk(2)
    space.over(agent)
    said, _ = recipe.communicate(timeout=40)
    assert "Top 10 flows ordered by bytes" in said
    assert "127.0.0.1" in said
