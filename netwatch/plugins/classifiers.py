"""Users' own classifiers: Python files in a folder, asked about what no protocol of ours knows.

    # ~/.config/netwatch/classifiers/acme.py
    NAME = "acme"                          # lower-case letters, digits, - and _
    def classify(data, flow):              # the first bytes (1 to 1024) one side said, and whose they are
        if data.startswith(b"ACME/"):
            return 80, {"version": data[5:8].decode("ascii", "replace")}

The answer is None, a confidence from 1 to 100, or that and the fields of the flow's object. Each file runs in a process
of its own without rights (worker.py), asked between chunks of frames, never per packet. One that raises, is slow or
answers nonsense is switched off and says so. A file is used only when it and its folder belong to root or to the user
who runs netwatch, and nobody else can write to them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.dpi import add_name
from netwatch._fast.out.inner import ends, learn, name
from netwatch._fast.out.protocols import DESCRIBING, add
from netwatch.model.contract import Addon
from netwatch.model.event import Event, Step
from netwatch.model.option import Option
from netwatch.model.record import Record
from netwatch.plugins.code import DEPTH_MOST, FILES_MOST, NAME, cleaned, paths, read_code, taken, word, words
from netwatch.plugins.process import Plugin, PluginError

if TYPE_CHECKING:
    from netwatch.model.contract import Run

FIELDS_BYTES = 2048  # of an object, as JSON


class Classifier(NamedTuple):
    path: Path
    app: str
    plugin: Plugin


class Classifiers(Addon):
    """Asks users' own classifiers about what no protocol of ours knows."""

    name = "classifiers"
    options = (Option("patience_ms", 50, "Milliseconds of the processor that an answer may take.", 1, 1_000),)

    def begin(self, run: Run) -> None:
        self._run = run
        self._seconds = run.settings.of("classifiers.patience_ms") / 1000
        found = paths("classifiers")
        if len(found) > FILES_MOST:
            run.say(f"{found[0].parent}: {len(found) - FILES_MOST} classifiers are not used: {FILES_MOST} are the most")
        self._ready = [ready for path in found[:FILES_MOST] if (ready := self._load(path))]
        if self._ready:
            self.wants = frozenset(("unknown",))

    def take(self, step: Step) -> Sequence[Event]:
        """Ask about each, in order, until one knows it."""
        for event in step.events:
            flow = (event.side, *ends(event.engine, event.row, event.key, event.side))
            for classifier in tuple(self._ready):
                verdict = self._asked(classifier, event.payload, flow)
                if verdict is not None:
                    self._store(classifier, event, *verdict)
                    break
        return ()

    def close(self) -> None:
        for classifier in self._ready:
            classifier.plugin.close()

    def _load(self, path: Path) -> Classifier | None:
        plugin = None
        try:
            plugin = Plugin(path, read_code(path))
            app = plugin.about.get("name")
            if not isinstance(app, str) or not NAME.fullmatch(app):
                raise PluginError("NAME must be a lower-case word of letters, digits, - and _")
            if not plugin.about.get("asks"):
                raise PluginError("there is no function classify(data, flow)")
            if app in DESCRIBING or app in taken():
                raise PluginError(f"netwatch knows {app} itself; give it another NAME")
            if not add_name(app):
                raise PluginError("there is no room for more protocols")
        except (PluginError, OSError) as error:
            if plugin is not None:
                plugin.close()
            self._run.say(f"classifier {path}: not used: {words(error)}")
            return None
        return Classifier(path, app, plugin)

    def _asked(self, classifier: Classifier, data: bytes, flow: tuple[object, ...]) -> tuple[int, Record] | None:
        message = {"data": base64.b64encode(data).decode(), "flow": flow}
        try:
            return _verdict(classifier.plugin.ask(message, self._seconds).get("answer"))
        except PluginError as error:
            self._ready.remove(classifier)
            classifier.plugin.close()
            self._run.say(f"classifier {classifier.path}: switched off: {words(error)}")
            return None

    def _store(self, classifier: Classifier, event: Event, sure: int, fields: Record) -> None:
        if not name(event.engine, event.row, event.key, classifier.app, sure):
            return
        add(classifier.app)
        if fields:
            learn(event.engine, event.row, event.key, classifier.app, 1, json.dumps(fields).encode())


def _verdict(answer: object) -> tuple[int, Record] | None:
    """What an answer means. Raises PluginError for nonsense."""
    if answer is None or answer is False:
        return None
    sure, fields = answer if isinstance(answer, list) and len(answer) == 2 else (answer, {})
    if not isinstance(sure, int) or isinstance(sure, bool) or not 1 <= sure <= 100:
        raise PluginError(f"answered {answer!r:.60}; a confidence is a whole number from 1 to 100")
    if not isinstance(fields, dict):
        raise PluginError("the fields are no dict with words as keys")
    if len(json.dumps(fields)) > FIELDS_BYTES:
        raise PluginError(f"the fields take more than {FIELDS_BYTES} bytes")
    return sure, {word(key): cleaned(value, DEPTH_MOST) for key, value in fields.items() if value is not None}
