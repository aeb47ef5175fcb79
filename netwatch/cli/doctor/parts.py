"""What netwatch is made of here: Python packages, what the kernel has, its helper, its own files."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from netwatch.model.host import Unavailable
from netwatch.model.record import Record

Check = Record
PACKAGES = {  # module: (what pip calls it, what is lost without)
    "npyscreen": ("npyscreen", "no terminal"), "pylibpcap": ("python-libpcap", "no capture filter"),
    "hpack": ("hpack", "no headers of HTTP/2"), "pylsqpack": ("pylsqpack", "no headers of HTTP/3"),
    "brotli": ("brotli", "content in br stays packed"), "zstandard": ("zstandard", "what is in zstd stays packed"),
    "cryptography": ("cryptography", "nothing is decrypted"), "psutil": ("psutil", "fewer facts about processes"),
    "maxminddb": ("maxminddb", "no countries"), "re2": ("google-re2", "no /regex/ in filters"),
    "tomlkit": ("tomlkit", "settings cannot be written"), "pyarrow": ("pyarrow", "no Parquet, no Arrow tables")}
FILES = {  # of netwatch's own, beside its modules: what is lost without
    "names/ja4.tsv": "programs are not known by their hellos", "names/vendors.bin": "no makers of network cards",
    "platform/linux/bpf/owners.bpf.o": "no owners by eBPF", "cli/self_test.pcap": "no --self-test"}
CGROUPS = ("/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/unified/cgroup.controllers")


def packages() -> list[Check]:
    return [_check(name, importlib.util.find_spec(module) is not None, f"without it: {lost}",
                   f"{sys.executable} -m pip install {name}") for module, (name, lost) in PACKAGES.items()]


def files() -> list[Check]:
    own = Path(__file__).parents[2]
    return [_check(name, (own / name).is_file(), f"without it: {lost}", "install netwatch anew") for name, lost in
            FILES.items() if sys.platform == "linux" or "linux" not in name]


def kernel() -> list[Check]:
    """What of Linux is used where it is there; none on other systems."""
    return list(_kernel()) if sys.platform == "linux" else []


def _kernel() -> Iterator[Check]:
    from netwatch.platform.linux import confine
    from netwatch.platform.linux.jail import WHOLE_LANDLOCK

    version = confine.landlock_version()
    yield _check("landlock", version >= WHOLE_LANDLOCK, f"version {version} of {WHOLE_LANDLOCK}: files, TCP and "
                 "signals are not all confined", "boot Linux 6.12 or newer, with landlock in lsm= of its command line")
    yield _check("seccomp", os.path.exists("/proc/sys/kernel/seccomp/actions_avail"), "calls are not confined", "")
    yield _check("BTF", os.access("/sys/kernel/btf/vmlinux", os.R_OK), "no owners by eBPF", "boot a kernel with "
                 "CONFIG_DEBUG_INFO_BTF")
    yield _check("cgroup2", any(map(os.path.exists, CGROUPS)), "no containers and units by eBPF",
                 "mount -t cgroup2 none /sys/fs/cgroup")
    yield _check("/proc", os.path.isdir("/proc/self/fd"), "no owners by polling, and the jail cannot be checked",
                 "mount -t proc proc /proc")
    yield _sock_diag()


def _sock_diag() -> Check:
    from netwatch.platform.linux.socket_close import Closings

    try:
        Closings().close()
    except OSError as e:
        return _check("sock_diag", False, f"closed sockets are not told: {e.strerror}", "modprobe tcp_diag udp_diag")
    return _check("sock_diag", True, "", "")


def helper() -> list[Check]:
    """Start netwatch-capd, ask it, and end it."""
    from netwatch.capture.capd.client import Helper

    try:
        made = Helper()
    except OSError as e:
        return [_check("netwatch-capd", False, f"it cannot be started: {e.strerror}", "")]
    try:
        made.addresses()
    except Unavailable as e:
        return [_check("netwatch-capd", False, str(e), "")]
    finally:
        with contextlib.suppress(Unavailable):
            made.close()
    return [_check("netwatch-capd", True, "", "")]


def _check(name: str, works: bool, reason: str, fix: str) -> Check:
    check: Check = {"name": name, "works": works}
    if not works:
        check |= {key: value for key, value in (("reason", reason), ("fix", fix)) if value}
    return check
