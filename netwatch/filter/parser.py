"""The grammar of the filter language, by recursive descent.

    filter    = [ any ]                                empty text is no condition at all
    any       = all { ("or" | "||") all }
    all       = one { [ "and" | "&&" ] one }           conditions side by side must all hold
    one       = { "not" | "!" } ( "(" any ")" | condition )
    condition = field ["not"] operator value | field relation field | KEY value | field value | field | "exists" field
              | field ["not"] "in" "@" list | sum operator sum | "lower" "(" field ")" operator value
              | ("src" | "dst") ("host" | "net" | "port") value | value | protocol | word | "phrase" | /regex/
    value     = word | "phrase" | /regex/ | "{" value { "," value } "}"

Sums are those of expressions.py, lists those of the configuration (lists.py).
A field's name with nothing after it that could be its value asks whether it has one; a protocol's is that protocol.
Depth, length and the number of conditions are bounded.
"""
from __future__ import annotations

import contextlib
from collections.abc import Mapping

from netwatch.filter import expressions, habits, lists, ofpackets, primitives, rewriting, units, values
from netwatch.filter.cursor import Cursor
from netwatch.filter.enumerated import ALSO
from netwatch.filter.evaluate import RELATIONS
from netwatch.filter.lexer import WORD_OPERATORS, Kind, Token
from netwatch.filter.nodes import (
    Addresses,
    And,
    Compare,
    Exists,
    FilterError,
    Node,
    Not,
    Numbers,
    Or,
    Part,
    Relate,
    Search,
    Truth,
    Words,
)
from netwatch.filter.typing_rules import TRUTHS, make_test, pattern
from netwatch.schema import BY_NAME, FIELDS, NAMES, Field, Type, transport_of

VALUES = (Kind.WORD, Kind.STRING, Kind.REGEX)
NUMERIC = frozenset({Type.INT, Type.PORT, Type.BYTES, Type.RATE})  # can be compared with each other


def parse(text: str, kinds: tuple[str, ...] = ()) -> Node:
    """The condition a filter means, in records of these kinds (none: in flows). Raises FilterError; whatever the text,
    nothing else."""
    return Parser(text, ofpackets.names(kinds), kinds).parse()


class Parser(Cursor):
    """Of one filter."""

    def __init__(self, text: str, names: Mapping[str, tuple[Field, ...]], kinds: tuple[str, ...] = ()) -> None:
        super().__init__(text, names)
        self.kinds = kinds

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
        self.refuse_mistyped(habits.MISTYPED_NOT)
        items = [self.one()]
        while self.now.kind not in (Kind.OR, Kind.END) and not self.now.is_punct(")"):
            if self.now.kind is Kind.AND:
                self.take()
            else:
                self.refuse_mistyped(habits.MISTYPED)
            items.append(self.one())
        return items[0] if len(items) == 1 else And(tuple(items))

    def refuse_mistyped(self, known: Mapping[str, str]) -> None:
        """A word before another condition that is one of the language's but for a letter is not looked for."""
        follows = self.peek(1) if self.now.kind is Kind.WORD else self.now
        if self.now.kind is not Kind.WORD or not (follows.kind in VALUES or follows.kind is Kind.NOT
                                                  or follows.is_punct("(")):
            return
        meant = known.get(self.now.text.lower()) or (
            habits.mistyped_operator(self.now.text, 0.85) if known is habits.MISTYPED else None)
        if meant is not None and self.now.text.lower() not in self.names:
            said = f"{self.now.text!r} is no operator; did you mean {meant}? Quoted, it is looked for"
            raise self.error(said, self.now)

    def one(self) -> Node:
        negate = False
        while self.now.kind is Kind.NOT:
            self.take()
            negate = not negate
        node = self.bracketed() if self.now.is_punct("(") else self.condition()
        return Not(node) if negate else node

    def bracketed(self) -> Node:
        opening = self.take()
        self.deeper(opening)
        node = self.any()
        self.closed(opening)
        return node

    def condition(self) -> Node:
        first = rewriting.condition(self, self.take())
        self.count(first)
        again, self.again = self.again, None
        if first.kind is Kind.KEY:
            return self.keyed(first)
        if first.kind is Kind.WORD:
            if again is not None and (node := primitives.once_more(self, first, again, self.compare)) is not None:
                return node
            if primitives.qualifies(self, first):
                node = And((self.bare(first), self.condition()))
                self.again = self.again and self.again._replace(proto=first.text.lower())
                return node
            return self.worded(first)
        if first.kind is Kind.STRING:
            return Search(Part(values.folded(first.text))) if first.text else And(())
        if first.kind is Kind.REGEX:
            return Search(pattern(first, self.text))
        if first.kind is Kind.END:
            raise self.error("the filter ends where a condition should follow", first)
        if first.is_punct(",") and self.tokens[max(self.at - 2, 0)].kind is Kind.WORD:
            raise self.error("several values stand in braces: in {a, b}; digits have no commas between", first)
        if first.kind is Kind.OP:
            raise self.error(f"write not {first.text}" if self.tokens[self.at - 2].text == "!" else
                             f"a condition should stand here: what is compared, then {first.text}", first)
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
        if expressions.begins(self, word):
            return self.lowered(word) if word.text.lower() == "lower" else expressions.comparison(self)
        if self.now.kind is Kind.OP:
            return self.compare(word, self.operator())
        if self.negated_operator(0):
            self.take()
            return self.compare(word, self.operator(), negated=True)
        low = word.text.lower()
        fields = self.names.get(low)
        if low == "exists" and self.now.kind is Kind.WORD and (named := self.named(self.now.text.lower())):
            return _implied(self.take().text.lower(), Exists(named))
        primitive = primitives.primitive(self, word, self.compare)
        if primitive is not None:
            return primitive
        if primitives.several_ports(self, word):
            return self.bracketed()
        if fields is not None and fields[0].type is Type.BOOL and not fields[0].asked:
            if self.now.kind is Kind.WORD and self.now.text.lower() in TRUTHS:
                return self.compare(word, ":")
            return Compare(fields, Truth(True))
        if fields is not None and self.now.kind in VALUES and not self.begins_comparison():
            return self.beside(word, fields)
        return self.bare(word)

    def lowered(self, word: Token) -> Node:
        """lower(field) and what is asked of it: what it is without, but for a /regex/, which regards case."""
        fields = expressions.argument(self, word)
        if fields[0].type is not Type.TEXT:
            raise self.error(f"lower() is of texts; {fields[0].name} is {fields[0].type}", word)
        negated = self.negated_operator(0)
        if negated:
            self.take()
        if self.now.kind is not Kind.OP:
            raise self.error("a comparison should follow", self.now)
        op = self.operator()
        op, negated = ("==", True) if op == "!=" else (op, negated)
        given = self.value(op, fields)
        if op == "matches" and given[0].kind is Kind.REGEX:
            given = [given[0]._replace(text="(?i)" + given[0].text)]
        return Compare(fields, make_test(fields[0].name, fields, op, given, self.text), negated)

    def named(self, low: str) -> tuple[Field, ...]:
        """The fields of a name, or of an object."""
        return self.names.get(low) or tuple(field for field in FIELDS if field.name.startswith(low + "."))

    def beside(self, word: Token, fields: tuple[Field, ...]) -> Node:
        """`field value`, where the value is no operator mistyped."""
        following = self.now.text.lower()
        if self.now.kind is Kind.WORD and following == "exists":
            self.take()
            return _implied(word.text.lower(), Exists(fields))
        meant = habits.mistyped_operator(following) if self.now.kind is Kind.WORD else None
        if meant is not None and (self.peek(1).kind in VALUES or self.peek(1).kind is Kind.NOT):
            raise self.error(f"{self.now.text!r} is no operator; did you mean {meant}?", self.now)
        if self.now.kind is Kind.WORD and following in habits.NOT_LOGIC:
            masked = habits.not_of_bytes(word.text, following) if self.peek(1).kind in VALUES else None
            raise self.error(masked or habits.not_said(following) or "", self.now)
        return self.compare(word, ":")

    def bare(self, word: Token) -> Node:
        """A word alone: a network, a field or object that exists, a protocol, or what is looked for."""
        low = word.text.lower()
        network = values.network(word.text)
        if network is not None:
            return Compare(NAMES["addr"], Addresses((network,)))
        if low in primitives.FAMILIES:
            return primitives.family(low)
        if low in self.names:
            return _implied(low, Exists(self.names[low]))
        key = habits.key_of_others(word.text, self.kinds)
        if key is not None:
            raise self.error(key, word)
        low = habits.PROTOCOLS.get(low, low)
        proto = ALSO.get(low, low)
        carried = Compare((_PROTO,), Words(frozenset({proto.encode()}))) if proto in habits.PROTOS else None
        if carried and low not in habits.APPS:
            return carried
        if low in habits.APPS:
            test = Words(frozenset({low.encode()}))
            spoken = (Compare((BY_NAME["app"],), test), Compare((BY_NAME["app_stack"],), test))
            return Or((carried, *spoken) if carried else spoken)
        if habits.object_of(low):
            return Exists(self.named(low))
        of_packets = ofpackets.condition(low, self.kinds)
        if of_packets is not None:
            return Parser(of_packets[0], self.names, self.kinds).parse()
        wrong = habits.not_said(word.text, self.kinds)
        if wrong is not None:
            raise self.error(wrong, word)
        if self.now.is_punct("(") and self.now.column == word.end:
            raise self.error(f"no function is called {word.text!r}; there are {', '.join(expressions.FUNCTIONS)}", word)
        return Search(Part(values.folded(word.text)))

    def begins_comparison(self) -> bool:
        """The word at hand is itself the left side of a comparison."""
        return self.now.kind is Kind.WORD and (self.peek(1).kind is Kind.OP or self.negated_operator(1))

    def compare(self, word: Token, op: str, negated: bool = False) -> Node:
        name = word.text.lower()
        fields = self.names.get(name)
        wrong = habits.not_of_bytes(name, op) if fields is None or name == "frame" else None
        if wrong is not None:
            raise self.error(wrong, word)
        if fields is None:
            of_packets = ofpackets.condition(name, self.kinds)
            if of_packets is not None:
                return self.truth(of_packets, op, negated)
            if habits.instead_of(name, self.kinds):
                raise self.error(habits.not_said(name, self.kinds) or "", word)
            like = habits.nearest(name, self.kinds)
            raise self.error(f"no field is called {word.text!r}" + (f"; did you mean {like!r}?" if like else ""), word)
        if op == "!=":
            op, negated = "==", True
        units.join(self, fields[0].type, op)
        rewriting.ports(self, fields[0].type, op)
        if op == ":" and fields[0] is _PROTO and self.now.text.startswith("\\"):
            op = "=="
        written, op = op, "in" if op == "==" and fields[0].type is Type.PORT and ".." in self.now.text else op
        mine = expressions.of_field(fields)
        if mine is not None and op in RELATIONS and expressions.follows(self):
            return expressions.compared(self, *mine, "!=" if negated else op, word, word)
        other = self.other(fields, op)
        if other:
            self.take()
            return _implied(name, Relate(fields, op, other, negated))
        given = self.value(op, fields)
        test = make_test(name, fields, op, given, self.text)
        if written in ("==", ":") and isinstance(test, Numbers) and len(given) == 1:
            self.again = primitives.asked(word, given[0])
            if self.again is not None and (written == "==" or negated):
                self.again = self.again._replace(primitive=False)
        return _implied(name, Compare(fields, test, negated))

    def truth(self, of_packets: tuple[str, str], op: str, negated: bool) -> Node:
        """One of Wireshark's names that is yes or no, and which of them is asked."""
        given = self.take()
        wanted = ofpackets.TRUTHS.get(given.text.lower())
        if wanted is None or op not in ("==", "!=", ":"):
            raise self.error("it is yes or no: == 1 or == 0", given)
        has, is_set = (Parser(text, self.names, self.kinds).parse() for text in of_packets)
        return And((has, is_set if wanted is (negated == (op == "!=")) else Not(is_set)))

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

    def value(self, op: str, fields: tuple[Field, ...]) -> list[Token]:
        if self.now.kind is Kind.WORD and self.now.text.startswith("@") and op in ("in", "==", ":"):
            return self.listed(self.take(), fields)
        if self.now.is_punct("{"):
            if op not in ("in", ":"):
                raise self.error(f"a set goes with in, not with {op}", self.now)
            return self.braced(fields)
        if self.now.is_punct("(") or (self.now.kind is Kind.WORD and self.now.text.startswith("[") and op == "in"):
            raise self.error("a set stands in braces: {a, b, c..d}", self.now)
        if self.now.kind is Kind.WORD and op == "==" and self.now.text.lower() in habits.NOTHING:
            name = self.peek(-2).text
            raise self.error(f"what is unknown is absent here: write {name}, or not {name}; quoted, {self.now.text} is "
                             "a text", self.now)
        wrong = rewriting.doubled(self)
        if wrong:
            raise self.error(f"{wrong} is no operator; there are == != < <= > >= ~ in contains matches", self.peek(-1))
        if self.now.kind not in VALUES:
            before = self.tokens[self.at - 1]
            raise self.error(f"a value should follow {before.text}{':' if before.kind is Kind.KEY else ''}", self.now)
        given = self.take()
        starred = rewriting.wildcard(fields, op, given)
        if starred:
            raise self.error(starred, given)
        return [given._replace(text=given.text.removeprefix("\\")) if fields[0] is _PROTO else given]  # as tcpdump's

    def listed(self, name: Token, fields: tuple[Field, ...]) -> list[Token]:
        """The items of a list that the fields can have."""
        try:
            items = lists.named(name.text[1:])
        except KeyError as error:
            raise self.error(str(error.args[0]), name) from None
        found = []
        for item in items:
            token = name._replace(text=item)
            with contextlib.suppress(FilterError):
                make_test(fields[0].name, fields, "in", [token], self.text)
                found.append(token)
        if not found:
            raise self.error(f"nothing in {name.text} is {_A[fields[0].type]}", name)
        return found

    def braced(self, fields: tuple[Field, ...]) -> list[Token]:
        opening = self.take()
        found: list[Token] = []
        while True:
            if self.now.kind not in (Kind.WORD, Kind.STRING):
                unclosed = self.now.kind is Kind.END
                raise self.error("the set is not closed" if unclosed else "a value should stand here",
                                 opening if unclosed else self.now)
            units.join(self, fields[0].type)
            found.append(self.take())
            if rewriting.apart(self.now, fields, found[-1]):
                continue
            mark = self.take()
            if mark.is_punct("}"):
                return found
            if mark.kind is Kind.END:
                raise self.error("the set is not closed", opening)
            if not mark.is_punct(","):
                raise self.error("values of a set are parted by commas", mark)


def _implied(name: str, node: Node) -> Node:
    """With what a name of Wireshark's implies: tcp.port speaks of TCP alone, ip.addr of IPv4."""
    own = BY_NAME.get(name)
    if own is not None and (not own.asked or NAMES[name] == (own,)):
        return node
    transport = transport_of(name)
    if transport is not None:
        return And((Compare((_PROTO,), Words(frozenset({transport.encode()}))), node))
    prefix, dot, _ = name.partition(".")
    return And((primitives.family(prefix), node)) if dot and prefix in primitives.FAMILIES else node


_A = {Type.ADDRESS: "an address", Type.TEXT: "a text"} | dict.fromkeys(
    (Type.INT, Type.PORT, Type.BYTES, Type.RATE, Type.DURATION, Type.TIME, Type.BOOL), "a number")
_PROTO: Field = BY_NAME["proto"]
