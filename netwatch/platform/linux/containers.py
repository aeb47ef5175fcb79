"""Where a process runs: its container, its pod and its systemd unit, read from the names of its control groups.

Docker, containerd, CRI-O, Podman and Kubernetes all put the container's 64 hexadecimal digits into the name of its
group, and systemd the unit; cgroup(7). Only what the name says is told, nobody is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from netwatch.model.machine import Process
from netwatch.platform.base import Place, clean

SHORT = 12                     # digits of a container's number that people and tools use
CONTAINER = re.compile(r"(?:^|[-/:])([0-9a-f]{64})(?:\.scope)?(?:/|$)")
MACHINE = re.compile(r"/(?:lxc(?:\.payload)?[./]|machine-(?:qemu|lxc)\\x2d)([\w.-]+)"
                     r"|/machine\.slice/systemd-nspawn@([\w.-]+)\.service")
POD = re.compile(r"pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})")
RUNTIMES = (("cri-containerd", "containerd"), ("crio", "crio"), ("libpod", "podman"), ("docker", "docker"))
UNIT = re.compile(r"/([^/]+\.(?:service|socket|scope|mount|swap|timer))(?=/|$)")
MACHINERY = re.compile(r"^(?:user@\d+\.service|init\.scope)$")


def place_of(cgroups: list[str]) -> Place:
    """What these paths of control groups, best first, say of their process."""
    container = pod = unit = ""
    for path in cgroups:
        path = path[:4096]
        found = CONTAINER.search(path)
        if found and not container:
            runtime = next((name for word, name in RUNTIMES if word in path), "")
            container = f"{runtime}:{found[1][:SHORT]}" if runtime else found[1][:SHORT]
        machine = MACHINE.search(path)
        if machine and not container:
            container = clean(machine[1] or machine[2])
        within = POD.search(path)
        if within and not pod:
            pod = within[1].replace("_", "-")
        units = [u for u in UNIT.findall(path) if not MACHINERY.match(u) and not CONTAINER.search(u)]
        if units and not unit:
            unit = clean(units[-1])
    return Place(container, pod, unit)


class Places:
    """The control groups of processes as /proc/PID/cgroup has them; `read` gives its text, "" when there is none."""

    def __init__(self, read: Callable[[int], str]) -> None:
        self._read = read
        self._kept: dict[str, Place] = {}

    def of_pid(self, pid: int) -> Place:
        lines = [line.split(":", 2) for line in self._read(pid).splitlines()]
        paths = [words[2] for words in sorted((w for w in lines if len(w) == 3), key=_preference)]
        return self._of(paths)

    def of_cgroup(self, path: str) -> Place:
        """The same for a path of the unified hierarchy that the kernel told."""
        return self._of([path]) if path else Place()

    def _of(self, paths: list[str]) -> Place:
        key = "\0".join(paths)
        if key not in self._kept:
            if len(self._kept) > 4096:
                self._kept.clear()
            self._kept[key] = place_of(paths)
        return self._kept[key]


def _preference(words: list[str]) -> int:
    """The unified hierarchy (0::), then systemd's, then the others."""
    return 0 if words[1] == "" else 1 if words[1] == "name=systemd" else 2


def with_place(process: Process, place: Place) -> Process:
    return replace(process, container=place.container, pod=place.pod, unit=place.unit)
