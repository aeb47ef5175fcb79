"""netwatch-capd as the process sees it that reads: a Host to ask, and captures to open."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from socket import AF_UNIX, MSG_CMSG_CLOEXEC, SOCK_SEQPACKET, recv_fds, socket, socketpair
from typing import cast

from netwatch._fast.input import source as sources
from netwatch._fast.input.ring import RingSource
from netwatch._fast.input.source import Source, SourceError
from netwatch.capture.capd.guard import KILLED, TRIES
from netwatch.capture.capd.messages import MANY_MOST, PART, Answer, Json, MessageError, Question, answer, ask
from netwatch.model.host import Ends, Host, Unavailable
from netwatch.model.machine import BoundSocket, Counters, KernelDrop, Link, Neighbour, Owner, Route, Status, Unknown
from netwatch.model.probe import Reply
from netwatch.model.record import Record
from netwatch.model.whois import RegistryAnswer

ROOT = Path(__file__).parents[3]
# of the netwatch that starts it, whichever else is installed; all but that is looked for there last
START = "import sys; sys.path.insert(0, sys.argv[1]); import netwatch; sys.path.append(sys.path.pop(0)); " \
        "from netwatch.capture.capd.helper import main; sys.exit(main(*map(int, sys.argv[2:])))"
PATIENCE_S = 5.0
LONG_S = 60.0  # to open devices, all of them one after the other
LONG = frozenset({"open", "devices", "find_owners"})
GONE = "the capture helper (netwatch-capd) has ended"
SPENT = f"{GONE}, {TRIES + 1} times: start netwatch anew"
STOOD = "the capture helper (netwatch-capd) stood still and was killed: what came last may be missing"
SILENT = "the capture helper (netwatch-capd) does not answer"
START_S = 1.0  # for another helper to take the place of one that ended
FDS = 4  # descriptors of an answer at most
CAPTURE_FDS = 3


def command(line: int, word: int) -> list[str]:
    """What starts its guard, with these descriptors. A frozen program is its own interpreter, or in a package that of
    the helper (build/entry.py)."""
    given = [str(line), str(word), str(os.getpid())]
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-I", "-c", START, str(ROOT), *given]
    own = str(Path(sys.executable).with_name("netwatch-capd"))
    return [own if os.access(own, os.X_OK) else sys.executable, "--capd", *given]


class Helper(Host):
    """The helper, started when this is made: before any thread, and before the jail. Its calls raise Unavailable when
    it is gone or silent."""

    def __init__(self) -> None:
        self._line, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET)
        self._word, guards = socketpair(AF_UNIX, SOCK_SEQPACKET)
        with theirs, guards:
            passed = theirs.fileno(), guards.fileno()
            self._guard = subprocess.Popen(command(*passed), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           pass_fds=passed)
        self._past: list[socket] = []  # lines of helpers that ended: sources still look at them
        self._pid = 0
        self._lock = threading.Lock()
        self._number = 0
        self._late = False  # an answer has not come yet
        self._owning = False  # owners are looked for

    @property
    def pid(self) -> int:
        """Of the helper that is there now. Raises Unavailable."""
        with self._lock:
            if not self._pid:
                self._hear(line=False)
            return self._pid

    @property
    def restarts(self) -> int:
        """How often a helper was started in place of one that had ended."""
        return len(self._past)

    def ask(self, name: str, *arguments: Json) -> Json:
        """The answer. Raises Unavailable, SourceError, OSError, ValueError."""
        return self._ask(name, arguments)[0]

    def open(self, names: list[str], text: str, snaplen: int, ring_mb: int, promisc: bool = False) -> Source:
        """A capture, as live.open_live() gives one. Raises SourceError."""
        try:
            (number, interfaces), fds = self._ask("open", (names, text, snaplen, ring_mb, promisc))
        except Unavailable as e:
            raise SourceError(str(e)) from None
        except OSError as e:
            raise SourceError(f"the capture helper (netwatch-capd): {e.strerror}") from None
        if len(fds) != CAPTURE_FDS:
            for fd in fds:
                os.close(fd)
            raise SourceError("there is no room for the descriptors of a capture (ulimit -n)")
        memory, ready, room = fds
        of = self._line
        return RingSource(interfaces, memory, ready, room, of.fileno(), lambda: self._ended(number, of),
                          lambda: self._shut(number, of))

    def new_file(self, name: str) -> int:
        """A descriptor of a new file of that name in the folder netwatch was started in. Raises OSError."""
        try:
            _, fds = self._ask("new_file", (name,))
        except (Unavailable, ValueError) as e:
            raise OSError(0, str(e), name) from None
        return fds[0]

    def find_owners(self, behind: bool = False) -> None:
        """As ThisMachine.find_owners()."""
        self.ask("find_owners", behind)
        self._owning = True
        self.owners = Owners(self)

    def close(self) -> None:
        """End the helper. Raises Unavailable when it had to be killed, or its guard is silent: whether all that came
        was read is not known."""
        for each in (self._line, self._word, *self._past):
            each.close()
        try:
            code = self._guard.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise Unavailable("the capture helper's guard (netwatch-guard) does not end") from None
        if code == KILLED:
            raise Unavailable(STOOD)

    def default_interface(self) -> str:
        """As live.default_interface(). Raises SourceError."""
        return cast(str, self.ask("default_interface"))

    def counters(self) -> list[Counters]:
        return cast(list[Counters], self.ask("counters"))

    def links(self) -> list[Link]:
        return cast(list[Link], self.ask("links"))

    def routes(self) -> list[Route]:
        return cast(list[Route], self.ask("routes"))

    def neighbours(self) -> list[Neighbour]:
        return cast(list[Neighbour], self.ask("neighbours"))

    def addresses(self) -> frozenset[bytes]:
        return cast(frozenset[bytes], self.ask("addresses"))

    def nameservers(self) -> tuple[str, ...]:
        return cast(tuple[str, ...], self.ask("nameservers"))

    def cpu_seconds(self, pid: int) -> float:
        return cast(float, self.ask("cpu_seconds", pid))

    def tcp_info(self, local: str, lport: int, remote: str, rport: int) -> dict[str, Json]:
        return cast(dict[str, Json], self.ask("tcp_info", local, lport, remote, rport))

    def kernel_drops(self) -> list[KernelDrop]:
        return cast(list[KernelDrop], self.ask("kernel_drops"))

    def bound_sockets(self) -> list[BoundSocket]:
        return cast(list[BoundSocket], self.ask("bound_sockets"))

    def allow_probes(self, places: Sequence[str], third_party: bool) -> None:
        self.ask("allow_probes", list(places), third_party)

    def allow_traces(self, third_party: bool) -> None:
        self.ask("allow_traces", third_party)

    def allow_whois(self) -> None:
        self.ask("allow_whois")

    def allow_no_more(self) -> None:
        for _ in range(TRIES + 1):
            try:
                self.ask("allow_no_more")
                return
            except Unavailable as e:
                if str(e) != GONE:
                    return  # it reads that once it goes on, before anything else; or there is none to come

    def begin_trace(self, address: str) -> None:
        self.ask("begin_trace", address)

    def end_trace(self) -> None:
        self.ask("end_trace")

    def ask_registry(self, registry: str, address: str) -> None:
        self.ask("ask_registry", registry, address)

    def registry_answer(self) -> RegistryAnswer | None:
        return cast("RegistryAnswer | None", self.ask("registry_answer"))

    def probe(self, method: str, address: str, ttl: int, size: int, wait_ms: int, stream: int) -> int:
        return cast(int, self.ask("probe", method, address, ttl, size, wait_ms, stream))

    def replies(self) -> tuple[Reply, ...]:
        return cast(tuple[Reply, ...], self.ask("replies"))

    def devices(self) -> list[Record]:
        return cast(list[Record], self.ask("devices"))

    def _ended(self, number: int, line: socket) -> tuple[str | None, bool]:
        """How a capture of the helper at that line ended."""
        try:
            error, damaged = self._ask("ended", (number,), line)[0]
        except Unavailable as e:
            return str(e), True
        return error, damaged

    def _shut(self, number: int, line: socket) -> None:
        try:
            self._ask("shut", (number,), line)
        except Unavailable:
            return

    def _ask(self, name: str, arguments: tuple[Json, ...], line: socket | None = None,
             ) -> tuple[Json, list[int]]:
        """`line`: only the helper at that one can know."""
        with self._lock:
            if line not in (None, self._line):
                raise Unavailable(GONE)
            try:
                self._number += 1
                return self._result(*self._exchange(Question(self._number, name, list(arguments)),
                                                    LONG_S if name in LONG else PATIENCE_S))
            except (ConnectionError, EOFError):
                self._hear(line=True)
                raise Unavailable(GONE) from None

    def _hear(self, line: bool) -> None:
        """What the guard has to say: who the helper is, and the line to one that took another's place; `line`: wait for
        that. Raises Unavailable when there will be none."""
        heard = False
        while select.select([self._word], [], [], 0 if heard else START_S if self._pid else PATIENCE_S)[0]:
            data, fds, _, _ = recv_fds(self._word, 32, 1, MSG_CMSG_CLOEXEC)
            if not data:
                raise Unavailable(SPENT if self.restarts >= TRIES else GONE)
            self._pid = int(data)
            heard = bool(fds) or not line or heard
            for fd in fds:
                self._past.append(self._line)
                self._line, self._late = socket(fileno=fd), False
        if heard and line:
            with contextlib.suppress(ConnectionError, EOFError, Unavailable):
                if self._owning:
                    self._exchange(Question(self._number, "find_owners", [True]), PATIENCE_S)

    def _exchange(self, question: Question, seconds: float) -> tuple[Answer, list[int]]:
        """Ask, and wait for the answer; those to earlier questions, which came too late, are passed over."""
        if self._late and not select.select([self._line], [], [], 0)[0]:
            raise Unavailable(SILENT)
        os.write(self._line.fileno(), ask(question))
        while True:
            told, fds = self._receive(seconds)
            if told.number == question.number:
                self._late = False
                return told, fds
            for fd in fds:
                os.close(fd)

    def _receive(self, seconds: float) -> tuple[Answer, list[int]]:
        parts: list[bytes] = []
        while True:
            self._late = True
            if not select.select([self._line], [], [], seconds)[0]:
                raise Unavailable(SILENT)
            data, fds, _, _ = recv_fds(self._line, PART + 1, FDS, MSG_CMSG_CLOEXEC)
            if not data:
                raise EOFError
            parts.append(data[1:])
            if data[:1] == b".":
                try:
                    return answer(b"".join(parts)), fds
                except MessageError as e:
                    raise Unavailable(f"the capture helper said what cannot be understood: {e}") from None

    def _result(self, told: Answer, fds: list[int]) -> tuple[Json, list[int]]:
        if told.kind == "is":
            return told.value, fds
        if told.kind == "source":
            kind = getattr(sources, str(told.value[0]), SourceError)
            raise kind(told.value[1])
        if told.kind == "system":
            raise OSError(*told.value)
        if told.kind == "refused":
            raise ValueError(told.value)
        raise Unavailable(str(told.value))


class Owners:
    """What finds owners, in the helper."""

    def __init__(self, helper: Helper) -> None:
        self._helper = helper
        self._ready = False

    @property
    def ready(self) -> bool:
        if not self._ready:
            try:
                self._ready = self._helper.ask("owners_ready")
            except Unavailable:
                return False
        return self._ready

    def of_flow(self, proto: str | int, src: str | bytes, sport: int, dst: str | bytes, dport: int,
                first_seen_ns: int = 0, last_seen_ns: int = 0) -> Owner | Unknown:
        try:
            return cast("Owner | Unknown", self._helper.ask("of_flow", proto, src, sport, dst, dport, first_seen_ns,
                                                            last_seen_ns))
        except Unavailable as e:
            return Unknown(str(e))

    def of_flows(self, asked: Sequence[Ends]) -> list[Owner | Unknown]:
        found: list[Owner | Unknown] = []
        for at in range(0, len(asked), MANY_MOST):
            part = tuple(asked[at:at + MANY_MOST])
            try:
                answers, places = self._helper.ask("of_flows", part)
                found += [answers[place] for place in places]
            except Unavailable as e:
                found += [Unknown(str(e))] * len(part)
        return found

    def status(self) -> list[Status]:
        try:
            return cast(list[Status], self._helper.ask("owners_status"))
        except Unavailable as e:
            return [Status("capd", False, str(e))]
