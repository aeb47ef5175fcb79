"""Regular expressions of the filter language. They are RE2's: the time they take grows with the text and not with its
content, so that nothing from the wire can make one run for ever. What RE2 has not got is said by its name.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Sized
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2

MAX_MEMORY = 1 << 20           # bytes an expression may take while it is looked for
MAX_STEPS = 2000               # of a compiled expression: what it may do at most for each byte of a text
NOT_IN_RE2 = (                 # how the part that RE2 names begins → what it is
    (r"\(\?<?[=!]", "look-around"),
    (r"\\[1-9]", "a backreference"),
    (r"\(\?P=", "a backreference"),
    (r"\(\?>", "an atomic group"),
    (r"\(\?\(", "a condition"),
    (r"\(\?#", "a comment"),
    (r"[*+?}]\+", "possessive repetition"),
    (r"\(\?(?!P<)\w", "this flag"),
    (r"\\Z", r"\Z (the end of the text is \z)"),
    (r"\\[uU]", r"\u (a character by its number is \x{20ac})"),
)


class RegexError(ValueError):
    """An expression that is none, or not one of RE2's: what is wrong, and at which character (from 0)."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message, self.position = message, position


class Regex:
    """An expression, found anywhere in a text; case counts unless it begins with (?i). Raises RegexError."""

    __slots__ = ("_in_lines", "_match", "_unanchored", "steps", "text")

    def __init__(self, text: str) -> None:
        import re2

        self.text = text
        huge = re.search(r"(?<!\\)\{\d{9}", text)      # RE2 takes such a number, and what is around it, for itself
        if huge is not None:
            raise RegexError("invalid repetition size", huge.start())
        try:
            compiled = re2.compile(text.encode("utf-8", "replace"), _options(False))._regexp
        except re2.error as error:
            raise _explained(text, error.args[0].decode("utf-8", "replace")) from None
        self.steps: int = compiled.ProgramSize()
        if self.steps > MAX_STEPS:
            raise RegexError("too large", 0)
        self._match, self._unanchored = compiled.Match, re2._re2.RE2.Anchor.UNANCHORED
        self._in_lines: Callable[..., Sequence[tuple[int, int]]] | None = None
        if not re.search(r"\\[AzC]|\(\?\w*-", text):       # what stands for the ends of a line can mean nothing else
            self._in_lines = re2.compile(b"(?m)" + text.encode("utf-8", "replace"), _options(True))._regexp.Match

    def found(self, text: bytes) -> bool:
        """Is it found in this UTF-8?"""
        return bool(self._match(self._unanchored, text, 0, len(text))[0][0] >= 0)

    @property
    def by_lines(self) -> bool:
        """Can first_in() be asked?"""
        return self._in_lines is not None

    def first_in(self, lines: Sized, at: int) -> int:
        """The offset at which it is found first in texts that lie one behind the other (a buffer of UTF-8), each with
        a line feed behind it, from `at` on; a negative number where it is in none. No match reaches over a line feed.
        """
        assert self._in_lines is not None
        found = self._in_lines(self._unanchored, lines, at, len(lines))[0][0]
        return found

    def needs_other_than(self, characters: str) -> bool:
        """True when it can only be found in a text that has a character which is none of these; False is no promise.
        A letter or digit that stands for itself, in no group or class, and that cannot be left out, is needed."""
        if re.search(r"[|{]|\\Q", self.text):
            return False
        bare = re.sub(r"\\p\w|\\.|\[\]?(?:\\.|[^]\\])*\]", ".", self.text)
        while (inner := re.sub(r"\((?:\?[^()]*?[:>])?[^()]*\)", ".", bare)) != bare:
            bare = inner
        return any(letter.lower() not in characters for letter in re.findall(r"[A-Za-z0-9_](?![?*])", bare))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Regex({self.text!r})"


@cache
def _options(lines: bool) -> re2.Options:
    import re2

    options = re2.Options()
    options.max_mem, options.never_capture, options.log_errors = MAX_MEMORY, True, False
    options.never_nl = lines
    return options


def _explained(text: str, said: str) -> RegexError:
    """RE2 says a message and the part of the expression that it is about."""
    message, _, part = said.partition(": ")
    if "too large" in message:
        return RegexError("too large", 0)
    for place in re.finditer(re.escape(part), text):
        for begins, what in NOT_IN_RE2:
            if re.match(begins, text[place.start():]):
                return RegexError(f"RE2 has not got {what}", place.start())
    return RegexError(f"{message}: {part}" if part else message, max(0, text.find(part)))
