"""What other tools write otherwise and can mean one thing only: its words are put as they are written here, or it is
refused with how they are.

    443 == port          the value first             any tcp.port == 80      Wireshark's quantifier
    portrange 80-90      tcpdump's range             {80 443}                Wireshark's sets of old
"""
from __future__ import annotations

import re

from netwatch.filter import expressions, units, values
from netwatch.filter.cursor import Cursor
from netwatch.filter.lexer import Kind, Token
from netwatch.schema import Field, Type

TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
RANGE = re.compile(r"(\d{1,5})-(\d{1,5})", re.ASCII)
STARRED = re.compile(r"\*[\w.-]+\*?|[\w.-]+\*", re.ASCII)
WITH_STARS = ("tls.cert.", "tls.client_cert.")  # certificates are of names such as *.example.com


def condition(parser: Cursor, word: Token) -> Token:
    """The first word of a condition, which has been taken, as it is written here. Raises FilterError."""
    if word.kind is Kind.WORD and word.text.lower() in ("any", "all") and _compared(parser, 0):
        if word.text.lower() == "all":
            raise parser.error("one value that passes is enough here; that all do is said by what none does: "
                               f"write not {parser.now.text} ...", word)
        return parser.take()
    if word.kind is Kind.WORD and word.text.lower() == "portrange" and RANGE.fullmatch(parser.now.text):
        return word._replace(text="port")
    if parser.now.kind is Kind.WORD and parser.peek(1).kind is Kind.OP:
        parser.at -= 1
        units.join(parser, None)
        word = parser.take()
    if word.kind in (Kind.WORD, Kind.STRING) and word.text.lower() not in parser.names and _compared(parser, -1) \
            and parser.peek(1).text.lower() in parser.names and not expressions.behind(parser) \
            and (word.kind is Kind.STRING or _is_value(word.text)):
        return _turned(parser, word)
    return word


def _compared(parser: Cursor, ahead: int) -> bool:
    """Does a comparison begin there, by a word and a sign?"""
    sign = parser.peek(ahead + 1)
    return sign.kind is Kind.OP and (parser.operator_of(sign) in TURNED or ahead == 0)


def _is_value(text: str) -> bool:
    return any(of(text) is not None for of in (expressions.literal, values.packed, values.network, values.time_span))


def _turned(parser: Cursor, value: Token) -> Token:
    sign, name = parser.now, parser.peek(1)
    turned = TURNED[parser.operator_of(sign)]
    if parser.peek(2).kind is Kind.OP and parser.operator_of(parser.peek(2)) in TURNED:
        parser.at += 3
        units.join(parser, None)
        parser.at -= 3
        raise parser.error(f"one comparison at a time: write {name.text} {turned} {value.text} and {name.text} "
                           f"{parser.peek(2).text} {parser.peek(3).text}", parser.peek(2))
    first = parser.at - 1
    parser.tokens[first:first + 3] = [name, sign._replace(text=turned), value]
    return name


def doubled(parser: Cursor) -> str:
    """The sign that begins with the one before the cursor and goes on with the one at it; empty where none does."""
    before, now = parser.peek(-1), parser.now
    return before.text + now.text if before.kind is now.kind is Kind.OP and now.column == before.end else ""


def ports(parser: Cursor, kind: Type, op: str) -> None:
    """`80-90`, where ports are compared by what they are, is 80..90."""
    asked = kind is Type.PORT and op in ("==", ":", "in") and parser.now.kind is Kind.WORD
    found = RANGE.fullmatch(parser.now.text) if asked else None
    if found:
        parser.tokens[parser.at] = parser.now._replace(text=f"{found[1]}..{found[2]}")


def apart(mark: Token, fields: tuple[Field, ...], value: Token) -> bool:
    """Is the next value of a set parted from the one before by a blank only? Words of a text may be one value."""
    return mark.kind is Kind.STRING is value.kind or (mark.kind is Kind.WORD and fields[0].type is not Type.TEXT)


def wildcard(fields: tuple[Field, ...], op: str, value: Token) -> str:
    """What to say of a value with a * that nothing would equal; empty for others."""
    if (op not in ("==", ":") or value.kind is not Kind.WORD or not STARRED.fullmatch(value.text)
            or fields[0].type is not Type.TEXT or fields[0].name.startswith(WITH_STARS)):
        return ""
    plain = value.text.strip("*")
    end = "" if value.text.endswith("*") else "$"
    regex = ("" if value.text.startswith("*") else "^") + re.sub(r"([.])", r"\\\1", plain) + end
    how = f"contains {plain}" if regex == plain else f"matches /{regex}/"
    return f"* stands for nothing here; write {how}; quoted, it is a character"
