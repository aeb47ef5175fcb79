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
import math
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netwatch._fast.base.text import clean
from netwatch._fast.dpi import add_name
from netwatch._fast.out.inner import ends, learn, name
from netwatch._fast.out.protocols import DESCRIBING, add
from netwatch.model.contract import Addon
from netwatch.model.event import Event, Step
from netwatch.model.option import Option
from netwatch.plugins.process import Plugin, PluginError
from netwatch.store import files
from netwatch.store.folders import caller, config_folder

if TYPE_CHECKING:
    from netwatch.model.contract import Run

FILES_MOST = 32  # classifiers: each is a process
CODE_MOST = 1 << 20  # bytes of a file
FIELDS_BYTES = 2048  # of an object, as JSON
DEPTH_MOST = 4  # objects and lists within each other
TEXT_MOST = 1024
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def _taken() -> set[str]:
    """Names of objects and fields that records have already."""
    from netwatch.schema import BY_NAME

    return {field.partition(".")[0] for field in BY_NAME} | {"schema"}


class Classifier(NamedTuple):
    path: Path
    app: str
    plugin: Plugin


def folder() -> Path:
    """Where they are."""
    return config_folder() / "classifiers"


class Classifiers(Addon):
    """Asks users' own classifiers about what no protocol of ours knows."""

    name = "classifiers"
    options = (Option("patience_ms", 50, "Milliseconds of the processor that an answer may take.", 1, 1_000),)

    def begin(self, run: Run) -> None:
        self._run = run
        self._seconds = run.settings.of("classifiers.patience_ms") / 1000
        paths = sorted(folder().glob("*.py")) if folder().is_dir() else []
        if len(paths) > FILES_MOST:
            run.say(f"{folder()}: {len(paths) - FILES_MOST} classifiers are not used: {FILES_MOST} are the most")
        self._ready = [found for path in paths[:FILES_MOST] if (found := self._load(path))]
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
            app = plugin.name
            if not isinstance(app, str) or not _NAME.fullmatch(app):
                raise PluginError("NAME must be a lower-case word of letters, digits, - and _")
            if not plugin.asks:
                raise PluginError("there is no function classify(data, flow)")
            if app in DESCRIBING or app in _taken():
                raise PluginError(f"netwatch knows {app} itself; give it another NAME")
            if not add_name(app):
                raise PluginError("there is no room for more protocols")
        except (PluginError, OSError) as error:
            if plugin is not None:
                plugin.close()
            self._run.say(f"classifier {path}: not used: {_words(error)}")
            return None
        return Classifier(path, app, plugin)

    def _asked(self, classifier: Classifier, data: bytes, flow: tuple[Any, ...]) -> tuple[int, dict[str, Any]] | None:
        message = {"data": base64.b64encode(data).decode(), "flow": flow}
        try:
            return _verdict(classifier.plugin.ask(message, self._seconds).get("answer"))
        except PluginError as error:
            self._ready.remove(classifier)
            classifier.plugin.close()
            self._run.say(f"classifier {classifier.path}: switched off: {_words(error)}")
            return None

    def _store(self, classifier: Classifier, event: Event, sure: int, fields: dict[str, Any]) -> None:
        if not name(event.engine, event.row, event.key, classifier.app, sure):
            return
        add(classifier.app)
        if fields:
            learn(event.engine, event.row, event.key, classifier.app, 1, json.dumps(fields).encode())


def read_code(path: Path) -> bytes:
    """What a file says, opened once and only then looked at. Raises OSError: PermissionError where others could change
    it."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    with files.as_caller():
        above = os.open(path.parent, flags | os.O_DIRECTORY)
        try:
            with open(os.open(path.name, flags | os.O_NOFOLLOW, dir_fd=above), "rb") as file:
                _refuse_others(os.fstat(above), path.parent)
                _refuse_others(os.fstat(file.fileno()), path)
                code = file.read(CODE_MOST + 1)
        finally:
            os.close(above)
    if len(code) > CODE_MOST:
        raise PermissionError(f"{path} is larger than {CODE_MOST >> 20} MiB")
    return code


def _refuse_others(about: os.stat_result, path: Path) -> None:
    """Code that others can change is not run."""
    if about.st_uid not in (0, caller()):
        raise PermissionError(f"{path} belongs to another user")
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others can write to {path}")
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        raise PermissionError(f"{path} is no regular file")


def _verdict(answer: object) -> tuple[int, dict[str, Any]] | None:
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
    return sure, {_word(key): _cleaned(value, DEPTH_MOST) for key, value in fields.items() if value is not None}


def _cleaned(value: object, deep: int) -> Any:
    """As records have it: no control characters, no numbers that JSON has not, not too deep."""
    if isinstance(value, str):
        return clean(value.encode("utf-8", "replace"), TEXT_MOST)
    if isinstance(value, float) and not math.isfinite(value):
        raise PluginError("a field is no finite number")
    if isinstance(value, dict | list) and not deep:
        raise PluginError(f"the fields are more than {DEPTH_MOST} deep")
    if isinstance(value, dict):
        return {_word(key): _cleaned(each, deep - 1) for key, each in value.items() if each is not None}
    return [_cleaned(each, deep - 1) for each in value if each is not None] if isinstance(value, list) else value


def _word(key: str) -> str:
    word: str = clean(key.encode("utf-8", "replace"), 64)
    return word


def _words(error: BaseException) -> str:
    text: str = clean(str(error).splitlines()[0].encode("utf-8", "replace") if str(error) else b"", TEXT_MOST)
    return text if isinstance(error, PluginError) else f"{type(error).__name__}: {text}"
