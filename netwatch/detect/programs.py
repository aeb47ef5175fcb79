"""What programs are known by: the places they talk to, or the way they begin TLS. Who learns, and when it is known.

A program is learnt for a while from when it is first met. What it is known by can be kept across restarts, and a
capture can be held against flow records of another time. A program that is known by more than a bound is one that goes
everywhere, as a browser does, and says nothing by going somewhere new. Bounded.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from netwatch._fast.notice.domains import registered
from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import SAID, SECOND, Alarm, Detector, Many, Notice, Value
from netwatch.detect.episodes import Bounded, begun, said
from netwatch.model.contract import AddonError
from netwatch.model.option import Option
from netwatch.model.record import Record, look_up
from netwatch.store import files, folders

PROGRAMS = 1024
EVER = -(1 << 62)  # ns: it has been known for long
KEEP_S = 300  # seconds of packet time between keeping what was learnt
STATE_BYTES = 16 << 20
NAMES = ("tls.sni", "quic.sni", "http.host")
PRINTS = ("tls.ja4", "quic.ja4")


def options(most: int, of_what: str) -> tuple[Option, ...]:
    """Those of a detector that learns."""
    return (
        Option("learn_s", 86400, "Seconds from when a program is first met in which all is learnt.", 0, 31_536_000),
        Option("most", most, f"A program known by more {of_what} is passed over.", 1, 4096),
        Option("baseline", "", "File of flow records (NDJSON) of another time: what programs did there is known."),
        Option("keep", False, "Keep what was learnt in the state folder."),
    )


def place_of(flow: Record) -> str:
    """Where a flow goes: the domain of the name it says, else the responder's address."""
    name = next((str(found) for path in NAMES if (found := look_up(flow, path))), "")
    host = name.lower().rsplit(":", 1)[0] if name.count(":") == 1 else name.lower()
    if not host or _is_address(host):
        return host.strip("[]") or str(flow.get("dst", ""))
    return registered(host.rstrip(".").encode()).decode()


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ip_address(host.strip("[]"))
        return True
    return False


def print_of(flow: Record) -> str:
    """How its client begins TLS; "" unknown."""
    return next((str(found) for path in PRINTS if (found := look_up(flow, path))), "")


@dataclass(slots=True)
class Program:
    """What one is known by, since when (ns); `anything`: by more than counts."""

    since: int
    things: Bounded[str, None]
    anything: bool = False


class Known:
    """Of all programs."""

    def __init__(self, learn_ns: int, most: int) -> None:
        self._learn, self._most = learn_ns, most
        self._programs: Bounded[str, Program] = Bounded(PROGRAMS)

    def is_new(self, name: str, thing: str, now: int) -> bool:
        """Is the program known well enough, and not by this? From now on it is known by it too."""
        program = self.learn(name, now)
        if thing in program.things:
            program.things.move_to_end(thing)
            return False
        self._add(program, thing)
        return not program.anything and now >= program.since + self._learn

    def learn(self, name: str, since: int, *things: str) -> Program:
        """The program, known by these things, at the latest since then."""
        program = self._programs.get(name)
        if program is None:
            program = self._programs[name] = Program(since, Bounded(self._most))
        for thing in things:
            self._add(program, thing)
        return program

    def _add(self, program: Program, thing: str) -> None:
        program.anything = program.anything or (len(program.things) >= self._most and thing not in program.things)
        program.things[thing] = None

    def lines(self) -> Iterator[str]:
        """To be read by read()."""
        for name, program in self._programs.items():
            yield json.dumps({"program": name, "since": program.since, "anything": program.anything,
                              "things": list(program.things)}, ensure_ascii=False)

    def read(self, text: str, thing_of: Callable[[Record], str]) -> int:
        """Take what lines() wrote, or flow records, of which `thing_of` tells the thing. What is neither says nothing.
        How many lines said something.
        """
        taken = 0
        for line in text.splitlines():
            try:
                told = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if not isinstance(told, dict):
                continue
            name, things = look_up(told, "process.name"), told.get("things")
            if isinstance(name, str) and (thing := thing_of(told)):
                self.learn(name, EVER, thing)
                taken += 1
            elif isinstance(told.get("program"), str) and type(told.get("since")) is int and isinstance(things, list):
                program = self.learn(told["program"], told["since"], *(each for each in things if type(each) is str))
                program.anything = program.anything or told.get("anything") is True
                taken += 1
        return taken


class Learner(Detector):
    """A detector that learns what programs are known by."""

    wants = frozenset({SAID})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        self._known = Known(of("learn_s") * SECOND, of("most"))
        self._path: Path | None = folders.state_folder() / f"{self.name}.ndjson" if of("keep") else None
        self._kept = 0
        self._trouble = ""
        if self._path is not None:
            self._read_kept(self._path)
        if of("baseline"):
            self._read_baseline(Path(of("baseline")).expanduser())
        return ()

    def _read_kept(self, path: Path) -> None:
        """What earlier runs learnt; where it cannot be read, that is said at the end, and all is learnt anew. Its
        folder is there from now on: it could not be made later, inside the jail."""
        with contextlib.suppress(OSError), files.as_caller():
            files.make_folder(path.parent)
        try:
            self._known.read(files.read_text(path, STATE_BYTES), self.thing_of)
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as e:
            why = getattr(e, "strerror", None) or "is no text"
            self._trouble = f"{path}: {why}: what programs are known by is learnt anew"

    def _read_baseline(self, path: Path) -> None:
        try:
            taken = self._known.read(files.read_text(path, STATE_BYTES), self.thing_of)
        except FileNotFoundError as e:
            raise AddonError(f"detect.{self.name}.baseline: {path}: {e.strerror}", 4) from None
        except (OSError, UnicodeDecodeError) as e:
            why = getattr(e, "strerror", None) or "is no text"
            raise AddonError(f"detect.{self.name}.baseline: {path}: {why}") from None
        if not taken:
            raise AddonError(f"detect.{self.name}.baseline: {path}: no line is the record (NDJSON) of a flow that "
                             "names a program")

    def thing_of(self, flow: Record) -> str:
        """What of a flow record matters; "" nothing."""
        raise NotImplementedError

    def take(self, notice: Notice) -> None:
        facts, program = notice.more
        thing = self.thing_of({**said(facts, notice.app), "dst": text_of(notice.dst)})
        if not thing or notice.dst in self.allowed or notice.src in self.allowed:
            return
        if self._known.is_new(program, thing, notice.time_ns):
            self.alarm(self, notice, (program, thing, notice.src, notice.dst, notice.dport), begun(notice))
        if self._path is not None and notice.time_ns > self._kept + KEEP_S * SECOND:
            self._kept = notice.time_ns
            self.keep()

    def keep(self) -> str:
        if self._path is None:
            return ""
        try:
            files.write_text(self._path, "".join(f"{line}\n" for line in self._known.lines()))
        except OSError as e:
            return f"{self._path}: {e.strerror}: what programs are known by is not kept"
        return self._trouble
