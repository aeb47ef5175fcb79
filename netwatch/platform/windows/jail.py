"""The jail of Windows: no privilege in the token, a job of one process, mitigations that cannot be taken back.

AdjustTokenPrivileges with SE_PRIVILEGE_REMOVED, job objects (winnt.h), SetProcessMitigationPolicy. Files are no wall
here, and are said to be none: what the user may read and write, netwatch may; an AppContainer must be there when a
process is made. netwatch was never run on Windows by those who wrote this; structures are laid out by bytes, so that
they are tested on any system.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any, Protocol

from netwatch.platform.walls import Grants, Part

TOKEN_QUERY, TOKEN_ADJUST_PRIVILEGES = 0x8, 0x20
TOKEN_PRIVILEGES = 3  # of GetTokenInformation
PRIVILEGE = struct.Struct("<QI")  # LUID_AND_ATTRIBUTES: LUID, attributes
PRIVILEGE_REMOVED = 0x4
CHANGE_NOTIFY = 23  # passing through folders, which everybody has and files cannot be opened without
BASIC_UI_RESTRICTIONS, EXTENDED_LIMITS = 4, 9  # of SetInformationJobObject
ALL_OF_UI = 0xFF  # others' handles, clipboard, settings, display, global atoms, desktops, shutting down
LIMIT_ACTIVE_PROCESS, DIE_ON_UNHANDLED_EXCEPTION = 0x8, 0x400
EXTENDED = struct.Struct("<qqI4xQQI4xQII" "6Q" "4Q")  # JOBOBJECT_EXTENDED_LIMIT_INFORMATION of 64-bit Windows
MITIGATIONS = {  # ProcessMitigationPolicy: flags
    6: 0x1,  # no extension points: no hooks, no input methods of others
    10: 0x3,  # no images from the network or of low integrity
    13: 0x1,  # no further process
}


class Library(Protocol):
    """kernel32.dll and advapi32.dll, as far as they are called here."""

    def __getattr__(self, name: str) -> Any: ...  # Any: of ctypes, each function by its own signature


def shut_in(grants: Grants, kernel: Library | None = None, security: Library | None = None) -> tuple[Part, ...]:
    """Enter. The walls in the order they are raised."""
    kernel = kernel or ctypes.CDLL("kernel32.dll")
    security = security or ctypes.CDLL("advapi32.dll")
    mitigated = all(_mitigate(kernel, policy, flags) for policy, flags in MITIGATIONS.items())
    return (_part(kernel, "mitigations", mitigated),
            _part(kernel, "privileges", _remove_privileges(kernel, security)), _part(kernel, "job", _enter_job(kernel)),
            Part("files", False, "what its user may read and write, it may"),
            *(() if grants.network else (Part("network", False, "sockets can be made"),)))


def _part(kernel: Library, name: str, stands: bool) -> Part:
    return Part(name, stands, "" if stands else f"Windows refuses it, error {kernel.GetLastError()}")


def removed(privileges: bytes) -> bytes:
    """A TOKEN_PRIVILEGES that takes all of those away that the token has, for good."""
    count = int.from_bytes(privileges[:4], "little")
    held = (PRIVILEGE.unpack_from(privileges, 4 + at * PRIVILEGE.size)[0] for at in range(count))
    gone = [luid for luid in held if luid != CHANGE_NOTIFY]
    return len(gone).to_bytes(4, "little") + b"".join(PRIVILEGE.pack(luid, PRIVILEGE_REMOVED) for luid in gone)


def limits() -> bytes:
    """A JOBOBJECT_EXTENDED_LIMIT_INFORMATION: one process, which ends when it fails and shows no window."""
    return EXTENDED.pack(0, 0, LIMIT_ACTIVE_PROCESS | DIE_ON_UNHANDLED_EXCEPTION, 0, 0, 1, 0, 0, 0, *[0] * 10)


def _remove_privileges(kernel: Library, security: Library) -> bool:
    token, size = ctypes.c_void_p(), ctypes.c_uint32()
    own = ctypes.c_void_p(kernel.GetCurrentProcess())
    if not security.OpenProcessToken(own, TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, ctypes.byref(token)):
        return False
    try:
        security.GetTokenInformation(token, TOKEN_PRIVILEGES, None, 0, ctypes.byref(size))
        held = ctypes.create_string_buffer(size.value)
        return bool(size.value >= 4
                    and security.GetTokenInformation(token, TOKEN_PRIVILEGES, held, size, ctypes.byref(size))
                    and security.AdjustTokenPrivileges(token, False, removed(held.raw), 0, None, None))
    finally:
        kernel.CloseHandle(token)


def _enter_job(kernel: Library) -> bool:
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))  # kept open: closing it would not let out, either
    restrictions, data = ctypes.c_uint32(ALL_OF_UI), limits()
    return bool(job.value
                and kernel.SetInformationJobObject(job, EXTENDED_LIMITS, data, len(data))
                and kernel.SetInformationJobObject(job, BASIC_UI_RESTRICTIONS, ctypes.byref(restrictions), 4)
                and kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess())))


def _mitigate(kernel: Library, policy: int, flags: int) -> bool:
    return bool(kernel.SetProcessMitigationPolicy(policy, ctypes.byref(ctypes.c_uint32(flags)), 4))
