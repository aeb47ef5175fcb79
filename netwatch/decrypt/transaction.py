"""One request and its response as HTTP/2 and HTTP/3 have them: header lists, content, times; and its http record.

The record's keys are those of HTTP/1 (CONTRACT section 3). Pseudo-header fields are RFC 9113 section 8.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from netwatch._fast.base.text import clean
from netwatch._fast.proto.grpc import status_name
from netwatch._fast.proto.http.text import MAX_PATH, mask_field, mask_url
from netwatch.decrypt.bodies import Body
from netwatch.decrypt.budget import FIELDS_MOST, Fields, cost
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch.decrypt.budget import Room

MIN_DNS, MAX_DNS = 12, 65536  # bytes of a DNS message, RFC 1035 sections 4.1.1 and 4.2.2
MAX_VALUE = 8192  # characters of a field's value
TRANSACTION_COST = 1000  # bytes without any field


def head_text(fields: Fields, version: str) -> bytes:
    """A list of header fields as HTTP/1 writes it: what asks or answers in the first line, then a field a line."""
    said = {name: value for name, value in fields[:FIELDS_MOST] if name.startswith(b":")}
    lines = []
    if b":method" in said:
        lines.append(b" ".join((said[b":method"], said.get(b":path", said.get(b":authority", b"")), version.encode())))
        lines += [b"host: " + said[b":authority"]] if b":authority" in said else []
    elif b":status" in said:
        lines.append(version.encode() + b" " + said[b":status"])
    lines += [name + b": " + value for name, value in fields[:FIELDS_MOST] if not name.startswith(b":")]
    return b"".join(line.replace(b"\r", b" ").replace(b"\n", b" ") + b"\r\n" for line in (*lines, b""))


class Message:
    """A request or a response on its way."""

    def __init__(self) -> None:
        self.fields: Fields = []
        self.trailers: Fields = []
        self.held = 0  # bytes that the fields and the DNS message are
        self.is_dns = False  # RFC 8484 section 6
        self.is_grpc = False
        self.size = 0  # bytes of content as transferred
        self.sized = False  # ... and these are all: its head came, and nothing of it was lost since
        self.first_ns = 0
        self.last_ns = 0
        self.ended = False
        self.elsewhere = False  # its head and content stand in a record of HTTP/1
        self.raw = b""  # the content of a DNS message
        self._body: Body | None = None

    def head(self, fields: Fields, ns: int) -> None:
        """A list of header fields: the head, or what follows the content."""
        fields = fields[:FIELDS_MOST]
        if self.fields and self.value(b":status")[:1] != b"1":  # an interim response gives way (RFC 9110 section 15.2)
            self.trailers = fields
        else:
            self.first_ns = self.first_ns or ns
            self.fields = fields
            self.sized = any(name in (b":method", b":status") for name, _ in fields)
            kind = self.value(b"content-type")
            self.is_dns, self.is_grpc = kind == b"application/dns-message", kind.startswith(b"application/grpc")
        self.held = cost(self.fields) + cost(self.trailers) + len(self.raw)
        self.last_ns = ns

    def content(self, data: bytes, size: int, ns: int, room: Room | None) -> bytes:
        """Bytes of content, `size` of them on the wire; where there is `room` for it, what they say once the coding is
        undone."""
        self.first_ns = self.first_ns or ns
        self.last_ns = ns
        self.size += size
        if self.is_dns and len(self.raw) < MAX_DNS:
            self.raw += data
            self.held += len(data)
        if room is None:
            return b""
        if self._body is None:
            coding = "" if self.is_grpc else self.value(b"content-encoding").decode("latin-1")
            self._body = Body(coding)
        return self._body.feed(data, room)

    def lose(self, sized: bool) -> None:
        """Bytes of its content are not there, and with them no message of DNS; `sized`: how many is counted."""
        self.sized &= sized
        self.held -= len(self.raw)
        self.raw, self.is_dns = b"", False

    def value(self, name: bytes) -> bytes:
        """The first value of a field, b"" when it is not there."""
        return next((value for key, value in self.fields if key == name), b"")

    @property
    def dns(self) -> bytes:
        """The DNS message it carries, b"" when it carries none."""
        return self.raw if len(self.raw) >= MIN_DNS else b""


class Transaction:
    """A stream's request and response."""

    def __init__(self) -> None:
        self.request = Message()
        self.response = Message()

    @property
    def held(self) -> int:
        """Bytes."""
        return TRANSACTION_COST + self.request.held + self.response.held

    @property
    def host(self) -> bytes:
        return self.request.value(b":authority") or self.request.value(b"host")

    @property
    def wait_ns(self) -> int | None:
        """From the end of the request to the start of the response; None where that is not known."""
        asked, answered = self.request.last_ns, self.response.first_ns
        return answered - asked if asked and answered >= asked else None

    @property
    def is_grpc(self) -> bool:
        return self.request.is_grpc or (not self.request.fields and self.response.is_grpc)

    def record(self, version: str, show_secrets: bool) -> Record:
        """The body of its http record."""
        out: Record = {"version": version}
        request, response = self.request, self.response
        if request.fields:
            path = _text(request.value(b":path"))
            path = path if show_secrets else mask_url(path)
            for name, value in (("method", _text(request.value(b":method"))), ("host", _text(self.host)),
                                ("path", path[:MAX_PATH]), ("path_full", path if len(path) > MAX_PATH else "")):
                if value:
                    out[name] = value
        status = response.value(b":status")
        if status.isdigit():
            out["status"] = int(status[:3])
        for name, message in (("request", request), ("response", response)):
            if message.fields and not message.elsewhere:
                out[f"{name}_headers"] = fields_of(message.fields + message.trailers, show_secrets)
                if message.sized:
                    out[f"{name}_bytes"] = message.size
        if self.wait_ns is not None:
            out["latency_us"] = self.wait_ns // 1000
        if self.is_grpc:
            out["grpc"] = self.grpc()
        return out

    def grpc(self) -> dict[str, str]:
        """What gRPC says in the fields of HTTP (PROTOCOL-HTTP2): service, method, status."""
        service, _, method = _text(self.request.value(b":path")).lstrip("/").rpartition("/")
        found = {"service": service, "method": method}
        for key, value in self.response.trailers or self.response.fields:
            if key == b"grpc-status":
                found["status"] = status_name(_text(value))
            elif key == b"grpc-message":
                found["message"] = _text(value)
        return {key: value for key, value in found.items() if value}


def fields_of(fields: Iterable[tuple[bytes, bytes]], show_secrets: bool) -> Record:
    """Lower-case names to values, without pseudo-header fields; a name sent more than once has a list."""
    out: Record = {}
    for raw_name, raw_value in fields:
        name = clean(raw_name.lower(), 128)
        if not name or raw_name[:1] == b":":
            continue
        value = _text(raw_value) if show_secrets else mask_field(name, _text(raw_value))
        if name not in out:
            out[name] = value
        elif isinstance(out[name], list):
            out[name].append(value)
        else:
            out[name] = [out[name], value]
    return out


def _text(value: bytes) -> str:
    shown: str = clean(value, MAX_VALUE)
    return shown
