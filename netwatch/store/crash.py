"""Crash reports: one file with the traceback, in the user's state folder, readable by the user alone."""
from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from netwatch.store.folders import state_folder


def write_report(error: BaseException) -> str | None:
    """The path of the new report, None when no place could be written to."""
    text = "".join((
        f"netwatch crash report\ntime     {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n",
        f"python   {sys.version.split()[0]} on {sys.platform}\nterminal {os.environ.get('TERM', '')}\n\n",
        *traceback.format_exception(error),
    ))
    for where in (state_folder(), Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError, RuntimeError):
            where.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, path = tempfile.mkstemp(prefix=time.strftime("crash-%Y%m%d-%H%M%S-"), suffix=".txt", dir=where)
            with os.fdopen(number, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            return path
    return None
