"""Live capture: opening interfaces, listing them, and choosing one.

What runs per frame is in netwatch/_fast/input/capture.pyx. Callers get a Source and know nothing of libpcap, so that
the capture helper's shared-memory ring can stand in for it.
"""

from __future__ import annotations

import difflib
import ipaddress
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from netwatch._fast.input.capture import LiveSource, find_devices, probe
from netwatch._fast.input.source import Source, SourceDenied, SourceError, SourceMissing
from netwatch._fast.input.switch import Switch

Opener = Callable[[list[str], str, int, int, bool], Source]  # with the arguments of open_live()
MAX_SNAPLEN = 262144
RTF_UP = 1  # linux/route.h
RTF_REJECT = 0x200
NOT_NETWORK = "not a network interface; netwatch does not capture from it"

__all__ = ["SourceError", "default_interface", "list_devices", "open_live", "open_switch"]


def open_live(
    names: list[str],
    capture_filter: str = "",
    snaplen: int = MAX_SNAPLEN,
    ring_mb: int = 64,
    promisc: bool = False,
) -> Source:
    """Capture on the named interfaces; `any` means all of them on Linux.

    `snaplen` is in bytes, `ring_mb` the kernel ring of each interface in MB. Raises SourceError with exit code 2 (bad
    filter or number), 3 (no permission), 4 (no such interface).
    """
    try:
        return LiveSource(names, capture_filter, snaplen, ring_mb, promisc)
    except SourceDenied as e:
        raise SourceDenied(f"{e}; {permission_fix()}") from None
    except SourceMissing as e:
        raise SourceMissing(f"{e}{_nearest(names)}") from None


def open_switch(names: list[str], capture_filter: str = "", snaplen: int = MAX_SNAPLEN, ring_mb: int = 64,
                promisc: bool = False, opener: Opener = open_live) -> Source:
    """The same, for a capture whose interfaces and filter may be changed while it is read. `opener`: in place of
    open_live()."""
    return Switch(lambda names, text: opener(names, text, snaplen, ring_mb, promisc), names, capture_filter)


def permission_fix() -> str:
    """The command that gives the permission to capture."""
    if sys.platform != "linux":
        return "run it with sudo"
    if getattr(sys, "frozen", False):
        return _package_fix(Path(sys.executable).with_name("netwatch-capd"))
    return "run it with sudo"  # never setcap on an interpreter: every script of every user would have the right


def _package_fix(program: Path) -> str:
    """The same in a package, where `program` has the rights and a group may run it (packaging/deb/postinst)."""
    if not program.exists():
        return "run it with sudo"
    if program.stat().st_gid == 0:
        return "run it with sudo, or let the group netwatch capture: sudo dpkg-reconfigure netwatch"
    return f"run it with sudo, or once: sudo usermod -aG {program.group()} $USER, and log in again"


def list_devices() -> list[dict[str, Any]]:
    """Every device: name, description, addresses, up, loopback, capturable, and the reason when it is not.

    Whether an interface can be captured is found by opening it for a moment. Raises SourceError when there is no list.
    """
    network = {name for _, name in socket.if_nameindex()} | {"any"}
    devices = []
    for name, description, addresses, up, loopback in find_devices():
        reason = _why_not(name) if name in network else NOT_NETWORK
        devices.append(
            {
                "name": name,
                "description": description,
                "addresses": [str(ipaddress.ip_address(packed)) for _, packed in addresses],
                "up": up,
                "loopback": loopback,
                "capturable": not reason,
                "reason": reason,
            }
        )
    return devices


def default_interface(root: str = "/") -> str:
    """The interface of the default route, else the first that is up and no loopback, else the loopback.

    `root` is where /proc is looked for. Raises SourceMissing when there is no interface at all.
    """
    routed = _default_ip4(Path(root) / "proc/net/route") or _default_ip6(Path(root) / "proc/net/ipv6_route")
    if routed:
        return routed
    names = {name for _, name in socket.if_nameindex()}
    found = [(name, up, loopback) for name, _, _, up, loopback in find_devices() if name in names]
    for name, up, loopback in found:
        if up and not loopback:
            return str(name)
    for name, _, loopback in found:
        if loopback:
            return str(name)
    if "lo" in names:
        return "lo"
    raise SourceMissing("this machine has no network interface")


def _why_not(name: str) -> str:
    """Why the interface cannot be captured; "" when it can."""
    try:
        probe(name)
    except SourceDenied:
        return f"no permission; {permission_fix()}"
    except SourceError as e:
        return str(e)
    return ""


def _nearest(names: list[str]) -> str:
    """A hint naming existing interfaces near to the first unknown one."""
    known = [name for _, name in socket.if_nameindex()]
    for name in names:
        if name not in known and name != "any":
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            return f"; the nearest is {near[0]} (netwatch devices lists them)" if near else ""
    return ""


def _lines(path: Path) -> list[list[str]]:
    """The words of each line; none when the file cannot be read."""
    try:
        return [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return []


def _default_ip4(path: Path) -> str:
    """The device of the default route with the lowest metric in /proc/net/route, or ""."""
    best: list[tuple[int, str]] = []
    for words in _lines(path)[1:]:
        if len(words) >= 8 and words[1] == "00000000" and words[7] == "00000000":
            flags = int(words[3], 16)
            if flags & RTF_UP and not flags & RTF_REJECT:
                best.append((int(words[6]), words[0]))
    return min(best)[1] if best else ""


def _default_ip6(path: Path) -> str:
    """The same for /proc/net/ipv6_route, whose numbers are all hexadecimal."""
    best: list[tuple[int, str]] = []
    for words in _lines(path):
        if len(words) >= 10 and words[0] == "0" * 32 and words[1] == "00" and words[9] != "lo":
            flags = int(words[8], 16)
            if flags & RTF_UP and not flags & RTF_REJECT:
                best.append((int(words[5], 16), words[9]))
    return min(best)[1] if best else ""
