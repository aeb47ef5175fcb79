"""Regular expressions of the filter language. They are RE2's: the time they take grows with the text and not with its
content, so that nothing from the wire can make one run for ever. What RE2 has not got is said by its name.
"""
from __future__ import annotations

import re
from functools import cache
from typing import Any

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

    __slots__ = ("_match", "_unanchored", "steps", "text")

    def __init__(self, text: str) -> None:
        import re2

        self.text = text
        huge = re.search(r"(?<!\\)\{\d{9}", text)      # RE2 takes such a number, and what is around it, for itself
        if huge is not None:
            raise RegexError("invalid repetition size", huge.start())
        try:
            compiled = re2.compile(text.encode("utf-8", "replace"), _options())._regexp
        except re2.error as error:
            raise _explained(text, error.args[0].decode("utf-8", "replace")) from None
        self.steps: int = compiled.ProgramSize()
        if self.steps > MAX_STEPS:
            raise RegexError("too large", 0)
        self._match, self._unanchored = compiled.Match, re2._re2.RE2.Anchor.UNANCHORED

    def found(self, text: bytes) -> bool:
        """Is it found in this UTF-8?"""
        return bool(self._match(self._unanchored, text, 0, len(text))[0][0] >= 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Regex({self.text!r})"


@cache
def _options() -> Any:
    import re2

    options = re2.Options()
    options.max_mem, options.never_capture, options.log_errors = MAX_MEMORY, True, False
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
