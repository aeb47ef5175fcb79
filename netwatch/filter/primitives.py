"""What tcpdump's users write (pcap-filter(7) calls them primitives), as conditions on fields:

    [ip | ip6] [src | dst | src or dst | src and dst] (host A | net N [mask M] | port P)
"""
from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from netwatch.filter import rewriting, values
from netwatch.filter.cursor import Again, Cursor
from netwatch.filter.lexer import Kind, Token
from netwatch.filter.nodes import Addresses, And, Compare, Node, Not, Or, Words
from netwatch.filter.typing_rules import ports_named
from netwatch.schema import BY_NAME, NAMES

FAMILIES = {"ip": "0.0.0.0/0", "ip4": "0.0.0.0/0", "ipv4": "0.0.0.0/0", "ip6": "::/0", "ipv6": "::/0"}
ENDS = {"src": ("src", "sport"), "dst": ("dst", "dport")}  # a side: its address, its port
ENDS_BOTH = (("src", "dst"), ("sport", "dport"))
WHAT = ("host", "net", "port", "portrange")
PORTS = ("port", "sport", "dport", "srcport", "dstport")
CAST = {"broadcast": "dst == 255.255.255.255 or dst == ff:ff:ff:ff:ff:ff", "multicast": "scope == multicast"}
PROTOS = ("tcp", "udp", "sctp", "arp", *FAMILIES)  # that qualify what follows them
VALUES = (Kind.WORD, Kind.STRING)
Comparing = Callable[[Token, str], Node]  # the condition that a field, which the token names, is what stands next


def _means(again: Again, text: str) -> bool:
    """Can it be a value of those fields?"""
    if again.primitive and again.ports and rewriting.RANGE.fullmatch(text):
        return True
    return _is_port(text, again.named) if again.ports else (
        values.packed(text) is not None or values.network(text) is not None)


def _is_port(text: str, named: bool) -> bool:
    return text.isdecimal() or (named and bool(ports_named(text)))


def asked(word: Token, value: Token) -> Again | None:
    """What `port 80` and `host 192.0.2.1` ask, and any field that is to be a number."""
    low = word.text.lower()
    if low in PORTS:
        return Again((low,), True, not value.text.isdecimal())
    return Again((word.text,), True, primitive=False) if value.text.isdecimal() else None


def primitive(parser: Cursor, word: Token, compare: Comparing) -> Node | None:
    """The condition that begins with this word, which has been taken; None when none does."""
    low, following = word.text.lower(), parser.now.text.lower()
    if low in ENDS and _both(parser, low):
        joins = Or if parser.take().kind is Kind.OR else And
        parser.take()
        begun = parser.at
        first = _of_end(parser, low, word, compare)
        end, parser.at = parser.at, begun
        items = (first, _of_end(parser, "dst" if low == "src" else "src", word, compare))
        assert parser.at == end
        assert parser.again is not None
        parser.again = parser.again._replace(names=ENDS_BOTH[parser.again.ports], joins=joins)
        return joins(items)
    if parser.now.kind is not Kind.WORD:
        return None
    if low in ENDS and following in WHAT and parser.peek(1).kind in VALUES:
        return _of_end(parser, low, word, compare)
    if low in FAMILIES and following in CAST:
        raise parser.error(f"{following} is not asked of {low}; write {CAST[following]}", parser.now)
    if low in FAMILIES and following in (*ENDS, *WHAT, "proto"):
        return family(low)
    if low == "net" or (low == "host" and (values.packed(following) or values.network(following))):
        return _compared(parser, word, "addr", compare)
    return None


def several_ports(parser: Cursor, word: Token) -> bool:
    """`port (80 or 443)`: what stands in the parentheses is ports."""
    found = (word.text.lower() in PORTS and parser.now.is_punct("(") and parser.peek(1).kind is Kind.WORD
             and _is_port(parser.peek(1).text, True))
    if found:
        parser.again = Again((word.text,), True, True)
    return found


def once_more(parser: Cursor, value: Token, again: Again, compare: Comparing) -> Node | None:
    """The condition that a value alone is, which has been taken: the newest primitive is meant once more, as in
    `port 80 or 443`. None when it is something else. Raises FilterError where a number would be looked for as text."""
    if parser.now.kind is Kind.OP or parser.negated_operator(0) or not _means(again, value.text):
        return None
    names = " or ".join(again.names)
    if not again.primitive or parser.peek(-2).kind in VALUES:
        raise parser.error(f"a number alone is text to look for; write {names} == {value.text}, or {names} in {{...}}"
                           if not again.primitive else
                           f"conditions side by side must all hold; write or before {value.text}", value)
    at = parser.at - 1
    found = []
    for name in again.names:
        parser.at = at
        found.append(compare(value._replace(text=name), ":"))
    parser.again = again
    node = found[0] if len(found) == 1 else again.joins(tuple(found))
    if not again.proto:
        return node
    return And((family(again.proto) if again.proto in FAMILIES else
                Compare((BY_NAME["proto"],), Words(frozenset({again.proto.encode()}))), node))


def qualifies(parser: Cursor, word: Token) -> bool:
    """Is it the protocol of the primitive that follows? `not tcp port 80` is about both."""
    low, following = word.text.lower(), parser.now.text.lower()
    both = following in ENDS and _both(parser, following, 1)
    ahead = 3 if both else 1 if following in ENDS and parser.peek(1).text.lower() in WHAT else 0
    return (low in PROTOS and parser.now.kind is Kind.WORD
            and (following in (*ENDS, *WHAT) or (following == "proto" and low in FAMILIES))
            and (parser.peek(ahead + 1).kind in VALUES or parser.peek(ahead + 1).is_punct("("))
            and parser.peek(ahead + 2).kind is not Kind.OP)


def family(low: str) -> Node:
    """IPv4, or IPv6: packets of it, not those of ARP that speak of its addresses."""
    network = values.network(FAMILIES[low])
    assert network is not None
    of_it = Compare(NAMES["addr"], Addresses((network,)))
    if low in ("ip6", "ipv6"):
        return of_it
    return And((of_it, Not(Compare((BY_NAME["proto"],), Words(frozenset({b"arp"}))))))


def _both(parser: Cursor, low: str, ahead: int = 0) -> bool:
    """`or dst host A` stands there, behind src; or the other way round, or with `and`."""
    other = parser.peek(ahead + 1).text.lower()
    return (parser.peek(ahead).kind in (Kind.OR, Kind.AND) and other in ENDS and other != low
            and parser.peek(ahead + 2).text.lower() in WHAT and parser.peek(ahead + 3).kind in VALUES)


def _of_end(parser: Cursor, low: str, word: Token, compare: Comparing) -> Node:
    address, port = ENDS[low]
    return _compared(parser, word, port if parser.take().text.lower().startswith("port") else address, compare)


def _compared(parser: Cursor, word: Token, name: str, compare: Comparing) -> Node:
    """The field is what stands there: a host, a port, a network with or without its mask."""
    if parser.peek(1).kind is Kind.WORD and parser.peek(1).text.lower() == "mask":
        net, mask = parser.now, parser.peek(2)
        try:
            bits = ip_network(f"{ip_address(net.text)}/{ip_address(mask.text)}").prefixlen
        except ValueError:
            raise parser.error("net and mask are addresses, such as net 192.0.2.0 mask 255.255.255.0", net) from None
        parser.tokens[parser.at:parser.at + 3] = [net._replace(text=f"{net.text}/{bits}", end=mask.end)]
    value = parser.now.text
    found = compare(word._replace(text=name), ":")
    parser.again = Again((name,), name in PORTS, not value.isdecimal())
    return found
