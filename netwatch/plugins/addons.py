"""Users' own addons: the class of netwatch.model.contract in a file of the configuration folder, docs/addons-own.md.

Each file runs in a process of its own without rights (worker.py). It is given records instead of engines and rows: the
payload of an event is what `netwatch read --what KIND` would print of it, without time and flow. What it answers is
taken for what it is: somebody else's.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from netwatch._fast.out.protocols import DESCRIBING
from netwatch._fast.proto.dns import text as dnstext
from netwatch._fast.proto.http import text as httptext
from netwatch.model.contract import ERROR, INFO, WARNING, Addon
from netwatch.model.event import Event, FlowRef, Step
from netwatch.model.option import Option
from netwatch.model.record import Record
from netwatch.plugins.code import DEPTH_MOST, FILES_MOST, NAME, cleaned, paths, read_code, taken, words
from netwatch.plugins.process import Plugin, PluginError
from netwatch.plugins.worker import MOST

if TYPE_CHECKING:
    from netwatch.model.contract import Run

READABLE = {"dns", "http"}  # kinds of event that become records here; those of other addons are records
OWN_KINDS = {"flow", "packet", "stream", "event", "alert", "host", "summary", "health"}  # of record; and all protocols
BATCH_BYTES = MOST // 2
BODY_BYTES = 16_384  # of a record it makes, as JSON
KEPT = 4_096  # events that it may still make something of later
SAID_MOST = 64  # lines in a run
LOAD_S, PATIENCE_S = 1.0, 0.25  # of the processor: to begin, and for each message


@functools.cache
def found(reserved: frozenset[str]) -> Mapping[str, type[Addon]]:
    """One class for each file, by the file's name. The files were run so far that the class says what the addon is;
    what cannot be used, and what has one of the `reserved` names, says so when it begins."""
    kinds = {path.name: _class_of(path) for path in paths("addons")[:FILES_MOST]}
    for kind in kinds.values():
        clash = kind.name in reserved
        kind.refused = f"netwatch has a {kind.name} of its own: name the file otherwise" if clash else _load(kind)
    return kinds


def _class_of(path: Path) -> type[UserAddon]:
    return type(path.stem, (UserAddon,), {"name": path.stem, "path": path, "__doc__": "An addon of the user's."})


def _load(kind: type[UserAddon]) -> str:
    """Why it cannot be used, "" when it can."""
    try:
        plugin = Plugin(kind.path, read_code(kind.path), addon=True)
    except (PluginError, OSError) as error:
        return words(error)
    try:
        _describe(kind, plugin.about)
    except (PluginError, TypeError, ValueError, KeyError, AttributeError) as error:
        plugin.close()
        return words(error)
    kind.started = plugin
    return ""


def _describe(kind: type[UserAddon], about: Record) -> None:
    if about["name"] != kind.name or not NAME.fullmatch(kind.name):
        raise PluginError(f"its name must be {kind.name}, as its file's: a word of lower-case letters, digits, - and _")
    kinds, adds = dict(about["kinds"]), frozenset(about["adds"])
    own, fields = OWN_KINDS | set(DESCRIBING), taken()
    for each, theirs in (*((made, own) for made in kinds), *((added, fields) for added in adds)):
        if not NAME.fullmatch(each):
            raise PluginError(f"{each[:40]!r} is not a word of lower-case letters, digits, - and _")
        if each in theirs or each.removesuffix("s") in theirs:
            raise PluginError(f"netwatch has {each} of its own; give it another name")
    kind.__doc__ = str(cleaned(str(about["help"]).split("\n\n")[0], DEPTH_MOST)) or kind.__doc__
    kind.kinds = {name: str(cleaned(text, DEPTH_MOST)) for name, text in kinds.items()}
    kind.adds, kind.wants = adds, frozenset(map(str, about["wants"]))
    kind.options = tuple(_option(each) for each in about["options"])


def _option(about: Record) -> Option:
    option = Option(**{**about, "choices": tuple(about["choices"])})
    fits = isinstance(option.default, int | str) and isinstance(option.low, int) and isinstance(option.high, int)
    if not (fits and NAME.fullmatch(option.name) and isinstance(option.help, str)):
        raise PluginError(f"option {str(option.name)[:40]!r} is not whole")
    return option


class UserAddon(Addon):
    """One file of the user's; its subclasses are made by found()."""

    path: Path
    refused: str = ""
    started: Plugin | None = None  # by found(), for the first that begins

    def begin(self, run: Run) -> None:
        self._run, self._plugin, self._left_out, self._lines, self._number = run, None, 0, 0, 0
        self._kept: dict[int, Event] = {}
        kind = type(self)
        if self.refused:
            run.say(f"addon {self.path}: not used: {self.refused}")
            return
        self._plugin, kind.started = kind.started or Plugin(self.path, read_code(self.path), addon=True), None
        values = {f"{self.name}.{each.name}": run.settings.of(f"{self.name}.{each.name}") for each in self.options}
        self._ask({"begin": {"values": values, "live": run.purpose.live, "label": run.purpose.label}}, LOAD_S)

    def take(self, step: Step) -> Sequence[Event]:
        made: list[Event] = []
        for batch in self._batches(step.events):
            made += self._made(self._ask({"events": batch, "over": False}, PATIENCE_S))
        if step.over and not step.again:
            made += self._made(self._ask({"events": [], "over": True}, PATIENCE_S))
            if self._left_out:
                self._run.say(f"addon {self.path}: {self._left_out} events were too large for it", INFO)
                self._left_out = 0
        return made

    def adorn(self, record: Record, flow: FlowRef) -> None:
        said = self._ask({"record": record}, PATIENCE_S)
        if isinstance(said, dict):
            record |= {key: value for key, value in self._body(said).items() if key in self.adds}

    def close(self) -> None:
        if self._plugin is not None:
            self._plugin.close()
            self._plugin = None

    def _batches(self, events: Sequence[Event]) -> Iterator[list[Record]]:
        """As many as fit a message, each with a number by which what is made of it comes back."""
        batch: list[Record] = []
        size = 0
        for event in events:
            body = _body_of(event)
            length = len(json.dumps(body)) if body is not None else MOST
            if length > BATCH_BYTES:
                self._left_out += 1
                continue
            if size + length > BATCH_BYTES:
                yield batch
                batch, size = [], 0
            self._number += 1
            self._kept[self._number] = event._replace(payload=None)
            batch.append({"frame": event.frame, "flow": event.flow, "kind": event.kind, "time_ns": event.time_ns,
                          "key": self._number, "side": event.side, "inner": event.inner, "payload": body,
                          "app": event.app, "stream": event.stream})
            size += length + 200
        if batch:
            yield batch
        for number in list(self._kept)[: -KEPT]:
            del self._kept[number]

    def _made(self, answers: object) -> Iterator[Event]:
        for number, kind, payload in answers if isinstance(answers, list) else ():
            event = self._kept.get(number)
            if event is not None and kind in self.kinds and isinstance(payload, dict):
                yield event.became(kind, self._body(payload))

    def _body(self, payload: Record) -> Record:
        if len(json.dumps(payload)) > BODY_BYTES:
            self._stop(PluginError(f"what it made takes more than {BODY_BYTES} bytes"))
            return {}
        try:
            body = cleaned(payload, DEPTH_MOST)
        except PluginError as error:
            self._stop(error)
            return {}
        return body if isinstance(body, dict) else {}

    def _ask(self, message: Record, seconds: float) -> object:
        """What it made of the message; None once it is switched off."""
        if self._plugin is None:
            return None
        try:
            answer = self._plugin.ask(message, seconds)
        except PluginError as error:
            self._stop(error)
            return None
        for text, severity in answer.get("said", ()):
            if self._lines < SAID_MOST:
                self._lines += 1
                self._run.say(f"{self.name}: {cleaned(str(text), DEPTH_MOST)}",
                              severity if severity in (INFO, WARNING, ERROR) else WARNING)
        return answer.get("made")

    def _stop(self, error: PluginError) -> None:
        self.close()
        self._run.say(f"addon {self.path}: switched off: {words(error)}")


def _body_of(event: Event) -> Record | None:
    """The event as a record; None where it is none."""
    if isinstance(event.payload, dict):
        return event.payload
    if event.kind not in READABLE:
        return None
    body: Record = dnstext.record(event.payload) if event.kind == "dns" else httptext.record(event.payload, False)
    return body
