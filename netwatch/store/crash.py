"""Crash reports: a traceback in the user's state folder, readable by the user alone. The newest few are kept."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from netwatch import __version__
from netwatch.store.files import as_caller, make_folder
from netwatch.store.folders import state_folder

KEPT = 20


def write_report(error: BaseException) -> str | None:
    """The path of the new report, None when no place could be written to."""
    text = "".join((
        f"netwatch {__version__} crash report\ntime     {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n",
        f"python   {sys.version.split()[0]} on {sys.platform}\nterminal {os.environ.get('TERM', '')}\n\n",
        *traceback.format_exception(error),
    ))
    with contextlib.suppress(OSError, RuntimeError), as_caller():
        folder = state_folder()
        make_folder(folder)
        for old in sorted(folder.glob("crash-*.txt"))[: 1 - KEPT]:  # their names begin with the time
            old.unlink()
        return _written(text, folder, "crash-")
    with contextlib.suppress(OSError):
        folder = Path(tempfile.gettempdir())
        return None if folder == Path.cwd() else _written(text, folder, "netwatch-crash-")
    return None


def _written(text: str, folder: Path, prefix: str) -> str:
    number, path = tempfile.mkstemp(prefix=prefix + time.strftime("%Y%m%d-%H%M%S-", time.gmtime()), suffix=".txt",
                                    dir=folder)
    with os.fdopen(number, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    return path
