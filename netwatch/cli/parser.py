"""How all commands read their words: a usage error is two lines, and names the nearest option."""

from __future__ import annotations

import argparse
import functools
import itertools
import re
import shutil
from collections.abc import Sequence
from typing import Any, NoReturn

from netwatch.cli.errors import EXIT_USAGE, CommandError

COLUMNS = 80  # of help
BEHIND = "\0"  # before a word that stands behind -- and looks like an option; no argument can begin so
LIKE = 0.65  # how like an option what was typed must be, both without dashes


def refuse_idle(*rules: tuple[object, str, str]) -> None:
    """Of each option: its value, its name, and what it goes with, "" where that is there. Raises CommandError for the
    first that was given (is neither None, False nor an empty list) and would have no effect."""
    for given, name, partner in rules:
        if given is not None and given is not False and given != [] and partner:
            raise CommandError(f"{name} goes with {partner}")


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([*filter(None, [", ".join(words[:-1])]), *words[-1:]])


def refuse_blind(options: argparse.Namespace, made: Sequence[str] = ()) -> None:
    """Raises CommandError for what is made of content (`made`, keys for it), where that is not looked at."""
    if options.no_dpi:
        for name in [*made, *(f"--{name.replace('_', '-')}" for name in ("keylog", "with_secrets")
                              if getattr(options, name, False))]:
            raise CommandError(f"{name} needs content, which --no-dpi does not look at")


class Parser(argparse.ArgumentParser):
    """Of one command. Options are given whole: a short form of today may be another option's tomorrow."""

    def __init__(self, **words: Any) -> None:  # Any: as argparse takes them
        columns = min(shutil.get_terminal_size().columns, COLUMNS) - 2
        shape = functools.partial(words.pop("formatter_class", argparse.HelpFormatter), width=columns)
        super().__init__(allow_abbrev=False, formatter_class=shape, **words)
        self.meant: dict[str, str] = {}  # what is none of its options: the one that does that here

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Files and options in any order; what stands behind -- is no option, whatever it begins with. The text on
        usage, which is dear, is made where --help shows it."""
        mark = words.index("--") if "--" in words else len(words)
        told = [*words[:mark],
                *(BEHIND + word if word[:1] == "-" and word != "-" else word for word in words[mark + 1:])]
        before = self.usage
        if not any(map(_asks_help, words)):
            self.usage = ""
        try:
            options = self.parse_intermixed_args(told)
            if len(told) > mark:
                for name, value in vars(options).items():
                    setattr(options, name, _bare(value))
            return options
        finally:
            self.usage = before

    def format_help(self) -> str:
        """In at most 80 columns, also where description and examples stand as they were written."""
        found: list[str] = []
        for indented, group in itertools.groupby(super().format_help().splitlines(), _is_indented):
            lines = list(group)
            found += _narrowed(lines) if indented else _filled(lines)
        return "\n".join(found) + "\n"

    def error(self, message: str) -> NoReturn:
        """Raises SystemExit."""
        message = message.replace(BEHIND, "")
        unknown = re.fullmatch(r"unrecognized arguments: (.*)", message)
        if unknown:
            word = unknown[1].split()[0]
            message = f"{word}: " + ("no such option" if word.startswith("-") else "one too many")
            import difflib  # every start would pay for it otherwise

            from netwatch.cli import foreign_options

            given = word.partition("=")[0]
            known = {name.lstrip("-"): name for name in self._option_string_actions}
            near = [self.meant[given]] if given in self.meant else [
                known[name] for name in difflib.get_close_matches(given.lstrip("-"), known, 1, LIKE)]
            reads = self.prog in foreign_options.READING or given == "--redact"
            habit = self._its_own_format(given) or (
                foreign_options.instead_of(word) if reads and given not in self.meant else None)
            message += f"; here: {habit}" if habit else f"; did you mean {near[0]}?" if near else ""
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\nnetwatch: `{self.prog} --help` lists the options\n")

    def _its_own_format(self, given: str) -> str | None:
        """--format json and --json are the same; each command has one of them."""
        formats = self._option_string_actions.get("--format")
        if given == "--json" and formats is not None:
            return f"--format {'json' if 'json' in (formats.choices or ()) else 'ndjson'}"
        return "--json" if given == "--format" and "--json" in self._option_string_actions else None


def _bare(value: object) -> object:
    """Without BEHIND."""
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return value.removeprefix(BEHIND) if isinstance(value, str) else value


def _asks_help(word: str) -> bool:
    """May it be -h, perhaps behind other short options?"""
    return word == "--help" or (word[:1] == "-" and word[1:2] != "-" and "h" in word)


def _is_indented(line: str) -> bool:
    return line[:1] in ("", " ")


def _filled(lines: list[str]) -> list[str]:
    """Lines of prose, filled anew where one is too long."""
    if max(map(len, lines)) <= COLUMNS or lines[0].startswith("usage:"):
        return lines
    import textwrap  # every start would pay for it otherwise

    return textwrap.wrap(" ".join(lines), COLUMNS, break_long_words=False, break_on_hyphens=False)


def _narrowed(lines: list[str]) -> list[str]:
    """Indented lines, those that are too long broken: what is behind a command stands below its like."""
    import textwrap

    found: list[str] = []
    for line in lines:
        text = line.lstrip(" ")
        indent = " " * (len(line) - len(text))
        command = re.match(r"\S+( \S+)* {2,}(?=\S)", text)
        below = indent + " " * (command.end() if command else 0)
        found += [line] if len(line) <= COLUMNS else textwrap.wrap(
            text, COLUMNS, initial_indent=indent, subsequent_indent=below, break_long_words=False,
            break_on_hyphens=False)
    return found
