"""What the transactions of an HTTP/2 or HTTP/3 connection leave with its flow: names, facts, and http records.

The fact keys are those of http2.pxd, for both versions.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from netwatch._fast.out.inner import learn, name
from netwatch.decrypt.transaction import Transaction

if TYPE_CHECKING:
    from netwatch.model.event import Event

MAX_TOLD = 32  # different things said of gRPC that a flow keeps
HOST, COUNT, METHODS, STATUSES, LATENCY = 2, 8, 10, 11, 12
MAX_DIFFERENT = 16  # methods, and statuses, of all transactions
REQUEST_FIELDS = ((1, b":method"), (HOST, b":authority"), (3, b":path"), (5, b"user-agent"))
RESPONSE_FIELDS = ((4, b":status"), (6, b"content-type"), (7, b"server"))
GRPC_FIELDS = ((1, "service"), (2, "method"), (3, "status"), (4, "message"))  # fact keys of grpc.pyx


class HttpFacts:
    """Of one connection."""

    def __init__(self, app: str, version: str, flow: Event, show_secrets: bool) -> None:
        self.app = app
        self._version = version
        self._where = (flow.engine, flow.row, flow.key)
        self._show_secrets = show_secrets
        self._count = 0
        self._first = -1
        self._told: set[tuple[int, str]] = set()
        self._different: dict[int, set[bytes]] = {METHODS: set(), STATUSES: set()}
        self._slowest = -1

    def name(self, app: str) -> None:
        name(*self._where, app, 100)

    def report(self, event: Event, transaction: Transaction) -> Event:
        """The http event of a transaction that is over."""
        self._count += 1
        self.keep(self.app, COUNT, self._count.to_bytes(8, sys.byteorder), True)
        if transaction.is_grpc:
            self._learn_grpc(transaction)
        self._learn_all(transaction)
        began = transaction.request.first_ns or transaction.response.first_ns or event.time_ns
        record = transaction.record(self._version, self._show_secrets)
        return event._replace(kind="http", payload=record, time_ns=began)

    def learn(self, stream: int, transaction: Transaction, is_request: bool) -> None:
        """The heads of the first transaction are the flow's fields."""
        if self._first < 0:
            self._first = stream
        if is_request and transaction.is_grpc:
            self.name("grpc")
        message = transaction.request if is_request else transaction.response
        if stream != self._first or message.trailers or message.value(b":status")[:1] == b"1":
            return
        for key, field in REQUEST_FIELDS if is_request else RESPONSE_FIELDS:
            value = transaction.host if key == HOST else message.value(field)
            if value:
                self.keep(self.app, key, value[:256])

    def _learn_all(self, transaction: Transaction) -> None:
        """What is said of all transactions together."""
        for key, value in ((METHODS, transaction.request.value(b":method")),
                           (STATUSES, transaction.response.value(b":status"))):
            known = self._different[key]
            if value and value not in known and len(known) < MAX_DIFFERENT:
                known.add(value)
                self.keep(self.app, key, value[:256])
        wait = transaction.wait_ns
        if wait is not None and wait > self._slowest:
            self._slowest = wait
            self.keep(self.app, LATENCY, wait.to_bytes(8, sys.byteorder), True)

    def _learn_grpc(self, transaction: Transaction) -> None:
        found = transaction.grpc()
        self.name("grpc")
        for key, word in GRPC_FIELDS:
            if word in found and (key, found[word]) not in self._told and len(self._told) < MAX_TOLD:
                self._told.add((key, found[word]))
                self.keep("grpc", key, found[word].encode()[:256])

    def keep(self, app: str, key: int, value: bytes, replace: bool = False) -> None:
        learn(*self._where, app, key, value, replace)
