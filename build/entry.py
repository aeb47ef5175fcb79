"""Where the frozen program begins: PyInstaller's traces are wiped off, then it is the command netwatch.

A package installs it twice. `netwatch` is for everybody and has no rights of its own. `netwatch-capd` beside it is
the capture helper (netwatch/capture/capd): it has the capabilities that capturing needs, and may be run by a group
alone. It also says what those would see (`devices`, `doctor`), and refuses to be anything else.
"""
from __future__ import annotations

import contextlib
import os
import sys

WORKER = "--plugin-worker"          # netwatch/plugins/process.py starts the program so
HELPER = "--capd"                   # and netwatch/capture/capd/client.py
CAPD = "netwatch-capd"
TELLING = {"devices", "doctor"}     # commands that tell what may be captured, and read nothing
# what a user's classifier may import: it cannot open the program's file any more when it is loaded
FOR_CLASSIFIERS = ("base64", "binascii", "bisect", "collections", "dataclasses", "datetime", "enum", "functools",
                   "hashlib", "heapq", "ipaddress", "itertools", "json", "math", "operator", "re", "statistics",
                   "string", "struct", "textwrap", "time", "typing", "unicodedata", "uuid", "zlib")


def clean_environment() -> None:
    """What the bootloader tells itself is not for the programs that netwatch starts; its libraries are not theirs."""
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)
    for name in [name for name in os.environ if name.startswith("_PYI_")]:
        del os.environ[name]


def describe_terminals(folder: str) -> None:
    """Ours are looked at last, after those of the system, which an empty name stands for."""
    os.environ["TERMINFO_DIRS"] = f"{os.environ.get('TERMINFO_DIRS', '')}:{os.path.join(folder, 'terminfo')}"


def become_capd(arguments: list[str]) -> None:
    """Does not return where a command tells of rights that only the helper has, and it may be run."""
    capd = os.path.join(os.path.dirname(sys.executable), CAPD)
    if arguments and arguments[0] in TELLING and os.geteuid() and os.access(capd, os.X_OK):
        with contextlib.suppress(OSError):      # what cannot be executed here after all is done without
            os.execv(capd, [capd, *arguments])


def raise_capabilities() -> None:
    """The file has its capabilities as permitted, not as effective: so it starts where some of them are withheld."""
    import ctypes
    import struct

    libc = ctypes.CDLL(None, use_errno=True)
    head = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
    sets = ctypes.create_string_buffer(24)
    if libc.capget(head, sets) == 0:
        _, low, inheritable, _, high, inheritable_high = struct.unpack("=6I", sets.raw)
        libc.capset(head, struct.pack("=6I", low, low, inheritable, high, high, inheritable_high))


def work() -> None:
    """Be the process of a user's file."""
    import importlib

    for name in FOR_CLASSIFIERS:
        importlib.import_module(name)
    from netwatch.plugins import worker

    del sys.argv[1]
    worker.main()


def parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def help_capturing() -> None:
    """Be the capture helper. A one-file program is started by its bootloader, which stands between it and who asks."""
    from netwatch.capture.capd import helper

    line, word, asker = map(int, sys.argv[2:])
    between = os.getppid()
    sys.exit(helper.main(line, word, between if between != asker and parent_of(between) == asker else asker))


def main() -> int:
    if sys.platform == "linux":
        clean_environment()
        first = sys.argv[1] if sys.argv[1:] else ""
        if os.path.basename(sys.executable) == CAPD:
            if first != HELPER and first not in TELLING:
                sys.exit(f"{CAPD}: netwatch starts it")
            raise_capabilities()
            sys.executable = os.path.join(os.path.dirname(sys.executable), "netwatch")
        else:
            become_capd(sys.argv[1:])
        if first in (WORKER, HELPER):
            work() if first == WORKER else help_capturing()
            return 0
        describe_terminals(sys._MEIPASS)
    from netwatch.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
