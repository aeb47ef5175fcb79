"""Where the frozen program begins: PyInstaller's traces are wiped off, then it is the command netwatch.

A package installs it twice. `netwatch` is for everybody and has no capabilities; `netwatch-live` beside it has those
that capturing needs and may be run by the group netwatch alone. `netwatch` becomes `netwatch-live` where somebody who
may run it captures; files are read without any rights.
"""
from __future__ import annotations

import contextlib
import os
import sys

WORKER = "--plugin-worker"          # netwatch/plugins/process.py starts the program so
LIVE = "netwatch-live"
NEVER_LIVE = {"-V", "--version", "-h", "--help", "--self-test"}
LIVE_COMMANDS = {"devices", "doctor", "run"}
# what a user's classifier may import: it cannot open the program's file any more when it is loaded
FOR_CLASSIFIERS = ("base64", "binascii", "bisect", "collections", "dataclasses", "datetime", "enum", "functools",
                   "hashlib", "heapq", "ipaddress", "itertools", "json", "math", "operator", "re", "statistics",
                   "string", "struct", "textwrap", "time", "typing", "unicodedata", "uuid", "zlib")


def captures(arguments: list[str]) -> bool:
    """Would this command line capture? When in doubt it would: then it is netwatch-live that says what it needs."""
    if NEVER_LIVE & set(arguments):
        return False
    names_interface = any(word.startswith(("-i", "--i")) for word in arguments)
    if arguments and (arguments[0] == "-" or not arguments[0].startswith("-")):
        return arguments[0] in LIVE_COMMANDS or names_interface
    return names_interface or not any(word.startswith(("-r", "--rea")) for word in arguments)


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


def become_live(arguments: list[str]) -> None:
    """Does not return where it can and should."""
    live = os.path.join(os.path.dirname(sys.executable), LIVE)
    if os.geteuid() and captures(arguments) and os.access(live, os.X_OK):
        with contextlib.suppress(OSError):      # what cannot be executed here after all is done without
            os.execv(live, [live, *arguments])


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


def main() -> int:
    if sys.platform == "linux":
        clean_environment()
        if sys.argv[1:2] == [WORKER]:
            work()
            return 0
        if os.path.basename(sys.executable) == LIVE:
            raise_capabilities()
            sys.executable = os.path.join(os.path.dirname(sys.executable), "netwatch")
        else:
            become_live(sys.argv[1:])
        describe_terminals(sys._MEIPASS)
    from netwatch.__main__ import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
