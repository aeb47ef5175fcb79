"""What a Linux process can take from itself for good: capabilities, files (Landlock), calls (seccomp).

Landlock and capabilities are of the thread that gives them up and of those it starts later. It imports nothing of
netwatch: the process of a user's file (plugins/worker.py) loads it alone. capabilities(7), landlock(7), seccomp(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 22, 24, 38, 47
LAST_CAPABILITY = 63  # more than any kernel knows; each is tried
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # landlock, the same number on every architecture
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 7, 1 << 8
REMOVE_DIR = 1 << 4  # empty ones
REFER = 1 << 13  # a file gets a second name in another folder that may be written to, version 2
TRUNCATE = 1 << 14
OF_FILES = WRITE_FILE | READ_FILE | TRUNCATE  # rights that a rule for a single file may name
READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
ALL_OF_ABI = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)  # rights a version knows
TCP = 3  # bind and connect, from version 4
SCOPES = 3  # abstract sockets and signals, from version 6
LOAD, EQUAL, AT_LEAST, ANY_OF, ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, ABSENT = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data; of arguments the low half
X32 = 0x40000000  # numbers of x86_64's other ABI
CLONE_THREAD = 0x10000
AF_INET, AF_INET6, SOCK_DGRAM = 2, 10, 2
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # put words into the terminal as if they were typed
Program = list[tuple[int, int, int, int]]

NETWORK = {  # name: (x86_64, aarch64)
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242),
    "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269), "bind": (49, 200), "listen": (50, 201)}
PROCESSES = {
    "fork": (57, 0), "vfork": (58, 0), "clone": (56, 220), "clone3": (435, 435), "execve": (59, 221),
    "execveat": (322, 281), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440), "kcmp": (312, 272)}
KERNEL = {
    "bpf": (321, 280), "perf_event_open": (298, 241), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "userfaultfd": (323, 282), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "syslog": (103, 116), "acct": (163, 89), "personality": (135, 92),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setdomainname": (171, 162), "quotactl": (179, 60)}
FILES = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262)}
OWNERSHIP = {  # Landlock has no word for them
    "chmod": (90, 0), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, 0),
    "lchown": (94, 0), "fchown": (93, 55), "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16)}
IOCTL = {"ioctl": (16, 29)}
CALLS = {**NETWORK, **PROCESSES, **KERNEL, **FILES, **OWNERSHIP, **IOCTL}
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the tables, AUDIT_ARCH_


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def forbid_new_privileges() -> bool:
    """Nothing that is executed from now on can gain any."""
    return bool(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)


def drop_capabilities() -> bool:
    """From every set; from the bounding set where there is the right to, which no new privileges make moot."""
    libc = _libc()
    libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    for number in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    return bool(libc.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24)) == 0)


def keep_capabilities(numbers: Iterable[int]) -> bool:
    """Of those there are, these and no others, in any set; none that a program started from here would have."""
    libc, wanted, header = _libc(), set(numbers), struct.pack("=Ii", 0x20080522, 0)
    there = ctypes.create_string_buffer(24)
    if libc.capget(header, there) != 0:
        return False
    libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    for number in set(range(LAST_CAPABILITY + 1)) - wanted:
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    _, low, _, _, high, _ = struct.unpack("=6I", there.raw)
    kept = (high << 32 | low) & sum(1 << number for number in wanted)
    low, high = kept & 0xFFFFFFFF, kept >> 32
    return bool(libc.capset(header, struct.pack("=6I", low, low, 0, high, high, 0)) == 0)


def landlock_version() -> int:
    """Of this kernel; 0 where it has none."""
    return max(0, int(_libc().syscall(CREATE_RULESET, None, 0, 1)))


def shut_files(readable: Iterable[str], writable: Iterable[str] = (), tcp: bool = False) -> int:
    """Landlock: of files and folders nothing but these from now on; no TCP without `tcp`, and no signal or abstract
    socket to whom this process has not started since. What is not there is left out. The version in force, 0 where
    there is none."""
    libc, version = _libc(), landlock_version()
    if version < 1:
        return 0
    handled = ALL_OF_ABI[min(version, len(ALL_OF_ABI) - 1)]
    attributes = struct.pack("=QQQ", handled, 0 if tcp else TCP, SCOPES)
    attributes = attributes[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = libc.syscall(CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return 0
    try:
        for path in dict.fromkeys(readable):
            _grant(libc, ruleset, path, READ & handled)
        for path in dict.fromkeys(writable):
            _grant(libc, ruleset, path, WRITE & handled)
        return version if libc.syscall(RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _grant(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            rights &= -1 if stat.S_ISDIR(os.fstat(place).st_mode) else OF_FILES
            libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, place), 0)
        finally:
            os.close(place)


def shut_calls(names: Iterable[str], threads: bool = False, datagrams: bool = False) -> bool:
    """seccomp: these calls fail with EPERM from now on, in every thread. `threads`: may be started, and signals sent to
    oneself; `datagrams`: UDP sockets may be made and used, which the system's resolver needs. False where this kernel
    or machine has no such thing."""
    column, architecture = MACHINES.get(os.uname().machine, (0, 0))
    if not architecture:
        return False
    program: Program = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), (ANSWER, 0, 0, REFUSE),
                        (LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, X32), (ANSWER, 0, 0, REFUSE)]
    for name in names:
        number, body = CALLS[name][column], _body(name, threads, datagrams)
        if number and body:
            program += [(EQUAL, 0, len(body), number), *body]
    program.append((ANSWER, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    about = struct.pack("@HP", len(program), ctypes.addressof(code))
    libc = _libc()
    if libc.syscall({0: 317, 1: 277}[column], 1, 1, about) == 0:  # seccomp(SET_MODE_FILTER, TSYNC)
        return True
    return bool(libc.prctl(PR_SET_SECCOMP, 2, about, 0, 0) == 0)


def _body(name: str, threads: bool, datagrams: bool) -> Program:
    """What becomes of one call; it always ends in an answer. Empty: the call is let through."""
    refused: Program = [(ANSWER, 0, 0, REFUSE)]
    if name == "ioctl":
        return [(LOAD, 0, 0, SECOND), (EQUAL, 2, 0, TIOCSTI), (EQUAL, 1, 0, TIOCLINUX), (ANSWER, 0, 0, ALLOW), *refused]
    if threads and name == "clone":
        return [(LOAD, 0, 0, FIRST), (ANY_OF, 0, 1, CLONE_THREAD), (ANSWER, 0, 0, ALLOW), *refused]
    if threads and name == "clone3":
        return [(ANSWER, 0, 0, ABSENT)]  # libc takes clone then
    if threads and name in ("kill", "tgkill"):
        return [(LOAD, 0, 0, FIRST), (EQUAL, 0, 1, os.getpid()), (ANSWER, 0, 0, ALLOW), *refused]
    if datagrams and name == "socket":
        return [(LOAD, 0, 0, FIRST), (EQUAL, 1, 0, AF_INET), (EQUAL, 0, 3, AF_INET6), (LOAD, 0, 0, SECOND),
                (0x54, 0, 0, 0xF), (EQUAL, 1, 0, SOCK_DGRAM), *refused, (ANSWER, 0, 0, ALLOW)]
    return [] if datagrams and name in ("connect", "sendto", "sendmsg", "sendmmsg") else refused
