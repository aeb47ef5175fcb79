"""The jails of macOS, FreeBSD and Windows: what is asked of their systems. None was entered on the system itself."""

from __future__ import annotations

import ctypes
import os
import re
import struct
from pathlib import Path

import pytest

from netwatch.platform import jail
from netwatch.platform.freebsd import jail as freebsd
from netwatch.platform.macos import jail as macos
from netwatch.platform.walls import Grants, Part, User
from netwatch.platform.windows import jail as windows

SOMEBODY = User(501, 20, "/Users/somebody")


class Recorder:
    """A library whose every function answers 1, or what is said here, and remembers how it was called."""

    def __init__(self, **answers: object) -> None:
        self.calls: list[tuple[str, tuple]] = []
        self.answers = answers

    def __getattr__(self, name: str):
        def call(*given: object) -> object:
            self.calls.append((name, given))
            answer = self.answers.get(name, 1)
            return answer(*given) if callable(answer) else answer
        return call

    def arguments(self, name: str) -> list[tuple]:
        return [given for called, given in self.calls if called == name]


def rules(grants: Grants) -> list[str]:
    return macos.profile(grants).splitlines()


def test_seatbelt_denies_what_is_not_said():
    said = rules(Grants())
    assert said[:3] == ["(version 1)", "(deny default)", '(import "system.sb")']
    text = "\n".join(said)
    assert text.count("(") == text.count(")")
    for word in ("network", "process-exec", "process-fork", "file-write*", "mach-lookup"):
        assert word not in text


def test_seatbelt_allows_what_is_granted(tmp_path: Path):
    odd = tmp_path / 'a "quoted\\" (folder)'
    odd.mkdir()
    text = macos.profile(Grants(readable=[str(odd)], writable=[str(tmp_path)], datagrams=True))
    quoted = '"' + os.path.realpath(odd).replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert f"(subpath {quoted})" in text
    assert f'(allow file-write* (subpath "{os.path.realpath(tmp_path)}"))' in text
    assert '(allow network-outbound (literal "/private/var/run/mDNSResponder") (remote udp "*:53"))' in text
    assert "(allow network*)" in macos.profile(Grants(network=True))
    tools = re.search(r"\(allow process-exec (.*?)\) \(allow file-read", macos.profile(Grants(capturing=True)))
    assert tools and set(re.findall(r'"([^"]+)"', tools[1])) == set(macos.TOOLS)


def test_seatbelt_is_entered_once_and_its_refusal_told():
    library = Recorder(sandbox_init=0)
    assert macos.shut_in(Grants(), library) == (Part("seatbelt", True),)
    (profile, flags, _), = library.arguments("sandbox_init")
    assert (profile.decode(), flags) == (macos.profile(Grants()), 0)

    def refuse(profile: bytes, flags: int, error: object) -> int:
        ctypes.cast(error, ctypes.POINTER(ctypes.c_char_p))[0] = b"syntax error"
        return -1

    assert macos.shut_in(Grants(), Recorder(sandbox_init=refuse)) == (Part("seatbelt", False, "syntax error"),)


@pytest.mark.parametrize("system", [macos, freebsd])
def test_who_asks_for_owners_stays_who_may(system):
    """lsof and sockstat tell root alone of others' sockets; a wall that does not stand is said."""
    walls = {part.name: part for part in system.shut_in(Grants(user=SOMEBODY, capturing=True),
                                                        Recorder(sandbox_init=0, procctl=0))}
    assert not walls["user"].stands and "root" in walls["user"].why


def test_freebsd_gives_up_privileges_and_tracing():
    library = Recorder(procctl=0)
    walls = {part.name: part.stands for part in freebsd.shut_in(Grants(capturing=True), library)}
    assert walls == {"no new privileges": True, "no tracing": True, "processes": False, "capsicum": False}
    asked = [(kind, number.value, command) for kind, number, command, _ in library.arguments("procctl")]
    assert asked == [(0, os.getpid(), 19), (0, os.getpid(), 7)]
    walls = {part.name: part for part in freebsd.shut_in(Grants(capturing=True), Recorder(procctl=-1))}
    assert not walls["no new privileges"].stands and walls["no new privileges"].why


def test_windows_removes_every_privilege_but_one():
    held = struct.pack("<I", 3) + b"".join(struct.pack("<QI", luid, 2) for luid in (20, 23, 30))
    gone = windows.removed(held)
    assert gone == struct.pack("<I", 2) + struct.pack("<QI", 20, 4) + struct.pack("<QI", 30, 4)


def test_windows_job_is_of_one_process():
    limits = windows.limits()
    assert len(limits) == 144 and struct.unpack_from("<I", limits, 16)[0] == 0x408
    assert struct.unpack_from("<I", limits, 40)[0] == 1  # ActiveProcessLimit


def test_windows_walls_that_stand_and_those_that_do_not():
    def told(token: object, what: int, into: object, size: object, needed: object) -> int:
        data = struct.pack("<IQI", 1, 20, 2)
        if into is None:
            ctypes.cast(needed, ctypes.POINTER(ctypes.c_uint32))[0] = len(data)
            return 0
        ctypes.memmove(into, data, len(data))
        return 1

    kernel, security = Recorder(), Recorder(GetTokenInformation=told)
    walls = {part.name: part.stands for part in windows.shut_in(Grants(), kernel, security)}
    assert walls == {"privileges": True, "job": True, "mitigations": True, "files": False, "network": False}
    (_, _, privileges, *_), = security.arguments("AdjustTokenPrivileges")
    assert privileges == struct.pack("<IQI", 1, 20, 4)
    assert {policy for policy, *_ in kernel.arguments("SetProcessMitigationPolicy")} == {6, 10, 13}
    assert [name for name, _ in kernel.calls].index("AssignProcessToJobObject") > 0
    walls = {part.name: part.why for part in windows.shut_in(
        Grants(), Recorder(AssignProcessToJobObject=0, GetLastError=5), security)}
    assert walls["job"] == "Windows refuses it, error 5"


@pytest.mark.parametrize("platform", ["darwin", "freebsd14", "win32", "sunos5"])
def test_strict_refuses_where_a_wall_does_not_stand(platform, monkeypatch):
    folder = next((name for system, name in jail.SYSTEMS.items() if platform.startswith(system)), None)
    monkeypatch.setattr(jail.sys, "platform", platform)
    if folder is not None:
        monkeypatch.setattr(f"netwatch.platform.{folder}.jail.shut_in", lambda grants: (Part("x", False, "reason"),))
    assert jail.enter("on", Grants()).missing
    with pytest.raises(jail.JailError, match="reason" if folder else "sunos5"):
        jail.enter("strict", Grants())
