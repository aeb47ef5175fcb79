"""The grammar of the filter language, by recursive descent.

    filter    = [ any ]                                empty text is no condition at all
    any       = all { ("or" | "||") all }
    all       = one { [ "and" | "&&" ] one }           conditions side by side must all hold
    one       = { "not" | "!" } ( "(" any ")" | condition )
    condition = field ["not"] operator value | KEY value | field value | yes-no-field | word | "phrase" | /regex/
    value     = word | "phrase" | /regex/ | "{" value { "," value } "}"

A field's name with nothing after it that could be its value is a word like any other, so `host` alone searches for
"host". Depth, length and the number of conditions are bounded.
"""
from __future__ import annotations

from netwatch.filter import values
from netwatch.filter.lexer import WORD_OPERATORS, Kind, Token, tokens
from netwatch.filter.nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Addresses,
    And,
    Compare,
    FilterError,
    Node,
    Not,
    Or,
    Part,
    Search,
    Truth,
    Words,
)
from netwatch.filter.typing_rules import TRUTHS, make_test, pattern
from netwatch.schema import BY_NAME, NAMES, Field, Type, transport_of

VALUES = (Kind.WORD, Kind.STRING, Kind.REGEX)
SPELLINGS = {"=": "==", "~": "matches"}


def parse(text: str) -> Node:
    """The condition a filter means. Raises FilterError; whatever the text, nothing else."""
    return _Parser(text).parse()


def nearest(name: str) -> str | None:
    """The field name most like one that is unknown, if any is."""
    from difflib import get_close_matches
    found = get_close_matches(name.lower()[:64], NAMES, 1, 0.6)
    return found[0] if found else None


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text, NAMES)
        self.at = 0
        self.depth = 0
        self.nodes = 0

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

    def parse(self) -> Node:
        if len(self.tokens) == 1:
            return And(())
        node = self.any()
        if self.at != len(self.tokens) - 1:
            raise self.error(f"{self.now.text!r} does not belong here", self.now)
        return node

    def any(self) -> Node:
        items = [self.all()]
        while self.now.kind is Kind.OR:
            self.take()
            items.append(self.all())
        return items[0] if len(items) == 1 else Or(tuple(items))

    def all(self) -> Node:
        items = [self.one()]
        while self.now.kind not in (Kind.OR, Kind.END) and not self.now.is_punct(")"):
            if self.now.kind is Kind.AND:
                self.take()
            items.append(self.one())
        return items[0] if len(items) == 1 else And(tuple(items))

    def one(self) -> Node:
        negate = False
        while self.now.kind is Kind.NOT:
            self.take()
            negate = not negate
        node = self.bracketed() if self.now.is_punct("(") else self.condition()
        return Not(node) if negate else node

    def bracketed(self) -> Node:
        opening = self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(f"parentheses are nested deeper than {MAX_DEPTH}", opening)
        node = self.any()
        if not self.now.is_punct(")"):
            raise self.error("the parenthesis is not closed", opening)
        self.take()
        self.depth -= 1
        return node

    def condition(self) -> Node:
        self.nodes += 1
        first = self.take()
        if self.nodes > MAX_NODES:
            raise self.error(f"more than {MAX_NODES} conditions", first)
        if first.kind is Kind.KEY:
            return self.keyed(first)
        if first.kind is Kind.WORD:
            return self.worded(first)
        if first.kind is Kind.STRING:
            return Search(Part(values.folded(first.text))) if first.text else And(())
        if first.kind is Kind.REGEX:
            return Search(pattern(first, self.text))
        if first.kind is Kind.END:
            raise self.error("the filter ends where a condition should follow", first)
        raise self.error(f"a condition should stand here, not {first.text!r}", first)

    def keyed(self, key: Token) -> Node:
        """key:value, and key:>value."""
        if self.now.column != key.end:
            raise self.error(f"a value should follow {key.text}: without a blank", self.now)
        if self.now.kind is Kind.OP and self.now.text not in WORD_OPERATORS:
            return self.compare(key, self.operator())
        return self.compare(key, ":")

    def worded(self, word: Token) -> Node:
        """A condition that begins with a word: a comparison, `field value`, a yes/no field, or a search."""
        if self.now.kind is Kind.OP:
            return self.compare(word, self.operator())
        if self.negated_operator(0):
            self.take()
            return self.compare(word, self.operator(), negated=True)
        fields = NAMES.get(word.text.lower())
        if fields is not None and fields[0].type is Type.BOOL:
            if self.now.kind is Kind.WORD and self.now.text.lower() in TRUTHS:
                return self.compare(word, ":")
            return Compare(fields, Truth(True))
        if fields is not None and self.now.kind in VALUES and not self.begins_comparison():
            return self.compare(word, ":")
        network = values.network(word.text)
        if network is not None:
            return Compare(NAMES["addr"], Addresses((network,)))
        return Search(Part(values.folded(word.text)))

    def begins_comparison(self) -> bool:
        """The word at hand is itself the left side of a comparison."""
        return self.now.kind is Kind.WORD and (self.peek(1).kind is Kind.OP or self.negated_operator(1))

    def negated_operator(self, ahead: int) -> bool:
        """`not in`, `not contains` or `not matches` stands there."""
        word, after = self.peek(ahead), self.peek(ahead + 1)
        return word.kind is Kind.NOT and word.text != "!" and after.kind is Kind.OP and after.text in WORD_OPERATORS

    def operator(self) -> str:
        sign = self.take().text.lower()
        return SPELLINGS.get(sign, sign)

    def compare(self, word: Token, op: str, negated: bool = False) -> Node:
        name = word.text.lower()
        fields = NAMES.get(name)
        if fields is None:
            like = nearest(name)
            raise self.error(f"no field is called {word.text!r}" + (f"; did you mean {like!r}?" if like else ""), word)
        if op == "!=":
            op, negated = "==", True
        node = Compare(fields, make_test(name, fields, op, self.value(op), self.text), negated)
        transport = transport_of(name)
        if transport is None or name in BY_NAME:
            return node
        return And((Compare((_PROTO,), Words(frozenset({transport.encode()}))), node))

    def value(self, op: str) -> list[Token]:
        if self.now.is_punct("{"):
            if op not in ("in", ":"):
                raise self.error(f"a set goes with in, not with {op}", self.now)
            return self.braced()
        if self.now.kind not in VALUES:
            before = self.tokens[self.at - 1]
            raise self.error(f"a value should follow {before.text}{':' if before.kind is Kind.KEY else ''}", self.now)
        return [self.take()]

    def braced(self) -> list[Token]:
        opening = self.take()
        found: list[Token] = []
        while True:
            if self.now.kind not in (Kind.WORD, Kind.STRING):
                unclosed = self.now.kind is Kind.END
                raise self.error("the set is not closed" if unclosed else "a value should stand here",
                                 opening if unclosed else self.now)
            found.append(self.take())
            mark = self.take()
            if mark.is_punct("}"):
                return found
            if mark.kind is Kind.END:
                raise self.error("the set is not closed", opening)
            if not mark.is_punct(","):
                raise self.error("values of a set are parted by commas", mark)


_PROTO: Field = BY_NAME["proto"]
