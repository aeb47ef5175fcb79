"""The classes of records, by kind (typed.py). What type checkers know of each is in classes.pyi."""

from __future__ import annotations

from netwatch.model.record import Record
from netwatch.records.typed import Typed
from netwatch.records.values import kind_of

KINDS = {  # kind: its class
    "flow": "Flow", "packet": "Packet", "dns": "Dns", "http": "Http", "tls": "Tls", "stream": "Stream",
    "alert": "Alert", "finding": "Finding", "host": "Host", "process": "Process", "summary": "Summary"}


class Flow(Typed):
    """A flow: who spoke to whom, how much, and what was learnt of it."""

    __slots__ = ()
    record_kind = "flow"


class Packet(Typed):
    """A frame."""

    __slots__ = ()
    record_kind = "packet"


class Dns(Typed):
    """A DNS message, mDNS and LLMNR too."""

    __slots__ = ()
    record_kind = "dns"


class Http(Typed):
    """An HTTP transaction."""

    __slots__ = ()
    record_kind = "http"


class Tls(Typed):
    """A TLS handshake."""

    __slots__ = ()
    record_kind = "tls"


class Stream(Typed):
    """What one direction of a flow said."""

    __slots__ = ()
    record_kind = "stream"


class Alert(Typed):
    """What a detector found."""

    __slots__ = ()
    record_kind = "alert"


class Finding(Typed):
    """What is wrong, since when, and why."""

    __slots__ = ()
    record_kind = "finding"


class Host(Typed):
    """What flows tell of an address."""

    __slots__ = ()
    record_kind = "host"


class Process(Typed):
    """What flows of a program add up to."""

    __slots__ = ()
    record_kind = "process"


class Summary(Typed):
    """All of a capture in a few numbers."""

    __slots__ = ()
    record_kind = "summary"


BY_KIND: dict[str, type[Typed]] = {each.record_kind: each for each in (
    Flow, Packet, Dns, Http, Tls, Stream, Alert, Finding, Host, Process, Summary)}


def typed(record: Record) -> Typed:
    """The object of a record; of a kind that an addon makes a plain one."""
    return BY_KIND.get(kind_of(record), Typed)(record)
