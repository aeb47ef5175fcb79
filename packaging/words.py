"""What packages say of netwatch: manual pages and completions, made of the parsers and pages that there are.

    python packaging/words.py FOLDER

writes man/netwatch.1, man/netwatch-filter.7, man/netwatch.toml.5, and completions for bash, zsh and fish (by shtab).
"""
from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from netwatch import __version__
from netwatch.cli import COMMANDS
from netwatch.cli import live as terminal
from netwatch.run import addons  # noqa: F401 - their options join the others
from netwatch.store import config

DOCS = Path(__file__).resolve().parent.parent / "docs"
EXIT_STATUS = {"0": "done", "1": "a finding or an assertion is true", "2": "usage",
               "3": "no permission; the message names what gives it", "4": "no such file or interface",
               "5": "the input is damaged or cut short; what came before the damage was processed and printed",
               "69": "a feature is not available here",
               "70": "an internal error, whose report is named; or the self-test failed",
               "130, 143": "ended by a signal"}


class Asked(Exception):
    """A subcommand has come to read its arguments; `args` has its parser."""


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each subcommand, by its name; the terminal's by ""; of what one hands on, by both names."""
    found = {"": terminal.build_parser()}
    for name, place in COMMANDS.items():
        module, _, function = place.partition(":")
        command = getattr(importlib.import_module(module), function)
        found[name] = parser = asked(command, [])
        positional = parser._get_positional_actions()
        if any(action.nargs == argparse.REMAINDER for action in positional):
            choices = [choice for action in positional for choice in action.choices or ()]
            found |= {f"{name} {choice}": asked(command, [choice], parser.prog) for choice in choices}
    return found


def asked(command: Callable[[list[str]], int], words: list[str], passing: str = "") -> argparse.ArgumentParser:
    """The parser that the command comes to read its words by; the one called `passing` reads on."""
    original = argparse.ArgumentParser.parse_known_args

    def stop(parser: argparse.ArgumentParser, *arguments: object, **more: object) -> object:
        if parser.prog == passing:
            return original(parser, *arguments, **more)  # type: ignore[call-overload]
        raise Asked(parser)

    with mock.patch.object(argparse.ArgumentParser, "parse_known_args", stop):
        try:
            command(words)
        except Asked as found:
            parser: argparse.ArgumentParser = found.args[0]
            return parser
    raise SystemExit(f"{' '.join(words)}: reads no words")


def whole_parser() -> argparse.ArgumentParser:
    """One parser of everything, for completions."""
    found = parsers()
    top = found.pop("")
    below = top.add_subparsers()
    for name, parser in found.items():
        if " " in name:
            continue
        summary = (parser.description or "").split("\n\n")[0].partition(": ")[2]
        below.add_parser(name, parents=[parser], add_help=False, help=summary)
    return top


# -------------------------------------------------------------------------------------------------------- manual pages

def escaped(text: str) -> str:
    """Plain text for roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def marked(text: str) -> str:
    """A line of Markdown: `code` and **words** are bold, of a [link](to) the words stay."""
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    pieces = re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text)
    out = "".join(f"\\fB{escaped(piece.strip('`*'))}\\fR" if piece[:1] in "`*" and len(piece) > 2 else
                  escaped(piece) for piece in pieces if piece)
    return out.replace("\\|", "|")


def from_markdown(text: str) -> Iterator[str]:
    """The lines of a page of ours: headings, paragraphs, lists, tables and blocks of code."""
    code = False
    for line in re.sub(r"<!--.*?-->", "", text, flags=re.S).splitlines():
        if line.startswith("```"):
            code = not code
            yield ".RS 4\n.nf" if code else ".fi\n.RE"
        elif code:
            yield escaped(line)
        elif line.startswith("#"):
            level, _, title = line.partition(" ")
            if len(level) > 1:
                yield f".{'SH' if len(level) == 2 else 'SS'} {escaped(title.upper() if len(level) == 2 else title)}"
        elif line.startswith("|"):
            first, *others = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
            if set(first) - set("-: "):
                yield f".TP\n{marked(first)}\n{marked('; '.join(cell for cell in others if cell)) or '.br'}"
        elif line.startswith(("* ", "- ")):
            yield f".IP \\(bu 2\n{marked(line[2:])}"
        elif line.strip():
            yield marked(line.strip())
        else:
            yield ".PP"


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        value = action.metavar or ("|".join(action.choices) if action.choices else action.dest.upper())
        takes = action.nargs != 0
        if action.option_strings:
            names = ", ".join(f"\\fB{escaped(name)}\\fR" for name in action.option_strings)
            head = f"{names} \\fI{escaped(str(value))}\\fR" if takes else names
        else:
            head = f"\\fI{escaped(str(value))}\\fR"
        words = (action.help or "").replace("%%", "%") % {"default": action.default} if "%(" in (action.help or "") \
            else (action.help or "").replace("%%", "%")
        yield f".TP\n{head}\n{marked(words) or '.br'}"


def described(parser: argparse.ArgumentParser) -> Iterator[str]:
    for paragraph in (parser.description or "").split("\n\n"):
        yield f".PP\n{marked(' '.join(paragraph.split()))}"


def head(name: str, section: int, summary: str) -> str:
    day = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())))
    return (f'.TH {name.upper()} {section} {day} "netwatch {__version__}" "netwatch"\n'
            f".SH NAME\n{escaped(name)} \\- {escaped(summary)}")


def command_page() -> str:
    """netwatch(1)."""
    found = parsers()
    lines = [head("netwatch", 1, "watch a machine's network in the terminal, read any capture file"), ".SH SYNOPSIS"]
    lines += [f".B netwatch\n{escaped(name)} [\\fIoption\\fR]...\n.br" for name in found]
    lines += [".SH DESCRIPTION", *described(found[""]), ".SH OPTIONS", *options(found.pop(""))]
    for name, parser in found.items():
        lines += [f'.SH "NETWATCH {name.upper()}"', *described(parser), *options(parser)]
    lines.append('.SH "EXIT STATUS"')
    lines += [f".TP\n{code}\n{escaped(means)}" for code, means in EXIT_STATUS.items()]
    lines += [".SH FILES", ".TP\n.I ~/.config/netwatch/netwatch.toml\nsettings; see \\fBnetwatch.toml\\fR(5)"]
    lines += [".TP\n.I /usr/share/doc/netwatch\nlicences of what a package bundles"]
    lines += ['.SH "SEE ALSO"', "\\fBnetwatch\\-filter\\fR(7), \\fBnetwatch.toml\\fR(5), \\fBpcap\\-filter\\fR(7)"]
    return "\n".join(lines) + "\n"


def filter_page() -> str:
    """netwatch-filter(7)."""
    body = from_markdown((DOCS / "filter.md").read_text())
    return "\n".join([head("netwatch-filter", 7, "the filter language of netwatch"), ".SH DESCRIPTION", *body]) + "\n"


def settings_page() -> str:
    """netwatch.toml(5), with every key and its default."""
    body = from_markdown((DOCS / "configuration.md").read_text())
    keys = [escaped(line) for line in config.complete().splitlines()]
    return "\n".join([head("netwatch.toml", 5, "settings of netwatch"), ".SH DESCRIPTION", *body,
                      '.SH "EVERY KEY AND ITS DEFAULT"', ".nf", *keys, ".fi"]) + "\n"


PAGES = {"netwatch.1": command_page, "netwatch-filter.7": filter_page, "netwatch.toml.5": settings_page}
COMPLETIONS = {"bash": "netwatch.bash", "zsh": "_netwatch", "fish": "netwatch.fish"}


def main() -> int:
    import shtab

    folder = Path(sys.argv[1])
    for name in ("man", "completions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / "man" / name).write_text(page())
    for shell, name in COMPLETIONS.items():
        (folder / "completions" / name).write_text(shtab.complete(whole_parser(), shell))
    return 0


if __name__ == "__main__":
    sys.exit(main())
