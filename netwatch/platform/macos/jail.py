"""The jail of macOS: the caller's user, and a Seatbelt profile, for the process as a whole and what it starts.

sandbox_init(3), in libSystem and marked deprecated since 10.8; browsers and system daemons rely on it. The profile's
language is that of the files in /System/Library/Sandbox/Profiles, from which system.sb is imported: what any process of
that system needs. Whether the kernel takes the profile is told by sandbox_init itself; netwatch was never run on macOS
by those who wrote this.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from netwatch.platform.user import become
from netwatch.platform.walls import Grants, Part

TOOLS = ("/usr/sbin/lsof", "/usr/sbin/netstat", "/usr/sbin/arp", "/usr/sbin/ndp")  # that owners and tables are asked of
SYSTEM = ("/usr/lib", "/usr/share", "/System/Library", "/Library/Frameworks", "/private/etc/services",
          "/private/etc/localtime", "/private/var/db/timezone")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/tty")
RESOLVER = "/private/var/run/mDNSResponder"


class Seatbelt(Protocol):
    """libSystem, as far as it is called here."""

    def sandbox_init(self, profile: bytes, flags: int, error: object) -> int: ...


def shut_in(grants: Grants, library: Seatbelt | None = None) -> tuple[Part, ...]:
    """Enter. The walls in the order they are raised."""
    parts = []
    if grants.user is not None:
        if grants.capturing:
            parts.append(Part("user", False, "lsof tells root alone whose sockets others' are"))
        else:
            become(grants.user)
            parts.append(Part("user", True))
    error = ctypes.c_char_p()
    try:
        refused = (library or ctypes.CDLL(None)).sandbox_init(profile(grants).encode(), 0, ctypes.byref(error))
    except (OSError, AttributeError) as e:
        return (*parts, Part("seatbelt", False, str(e)))
    why = (error.value or b"sandbox_init refuses without a word").decode(errors="replace") if refused else ""
    return (*parts, Part("seatbelt", not refused, why))


def profile(grants: Grants) -> str:
    """What is allowed, in Seatbelt's words; everything else is not. Paths are the real ones: /tmp is /private/tmp."""
    return "\n".join(["(version 1)", "(deny default)", '(import "system.sb")', *_rules(grants)]) + "\n"


def _rules(grants: Grants) -> Iterator[str]:
    readable = {*SYSTEM, *map(os.path.realpath, (*_library(), *grants.readable, *grants.writable))}
    yield "(allow file-read-metadata)"
    yield f"(allow file-read* {' '.join(map(_below, sorted(readable)))})"
    devices = " ".join(f"(literal {_quoted(path)})" for path in DEVICES) + ' (regex #"^/dev/ttys[0-9]+$")'
    yield f"(allow file-read* file-write-data file-ioctl {devices})"
    if grants.writable:
        yield f"(allow file-write* {' '.join(map(_below, sorted(map(os.path.realpath, grants.writable))))})"
    yield "(allow signal (target self))"
    yield "(allow sysctl-read)"
    if grants.capturing:
        tools = " ".join(f"(literal {_quoted(path)})" for path in TOOLS)
        yield f"(allow process-fork) (allow process-exec {tools}) (allow file-read* {tools}) (allow process-info*)"
    if grants.network:
        yield "(allow network*)"
    elif grants.datagrams:
        yield f'(allow network-outbound (literal {_quoted(RESOLVER)}) (remote udp "*:53"))'


def _library() -> Iterator[str]:
    """Where what has not been imported yet is imported from: never the working folder."""
    yield str(Path(__file__).parents[2])
    roots = {os.path.realpath(root) for root in (sys.prefix, sys.base_prefix)}
    yield from roots
    yield from (path for path in sys.path if any(Path(os.path.realpath(path)).is_relative_to(root) for root in roots))


def _below(path: str) -> str:
    return f"(subpath {_quoted(path)})"


def _quoted(path: str) -> str:
    """A string of the profile's language, which is Scheme's."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
