"""The command line: which subcommand, and what every one of them does with errors, signals and broken pipes."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable

from netwatch import __version__
from netwatch.cli.errors import EXIT_INTERNAL, EXIT_UNAVAILABLE, EXIT_USAGE, CommandError
from netwatch.cli.standard import prepare

Command = Callable[[list[str]], int]


def _read(arguments: list[str]) -> int:
    from netwatch.cli.read import main

    return main(arguments)


def _devices(arguments: list[str]) -> int:
    from netwatch.cli.devices import main

    return main(arguments)


def _config(arguments: list[str]) -> int:
    from netwatch.cli.config import main

    return main(arguments)


def _doctor(arguments: list[str]) -> int:
    from netwatch.cli.doctor import main

    return main(arguments)


def _launch(arguments: list[str]) -> int:
    from netwatch.cli.launch import main

    return main(arguments)


def _live(arguments: list[str]) -> int:
    from netwatch.cli.live import main

    return main(arguments)


COMMANDS: dict[str, Command] = {"read": _read, "run": _launch, "devices": _devices, "doctor": _doctor,
                                "config": _config}
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # what a write to a full or broken disk says


def run(arguments: list[str]) -> int:
    """Dispatch; without a subcommand it is the terminal. Returns the exit code."""
    try:
        prepare()
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except CommandError as e:
        print(f"netwatch: {e}", file=sys.stderr)
        return e.code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _close_output()
        return 128 + signal.SIGPIPE
    except Exception as e:
        if isinstance(e, OSError) and e.errno in NO_ROOM:
            _close_output()
            print(f"netwatch: the output cannot be written: {e.strerror}", file=sys.stderr)
            return EXIT_UNAVAILABLE
        return _crashed(e)


def _dispatch(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        print(f"netwatch {__version__}")
        return 0
    command: Command = _live
    rest = arguments
    if arguments and arguments[0] in COMMANDS:
        command, rest = COMMANDS[arguments[0]], arguments[1:]
    try:
        return command(rest)
    except SystemExit as e:  # argparse: --help, or a usage error that it has explained
        return e.code if isinstance(e.code, int) else EXIT_USAGE


def _crashed(error: Exception) -> int:
    """Something that should not be: a report, or where none can be written the traceback itself."""
    from netwatch.store.crash import write_report

    path = write_report(error)
    if path is None:
        import traceback

        traceback.print_exception(error)
    print(f"netwatch: internal error: {error!r}; the report is {f'in {path}' if path else 'above'}", file=sys.stderr)
    return EXIT_INTERNAL


def _close_output() -> None:
    """Nothing more can be said on standard output; the interpreter must not try when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
