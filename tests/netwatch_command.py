"""How tests start the command `netwatch` of this checkout as a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-P", "-m", "netwatch"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "PAGER": ""}

Run = Callable[..., subprocess.CompletedProcess[str]]

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([  # what takes a new interpreter most of its time, imported once
    "netwatch.addons.http.addon", "netwatch.capture.file", "netwatch.cli.read", "netwatch.cli.stats",
    "netwatch.names.neighbours", "netwatch.names.ports", "netwatch.platform.linux.jail", "netwatch.plugins.process",
    "netwatch.records.first_pass", "netwatch.store.config", "netwatch._fast.input.snoop", "netwatch._fast.out.enrich",
    "netwatch._fast.out.protocols", "cryptography.x509"])


def until_inside(process: subprocess.Popen[Any], seconds: float = 60) -> None:
    """Wait until a netwatch that was started is in its jail: by then all is open, so that a capture runs."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        if b"Seccomp:\t2" in Path(f"/proc/{process.pid}/status").read_bytes():
            return
        time.sleep(0.02)


def run_forked(arguments: list[str], folder: Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """As subprocess.run() of COMMAND there with standard input closed, in a process that is forked from an interpreter
    which has imported netwatch and done nothing else."""
    said = [folder / ".stdout", folder / ".stderr"]
    process = _FORKING.Process(target=_run, args=(arguments, folder, said, ENVIRONMENT))
    process.start()
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise subprocess.TimeoutExpired([*COMMAND, *arguments], timeout)
    output, errors = (path.read_bytes().decode() for path in said)
    for path in said:
        path.unlink()
    return subprocess.CompletedProcess([*COMMAND, *arguments], process.exitcode, output, errors)


def _run(arguments: list[str], folder: Path, said: list[Path], environment: dict[str, str]) -> None:
    """The new process: as an interpreter begins with the command."""
    from netwatch import __main__ as command

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in enumerate(said, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), number)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
    sys.argv = ["netwatch", *arguments]
    sys.exit(command.main())
