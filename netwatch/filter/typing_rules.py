"""From a field's type, an operator and the tokens after it to a Test: where the types of the language live."""
from __future__ import annotations

from functools import cache

from netwatch.filter import values
from netwatch.filter.enumerated import BY_FIELD, meant
from netwatch.filter.lexer import Kind, Token
from netwatch.filter.nodes import Addresses, FilterError, Numbers, Part, Pattern, Test, Truth, Words
from netwatch.filter.regex import Regex, RegexError
from netwatch.schema import UNIT_NS, Field, Type

EXAMPLES = {
    Type.INT: "a number",
    Type.PORT: "a port number, or the name of a service such as https", Type.BYTES: "a size such as 1500, 1MB or 2GiB",
    Type.RATE: "a rate such as 1MB/s", Type.DURATION: "a duration such as 200ms or 1.5s",
    Type.TIME: "a time such as 2026-01-02 or 2026-01-02T03:04:05Z", Type.BOOL: "true or false",
    Type.ADDRESS: "an address or a network such as 10.0.0.0/8",
}
MOST_PORT = 65535
MOST = {"ttl": 255, "vlan": 4095, "icmp.type": 255, "icmp.code": 255, "icmp.id": 65535, "confidence": 100,
        "dns.id": 65535, "mpls": 0xfffff, "pppoe_session": 65535}  # what a number cannot exceed
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
Range = tuple[int | None, int | None]


def make_test(name: str, fields: tuple[Field, ...], op: str, given: list[Token], text: str) -> Test:
    """The test for `name op value`. `op` is : == < <= > >= in contains matches; `given` one value, or a set's."""
    kind, value = fields[0].type, given[0]
    if op == ":" and value.kind is Kind.REGEX:
        op = "matches"
    if op == "matches":
        return pattern(value, text)
    if value.kind is Kind.REGEX:
        raise FilterError(f"a /regex/ goes with matches: {name} matches /{value.text}/", value.column, text)
    numbered = kind is Type.TEXT and op == ":" and value.text.isdecimal() and any(f.name in BY_FIELD for f in fields)
    if op == "contains" or (op == ":" and kind is Type.TEXT and len(given) == 1 and not numbered):
        return Part(values.folded(value.text))
    if kind is Type.TEXT:
        if op in ("<", "<=", ">", ">="):
            raise FilterError(f"{name} is text: use ==, !=, in, contains or matches", value.column, text)
        return Words(frozenset(values.folded(_meant(fields, token, text)) for token in given))
    if kind is Type.BOOL:
        return _truth(name, op, value, text)
    if kind is Type.ADDRESS:
        return _addresses(name, op, given, text)
    return _numbers(name, fields[0], op, given, text)


def pattern(value: Token, text: str) -> Pattern:
    """The regular expression of a token."""
    if value.kind is Kind.WORD and value.text.startswith("/"):
        raise FilterError("the /regex/ is not closed", value.column, text)
    inside = 0 if value.kind is Kind.WORD else 1
    try:
        return Pattern(Regex(value.text))
    except RegexError as error:
        raise FilterError(f"in the /regex/: {error.message}", value.column + inside + error.position, text) from None


def _meant(fields: tuple[Field, ...], token: Token, text: str) -> str:
    """The value that records have. One that no field of that name can have is an error."""
    refused: list[str] = []
    for field in fields:
        try:
            found = meant(field.name, token.text)
        except ValueError as error:
            refused.append(str(error))
            continue
        if found != token.text:
            return found
    if refused and len(refused) == len(fields):
        raise FilterError(refused[0], token.column, text)
    return token.text


def _wrong(name: str, kind: Type, value: Token, text: str) -> FilterError:
    return FilterError(f"{name} wants {EXAMPLES[kind]}, not {value.text!r}", value.column, text)


def _truth(name: str, op: str, value: Token, text: str) -> Truth:
    truth = TRUTHS.get(value.text.lower())
    if truth is None or op not in (":", "=="):
        raise _wrong(name, Type.BOOL, value, text)
    return Truth(truth)


def _addresses(name: str, op: str, given: list[Token], text: str) -> Addresses:
    if op not in (":", "==", "in"):
        raise FilterError(f"{name} is an address: use ==, !=, in, contains or matches", given[0].column, text)
    ranges = []
    for token in given:
        low, dots, high = token.text.partition("..")
        first, last = values.packed(low), values.packed(high) if dots else None
        if first is not None and not dots:
            ranges.append((first, first))
        elif first is not None and last is not None and len(first) == len(last):
            ranges.append((first, last))
        elif (span := values.network(token.text) or (values.partial(token.text) if op == ":" else None)) is not None:
            ranges.append(span)
        else:
            raise _wrong(name, Type.ADDRESS, token, text)
    return Addresses(tuple(ranges))


def _numbers(name: str, field: Field, op: str, given: list[Token], text: str) -> Numbers:
    ranges: list[Range] = []
    for token in given:
        if field.type is Type.PORT and op in (":", "==", "in") and (ports := ports_named(token.text)):
            ranges += [(port, port) for port in ports]
            continue
        low, dots, high = token.text.partition("..")
        if dots and op in (":", "==", "in"):
            if not low or not high:
                raise FilterError("a range is written low..high", token.column, text)
            first, last = _bounds(name, field, token, low, text), _bounds(name, field, token, high, text)
            ranges.append((first[0], last[1]))
        else:
            ranges.append(_half(op, *_bounds(name, field, token, token.text, text)))
    return Numbers(tuple(ranges))


@cache
def ports_named(name: str) -> tuple[int, ...]:
    """The ports of a service; of any transport, as it is its flow's to say which that is."""
    from netwatch.names.ports import Services

    low = name.lower()
    return tuple(sorted({port for ports in Services().ports.values() for port, each in ports.items()
                         if each.lower() == low}))


def _half(op: str, low: int, high: int) -> Range:
    """The whole numbers that stand in the relation to a value between `low` and `high` (low > high: a fraction)."""
    return {">": (high + 1, None), ">=": (low, None), "<": (None, low - 1), "<=": (None, high)}.get(op, (low, high))


def _bounds(name: str, field: Field, token: Token, literal: str, text: str) -> tuple[int, int]:
    """The least whole number not below the literal, and the greatest not above it; a span for a time."""
    if field.type is Type.TIME:
        span = values.time_span(literal)
        if span is None:
            raise _wrong(name, field.type, token, text)
        return span
    number = values.ratio(literal)
    if number is not None and field.type is Type.DURATION:
        if number[0] and name != field.name:
            raise FilterError(f"{name} needs a unit, such as {literal}ms or {literal}s", token.column, text)
        number = number[0] * UNIT_NS[field.unit], number[1]
    if number is None:
        number = values.quantity(literal, field.type)
    if number is None:
        raise _wrong(name, field.type, token, text)
    most = MOST.get(field.name) or (MOST_PORT if field.type is Type.PORT else None)
    if most is not None and not 0 <= number[0] <= most * number[1]:
        raise FilterError(f"{name} is never {literal}: it is 0 to {most}", token.column, text)
    return -(-number[0] // number[1]), number[0] // number[1]
