"""The jail of Linux: no capabilities, the caller's user, no new privileges, Landlock, seccomp; then a look whether it
is true of every thread."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from netwatch.platform.linux import confine
from netwatch.platform.user import become
from netwatch.platform.walls import Grants, Part

SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/services", "/etc/protocols",
          "/etc/terminfo", "/etc/alternatives", "/dev/urandom", "/dev/null", "/dev/zero", "/proc/self")
RESOLVER = ("/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf",
            "/etc/gai.conf")
NO_PROC = "there is no /proc, so that it cannot be checked"
WHOLE_LANDLOCK = 6  # with signals and abstract sockets


def shut_in(grants: Grants) -> tuple[Part, ...]:
    """Enter. The walls in the order they are raised."""
    readable = [*SYSTEM, *_library(), *grants.readable, *(RESOLVER if grants.datagrams or grants.network else ())]
    threads = _threads()
    audited = {thread: os.open(f"/proc/self/task/{thread}/status", os.O_RDONLY | os.O_CLOEXEC) for thread in threads}
    if grants.user is not None:
        become(grants.user)
    confine.drop_capabilities()
    confine.forbid_new_privileges()
    version = confine.shut_files(readable, ["/dev/null", *grants.writable], tcp=grants.network)
    refused = [name for name in confine.CALLS if not (grants.network and name in confine.NETWORK)]
    calls = confine.shut_calls(refused, threads=True, datagrams=grants.datagrams)
    return (*_audit(audited), _files(version, len(threads)), Part("seccomp", calls, "" if calls else "not in this "
            "kernel, or not for this machine"))


def _threads() -> list[int]:
    """Of this process; none where there is no /proc."""
    try:
        with os.scandir("/proc/self/task") as running:
            return [int(each.name) for each in running]
    except FileNotFoundError:
        return []


def _library() -> Iterator[str]:
    """Where what has not been imported yet is imported from: never the working folder."""
    yield str(Path(__file__).parents[2])
    if getattr(sys, "frozen", False):  # a bundle: its libraries, and the program, which holds modules itself
        yield from (sys.prefix, os.path.realpath("/proc/self/exe"))
    roots = {os.path.realpath(root) for root in (sys.prefix, sys.base_prefix)}
    yield from (path for path in sys.path if any(Path(os.path.realpath(path)).is_relative_to(root) for root in roots)
                and os.path.realpath(path) not in roots)


def _files(version: int, threads: int) -> Part:
    if not version:
        return Part("landlock", False, "not in this kernel")
    if not threads:
        return Part("landlock", False, NO_PROC)
    if threads > 1:
        return Part("landlock", False, f"{threads - 1} threads were running already")
    if version < WHOLE_LANDLOCK:
        return Part("landlock", False, f"version {version} of this kernel does not confine signals and all sockets")
    return Part("landlock", True)


def _audit(threads: dict[int, int]) -> tuple[Part, Part]:
    """What the kernel says of each thread now. Closes the descriptors."""
    if not threads:
        return Part("capabilities", False, NO_PROC), Part("no new privileges", False, NO_PROC)
    holding, free = [], []
    for thread, status in threads.items():
        said = dict(line.split(":\t", 1) for line in os.pread(status, 65536, 0).decode().splitlines() if ":\t" in line)
        os.close(status)
        if any(int(said[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")):
            holding.append(thread)
        if said.get("NoNewPrivs") != "1":
            free.append(thread)
    return (Part("capabilities", not holding, f"held by threads {holding}" if holding else ""),
            Part("no new privileges", not free, f"threads {free} may gain some" if free else ""))
