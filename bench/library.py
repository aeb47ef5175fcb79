"""Flows of a capture as a pandas table, beside NFStream and pyshark on the same file in the same run.

    python -m bench.library FILE --peers PYTHON [--pyshark N]

PYTHON is an interpreter that has nfstream and pyshark, and pandas for us. pyshark is given the first N packets alone,
20,000 by default: it takes a millisecond for each.
"""
from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import measure

FIELDS = ("first", "duration", "proto", "src", "sport", "dst", "dport", "app", "bytes_out", "bytes_in", "packets_out",
          "packets_in")
OURS = """import sys, netwatch
words = sys.argv[2].split(",") if sys.argv[2] else None
print(len(netwatch.read(sys.argv[1], fields=words).to_pandas()))"""
COUNTED = "import sys, netwatch; print(netwatch.read(sys.argv[1]).summary().packets)"
NFSTREAM = """import os, sys, nfstream
file = os.path.abspath(sys.argv[1])
os.chdir(sys.argv[2])           # where it leaves a table of its own, unless it is let finish
print(len(nfstream.NFStreamer(source=file, n_meters=1).to_pandas()))"""
PYSHARK = """import sys, pyshark
flows = {}
capture = pyshark.FileCapture(sys.argv[1], keep_packets=False)
for packet in capture:
    layer = packet[packet.transport_layer] if packet.transport_layer else None
    if layer is not None:
        ends = sorted([(str(packet.ip.src), layer.srcport), (str(packet.ip.dst), layer.dstport)]) if "ip" in packet \\
            else sorted([(str(packet.ipv6.src), layer.srcport), (str(packet.ipv6.dst), layer.dstport)])
        found = flows.setdefault((*ends[0], *ends[1], packet.transport_layer), [0, 0])
        found[0] += 1
        found[1] += int(packet.length)
capture.close()
print(len(flows))"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.library", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--peers", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--pyshark", metavar="N", type=int, default=20_000)
    parser.add_argument("--limit", metavar="S", type=float, default=600)
    options = parser.parse_args()
    python = options.peers
    with tempfile.TemporaryDirectory() as folder:
        part = str(Path(folder) / "part.pcap")
        subprocess.run(["editcap", "-r", options.file, part, f"1-{options.pyshark}"], check=True, capture_output=True)
        for name, command in (
                ("netwatch, summary", [python, "-c", COUNTED, options.file]),
                ("netwatch, twelve columns", [python, "-c", OURS, options.file, ",".join(FIELDS)]),
                ("netwatch, all columns", [python, "-c", OURS, options.file, ""]),
                ("NFStream, one meter", [python, "-c", NFSTREAM, options.file, folder]),
                (f"netwatch, twelve columns, {options.pyshark:,} packets",
                 [python, "-c", OURS, part, ",".join(FIELDS)]),
                (f"pyshark, {options.pyshark:,} packets", [python, "-c", PYSHARK, part])):
            run = measure.run(command, options.limit)
            told = "given up" if run.timed_out else "failed" if run.code else run.output.decode().strip()
            print(f"{name:45} {run.cpu_s:8.2f} s of CPU {run.peak_mib * 1.048576:7.0f} MB  {told}", flush=True)
    print(measure.load())
    return 0


if __name__ == "__main__":
    sys.exit(main())
