"""The command line: which subcommand, and what every one of them does with errors, signals and broken pipes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from netwatch.cli.errors import EXIT_INTERNAL, CommandError, write_crash

Command = Callable[[list[str]], int]


def _read(arguments: list[str]) -> int:
    from netwatch.cli.read import main

    return main(arguments)


def _devices(arguments: list[str]) -> int:
    from netwatch.cli.devices import main

    return main(arguments)


def _live(arguments: list[str]) -> int:
    from netwatch.cli.live import main

    return main(arguments)


COMMANDS: dict[str, Command] = {"read": _read, "devices": _devices}


def run(arguments: list[str]) -> int:
    """Dispatch; without a subcommand it is the terminal. Returns the exit code."""
    command, rest = _live, arguments
    if arguments and arguments[0] in COMMANDS:
        command, rest = COMMANDS[arguments[0]], arguments[1:]
    try:
        code = command(rest)
        sys.stdout.flush()
        return code
    except CommandError as e:
        print(f"netwatch: {e}", file=sys.stderr)
        return e.code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else 2
    except Exception as e:
        print(f"netwatch: internal error: {e!r}; the report is in {write_crash()}", file=sys.stderr)
        return EXIT_INTERNAL
