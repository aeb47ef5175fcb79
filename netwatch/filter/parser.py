"""The grammar of the filter language, by recursive descent.

    filter    = [ any ]                                empty text is no condition at all
    any       = all { ("or" | "||") all }
    all       = one { [ "and" | "&&" ] one }           conditions side by side must all hold
    one       = { "not" | "!" } ( "(" any ")" | condition )
    condition = field ["not"] operator value | field relation field | KEY value | field value | field | "exists" field
              | ("src" | "dst") ("host" | "net" | "port") value | protocol | word | "phrase" | /regex/
    value     = word | "phrase" | /regex/ | "{" value { "," value } "}"

A field's name with nothing after it that could be its value asks whether it has one; a protocol's is that protocol.
Depth, length and the number of conditions are bounded.
"""
from __future__ import annotations

from collections.abc import Mapping

from netwatch.filter import habits, values
from netwatch.filter.evaluate import RELATIONS
from netwatch.filter.lexer import SPELLED, WORD_OPERATORS, Kind, Token, tokens
from netwatch.filter.nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Addresses,
    And,
    Compare,
    Exists,
    FilterError,
    Node,
    Not,
    Or,
    Part,
    Relate,
    Search,
    Truth,
    Words,
)
from netwatch.filter.numbered import ALSO
from netwatch.filter.typing_rules import TRUTHS, make_test, pattern
from netwatch.schema import BY_NAME, FIELDS, NAMES, Field, Type, names_for, transport_of

VALUES = (Kind.WORD, Kind.STRING, Kind.REGEX)
SPELLINGS = {"=": "==", "~": "matches", **SPELLED}
NUMERIC = frozenset({Type.INT, Type.PORT, Type.BYTES, Type.RATE})  # can be compared with each other


def parse(text: str, kinds: tuple[str, ...] = ()) -> Node:
    """The condition a filter means, in records of these kinds (none: in flows). Raises FilterError; whatever the text,
    nothing else."""
    return _Parser(text, names_for(kinds)).parse()


def nearest(name: str) -> str | None:
    """The field name most like one that is unknown, if any is."""
    from difflib import get_close_matches
    found = get_close_matches(name.lower()[:64], NAMES, 1, 0.6)
    return found[0] if found else None


class _Parser:
    def __init__(self, text: str, names: Mapping[str, tuple[Field, ...]]) -> None:
        self.text = text
        self.names = names
        self.tokens = tokens(text, names)
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
        low = word.text.lower()
        fields = self.names.get(low)
        if low == "exists" and self.now.kind is Kind.WORD and (named := self.named(self.now.text.lower())):
            self.take()
            return Exists(named)
        habit = self.habit(word)
        if habit is not None:
            return habit
        if fields is not None and fields[0].type is Type.BOOL:
            if self.now.kind is Kind.WORD and self.now.text.lower() in TRUTHS:
                return self.compare(word, ":")
            return Compare(fields, Truth(True))
        if fields is not None and self.now.kind in VALUES and not self.begins_comparison():
            return self.beside(word, fields)
        return self.bare(word)

    def named(self, low: str) -> tuple[Field, ...]:
        """The fields of a name, or of an object."""
        return self.names.get(low) or tuple(field for field in FIELDS if field.name.startswith(low + "."))

    def habit(self, word: Token) -> Node | None:
        """What tcpdump's users write: host A, net A/N, src host A, dst net A/N, dst port N, ip host A."""
        low = word.text.lower()
        if self.now.kind is not Kind.WORD:
            return None
        following = self.now.text.lower()
        if low in habits.ENDS and following in ("host", "net", "port") and self.peek(1).kind in VALUES:
            address, port = habits.ENDS[low]
            self.take()
            return self.compare(word._replace(text=port if following == "port" else address), ":")
        if low in habits.FAMILIES and following in ("host", "net", "src", "dst", "port", "proto"):
            return self.family(low)
        if low in ("host", "net") and (low == "net" or values.packed(following) or values.network(following)):
            return self.compare(word._replace(text="addr"), ":")
        return None

    def beside(self, word: Token, fields: tuple[Field, ...]) -> Node:
        """`field value`, where the value is no operator mistyped."""
        following = self.now.text.lower()
        if self.now.kind is Kind.WORD and following == "exists":
            self.take()
            return Exists(fields)
        meant = habits.mistyped_operator(following) if self.now.kind is Kind.WORD else None
        if meant is not None and self.peek(1).kind in VALUES:
            raise self.error(f"{self.now.text!r} is no operator; did you mean {meant}?", self.now)
        if self.now.kind is Kind.WORD and following in habits.NOT_LOGIC:
            raise self.error(habits.not_said(following) or "", self.now)
        return self.compare(word, ":")

    def bare(self, word: Token) -> Node:
        """A word alone: a network, a field or object that exists, a protocol, or what is looked for."""
        low = word.text.lower()
        network = values.network(word.text)
        if network is not None:
            return Compare(NAMES["addr"], Addresses((network,)))
        if low in habits.FAMILIES:
            return self.family(low)
        if low in self.names:
            return Exists(self.names[low])
        proto = ALSO.get(low, low)
        if proto in habits.PROTOS:
            return Compare((_PROTO,), Words(frozenset({proto.encode()})))
        if low in habits.APPS:
            test = Words(frozenset({low.encode()}))
            return Or((Compare((BY_NAME["app"],), test), Compare((BY_NAME["app_stack"],), test)))
        if habits.object_of(low):
            return Exists(self.named(low))
        wrong = habits.not_said(word.text)
        if wrong is not None:
            raise self.error(wrong, word)
        return Search(Part(values.folded(word.text)))

    def family(self, low: str) -> Node:
        """IPv4, or IPv6."""
        network = values.network(habits.FAMILIES[low])
        assert network is not None
        return Compare(NAMES["addr"], Addresses((network,)))

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
        fields = self.names.get(name)
        if fields is None:
            if name in habits.INSTEAD:
                raise self.error(habits.not_said(name) or "", word)
            like = nearest(name)
            raise self.error(f"no field is called {word.text!r}" + (f"; did you mean {like!r}?" if like else ""), word)
        if op == "!=":
            op, negated = "==", True
        other = self.other(fields, op)
        if other:
            self.take()
            return Relate(fields, op, other, negated)
        node = Compare(fields, make_test(name, fields, op, self.value(op), self.text), negated)
        transport = transport_of(name)
        if transport is None or name in BY_NAME:
            return node
        return And((Compare((_PROTO,), Words(frozenset({transport.encode()}))), node))

    def other(self, fields: tuple[Field, ...], op: str) -> tuple[Field, ...]:
        """The fields that stand where a value would, to be compared with these; () when none do."""
        found = self.names.get(self.now.text.lower(), ()) if self.now.kind is Kind.WORD else ()
        mine = fields[0].type
        if not found or op not in RELATIONS or (mine in (Type.TEXT, Type.BOOL) and "." not in self.now.text):
            return ()
        theirs = found[0].type
        if mine is not theirs and not {mine, theirs} <= NUMERIC:
            raise self.error(f"a {theirs} is not compared with a {mine}", self.now)
        if mine in (Type.TEXT, Type.ADDRESS, Type.BOOL) and op != "==":
            raise self.error(f"two fields of type {mine} are compared by == and !=", self.now)
        return found

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
