"""A lab of two namespaces with a wire between them that can delay, lose, and drop what is large: frames go through this
process, which keeps each in a capture as one end sees it."""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from ctypes import addressof, c_char, c_uint32
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NEAR, FAR = "198.51.100.1", "198.51.100.2"
ALL = 0x0300  # ETH_P_ALL in network order
SIOCETHTOOL, TX_CHECKSUMS, SEGMENTATION, GATHERING = 0x8946, 0x17, 0x1F, 0x2C
Frame = bytes


def reason() -> str | None:
    """Why there can be no lab here, None when there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces are made as root on Linux"
    if subprocess.run(["sh", "-c", "command -v ip nsenter openssl"], capture_output=True).returncode:
        return "not installed: ip, nsenter or openssl"
    made = subprocess.run(["unshare", "-n", "true"], capture_output=True)
    return None if made.returncode == 0 else "no network namespaces here"


class Wire:
    """What the wire does to a frame. `delay_s` each way; `lose(frame)`: it never arrives. `far`: the capture is of the
    far end, not the near one."""

    def __init__(self, delay_s: float = 0.0, lose: Callable[[Frame], bool] = lambda frame: False,
                 far: bool = False) -> None:
        self.delay_s, self.lose, self.kept = delay_s, lose, int(far)


def lossy(share: float) -> Callable[[Frame], bool]:
    """So many of the TCP segments with data are lost, always the same ones."""
    chance = random.Random(7)
    return lambda frame: is_tcp(frame) and len(frame) > 200 and chance.random() < share


def larger_than(size: int) -> Callable[[Frame], bool]:
    return lambda frame: is_tcp(frame) and len(frame) > 14 + size


def syns(frame: Frame) -> bool:
    return is_tcp(frame) and frame[47] & 0x12 == 0x02


def is_tcp(frame: Frame) -> bool:
    return frame[12:14] == b"\x08\x00" and frame[23] == 6


class Lab:
    """Made and unmade by `with`."""

    made = 0

    def __init__(self, folder: Path, wire: Wire) -> None:
        Lab.made += 1
        number = f"{os.getpid() % 10000}x{Lab.made}"
        self.folder, self.wire = folder, wire
        self.names = {"near": f"nwdn{number}", "far": f"nwdf{number}"}
        self.links = {"near": f"nwd{number}a", "far": f"nwd{number}b"}
        self.capture = folder / "wire.pcap"
        self._running: list[subprocess.Popen[str]] = []
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Lab:
        try:
            for side, address in (("near", NEAR), ("far", FAR)):
                name, link = self.names[side], self.links[side]
                ip("netns", "add", name)
                ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
                self._inside(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                             "net.ipv4.tcp_no_metrics_save=1")
                subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.{link}.disable_ipv6=1"], check=False)
                subprocess.run(["nsenter", f"--net=/run/netns/{name}", sys.executable, str(HERE / "faults.py")],
                               check=True)
                ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
                ip("-n", name, "link", "set", "eth0", "address", f"02:00:00:00:00:0{1 + (side == 'far')}")
                ip("-n", name, "link", "set", "eth0", "up")
                ip("-n", name, "link", "set", "lo", "up")
                ip("link", "set", link, "up")
            ip("-n", self.names["far"], "route", "add", "default", "via", NEAR)
            ip("-n", self.names["far"], "neigh", "replace", NEAR, "lladdr", "02:00:00:00:00:01", "dev", "eth0")
            self._thread = threading.Thread(target=self._carry)
            self._thread.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for program in self._running:
            program.kill()
            program.wait(10)
            for pipe in (program.stdout, program.stdin):
                if pipe:
                    pipe.close()
        self.stop()
        for name, link in zip(self.names.values(), self.links.values(), strict=True):
            subprocess.run(["ip", "link", "del", link], check=False, capture_output=True)
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def stop(self) -> Path:
        """No more frames; the capture is whole."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(10)
        return self.capture

    def start(self, side: str, *command: str, **options: Any) -> subprocess.Popen[str]:
        """Start a program in a namespace; it is killed at the end."""
        program = subprocess.Popen(["nsenter", f"--net=/run/netns/{self.names[side]}", *command], text=True,
                                   **{"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options})
        self._running.append(program)
        return program

    def serve(self, *what: str) -> None:
        """A program of programs.py at the far end, once it says that it is ready."""
        program = self.start("far", sys.executable, str(HERE / "programs.py"), *what)
        assert program.stdout and program.stdout.readline() == "ready\n"

    def ask(self, *what: str, timeout: float = 60) -> None:
        """A program of programs.py at the near end, to its end."""
        assert self.start("near", sys.executable, str(HERE / "programs.py"), *what).wait(timeout) == 0

    def _inside(self, name: str, *command: str) -> None:
        subprocess.run(["nsenter", f"--net=/run/netns/{name}", *command], check=False, capture_output=True)

    def _carry(self) -> None:
        """Frames from one end to the other, until it is over."""
        ends = []
        for side in ("near", "far"):
            end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
            end.bind((self.links[side], 3))
            ends.append(end)
        waiting: list[tuple[float, int, int, Frame]] = []
        number = 0
        with self.capture.open("wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
            while not self._over.is_set():
                until = waiting[0][0] - time.monotonic() if waiting else 0.1
                for end in select.select(ends, [], [], min(max(until, 0), 0.1))[0]:
                    frame, about = end.recvfrom(65536)
                    if about[2] == socket.PACKET_OUTGOING:
                        continue
                    side = ends.index(end)
                    if side == self.wire.kept:
                        keep(out, frame)
                    if not self.wire.lose(frame):
                        number += 1
                        heapq.heappush(waiting, (time.monotonic() + self.wire.delay_s, number, side, frame))
                while waiting and waiting[0][0] <= time.monotonic():
                    _, _, side, frame = heapq.heappop(waiting)
                    if side != self.wire.kept:
                        keep(out, frame)
                    ends[1 - side].send(frame)
        for end in ends:
            end.close()


def keep(out: Any, frame: Frame) -> None:
    second, ns = divmod(time.time_ns(), 1_000_000_000)
    out.write(struct.pack("<IIII", second, ns, len(frame), len(frame)) + frame)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def whole_frames(link: str) -> None:
    """Let the kernel send what goes on a wire: checksums filled in, no segment larger than the MTU (ETHTOOL_STXCSUM,
    ETHTOOL_STSO, ETHTOOL_SGSO of linux/ethtool.h)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for command in (TX_CHECKSUMS, SEGMENTATION, 0x24, GATHERING):
            value = (c_uint32 * 2)(command, 0)
            request = struct.pack("16sP16x", link.encode(), addressof(c_char.from_buffer(value)))
            try:
                fcntl.ioctl(asked, SIOCETHTOOL, request)
            except OSError:
                if command == TX_CHECKSUMS:
                    raise


if __name__ == "__main__":
    whole_frames("eth0")
