"""A user's file in a process of its own, as those see it who ask it: one message there, one back, or it is killed.

Time is the process's own on the processor, as far as the system tells it, so that a busy machine makes nobody slow.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

from netwatch.model.record import Record
from netwatch.plugins.worker import MOST, NOBODY
from netwatch.store.folders import account, caller

WORKER = Path(__file__).with_name("worker.py")
ROOT = WORKER.parents[2]  # of the modules that an addon may import
LOAD_S = 2.0  # to load the file
PATIENT = 20  # times what it may take on the processor, in all
LOOK_S = 0.01


def worker() -> list[str]:
    """The command of the process that a file runs in; a frozen program is its own interpreter (build/entry.py)."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--plugin-worker"]
    return [sys.executable, "-I", "-S", str(WORKER)]


class PluginError(Exception):
    """What went wrong with the file; one line."""


class Plugin:
    """One file, running; `about` is what it said of itself when it was loaded."""

    def __init__(self, path: Path, code: bytes, addon: bool = False) -> None:
        """A classifier, or an `addon`, which may import netwatch.model. Raises PluginError."""
        uid = caller()
        about = account(uid)
        user, group = (uid, about[0]) if uid and about else (NOBODY, NOBODY) if not uid else (os.getuid(), os.getgid())
        end, self._leash = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*worker(), str(end), str(user), str(group)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env={"LC_ALL": "C.UTF-8"}, cwd="/", pass_fds=(end,),
                start_new_session=True)
        except BaseException:
            os.close(self._leash)
            raise
        finally:
            os.close(end)
        self._clock = _opened(f"/proc/{self._process.pid}/schedstat")
        begun = {"path": str(path), "code": base64.b64encode(code).decode(), "root": str(ROOT) if addon else ""}
        self.about = self.ask(begun, LOAD_S)

    def ask(self, message: Record, seconds: float) -> Record:
        """Its answer, if that takes no longer. Raises PluginError; what did not answer is killed."""
        data = json.dumps(message).encode()
        began = time.monotonic()
        until = began + PATIENT * seconds
        spent = self._spent()
        try:
            os.write(self._in, len(data).to_bytes(4, "big"))
            for at in range(0, len(data), select.PIPE_BUF):
                os.write(self._in, data[at : at + select.PIPE_BUF])
            size = int.from_bytes(self._read(4, spent, seconds, until), "big")
            if size > MOST:
                raise PluginError("answered more than it may")
            said: Record = json.loads(self._read(size, spent, seconds, until))
        except TimeoutError:
            self.close()
            raise PluginError(f"TimeoutError: no answer in {time.monotonic() - began:.2f} s") from None
        except (OSError, ValueError, EOFError):
            self.close()
            raise PluginError("its process ended") from None
        except PluginError:
            self.close()
            raise
        if "error" in said:
            raise PluginError(str(said["error"]))
        return said

    def close(self) -> None:
        """End it, whatever it does."""
        for fd in (self._leash, self._clock):
            if fd >= 0:
                os.close(fd)
        self._leash = self._clock = -1
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    @property
    def _in(self) -> int:
        assert self._process.stdin is not None
        return self._process.stdin.fileno()

    def _read(self, size: int, spent: float, seconds: float, until: float) -> bytes:
        assert self._process.stdout is not None
        pipe, data = self._process.stdout.fileno(), b""
        while len(data) < size:
            if select.select([pipe], [], [], min(LOOK_S, seconds))[0]:
                more = os.read(pipe, size - len(data))
                if not more:
                    raise EOFError
                data += more
            elif self._spent() - spent > seconds or time.monotonic() > until:
                raise TimeoutError
        return data

    def _spent(self) -> float:
        """Seconds it had the processor; 0 where that is not told, and then all time counts in the end."""
        try:
            return int(os.pread(self._clock, 64, 0).split()[0]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0


def _opened(path: str) -> int:
    """A descriptor to read from, -1 where there is no such file."""
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1
