"""Users' own classifiers: Python files in a folder, asked about what no protocol of ours knows.

    # ~/.config/netwatch/classifiers/acme.py
    NAME = "acme"                          # lower-case letters, digits, - and _
    def classify(data, flow):              # the first bytes (1 to 1024) one side said, and whose they are
        if data.startswith(b"ACME/"):
            return 80, {"version": data[5:8].decode("ascii", "replace")}

The answer is None, a confidence from 1 to 100, or that and the fields of the flow's object. They run in a thread of
their own between chunks of frames, never per packet. One that raises, is slow or answers nonsense is switched off and
says so. A file is code: it is loaded only when nobody but its owner, who is root or the one who runs netwatch, can
write to it.
"""

from __future__ import annotations

import json
import os
import queue
import re
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from netwatch._fast.dpi import add_name
from netwatch._fast.out.inner import ends, learn, name
from netwatch._fast.out.protocols import DESCRIBING, add
from netwatch.model.addon import Event
from netwatch.store.folders import config_folder

PATIENCE_S = 0.25  # for one answer
FIELDS_BYTES = 2048  # of an object, as JSON
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class Flow(NamedTuple):
    """Whose bytes they are."""

    side: int  # 0 or 1
    proto: str  # "tcp" or "udp"
    sport: int  # of the side that said them
    dport: int


class Classifier(NamedTuple):
    path: Path
    app: str
    ask: Callable[[bytes, Flow], Any]


def folder() -> Path:
    """Where they are."""
    return config_folder() / "classifiers"


class Classifiers:
    """The service that asks them."""

    wants = frozenset(("unknown",))
    gives: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()

    def __init__(self, where: Path, say: Callable[[str], None]) -> None:
        """`say` is given one line about each that is not used, or no longer."""
        self._say = say
        self._worker = _Worker()
        self._ready = [found for path in sorted(where.glob("*.py")) if (found := self._load(path))]
        if not self._ready:
            self.wants = frozenset()

    def take(self, events: list[Event]) -> list[Event]:
        """Ask about each, in order, until one knows it."""
        for event in events:
            flow = Flow(event.side, *ends(event.engine, event.row, event.key, event.side))
            for classifier in tuple(self._ready):
                verdict = self._asked(classifier, event.payload, flow)
                if verdict is not None:
                    self._store(classifier, event, *verdict)
                    break
        return []

    def adorn(self, record: dict[str, Any], flow: Any) -> None:
        """What they say is stored with the flow already."""

    def close(self) -> None:
        self._worker.stop()

    def _load(self, path: Path) -> Classifier | None:
        try:
            _refuse_others(path)
            space: dict[str, Any] = {"__name__": f"netwatch_classifier_{path.stem}", "__file__": str(path)}
            exec(compile(path.read_bytes(), str(path), "exec"), space)
            app, ask = space.get("NAME"), space.get("classify")
            if not isinstance(app, str) or not _NAME.fullmatch(app):
                raise ValueError("NAME must be a lower-case word of letters, digits, - and _")
            if not callable(ask):
                raise ValueError("there is no function classify(data, flow)")
            if app in DESCRIBING:
                raise ValueError(f"netwatch knows {app} itself; give it another NAME")
        except Exception as error:  # whatever the user's file does must not end netwatch
            self._say(f"classifier {path}: not used: {_words(error)}")
            return None
        if not add_name(app):
            self._say(f"classifier {path}: not used: there is no room for more protocols")
            return None
        return Classifier(path, app, ask)

    def _asked(self, classifier: Classifier, data: bytes, flow: Flow) -> tuple[int, dict[str, Any]] | None:
        try:
            return _verdict(self._worker.run(classifier.ask, data, flow))
        except Exception as error:
            self._ready.remove(classifier)
            self._say(f"classifier {classifier.path}: switched off: {_words(error)}")
            return None

    def _store(self, classifier: Classifier, event: Event, sure: int, fields: dict[str, Any]) -> None:
        if not name(event.engine, event.row, event.key, classifier.app, sure):
            return
        add(classifier.app)
        if fields:
            learn(event.engine, event.row, event.key, classifier.app, 1, json.dumps(fields).encode())


class _Worker:
    """One thread that is waited for, but not longer than PATIENCE_S; one that hangs is left behind."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._running = False

    def run(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns; raises what it raises, or TimeoutError."""
        if not self._running:
            threading.Thread(target=_serve, args=(self._asked, self._answers), name="classifiers", daemon=True).start()
            self._running = True
        self._asked.put((ask, arguments))
        began = time.monotonic()
        try:
            error, value = self._answers.get(timeout=PATIENCE_S)
        except queue.Empty:
            self._asked.put(None)
            self._asked, self._answers, self._running = queue.SimpleQueue(), queue.SimpleQueue(), False
            raise TimeoutError(f"no answer in {time.monotonic() - began:.2f} s") from None
        if error is not None:
            raise error
        return value

    def stop(self) -> None:
        self._asked.put(None)
        self._running = False


def _serve(asked: queue.SimpleQueue[Any], answers: queue.SimpleQueue[Any]) -> None:
    while (job := asked.get()) is not None:
        ask, arguments = job
        try:
            answers.put((None, ask(*arguments)))
        except BaseException as error:  # a classifier that exits must not take the thread's answer with it
            answers.put((error if isinstance(error, Exception) else RuntimeError(_words(error)), None))


def _verdict(answer: Any) -> tuple[int, dict[str, Any]] | None:
    if answer is None or answer is False:
        return None
    sure, fields = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, {})
    if not isinstance(sure, int) or isinstance(sure, bool) or not 1 <= sure <= 100:
        raise ValueError(f"answered {answer!r:.60}; a confidence is a whole number from 1 to 100")
    if not isinstance(fields, dict) or not all(isinstance(key, str) for key in fields):
        raise ValueError("the fields are no dict with words as keys")
    if len(json.dumps(fields)) > FIELDS_BYTES:
        raise ValueError(f"the fields take more than {FIELDS_BYTES} bytes")
    return sure, fields


def _refuse_others(path: Path) -> None:
    """Code that others can change is not run with our rights."""
    for place in (path.parent, path):
        about = place.stat()
        if about.st_uid not in (0, os.geteuid()):
            raise PermissionError(f"{place} belongs to another user")
        if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(f"others can write to {place}")


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
