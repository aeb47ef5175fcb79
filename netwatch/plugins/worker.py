"""The process that a user's file runs in: it gives all rights away, then loads the file and answers for it.

Run as a script by process.py, isolated (-I -S), with a pipe each way and nothing else. A message is its length in four
bytes, then JSON; the first answer is what the file is. A classifier is asked for verdicts, an addon for what it makes
of events. Of netwatch it imports the model alone, and before it gives its rights away.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, NamedTuple, cast

MOST = 65_536  # bytes of a message
MEMORY = 256 << 20  # bytes of address space beyond what the interpreter has
NOBODY = 65_534
Message = dict[str, Any]  # Any: of JSON, and of the names in a file of the user's


class Flow(NamedTuple):
    """Whose bytes they are."""

    side: int  # 0 or 1
    proto: str  # "tcp" or "udp"
    sport: int  # of the side that said them
    dport: int


def become(user: int, group: int) -> None:
    """Another user, where that can be."""
    with contextlib.suppress(OSError):
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)


def give_up_rights() -> None:
    """No capabilities, no new privileges, little memory, no files but the library's, no network, no other process. What
    this kernel cannot do is left out; the others hold."""
    for limit, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0),
                        (resource.RLIMIT_NOFILE, 16), (resource.RLIMIT_AS, used_memory() + MEMORY)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))
    if sys.platform != "linux":
        return
    confine = give_up_privileges()
    confine.shut_files({path for path in sys.path if os.path.isdir(path)})
    confine.shut_calls(confine.CALLS)


@functools.cache
def confinement() -> ModuleType:
    """The module netwatch/platform/linux/confine.py, alone. To be read before this is another user, who may not."""
    path = Path(__file__).parents[1] / "platform" / "linux" / "confine.py"
    module = ModuleType("confine")
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    return module


def give_up_privileges() -> ModuleType:
    """No capabilities and no new privileges. The module that did it."""
    module = confinement()
    module.drop_capabilities()
    module.forbid_new_privileges()
    return module


def used_memory() -> int:
    """Bytes of address space that the interpreter has by now."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return MEMORY


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

    def of(self, key: str) -> object:
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
        self._ask = space.get("classify")
        self.about = {"name": space.get("NAME"), "asks": callable(self._ask)}

    def answer(self, asked: Message) -> Message:
        assert self._ask is not None
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
            "options": [each._asdict() for each in self._addon.options]}

    def answer(self, asked: Message) -> Message:
        from netwatch.model.event import Event, FlowRef, Step

        made: object = ()
        nowhere: Message = {"engine": None, "row": 0}
        if "begin" in asked:
            self._run = Run(**asked["begin"])
            cast("Callable[[Run], None]", self._addon.begin)(self._run)
        elif "record" in asked:
            record = asked["record"]
            self._addon.adorn(record, FlowRef(key=0, **nowhere))
            made = {key: record[key] for key in self._addon.adds if key in record}
        else:
            events = [Event(extra=0, **nowhere, **each) for each in asked["events"]]
            made = [(each.key, each.kind, each.payload) for each in self._addon.take(Step(events, over=asked["over"]))]
        said, self._run.said = self._run.said, []
        return {"made": made, "said": said}


def serve(incoming: BinaryIO, outgoing: BinaryIO, user: int, group: int) -> None:
    """Load what the first message holds, and answer until the pipe is shut."""
    begun = receive(incoming)
    assert begun is not None
    if begun["root"]:
        sys.path.insert(0, begun["root"])  # that of who started us, whichever else is installed
        import netwatch.model.contract  # noqa: F401

        sys.path.remove(begun["root"])
    become(user, group)
    give_up_rights()
    space: Message = {"__name__": "netwatch_plugin", "__file__": begun["path"]}
    exec(compile(base64.b64decode(begun["code"]), begun["path"], "exec"), space)
    file = Watching(space) if begun["root"] else Classifying(space)
    send(outgoing, file.about)
    while (asked := receive(incoming)) is not None:
        try:
            send(outgoing, file.answer(asked))
        except BaseException as error:
            send(outgoing, {"error": words(error)})


def leash(held: int, user: int, group: int) -> None:
    """Start who ends this process when the other end of the pipe is let go, whatever the file does meanwhile: netwatch
    itself may send no signals any more."""
    alive, ours = os.pipe()  # the system closes our end with us
    us = os.getpid()
    if os.fork():
        os.close(alive)
        os.close(held)
        os.set_inheritable(ours, False)
        return
    for fd in (0, 1, ours):
        os.close(fd)
    become(user, group)
    if sys.platform == "linux":
        give_up_privileges()
    select.select([held, alive], [], [])
    if os.getppid() == us:
        os.kill(us, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    held, user, group = map(int, sys.argv[1:])
    if sys.platform == "linux":
        confinement()
    leash(held, user, group)
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nothing:  # what the file prints goes nowhere
        for fd in (0, 1, 2):
            os.dup2(nothing.fileno(), fd)
    try:
        serve(incoming, outgoing, user, group)
    except BaseException as error:
        with contextlib.suppress(Exception):
            send(outgoing, {"error": words(error)})


if __name__ == "__main__":
    main()
