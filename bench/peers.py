"""The programs that are measured, netwatch among them: how each is told to read a capture and say little."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.measure import ROOT

NETWATCH = [sys.executable, "-m", "netwatch"]
NFSTREAM_HOME = ROOT / ".build" / "nfstream"
NFSTREAM_LOOP = "import sys, nfstream\nprint(sum(1 for _ in nfstream.NFStreamer(source=sys.argv[1], n_meters=1)))"
DISCARD = "127.0.0.1:9"        # nothing listens there: softflowd exports, as in real use, and nobody reads it


@dataclass(frozen=True)
class Program:
    """`largest` is the size of file in bytes that it is given at most; `once`: too slow to be repeated."""
    name: str
    command: tuple[str, ...]
    does: str
    largest: int = 1 << 40
    once: bool = False

    def on(self, path: Path) -> list[str]:
        return [str(path) if word == "FILE" else word for word in self.command]


def netwatch() -> list[Program]:
    read = (*NETWATCH, "read", "FILE", "--what", "summary")
    return [Program("netwatch", read, "flows, reassembly, content"),
            Program("netwatch, 2 workers", (*read, "--workers", "2"), "the same"),
            Program("netwatch --no-dpi", (*read, "--no-dpi"), "flows only")]


def others(nfstream: bool = False) -> list[Program]:
    """Those of the peers that are installed. With `nfstream`, that too, installed from PyPI in its own environment."""
    pid_file = os.path.join(tempfile.gettempdir(), f"netwatch-bench-{os.getpid()}.pid")
    found = [
        Program("tcpdump -w /dev/null", ("tcpdump", "-n", "-r", "FILE", "-w", "/dev/null"), "copies"),
        Program("softflowd", ("softflowd", "-r", "FILE", "-m", "4000000", "-n", DISCARD, "-d", "-p", pid_file,
                              "-c", "none"), "flows only"),
        Program("softflowd -D", ("softflowd", "-r", "FILE", "-m", "4000000", "-D", "-p", pid_file, "-c", "none"),
                "flows, IPv6 too, and says so"),
        Program("argus", ("argus", "-X", "-r", "FILE", "-w", "/dev/null"), "flows only"),
        Program("ndpiReader", ("ndpiReader", "-i", "FILE", "-q"), "flows, content"),
        Program("tshark -z conv,tcp", ("tshark", "-q", "-z", "conv,tcp", "-r", "FILE"), "dissects", 100_000_000, True),
    ]
    programs = [each for each in found if _where(each.command[0])]
    if nfstream:
        python = _nfstream_python()
        programs.append(Program("NFStream", (python, "-c", NFSTREAM_LOOP, "FILE"), "flows, content", once=True))
    return programs


def _where(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _nfstream_python() -> str:
    """The interpreter of NFStream's environment, made now if it is not there."""
    python = NFSTREAM_HOME / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(NFSTREAM_HOME)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "nfstream==6.6.0"], check=True)
    return str(python)
