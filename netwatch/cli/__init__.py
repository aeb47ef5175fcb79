"""The command line: which subcommand, and what every one of them does with errors, signals and broken pipes."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import signal
import sys
from collections.abc import Callable

from netwatch import __version__
from netwatch.cli.errors import EXIT_INTERNAL, EXIT_MISSING, EXIT_UNAVAILABLE, EXIT_USAGE, CommandError, free_line, note
from netwatch.cli.stdio import prepare, shows_to_a_person

Command = Callable[[list[str]], int]  # takes its words, returns the exit code
COMMANDS = {
    "read": "netwatch.cli.readcommand:main",
    "stats": "netwatch.cli.stats:main",
    "show": "netwatch.cli.show:main",
    "hosts": "netwatch.cli.stats:hosts",
    "assert": "netwatch.cli.assertion:main",
    "record": "netwatch.cli.record:main",
    "bundle": "netwatch.cli.bundle:main",
    "open": "netwatch.cli.open_bundle:main",
    "diff": "netwatch.cli.diff:main",
    "sql": "netwatch.cli.sql:main",
    "export": "netwatch.cli.export:main",
    "forget": "netwatch.cli.forget:main",
    "diagnose": "netwatch.cli.diagnose:main",
    "egress": "netwatch.cli.egress:main",
    "usage": "netwatch.cli.usage:main",
    "trace": "netwatch.cli.trace:main",
    "whois": "netwatch.cli.whois:main",
    "uptime": "netwatch.cli.uptime:main",
    "run": "netwatch.cli.launch:main",
    "devices": "netwatch.cli.devices:main",
    "fields": "netwatch.cli.listing:fields",
    "protocols": "netwatch.cli.listing:protocols",
    "formats": "netwatch.cli.listing:formats",
    "config": "netwatch.cli.config:main",
    "data": "netwatch.cli.data:main",
    "doctor": "netwatch.cli.doctor:main",
    "agent": "netwatch.cli.agent:main",
    "snapshot": "netwatch.cli.snapshot:main",
    "feed": "netwatch.cli.feed:main",
    "attach": "netwatch.cli.attach:main",
}
LIBRARIES = ("brotli", "cryptography", "google-re2", "hpack", "maxminddb", "prometheus_client", "psutil",
             "pylsqpack", "tomlkit", "zstandard")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # what a write to a full or broken disk says


def run_alone(arguments: list[str]) -> int:
    """As run(), in a process that does nothing else and may shut itself in."""
    from netwatch.cli.sandbox import process_is_ours

    if arguments != ["--self-test"]:  # which runs several
        process_is_ours()
    return run(arguments)


def run(arguments: list[str]) -> int:
    """Dispatch; without a subcommand it is the terminal. Returns the exit code."""
    try:
        prepare()
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except CommandError as e:
        note("error", str(e))
        free_line()
        print(f"netwatch: {e}", file=sys.stderr)
        return e.code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _close_output()
        return 128 + signal.SIGPIPE
    except MemoryError as e:
        free_line()
        print(f"netwatch: out of memory{f': {e}' if str(e) else ''}; --set flows.max=50000 takes less, the default is "
              "for two million", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except Exception as e:
        if isinstance(e, OSError) and e.errno in NO_ROOM:
            _close_output()
            free_line()
            print(f"netwatch: the output cannot be written: {e.strerror}", file=sys.stderr)
            return EXIT_UNAVAILABLE
        return _crashed(e)


def _dispatch(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        print(f"netwatch {__version__}")
        return 0
    if {"--version", "-V"} & set(arguments) and set(arguments) <= {"--version", "-V", "-v", "--verbose"}:
        _tell_versions()
        return 0
    command, rest = _command(arguments)
    try:
        return command(rest)
    except SystemExit as e:  # argparse: --help, or a usage error that it has explained
        return e.code if isinstance(e.code, int) else EXIT_USAGE


def _tell_versions() -> None:
    """Of netwatch, and of what it is made with."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    print(f"netwatch {__version__}")
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.release()}")
    for name in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            print(f"{name} {version(name)}")


def _command(arguments: list[str]) -> tuple[Command, list[str]]:
    """(the command, its words). Raises CommandError."""
    word, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if word == "help":
        word, rest = (rest[0], ["--help"]) if rest else ("--help", [])
        arguments = [word, *rest]
    if word == "--self-test":
        return _function("netwatch.cli.self_test:main"), rest
    if word in COMMANDS:
        return _function(COMMANDS[word]), rest
    if word and (word == "-" or not word.startswith("-")):
        if word != "-" and not os.path.exists(word):
            raise _unknown(word)
        if not shows_to_a_person():
            return _function(COMMANDS["read"]), arguments
    return _function("netwatch.cli.live:main"), arguments


def _unknown(word: str) -> CommandError:
    import difflib  # every start would pay for it otherwise

    from netwatch.cli import foreign_options

    if word in foreign_options.COMMANDS:
        here = foreign_options.COMMANDS[word]
        return CommandError(f"{word}: no such command and no such file; here: netwatch {here}")
    near = difflib.get_close_matches(word, (*COMMANDS, "help"), 1)
    if near:
        return CommandError(f"{word}: no such command and no such file; did you mean {near[0]}?")
    if {".", os.sep} & set(word):
        return CommandError(f"{word}: no such file", EXIT_MISSING)
    return CommandError(f"{word}: no such command and no such file; `netwatch --help` lists the commands")


def _function(place: str) -> Command:
    module, _, name = place.partition(":")
    found: Command = getattr(importlib.import_module(module), name)
    return found


def _crashed(error: Exception) -> int:
    """Something that should not be: a report, or where none can be written the traceback itself."""
    from netwatch.store.crash import write_report

    path = write_report(error)
    if path is None:
        import traceback

        free_line()
        traceback.print_exception(error)
    free_line()
    print(f"netwatch: internal error: {error!r}; the report is {f'in {path}' if path else 'above'}", file=sys.stderr)
    return EXIT_INTERNAL


def _close_output() -> None:
    """Nothing more can be said on standard output; the interpreter must not try when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
