"""Where whoever understands a filter stands in its tokens; depth and the number of conditions are bounded."""
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from netwatch.filter.lexer import SPELLED, WORD_OPERATORS, Kind, Token, tokens
from netwatch.filter.nodes import MAX_DEPTH, MAX_NODES, And, FilterError, Or
from netwatch.schema import Field

SPELLINGS = {"=": "==", "~": "matches", "=~": "matches", **SPELLED}


class Again(NamedTuple):
    """The newest condition, by which a value alone is read: the fields that it asks, whether for ports (or numbers),
    whether by a service's name. `primitive`: it was written as tcpdump has it."""

    names: tuple[str, ...]
    ports: bool = False
    named: bool = False
    primitive: bool = True
    joins: type[And | Or] = Or
    proto: str = ""  # that stands before it: in `tcp port 80 or 443` both are TCP's


class Cursor:
    """Of one filter: the tokens, and how far they are understood."""

    def __init__(self, text: str, names: Mapping[str, tuple[Field, ...]]) -> None:
        self.text = text
        self.names = names
        self.tokens = tokens(text, names)
        self.at = 0
        self.depth = 0
        self.nodes = 0
        self.again: Again | None = None

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def peek(self, ahead: int) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def error(self, message: str, token: Token) -> FilterError:
        return FilterError(message, token.column, self.text)

    def deeper(self, opening: Token) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"parentheses are nested deeper than {MAX_DEPTH}", opening)

    def closed(self, opening: Token) -> None:
        if not self.now.is_punct(")"):
            raise self.error("the parenthesis is not closed", opening)
        self.take()
        self.depth -= 1

    def count(self, token: Token) -> None:
        """One condition more, or one sign of a sum."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.error(f"more than {MAX_NODES} conditions", token)

    def negated_operator(self, ahead: int) -> bool:
        """`not in`, `not contains` or `not matches` stands there."""
        word, after = self.peek(ahead), self.peek(ahead + 1)
        return word.kind is Kind.NOT and word.text != "!" and after.kind is Kind.OP and after.text in WORD_OPERATORS

    def operator(self) -> str:
        return self.operator_of(self.take())

    def operator_of(self, sign: Token) -> str:
        """As it is called here."""
        return SPELLINGS.get(sign.text.lower(), sign.text.lower())
