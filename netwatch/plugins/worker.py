"""The process that a user's file runs in: it gives all rights away, then loads the file and answers for it.

Run as a script by process.py, isolated (-I -S), with a pipe each way and nothing else. A message is its length in four
bytes, then JSON; the first answer is what the file is. A classifier is asked for verdicts, an addon for what it makes
of events. Of netwatch it imports the model alone, and before it gives its rights away.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import errno
import json
import os
import platform
import resource
import struct
import sys
from typing import Any, BinaryIO, NamedTuple

MOST = 65_536  # bytes of a message
MEMORY = 256 << 20  # bytes of address space beyond what the interpreter has
NOBODY = 65_534
Message = dict[str, Any]
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 22, 38, 47
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # landlock, the same number on every architecture
READ_FILE, READ_DIR = 1 << 2, 1 << 3
ALL_OF_ABI = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1)  # rights to files that a version knows; 3 and later alike
# socket connect accept accept4 sendto sendmsg sendmmsg bind listen fork vfork clone clone3 execve execveat kill tkill
# tgkill ptrace process_vm_readv process_vm_writev bpf perf_event_open keyctl add_key request_key unshare setns mount
# io_uring_setup open_by_handle_at userfaultfd init_module finit_module pidfd_open
DENIED = {
    "x86_64": (0xC000003E, (41, 42, 43, 288, 44, 46, 307, 49, 50, 57, 58, 56, 435, 59, 322, 62, 200, 234, 101, 310, 311,
                            321, 298, 250, 248, 249, 272, 308, 165, 425, 304, 323, 175, 313, 434)),
    "aarch64": (0xC00000B7, (198, 203, 202, 242, 206, 211, 269, 200, 201, 220, 435, 221, 281, 129, 130, 131, 117, 270,
                             271, 280, 241, 219, 217, 218, 97, 268, 40, 425, 265, 282, 105, 273, 434)),
}
X32 = 0x40000000  # numbers of x86_64's other ABI


class Flow(NamedTuple):
    """Whose bytes they are."""

    side: int  # 0 or 1
    proto: str  # "tcp" or "udp"
    sport: int  # of the side that said them
    dport: int


def give_up_rights(user: int, group: int) -> None:
    """Another user where that can be, no capabilities, no new privileges, little memory, no files but the library's, no
    network, no other process. What this kernel cannot do is left out; the others hold."""
    with contextlib.suppress(OSError):
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    for limit, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
                        (resource.RLIMIT_NOFILE, 16), (resource.RLIMIT_AS, used_memory() + MEMORY)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    libc.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    shut_files(libc)
    shut_calls(libc)


def used_memory() -> int:
    """Bytes of address space that the interpreter has by now."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return MEMORY


def shut_files(libc: ctypes.CDLL) -> None:
    """Landlock: what modules are imported from may be read, nothing else."""
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    handled = ALL_OF_ABI[min(version, 3)]
    ruleset = libc.syscall(CREATE_RULESET, struct.pack("=Q", handled), 8, 0)
    if ruleset < 0:
        return
    for folder in {path for path in sys.path if os.path.isdir(path)}:
        fd = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", READ_FILE | READ_DIR, fd), 0)
        os.close(fd)
    libc.syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def shut_calls(libc: ctypes.CDLL) -> None:
    """seccomp: calls that reach a network, another process or the kernel's inside fail with EPERM."""
    arch, numbers = DENIED.get(platform.machine(), (0, ()))
    if not numbers:
        return
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    refuse = 0x00050000 | errno.EPERM
    program = [(load, 0, 0, 4), (equal, 1, 0, arch), (answer, 0, 0, refuse), (load, 0, 0, 0), (at_least, 0, 1, X32),
               (answer, 0, 0, refuse)]
    for number in numbers:
        program += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    program.append((answer, 0, 0, 0x7FFF0000))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    libc.prctl(PR_SET_SECCOMP, 2, struct.pack("@HP", len(program), ctypes.addressof(code)), 0, 0)


def receive(pipe: BinaryIO) -> Message | None:
    """The next message, None at the end."""
    head = pipe.read(4)
    if len(head) < 4:
        return None
    message: Message = json.loads(pipe.read(int.from_bytes(head, "big")))
    return message


def send(pipe: BinaryIO, message: Message) -> None:
    data = json.dumps(message, allow_nan=False).encode()
    if len(data) > MOST:
        raise ValueError(f"the answer takes more than {MOST} bytes")
    pipe.write(len(data).to_bytes(4, "big") + data)
    pipe.flush()


def words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


class Values:
    """Settings of the addon, by dotted key."""

    def __init__(self, values: Message) -> None:
        self._values = values

    def of(self, key: str) -> Any:
        return self._values[key]


class Run:
    """What an addon is begun with: its settings, and somebody to tell. It has no engine, no host and no neighbours."""

    def __init__(self, values: Message, live: bool, label: str) -> None:
        from netwatch.model.contract import Purpose

        self.purpose = Purpose(live=live, label=label)
        self.settings = Values(values)
        self.said: list[tuple[str, str]] = []

    def say(self, text: str, severity: str = "warning") -> None:
        self.said.append((text, severity))

    def find(self, kind: type) -> None:
        return None

    def get(self, kind: type) -> None:
        raise LookupError(f"an addon of the user's is alone: it has no {kind.__name__}")


class Classifying:
    """A file with a function classify()."""

    def __init__(self, space: Message) -> None:
        self._ask: Any = space.get("classify")
        self.about = {"name": space.get("NAME"), "asks": callable(self._ask)}

    def answer(self, asked: Message) -> Message:
        answer = self._ask(base64.b64decode(asked["data"]), Flow(*asked["flow"]))
        return {"answer": list(answer) if isinstance(answer, tuple) else answer}


class Watching:
    """A file with a class that is an Addon."""

    def __init__(self, space: Message) -> None:
        from netwatch.model.contract import Addon

        found = [each for each in space.values()
                 if isinstance(each, type) and issubclass(each, Addon) and each is not Addon]
        if len(found) != 1:
            raise TypeError(f"there must be one class that is an Addon, and there are {len(found)}")
        self._addon = found[0]()
        self.about = {
            "help": (found[0].__doc__ or "").strip(), "name": self._addon.name, "kinds": dict(self._addon.kinds),
            "wants": sorted(self._addon.wants), "adds": sorted(self._addon.adds),
            "options": [vars(each) for each in self._addon.options]}

    def answer(self, asked: Message) -> Message:
        from netwatch.model.event import Event, FlowRef, Step

        made: Any = ()
        no_engine: Any = None
        if "begin" in asked:
            self._run = Run(**asked["begin"])
            begin: Any = self._addon.begin
            begin(self._run)
        elif "record" in asked:
            record = asked["record"]
            self._addon.adorn(record, FlowRef(no_engine, 0, 0))
            made = {key: record[key] for key in self._addon.adds if key in record}
        else:
            events = [Event(engine=no_engine, row=0, extra=0, **each) for each in asked["events"]]
            made = [(each.key, each.kind, each.payload) for each in self._addon.take(Step(events, over=asked["over"]))]
        said, self._run.said = self._run.said, []
        return {"made": made, "said": said}


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Load what the first message holds, and answer until the pipe is shut."""
    begun = receive(incoming)
    assert begun is not None
    if begun["root"]:
        sys.path.append(begun["root"])
        import netwatch.model.contract  # noqa: F401

        sys.path.remove(begun["root"])
    give_up_rights(begun["user"], begun["group"])
    space: Message = {"__name__": "netwatch_plugin", "__file__": begun["path"]}
    exec(compile(base64.b64decode(begun["code"]), begun["path"], "exec"), space)
    file = Watching(space) if begun["root"] else Classifying(space)
    send(outgoing, file.about)
    while (asked := receive(incoming)) is not None:
        try:
            send(outgoing, file.answer(asked))
        except BaseException as error:
            send(outgoing, {"error": words(error)})


def main() -> None:
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nothing:  # what the file prints goes nowhere
        for fd in (0, 1, 2):
            os.dup2(nothing.fileno(), fd)
    try:
        serve(incoming, outgoing)
    except BaseException as error:
        with contextlib.suppress(Exception):
            send(outgoing, {"error": words(error)})


if __name__ == "__main__":
    main()
