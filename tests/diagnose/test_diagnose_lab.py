"""Real programs and a wire with faults: each fault is blamed rightly, and none of the others is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults import FAR, NEAR, Lab, Wire, larger_than, lossy, reason, syns
from netwatch_command import COMMAND, ENVIRONMENT

pytestmark = pytest.mark.skipif(reason() is not None, reason=reason() or "")


def well(lab: Lab) -> None:
    lab.serve("resolver", "well")
    lab.serve("server", "200000")
    lab.ask("resolve", "20", "2")
    lab.ask("client", "10", "20", "200000")


def slow_server(lab: Lab) -> None:
    lab.serve("server", "2000", "1.3")
    lab.ask("client", "1", "4", "2000")


def large_download(lab: Lab) -> None:
    lab.serve("server", "3000000")
    lab.ask("client", "1", "1", "3000000", timeout=100)


def far_away(lab: Lab) -> None:
    lab.serve("server", "2000")
    lab.ask("client", "4", "1", "2000")


def nobody_reads(lab: Lab) -> None:
    lab.serve("server", "20000000")
    lab.ask("client", "1", "1", "20000000", "4")


def slow_resolver(lab: Lab) -> None:
    lab.serve("resolver", "well", "0.5")
    lab.ask("resolve", "5", "2")


def silent_resolver(lab: Lab) -> None:
    lab.serve("resolver", "silent")
    lab.ask("resolve", "4", "0.5")
    time.sleep(1)


def failing_resolver(lab: Lab) -> None:
    lab.serve("resolver", "servfail")
    lab.ask("resolve", "5", "2")


def missing_name(lab: Lab) -> None:
    lab.serve("resolver", "nxdomain")
    lab.ask("resolve", "5", "2")


def nobody_listens(lab: Lab) -> None:
    lab.ask("knock", "5", "2")


def nobody_answers(lab: Lab) -> None:
    lab.serve("server", "2000")
    lab.ask("knock", "4", "0.5")
    time.sleep(1)


def large_packets_vanish(lab: Lab) -> None:
    lab.serve("server", "100000")
    asking = lab.start("near", sys.executable, str(Path(__file__).with_name("programs.py")), "client", "1", "1",
                       "100000")
    time.sleep(5)
    asking.kill()


def cut(lab: Lab) -> None:
    lab.serve("server", "50")
    asking = lab.start("near", sys.executable, str(Path(__file__).with_name("programs.py")), "stranded", "9")
    assert asking.stdout and asking.stdout.readline() == "cut\n"
    lab.wire.lose = lambda frame: True
    asking.wait(20)


def nobody_vouches(lab: Lab) -> None:
    key, certificate = str(lab.folder / "key.pem"), str(lab.folder / "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-days", "30", "-subj", "/CN=lab.example"], check=True, capture_output=True)
    lab.serve("secure", certificate, key)
    lab.ask("distrust", "3")
    time.sleep(0.5)


def flooded(lab: Lab) -> None:
    lab.serve("server", "2000")
    lab.ask("flood", "150")
    time.sleep(1)


FAULTS: list[tuple[str, Wire, Callable[[Lab], None]]] = [
    ("", Wire(), well),
    ("server_slow", Wire(), slow_server),
    ("network_lossy", Wire(lose=lossy(0.05)), large_download),
    ("handshake_slow", Wire(0.35), far_away),
    ("not_reading", Wire(), nobody_reads),
    ("dns_wait", Wire(), slow_resolver),
    ("dns_wait", Wire(), silent_resolver),
    ("dns_failing", Wire(), failing_resolver),
    ("name_missing", Wire(), missing_name),
    ("refused", Wire(), nobody_listens),
    ("no_answer", Wire(lose=syns), nobody_answers),
    ("mtu_black_hole", Wire(lose=larger_than(1000), far=True), large_packets_vanish),
    ("retransmission_storm", Wire(), cut),
    ("tls_failed", Wire(), nobody_vouches),
    ("half_open_flood", Wire(), flooded),
]


def found(capture: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run([*COMMAND, "diagnose", str(capture), "--format", "ndjson", *options], env=ENVIRONMENT,
                          text=True, capture_output=True, timeout=60)
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize(("kind", "wire", "make"), FAULTS, ids=[make.__name__ for _, _, make in FAULTS])
def test_each_fault_is_blamed_and_no_other(kind: str, wire: Wire, make: Callable[[Lab], None], tmp_path: Path) -> None:
    with Lab(tmp_path, wire) as lab:
        make(lab)
        capture = lab.stop()
    code, text = found(capture)
    records = [json.loads(line) for line in text.splitlines()]
    assert [record["kind"] for record in records] == [kind] * bool(kind), text
    assert code == bool(kind)
    for record in records:
        assert {record.get("src", FAR), record.get("dst", FAR)} <= {NEAR, FAR}
        assert record["schema"] == "netwatch.finding/1" and record["evidence"] and record["frames"]
    for workers in ("2", "3"):
        assert found(capture, "--workers", workers) == (code, text)


def test_a_busy_link_that_is_well_names_nothing(tmp_path: Path) -> None:
    """Downloads, short answers and names at a time, for $NETWATCH_BUSY_S seconds (`make busy`: ten minutes)."""
    until = time.monotonic() + float(os.environ.get("NETWATCH_BUSY_S", "10"))
    with Lab(tmp_path, Wire()) as lab:
        lab.serve("resolver", "well")
        lab.serve("server", "200000")
        rounds = 0
        while time.monotonic() < until:
            program = [sys.executable, str(Path(__file__).with_name("programs.py"))]
            asking = [lab.start("near", *program, "client", "5", "10", "200000") for _ in range(3)]
            asking.append(lab.start("near", *program, "resolve", "30", "2"))
            assert [each.wait(60) for each in asking] == [0] * 4
            rounds += 1
        capture = lab.stop()
    assert found(capture) == (0, "") and rounds


def test_live_the_process_is_named(tmp_path: Path) -> None:
    """On the near end's interface, by who runs there."""
    with Lab(tmp_path, Wire()) as lab:
        lab.serve("server", "2000", "1.3")
        watching = lab.start("near", *COMMAND, "diagnose", "-i", "eth0", "--duration", "9s", "--format", "json",
                             env=ENVIRONMENT, stderr=subprocess.PIPE)
        time.sleep(2)
        asking = lab.start("near", sys.executable, str(Path(__file__).with_name("programs.py")), "client", "1", "4",
                           "2000")
        pid = asking.pid
        asking.wait(20)
        out, err = watching.communicate(timeout=60)
    assert watching.returncode == 1, err
    (finding,) = json.loads(out)["findings"]
    about: dict[str, Any] = finding["subject"]["process"]
    assert finding["kind"] == "server_slow" and about.get("pid") == pid, about
