"""What is replayed on a link and watched there has the alerts and findings that its file has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import everyday  # noqa: F401 - its situations
import habits  # noqa: F401
import logins  # noqa: F401
import offices  # noqa: F401
import pytest
import scans  # noqa: F401
from netwatch_command import COMMAND, ENVIRONMENT, Run, until_inside
from pair import lacking
from situation import SITUATIONS
from wire import pcap

pytestmark = pytest.mark.skipif(bool(lacking()), reason=lacking())

NAMES = ("a_syn_scan_of_a_hundred_ports", "a_scan_in_fragments", "a_ping_sweep", "a_tunnel_through_one_socket",
         "passwords_are_tried_in_one_connection", "a_storm_of_printers_that_announce_themselves")
SAME = ("schema", "kind", "severity", "title", "src", "dst", "dport", "state")  # live, counts are those of the moment
ASKED = ("--what", "alerts,findings", "--format", "ndjson", "--set", "owners.find=false")
SENDER = """
import socket, struct, sys, time
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind((sys.argv[1], 0))
with open(sys.argv[2], "rb") as f:
    f.read(24)
    began = first = None
    while head := f.read(16):
        s, ns, size, _ = struct.unpack("<IIII", head)
        frame, now = f.read(size), s + ns / 1e9
        if first is None:
            first, began = now, time.monotonic()
        time.sleep(max(0, began + now - first - time.monotonic()))
        link.send(frame)
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Path, str]]]:
    """By situation its file, and the records of its frames: all are replayed at their own pace at the same time, each
    on a link of its own where nobody else says anything."""
    folder, name = tmp_path_factory.mktemp("replayed"), f"nwreplay{os.getpid()}"
    inside = ["ip", "netns", "exec", name]
    frames = {each.name: each.frames for each in SITUATIONS}
    paths = [folder / f"{name}.pcap" for name in NAMES]
    started: list[subprocess.Popen[str]] = []
    ip("netns", "add", name)
    try:
        for kind in ("all", "default"):
            subprocess.run([*inside, "sysctl", "-qw", f"net.ipv6.conf.{kind}.disable_ipv6=1"], check=True)
        for k, path in enumerate(paths):
            path.write_bytes(pcap(sorted(frames[path.stem](), key=lambda each: each[0])))
            ip("-n", name, "link", "add", f"near{k}", "mtu", "9000", "type", "veth", "peer", f"far{k}", "mtu", "9000")
            for end in ("near", "far"):
                ip("-n", name, "link", "set", f"{end}{k}", "up")
            started.append(subprocess.Popen([*inside, *COMMAND, "read", "-i", f"far{k}", *ASKED], text=True,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT))
        for watching in started:
            until_inside(watching)
            assert watching.poll() is None
        senders = [subprocess.Popen([*inside, sys.executable, "-c", SENDER, f"near{k}", str(path)])
                   for k, path in enumerate(paths)]
        assert all(sender.wait(90) == 0 for sender in senders)
        time.sleep(2)
        found = {}
        for path, watching in zip(paths, started, strict=True):
            watching.send_signal(signal.SIGINT)
            out, err = watching.communicate(timeout=60)
            assert "Traceback" not in err and "dropped" not in err, err
            found[path.stem] = path, out
        yield found
    finally:
        for watching in started:
            if watching.poll() is None:
                watching.kill()
                watching.wait()
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def told(text: str) -> list[str]:
    """What alerts and findings say, but when it was and how much: live they are told as soon as they are raised."""
    return sorted(json.dumps({key: record.get(key) for key in SAME}) for record in map(json.loads, text.splitlines()))


@pytest.mark.parametrize("name", NAMES)
def test_a_link_is_told_what_its_file_is(live: dict[str, tuple[Path, str]], netwatch: Run, name: str) -> None:
    path, seen = live[name]
    of_file = netwatch("read", path, *ASKED).stdout
    assert told(seen) == told(of_file)
    kinds = {record["kind"] for record in map(json.loads, of_file.splitlines())}
    assert next(each.fires for each in SITUATIONS if each.name == name) <= kinds
