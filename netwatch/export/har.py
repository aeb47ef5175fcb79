"""Exchanges of HTTP as others write them: HAR 1.2, and commands of curl.

HAR is as Jan Odvarko's specification of version 1.2 has it. What was masked in the record is masked here too.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl

from netwatch.export.bodies import Content
from netwatch.export.web import Exchange
from netwatch.model.record import Record

PORTS = {"http": 80, "https": 443}
VERSIONS = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2: what a method or a field's name may be
CURLS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})  # its own affair
ADDED = ("User-Agent", "Accept")  # fields that it adds where none is named
NO_TIME = "1970-01-01T00:00:00.000Z"
QUERY_MOST = 1000


class Place(NamedTuple):
    """Of an exchange: whether it was encrypted, the server's address and port, its flow."""

    secure: bool
    address: str
    port: int | None
    flow: int


def har(entries: Iterable[tuple[Exchange, Place]], version: str) -> Record:
    """A whole document, in order of time."""
    made = sorted((entry(*each) for each in entries), key=lambda each: (each["startedDateTime"], each["connection"]))
    return {"log": {"version": "1.2", "creator": {"name": "netwatch", "version": version}, "pages": [],
                    "entries": made}}


def entry(exchange: Exchange, place: Place) -> Record:
    """One of the entries. The format wants a time also where the capture has none."""
    record = exchange.record
    wait = record["latency_us"] / 1000 if "latency_us" in record else -1
    found: Record = {
        "startedDateTime": record.get("time", NO_TIME), "time": max(wait, 0), "request": _request(exchange, place),
        "response": _response(exchange), "cache": {}, "connection": str(place.flow),
        "timings": {"send": 0, "wait": max(wait, 0), "receive": 0,
                    "comment": "not measured: send, receive" + (", wait" if wait < 0 else "")}}
    if "time" not in record:
        found["comment"] = "the capture does not say when"
    return found | ({"serverIPAddress": place.address} if place.address else {})


def url(record: Record, place: Place) -> str:
    """Of the request."""
    scheme = "https" if place.secure else "http"
    path = str(record.get("path_full", record.get("path", "/")))
    if re.match(r"https?://", path):
        return path
    host = str(record.get("host", "")) or (f"[{place.address}]" if ":" in place.address else place.address)
    named = re.search(r":\d+$", host)
    port = "" if named or place.port in (None, PORTS[scheme]) else f":{place.port}"
    return f"{scheme}://{host}{port}{path if path.startswith('/') else '/' + path if path != '*' else '/'}"


def _request(exchange: Exchange, place: Place) -> Record:
    record, address = exchange.record, url(exchange.record, place)
    headers = list(fields(record.get("request_headers", {})))
    query = address.partition("#")[0].partition("?")[2]
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)[:QUERY_MOST]
    found: Record = {
        "method": record.get("method", ""), "url": address, "httpVersion": VERSIONS.get(record["version"], ""),
        "cookies": [], "headers": [{"name": name, "value": value} for name, value in headers],
        "queryString": [{"name": name, "value": value} for name, value in pairs], "headersSize": -1,
        "bodySize": record.get("request_bytes", -1)}
    if exchange.request is not None and exchange.request.data:
        text = _text(exchange.request)
        coded = {"_encoding": text.pop("encoding")} if "encoding" in text else {}  # a word of ours: HAR has none here
        found["postData"] = {"mimeType": _value(headers, "content-type"), **text, "params": [], **coded}
    return found | _left_out(exchange, "request")


def _response(exchange: Exchange) -> Record:
    record = exchange.record
    headers = list(fields(record.get("response_headers", {})))
    content: Record = {"size": -1, "mimeType": _value(headers, "content-type")}
    if exchange.response is not None:
        content |= {"size": len(exchange.response.data), **_text(exchange.response)}
    content |= _left_out(exchange, "response")
    return {"status": record.get("status", 0), "statusText": "", "httpVersion": VERSIONS.get(record["version"], ""),
            "cookies": [], "headers": [{"name": name, "value": value} for name, value in headers], "content": content,
            "redirectURL": _value(headers, "location"), "headersSize": -1, "bodySize": record.get("response_bytes", -1)}


def _left_out(exchange: Exchange, part: str) -> Record:
    """Why a body is not here, where there was one."""
    return {"comment": f"the body is left out: {exchange.missing[part]}"} if part in exchange.missing else {}


def _text(content: Content) -> Record:
    """As text where it is some, else in base64."""
    data = bytes(content.data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"text": base64.b64encode(data).decode(), "encoding": "base64"}
    return {"text": text}


def fields(headers: Record) -> Iterator[tuple[str, str]]:
    """Name and value of each header field; one that was sent more than once comes as often."""
    for name, value in headers.items():
        for each in value if isinstance(value, list) else [value]:
            yield name, str(each)


def _value(headers: Iterable[tuple[str, str]], wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


def curl(exchange: Exchange, place: Place) -> str:
    """The command that sends the request again; "" where there is none. Nothing of it can be taken for an option, a
    file, or more than one word by the shell."""
    record = exchange.record
    method = str(record.get("method", ""))
    if not TOKEN.fullmatch(method) or method.startswith("-") or method == "CONNECT":
        return ""
    address = url(record, place)
    words = ["curl", "--globoff", *["--path-as-is"] * ("/." in address),
             *(["--head"] if method == "HEAD" else ["--request", method]), "--url", address]
    headers = list(fields(record.get("request_headers", {})))
    for name, value in headers:
        if TOKEN.fullmatch(name) and name.lower() not in CURLS:
            words += ["--header", f"{name}: {value}" if value else f"{name};"]
    data = bytes(exchange.request.data) if exchange.request is not None else b""
    said = {name.lower() for name, _ in headers}
    words += [word for name in (*ADDED, *["Content-Type"] * bool(data)) if name.lower() not in said
              for word in ("--header", f"{name}:")]
    if not data:
        return shlex.join(words)
    try:
        text = data.decode()
        if "\0" not in text and all(c.isprintable() or c in "\n\t" for c in text):
            return shlex.join([*words, "--data-raw", text])
    except UnicodeDecodeError:
        pass
    return f"printf %s {base64.b64encode(data).decode()} | base64 -d | {shlex.join([*words, '--data-binary', '@-'])}"
