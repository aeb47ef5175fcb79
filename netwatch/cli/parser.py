"""How all commands read their words: a usage error is two lines, and names the nearest option."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from netwatch.cli.errors import EXIT_USAGE

LIKE = 0.65  # how like an option what was typed must be, both without dashes


class Parser(argparse.ArgumentParser):
    """Of one command. Options are given whole: a short form of today may be another option's tomorrow."""

    def __init__(self, **words: Any) -> None:  # Any: as argparse takes them
        super().__init__(allow_abbrev=False, **words)
        self.meant: dict[str, str] = {}  # what is none of its options: the one that does that here

    def error(self, message: str) -> NoReturn:
        """Raises SystemExit."""
        unknown = re.fullmatch(r"unrecognized arguments: (.*)", message)
        if unknown:
            word = unknown[1].split()[0]
            message = f"{word}: " + ("no such option" if word.startswith("-") else "one too many")
            import difflib  # every start would pay for it otherwise

            given = word.partition("=")[0]
            known = {name.lstrip("-"): name for name in self._option_string_actions}
            near = [self.meant[given]] if given in self.meant else [
                known[name] for name in difflib.get_close_matches(given.lstrip("-"), known, 1, LIKE)]
            message += f"; did you mean {near[0]}?" if near else ""
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\nnetwatch: `{self.prog} --help` lists the options\n")
