"""The command `netwatch`. What costs time to import is imported by the subcommand that needs it."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code of CONTRACT section 2."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments in (["--version"], ["-V"]):
        from netwatch import __version__

        try:
            sys.stdout.write(f"netwatch {__version__}\n")
            sys.stdout.flush()
            return 0
        except (OSError, AttributeError):
            pass  # a closed or full output: the command line knows what to say
    from netwatch.cli import run, run_alone

    return run_alone(arguments) if argv is None else run(arguments)


if __name__ == "__main__":
    sys.exit(main())
