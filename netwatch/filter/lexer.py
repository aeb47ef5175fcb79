"""The words of a filter, each with its column. It knows which names are fields, and nothing else of their meaning.

A word runs to the next blank, quote, bracket, comma or operator. `key:value` is a KEY and its value when the part
before the first colon is a field; otherwise the colons belong to the word, as they do in IPv6 and MAC addresses and
in times. After an operator a word is a value and is never split. A slash begins a /regex/ only where a value or a
condition may begin and when its closing slash ends the word, so /index.html is a word.
"""
from __future__ import annotations

from collections.abc import Container
from enum import Enum, auto
from typing import NamedTuple

from netwatch.filter.nodes import MAX_TEXT, FilterError


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    STRING = auto()
    REGEX = auto()
    KEY = auto()        # the key of key:value
    OP = auto()         # == != < <= > >= in contains matches, the word ones only after a word
    AND = auto()
    OR = auto()
    NOT = auto()
    PUNCT = auto()      # ( ) { } ,
    END = auto()


class Token(NamedTuple):
    """`column` counts from 1; `end` is the column after the token."""

    kind: Kind
    text: str
    column: int
    end: int

    def is_punct(self, marks: str) -> bool:
        """It is one of these brackets or commas, and not a quoted one."""
        return self.kind is Kind.PUNCT and self.text in marks


STOPS = frozenset(" \t\r\n(){},\"'=<>")
OPERATORS = ("==", "!=", "<=", ">=", "=~", "<", ">", "=", "~")
WORD_OPERATORS = frozenset({"in", "contains", "matches"})
SPELLED = {"eq": "==", "ne": "!=", "gt": ">", "lt": "<", "ge": ">=", "le": "<="}  # Wireshark's; after a field's name
LOGIC = {"and": Kind.AND, "or": Kind.OR, "not": Kind.NOT}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


def tokens(text: str, names: Container[str]) -> list[Token]:
    """The tokens of a filter, an END last. `names` are the fields, lower case."""
    if len(text) > MAX_TEXT:
        raise FilterError(f"the filter is longer than {MAX_TEXT} characters", MAX_TEXT + 1, text)
    found: list[Token] = []
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            found.append(Token(Kind.END, "", at + 1, at + 1))
            return found
        value_next = bool(found) and (found[-1].kind in (Kind.KEY, Kind.OP) or found[-1].is_punct("{,"))
        after_field = bool(found) and found[-1].kind is Kind.WORD and found[-1].text.lower() in names
        token = _token(text, at, names, value_next, after_field)
        found.append(token)
        at = token.end - 1


def _token(text: str, at: int, names: Container[str], value_next: bool, after_field: bool) -> Token:
    char = text[at]
    if char in "(){},":
        return _made(Kind.PUNCT, char, at, 1)
    if char in "\"'":
        return _string(text, at)
    for sign, kind in (("&&", Kind.AND), ("||", Kind.OR)):
        if text.startswith(sign, at):
            return _made(kind, sign, at, 2)
    for sign in OPERATORS:
        if text.startswith(sign, at):
            return _made(Kind.OP, sign, at, len(sign))
    if char == "!":
        return _made(Kind.NOT, char, at, 1)
    if char == "/" and (value_next or not text[at + 1:at + 2].isspace()):
        regex = _regex(text, at)
        if regex is not None:
            return regex
    return _word(text, at, names, value_next, after_field)


def _made(kind: Kind, text: str, at: int, length: int) -> Token:
    return Token(kind, text, at + 1, at + 1 + length)


def _string(text: str, at: int) -> Token:
    """A quoted phrase: a backslash before a quote or a backslash, and \\n \\t \\r \\0, are what they are in Python."""
    quote, i = text[at], at + 1
    found: list[str] = []
    while i < len(text):
        char = text[i]
        if char == quote:
            return Token(Kind.STRING, "".join(found), at + 1, i + 2)
        if char == "\\" and i + 1 < len(text):
            i += 1
            char = ESCAPES.get(text[i], text[i] if text[i] in "\"'\\" else "\\" + text[i])
        found.append(char)
        i += 1
    raise FilterError("the quote is not closed", at + 1, text)


def _regex(text: str, at: int) -> Token | None:
    """The /regex/ that begins here, or None when the slash belongs to a word. `\\/` is a slash."""
    i = at + 1
    while i < len(text) and text[i] != "/":
        i += 2 if text[i] == "\\" else 1
    if i >= len(text) or i == at + 1:
        return None
    if i + 1 < len(text) and not text[i + 1].isspace() and text[i + 1] not in "(){},&|":
        return None
    return Token(Kind.REGEX, text[at + 1:i].replace("\\/", "/"), at + 1, i + 2)


def _word(text: str, at: int, names: Container[str], value_next: bool, after_field: bool) -> Token:
    end = at
    while end < len(text) and not _stops(text, end):
        end += 1
        if text[end - 1] == ":" and not value_next:
            if text[at:end - 1].lower() in names:
                return Token(Kind.KEY, text[at:end - 1].lower(), at + 1, end + 1)
            value_next = True
    word = text[at:end]
    if not value_next:
        lower = word.lower()
        if lower in LOGIC:
            return Token(LOGIC[lower], word, at + 1, end + 1)
        if lower in WORD_OPERATORS or (after_field and lower in SPELLED):
            return Token(Kind.OP, lower, at + 1, end + 1)
    return Token(Kind.WORD, word, at + 1, end + 1)


def _stops(text: str, at: int) -> bool:
    char = text[at]
    return (char in STOPS or char.isspace() or (char == "!" and text.startswith("!=", at))
            or text.startswith(("&&", "||"), at))
