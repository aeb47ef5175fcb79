"""The process with the rights: it captures, answers questions about the system, and ends when nobody asks any more.

It is started before the other shuts itself in, with one end of a socket pair, and reads no byte of a frame.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from socket import AF_UNIX, SOCK_SEQPACKET, send_fds, socket

from netwatch._fast.input.ring import RingFiller, make_memory
from netwatch._fast.input.source import SourceError
from netwatch.capture import live
from netwatch.capture.capd.guard import guard
from netwatch.capture.capd.messages import QUESTION_MOST, Answer, Json, MessageError, Question, answer_parts, question
from netwatch.capture.capd.promises import PROMISED, Promises
from netwatch.model.host import Unavailable
from netwatch.model.machine import Owner, Unknown
from netwatch.platform.host import ThisMachine
from netwatch.store.files import new_file

PR_SET_PDEATHSIG = 1
M_ARENA_MAX = -8  # of glibc's mallopt(3): threads share one heap, which can be given back when it is free again
CAPTURES_MOST = 4  # at a time: the one, and the one that follows it
# what may be made in the working folder
OWN_FILE = re.compile(r"netwatch-[0-9A-Za-z-]{1,60}\.(?:pcapng|txt|json|ndjson|csv)")
NEEDED = frozenset((  # of confine.CALLS: capture, netlink, eBPF, the network namespaces of containers
    "socket", "socketpair", "connect", "sendto", "sendmsg", "bind", "bpf", "perf_event_open", "setns"))
GUARDING = frozenset(("fork", "clone", "clone3", "kill"))  # of confine.CALLS: what its guard does besides
KEPT = {  # capability(7): of those that netwatch was started with
    "NET_RAW": 13, "NET_ADMIN": 12,  # to capture, and to be told of sockets
    "BPF": 39, "PERFMON": 38, "SYS_RESOURCE": 24,  # eBPF, and its memory before Linux 5.11
    "SYS_PTRACE": 19, "DAC_READ_SEARCH": 2, "SYS_ADMIN": 21,  # whose a socket is, also in other network namespaces
    "SYS_NICE": 23,  # the thread that makes passes over the sockets comes first
    "SETUID": 7, "SETGID": 6, "DAC_OVERRIDE": 1}  # new files are made as the caller, in the folder that is theirs
Answered = tuple[object, Sequence[int]]  # the value and descriptors that go with it


class Capture:
    """One that runs, in a thread of its own."""

    def __init__(self, source: Json) -> None:
        self.source = source
        self.fds = (make_memory(), os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK),
                    os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))
        self._filler = RingFiller(source, *self.fds)
        self._thread = threading.Thread(target=self._filler.run, name="capture", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._filler.end()
        self._thread.join()
        self.source.close()
        for fd in self.fds:
            os.close(fd)


class Helper:
    """Answers one question after the other. `promises`: what those before it were told at the start."""

    def __init__(self, promises: Promises) -> None:
        self._host = ThisMachine(live.list_devices)
        self._promises = promises
        for name, arguments in promises.kept():
            getattr(self._host, name)(*arguments)
        self._captures: dict[int, Capture] = {}
        self._numbers = 0

    def answer(self, asked: Question) -> tuple[Answer, Sequence[int]]:
        """What it is, or why there is none; descriptors."""
        try:
            own: Callable[..., Answered] | None = getattr(self, f"_{asked.name}", None)
            if own is not None:
                value, fds = own(*asked.arguments)
            else:
                value, fds = getattr(self._host, asked.name)(*asked.arguments), ()
            if asked.name in PROMISED:
                self._promises.keep(asked.name, asked.arguments)
            return Answer(asked.number, "is", value), fds
        except Unavailable as e:
            return Answer(asked.number, "unavailable", str(e)), ()
        except SourceError as e:
            return Answer(asked.number, "source", [type(e).__name__, str(e)]), ()
        except OSError as e:
            return Answer(asked.number, "system", [e.errno or 0, e.strerror or str(e)]), ()
        except ValueError as e:
            return Answer(asked.number, "refused", str(e)), ()

    def close(self) -> None:
        for capture in self._captures.values():
            capture.close()
        self._host.close()

    def _open(self, names: list[str], text: str, snaplen: int, ring_mb: int, promisc: bool) -> Answered:
        if len(self._captures) >= CAPTURES_MOST:
            raise SourceError("too many captures at a time")
        self._numbers += 1
        capture = self._captures[self._numbers] = Capture(live.open_live(names, text, snaplen, ring_mb, promisc))
        return [self._numbers, capture.source.interfaces], capture.fds

    def _shut(self, number: int) -> Answered:
        capture = self._captures.pop(number, None)
        if capture is not None:
            capture.close()
        return None, ()

    def _ended(self, number: int) -> Answered:
        capture = self._captures.get(number)
        return ([capture.source.error, bool(capture.source.damaged)] if capture is not None else [None, False]), ()

    def _default_interface(self) -> Answered:
        return live.default_interface(), ()

    def _find_owners(self, behind: bool) -> Answered:
        self._host.find_owners(behind)
        return None, ()

    def _owners_ready(self) -> Answered:
        return bool(self._host.owners is not None and self._host.owners.ready), ()

    def _of_flow(self, *ends: Json) -> Answered:
        if self._host.owners is None:
            raise Unavailable("nobody looks for owners")
        return self._host.owners.of_flow(*ends), ()

    def _of_flows(self, asked: Json) -> Answered:
        """The answers, each once, and for each flow which of them is its."""
        if self._host.owners is None:
            raise Unavailable("nobody looks for owners")
        places: dict[Owner | Unknown, int] = {}
        found = [places.setdefault(each, len(places)) for each in self._host.owners.of_flows(asked)]
        return [list(places), found], ()

    def _owners_status(self) -> Answered:
        return (self._host.owners.status() if self._host.owners is not None else []), ()

    def _new_file(self, name: str) -> Answered:
        """A new file of the caller's in the folder that netwatch was started in. The other end closes it too."""
        if not OWN_FILE.fullmatch(name):
            raise ValueError("not a name of netwatch's")
        return None, (new_file(name),)


def serve(line: socket, promises: Promises) -> None:
    """Until the other end is shut."""
    helper = Helper(promises)
    try:
        while data := line.recv(QUESTION_MOST + 1):
            try:
                asked = question(data)
            except MessageError as e:
                print(f"netwatch-capd: {e}", file=sys.stderr)
                return  # whoever sends that is not what we work for any more
            told, fds = helper.answer(asked)
            *before, last = answer_parts(told)
            for part in before:
                line.send(part)
            send_fds(line, [last], list(fds))
            if asked.name == "new_file":
                for fd in fds:
                    os.close(fd)
    except OSError:
        return  # the other end is gone
    finally:
        helper.close()


def confine_helper(besides: frozenset[str] = frozenset()) -> None:
    """Give up, for good and in every thread to come, what it is not there for; `besides`: calls that are kept too.
    Linux."""
    from netwatch.platform.linux import confine

    confine.forbid_new_privileges()
    confine.keep_capabilities(KEPT.values())
    confine.shut_calls(set(confine.CALLS) - NEEDED - besides, threads=True)


def work(promises: Promises, line: socket) -> None:
    """Be the helper: serve the process at the other end, and end with it, or with the guard."""
    parent = os.getppid()
    if sys.platform == "linux":
        own = ctypes.CDLL(None)
        own.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if hasattr(own, "mallopt"):
            own.mallopt(M_ARENA_MAX, 1)
        confine_helper()
        _be_called("netwatch-capd")
    if os.getppid() == parent:  # else the guard ended before we could be told
        serve(line, promises)


def main(line: int, word: int, parent: int) -> int:
    """Be the guard of the helper of the process that started us. The exit code."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # until its jail stands
        confine_helper(GUARDING)
        _be_called("netwatch-guard")
    if os.getppid() != parent:
        return 0  # it ended before we could be told
    for number in (signal.SIGINT, signal.SIGTSTP, signal.SIGHUP):  # of the terminal: meant for who asks
        signal.signal(number, signal.SIG_IGN)
    for fd in (line, word):
        os.set_inheritable(fd, False)
    gc.freeze()  # what the helper does not look through for garbage stays one memory of both
    return guard(socket(AF_UNIX, SOCK_SEQPACKET, 0, word), socket(AF_UNIX, SOCK_SEQPACKET, 0, line),
                 partial(work, Promises()))


def _be_called(name: str) -> None:
    with contextlib.suppress(OSError), open("/proc/self/comm", "w") as file:
        file.write(name)
