"""What goes wrong when netwatch is used as a library: an exception for each exit code of the command line."""

from __future__ import annotations


class NetwatchError(Exception):
    """One line says what, and what to do about it; `exit_code` is what the command line ends with for the same."""

    exit_code = 70


class UsageError(NetwatchError, ValueError):
    """What was asked for makes no sense: a filter that cannot be read, a field that is none, an unknown setting."""

    exit_code = 2


class DeniedError(NetwatchError, PermissionError):
    """No permission; the line names the fix."""

    exit_code = 3


class MissingError(NetwatchError, FileNotFoundError):
    """There is no such file or interface."""

    exit_code = 4


class DamagedError(NetwatchError):
    """The input is damaged or cut short. Everything before the damage has been handed out."""

    exit_code = 5


class UnavailableError(NetwatchError, ImportError):
    """This machine lacks what it takes, such as a package."""

    exit_code = 69


BY_CODE: dict[int, type[NetwatchError]] = {each.exit_code: each for each in (
    UsageError, DeniedError, MissingError, DamagedError, UnavailableError)}


def error_of(code: int, line: str) -> NetwatchError:
    """The exception of an exit code."""
    return BY_CODE.get(code, NetwatchError)(line)
