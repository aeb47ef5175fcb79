"""Arithmetic in filters: `bytes_in > 2 * bytes_out`, `count(dns.names) > 3`, `last - first < 200ms`.

    sum     = product { ("+" | "-") product }
    product = one { ("*" | "/") one }
    one     = field | number | ("count" | "len") "(" field ")" | "(" sum ")"

An operator stands between blanks, or + * / between names and numbers. What is reckoned has a dimension, so that sizes
and times are not mixed; a number without a unit is of none.
"""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netwatch.filter import units, values
from netwatch.filter.cursor import Cursor
from netwatch.filter.lexer import Kind, Token
from netwatch.filter.nodes import Amount, Expression, Given, Reckon, Value
from netwatch.schema import Type

if TYPE_CHECKING:
    from netwatch.schema import Field

SIGNS = ("+", "-", "*", "/")
FUNCTIONS = {"count": "how many values a field has", "len": "the length of a text in characters",
             "lower": "a text without regard to case, of matches too"}
BARE, SIZE, SPAN, MOMENT, PACE = "a number", "a size", "a duration", "a time", "a rate"  # dimensions
DIMENSIONS = {Type.INT: BARE, Type.PORT: BARE, Type.BYTES: SIZE, Type.DURATION: SPAN, Type.TIME: MOMENT,
              Type.RATE: PACE}
RESULTS = {(MOMENT, "-", MOMENT): SPAN, (MOMENT, "+", SPAN): MOMENT, (MOMENT, "-", SPAN): MOMENT,
           (SPAN, "+", MOMENT): MOMENT, (SIZE, "/", SPAN): PACE, (PACE, "*", SPAN): SIZE, (SPAN, "*", PACE): SIZE}
PER_SECOND = {(SIZE, "/", SPAN): "*", (PACE, "*", SPAN): "/", (SPAN, "*", PACE): "/"}  # durations are nanoseconds
PARTS = re.compile(r"[+*/]|[^+*/]+")
Known = tuple[Expression, str]


def begins(parser: Cursor, word: Token) -> bool:
    """Does arithmetic begin with this word, which has been taken? A word that is several becomes several."""
    divided(parser, parser.at - 1)
    word = parser.peek(-1)
    return (_known(parser, word) and (_sign(parser.now) or (literal(word.text) is not None and behind(parser)))) or (
        called(parser, word))


def behind(parser: Cursor) -> bool:
    """Is what stands behind the sign at the cursor arithmetic, as in `1000 < bytes_in + bytes_out`?"""
    if parser.now.kind is not Kind.OP:
        return False
    parser.at += 1
    found = follows(parser)
    parser.at -= 1
    return found


def called(parser: Cursor, word: Token) -> bool:
    """It is a function of what stands behind it in parentheses."""
    return word.text.lower() in FUNCTIONS and parser.now.is_punct("(") and parser.now.column == word.end


def follows(parser: Cursor) -> bool:
    """Is what stands there arithmetic, and not one value?"""
    divided(parser, parser.at)
    token = parser.now
    return token.is_punct("(") or (_known(parser, token) and _sign(parser.peek(1))) or (
        token.text.lower() in FUNCTIONS and parser.peek(1).is_punct("(") and parser.peek(1).column == token.end)


def divided(parser: Cursor, at: int) -> None:
    """Make of `bytes_in+bytes_out` what it is with blanks."""
    token = parser.tokens[at]
    parts = PARTS.findall(token.text) if token.kind is Kind.WORD else []
    if len(parts) < 3 or values.network(token.text) or not all(
            part in SIGNS if i % 2 else _is_operand(parser, part) for i, part in enumerate(parts)):
        return
    made, column = [], token.column
    for part in parts:
        made.append(Token(Kind.WORD, part, column, column + len(part)))
        column += len(part)
    parser.tokens[at:at + 1] = made


def _is_operand(parser: Cursor, text: str) -> bool:
    return text.lower() in parser.names or literal(text) is not None


def _known(parser: Cursor, token: Token) -> bool:
    return token.kind is Kind.WORD and _is_operand(parser, token.text)


def _sign(token: Token) -> bool:
    return token.kind is Kind.WORD and token.text in SIGNS


def literal(text: str) -> tuple[tuple[int, int], str] | None:
    """A number and its dimension; None when it is none."""
    plain = values.ratio(text)
    if plain is not None:
        return plain, BARE
    for kind in (Type.DURATION, Type.BYTES, Type.RATE):
        number = values.quantity(text, kind)
        if number is not None:
            return number, DIMENSIONS[kind]
    return None


def comparison(parser: Cursor) -> Reckon:
    """`sum operator sum`, the first word of which stands before the cursor."""
    parser.at -= 1
    begun = parser.now
    left, kind = total(parser)
    if parser.now.kind is not Kind.OP:
        raise parser.error("a comparison should follow", parser.now)
    sign = parser.now
    return compared(parser, left, kind, parser.operator(), sign, begun)


def compared(parser: Cursor, left: Expression, kind: str, op: str, sign: Token, begun: Token) -> Reckon:
    """A comparison of which the right side stands at the cursor."""
    op, negated = ("==", True) if op == "!=" else (op, False)
    if op not in ("==", "<", "<=", ">", ">="):
        raise parser.error(f"what is reckoned is compared by == != < <= > >=, not by {op}", sign)
    place = parser.now
    right, other = total(parser)
    if kind != other and {kind, other} != {BARE, SIZE}:
        raise parser.error(f"{kind} is not compared with {other}", place if other != BARE else begun)
    return Reckon(left, op, right, negated)


def of_field(fields: tuple[Field, ...]) -> Known | None:
    """The value of a field; None when it is no quantity."""
    dimension = DIMENSIONS.get(fields[0].type)
    return (Value(fields, "value"), dimension) if dimension is not None else None


def total(parser: Cursor) -> Known:
    """A sum."""
    left = _product(parser)
    while _sign(parser.now) and parser.now.text in "+-":
        sign = parser.take()
        left = _joined(parser, left, sign, _product(parser))
    return left


def _product(parser: Cursor) -> Known:
    left = _one(parser)
    while _sign(parser.now) and parser.now.text in "*/":
        sign = parser.take()
        left = _joined(parser, left, sign, _one(parser))
    return left


def _joined(parser: Cursor, left: Known, sign: Token, right: Known) -> Known:
    """The two, and the dimension of what comes out."""
    parser.count(sign)
    a, op, b = left[1], sign.text, right[1]
    found = RESULTS.get((a, op, b))
    if found is None and op in "+-":
        found = a if a == b and a != MOMENT else SIZE if {a, b} == {BARE, SIZE} else None
    elif found is None and MOMENT not in (a, b):
        found = a if b == BARE else b if op == "*" and a == BARE else BARE if op == "/" and a == b else None
    if found is None:
        raise parser.error(f"{a} {op} {b} has no meaning", sign)
    amount = Amount(left[0], op, right[0])
    if (a, op, b) in PER_SECOND:
        return Amount(amount, PER_SECOND[a, op, b], Given(10**9, 1)), found
    return amount, found


def _one(parser: Cursor) -> Known:
    divided(parser, parser.at)
    units.join(parser, None)
    token = parser.take()
    if token.is_punct("("):
        parser.deeper(token)
        inner = total(parser)
        parser.closed(token)
        return inner
    if called(parser, token):
        return _call(parser, token)
    fields = parser.names.get(token.text.lower()) if token.kind is Kind.WORD else None
    if fields is not None:
        found = of_field(fields)
        if found is None:
            raise parser.error(f"{token.text} is {fields[0].type}, no quantity; count() and len() are numbers", token)
        return found
    given = literal(token.text) if token.kind is Kind.WORD else None
    if given is None:
        raise parser.error(f"a field or a number should stand here, not {token.text!r}", token)
    return Given(*given[0]), given[1]


def _call(parser: Cursor, name: Token) -> Known:
    """count(field) or len(field)."""
    form = name.text.lower()
    fields = argument(parser, name)
    if form == "lower":
        raise parser.error("lower() is a text, no number", name)
    if form == "len" and fields[0].type is not Type.TEXT:
        raise parser.error(f"len() is of texts; {fields[0].name} is {fields[0].type}", name)
    return Value(fields, form), BARE


def argument(parser: Cursor, name: Token) -> tuple[Field, ...]:
    """The field in the parentheses of a function."""
    opening, word = parser.take(), parser.take()
    fields = parser.names.get(word.text.lower(), ()) if word.kind is Kind.WORD else ()
    if not fields:
        raise parser.error(f"{name.text.lower()}() is of a field: {FUNCTIONS[name.text.lower()]}", word)
    if not parser.now.is_punct(")"):
        raise parser.error("the parenthesis is not closed", opening)
    parser.take()
    return fields
