"""Network namespaces in a row: near -- one -- two -- far, by veth pairs, IPv4 and IPv6, with faults that nft makes."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from typing import Any

from netwatch_command import COMMAND, ENVIRONMENT
from network_namespaces import end_lab

TOOLS = ("ip", "nft", "nsenter", "sysctl")
NAMES = ("near", "one", "two", "far")
FAR, FAR6 = "10.9.3.2", "fd09:0:0:3::2"
ONE, TWO = "10.9.1.2", "10.9.2.2"
PUBLIC = "9.9.9.9"  # a global address, which here is the far end's loopback's: no packet leaves the namespaces


def reason() -> str | None:
    """Why no chain can be made here, None when it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces are made as root on Linux"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {' '.join(missing)}" if missing else None


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


class Chain:
    """Made and unmade by `with`."""

    made = 0

    def __init__(self) -> None:
        Chain.made += 1
        self.mark = f"{os.getpid() % 10000}x{Chain.made}"
        self.names = {name: f"nwh{name}{self.mark}" for name in NAMES}
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Chain:
        try:
            for name in NAMES:
                run("ip", "netns", "add", self.names[name])
                self.inside(name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")  # link-local ones too
                self.ip(name, "link", "set", "lo", "up")
            for number, (left, right) in enumerate(itertools.pairwise(NAMES), 1):
                self._join(number, left, right)
            self.ip("far", "addr", "add", f"{PUBLIC}/32", "dev", "lo")
            self.ip("two", "route", "add", f"{PUBLIC}/32", "via", FAR)
            for name, network, back in (("near", 1, 2), ("one", 2, 2), ("two", 2, 1), ("far", 3, 1)):
                self.ip(name, "route", "add", "default", "via", f"10.9.{network}.{back}")
                self.ip(name, "-6", "route", "add", "default", "via", f"fd09:0:0:{network}::{back}")
            for name in ("one", "two"):
                self.inside(name, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                            "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        end_lab(self._running, self.names.values())

    def _join(self, number: int, left: str, right: str) -> None:
        run("ip", "link", "add", f"r{number}", "netns", self.names[left], "type", "veth", "peer", "name", f"l{number}",
            "netns", self.names[right])
        for name, link, last in ((left, f"r{number}", 1), (right, f"l{number}", 2)):
            self.ip(name, "addr", "add", f"10.9.{number}.{last}/24", "dev", link)
            self.ip(name, "addr", "add", f"fd09:0:0:{number}::{last}/64", "dev", link, "nodad")
            self.ip(name, "link", "set", link, "up")

    def ip(self, name: str, *words: str) -> None:
        run("ip", "-n", self.names[name], *words)

    def inside(self, name: str, *words: str) -> None:
        run("nsenter", f"--net=/run/netns/{self.names[name]}", *words)

    def rule(self, name: str, hook: str, text: str) -> None:
        """A rule of nft; all of that namespace's go with clear()."""
        self.inside(name, "nft", f"add table inet {hook}; add chain inet {hook} c "
                                 f"{{ type filter hook {hook} priority 0; }}; add rule inet {hook} c {text}")

    def clear(self, name: str) -> None:
        self.inside(name, "nft", "flush ruleset")

    def start(self, name: str, *words: str, **more: Any) -> subprocess.Popen[str]:
        """A program there; it is killed at the end."""
        program = subprocess.Popen(["nsenter", f"--net=/run/netns/{self.names[name]}", *words], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **{"env": ENVIRONMENT, **more})
        self._running.append(program)
        return program

    def netwatch(self, *words: str, name: str = "near", **more: Any) -> tuple[int, str, str]:
        """Its exit code and what it says."""
        program = self.start(name, *COMMAND, *words, **more)
        out, err = program.communicate(timeout=90)
        return program.returncode, out, err

    def trace(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Of netwatch trace --format json; names are not asked for, whose resolver would be this machine's."""
        code, out, err = self.netwatch("trace", "-n", "--every", "200", "--wait", "300", "--format", "json", *words)
        assert code in (0, 1), err
        return code, json.loads(out)
