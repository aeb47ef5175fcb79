"""What can be asked of a capture, by its name on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from netwatch.records.columns import Column
from netwatch.stats.table import Statistic

SECOND_NS = 1_000_000_000


class Asked(NamedTuple):
    """`types`: kinds of conversation; `by` and `sums`: of flows, see flows.Groups."""

    types: Sequence[str] = ()
    interval_ns: int = SECOND_NS
    by: Mapping[str, Column] = {}
    sums: Mapping[str, Column] = {}


class Topic(NamedTuple):
    """`help`: what it tells, and tshark's name for it. `takes`: the options that it understands, beside those of all;
    keylog: it tells of what keys open."""

    make: Callable[[Asked], Statistic]
    help: str
    takes: frozenset[str] = frozenset()


def _conversations(asked: Asked) -> Statistic:
    from netwatch.stats.flows import Conversations

    return Conversations(asked.types)


def _endpoints(asked: Asked) -> Statistic:
    from netwatch.stats.flows import Endpoints

    return Endpoints(asked.types or ("ip", "ipv6"))


def _flows(asked: Asked) -> Statistic:
    from netwatch.stats.flows import Groups

    return Groups(dict(asked.by), dict(asked.sums))


def _hosts(asked: Asked) -> Statistic:
    from netwatch.stats.hosts import Hosts

    return Hosts()


def _processes(asked: Asked) -> Statistic:
    from netwatch.stats.hosts import Processes

    return Processes()


def _rtt(asked: Asked) -> Statistic:
    from netwatch.stats.flows import RoundTrips

    return RoundTrips()


def _io(asked: Asked) -> Statistic:
    from netwatch.stats.frames import InputOutput

    return InputOutput(asked.interval_ns)


def _protocols(asked: Asked) -> Statistic:
    from netwatch.stats.frames import Protocols

    return Protocols()


def _expert(asked: Asked) -> Statistic:
    from netwatch.stats.frames import Expert

    return Expert()


def _dns(asked: Asked) -> Statistic:
    from netwatch.stats.messages import Dns

    return Dns()


def _http(asked: Asked) -> Statistic:
    from netwatch.stats.messages import Http

    return Http()


def _tls(asked: Asked) -> Statistic:
    from netwatch.stats.messages import Tls

    return Tls()


OPENED = frozenset({"keylog"})
TOPICS: Mapping[str, Topic] = {
    "conversations": Topic(_conversations, "who spoke with whom (tshark -z conv,TYPE)", frozenset({"type"})),
    "endpoints": Topic(_endpoints, "who sent and received how much (-z endpoints,TYPE)", frozenset({"type"})),
    "hosts": Topic(_hosts, "who is there: names, vendor, system, services (-z hosts)", OPENED),
    "processes": Topic(_processes, "which programs, where owners of flows are known"),
    "protocols": Topic(_protocols, "frames and bytes by protocol, as a tree (-z io,phs)", OPENED),
    "io": Topic(_io, "frames and bytes by interval of time (-z io,stat,INTERVAL)", frozenset({"interval"})),
    "dns": Topic(_dns, "codes, types, names and servers, with times (-z dns,tree)", OPENED),
    "http": Topic(_http, "methods, statuses and hosts, with times (-z http,tree)", OPENED),
    "tls": Topic(_tls, "versions, ciphers, server names and clients of handshakes", OPENED),
    "expert": Topic(_expert, "what is remarkable, by severity (-z expert)"),
    "rtt": Topic(_rtt, "round trips of TCP handshakes, by server"),
    "flows": Topic(_flows, "sums of any fields of flows, by any others: --by, --sum", OPENED | {"by", "sum"}),
}
