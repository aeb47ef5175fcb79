"""The flight recorder at 100,000 packets a second between two namespaces joined by a veth pair: is every packet of the
window in what is frozen, and in the bundle made of it?

    sudo python -m bench.freeze [--seconds 10] [--rate 100000]

tshark counts the packets of the bundle.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import live, measure, native
from bench.peers import NETWATCH

SIZE = 200
RECORDER = """if True:
    import os, sys, time
    from netwatch.addons.recorder import Freeze
    from netwatch.capture.live import open_switch
    from netwatch.cli import headless, sandbox
    import argparse
    p = argparse.ArgumentParser()
    headless.add_options(p)
    options = p.parse_args(["-i", sys.argv[1], "--set", "recorder.armed=true", "--set", "recorder.on_alert=false",
                            "--set", "recorder.disk_mb=2048"])
    headless.settle(options)
    with headless.running(options, hold=True, writable=[os.environ["XDG_STATE_HOME"]]) as session:
        print("ready", flush=True)
        sys.stdin.readline()
        used = sum(os.times()[:4])
        print(session.do(Freeze()), flush=True)
        print(round(used, 1), session.source.stats(), flush=True)
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.freeze", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=100_000)
    options = parser.parse_args()
    native.load("gen")
    native.load("sender")
    with live.namespaces(), tempfile.TemporaryDirectory() as folder:
        environment = {**measure.environment(), "XDG_STATE_HOME": folder}
        recorder = subprocess.Popen(live.inside(live.RECEIVE, [sys.executable, "-c", RECORDER, live.HERE_END]),
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=measure.ROOT,
                                    env=environment)
        assert recorder.stdin is not None and recorder.stdout is not None
        if recorder.stdout.readline() != "ready\n":
            return 1
        time.sleep(1)
        sent, rate = live.send(options.seconds, SIZE, options.rate)
        time.sleep(2)
        recorder.stdin.write("freeze\n")
        recorder.stdin.flush()
        said, cost = recorder.stdout.readline().strip(), recorder.stdout.readline().strip()
        recorder.wait(60)
        bundle = Path(folder) / "bundle"
        subprocess.run([*NETWATCH, "bundle", "make", said.rpartition(" ")[2], str(bundle)], check=True,
                       cwd=measure.ROOT, env=environment, capture_output=True)
        packets = json.loads((bundle / "manifest.json").read_text())["packets"]
        frames = subprocess.run(["tshark", "-n", "-r", str(bundle / "packets.pcapng"), "-Y", "udp.dstport == 4660",
                                 "-T", "fields", "-e", "frame.number"], check=True, capture_output=True)
        seen = frames.stdout.count(b"\n")
        print(f"{sent:,} sent, {rate:,.0f} a second; {said.partition(';')[0]}; {cost}")
        print(f"{packets:,} in the bundle, {seen:,} of the sender's by tshark; {measure.load()}")
        return 0 if seen == sent else 1


if __name__ == "__main__":
    sys.exit(main())
