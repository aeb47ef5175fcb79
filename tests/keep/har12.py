"""HTTP archives as version 1.2 of the format says, to the letter: every object has what it must, nothing else, of the
right type (the specification of J. Odvarko, as the W3C's Web Performance group published it in 2012)."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

TEXT, NUMBER, LIST, OBJECT = str, (int, float), list, dict
MUST: dict[str, dict[str, Any]] = {
    "log": {"version": TEXT, "creator": OBJECT, "entries": LIST},
    "creator": {"name": TEXT, "version": TEXT},
    "entry": {"startedDateTime": TEXT, "time": NUMBER, "request": OBJECT, "response": OBJECT, "cache": OBJECT,
              "timings": OBJECT},
    "request": {"method": TEXT, "url": TEXT, "httpVersion": TEXT, "cookies": LIST, "headers": LIST,
                "queryString": LIST, "headersSize": int, "bodySize": int},
    "response": {"status": int, "statusText": TEXT, "httpVersion": TEXT, "cookies": LIST, "headers": LIST,
                 "content": OBJECT, "redirectURL": TEXT, "headersSize": int, "bodySize": int},
    "pair": {"name": TEXT, "value": TEXT},
    "postData": {"mimeType": TEXT, "params": LIST, "text": TEXT},
    "content": {"size": int, "mimeType": TEXT},
    "timings": {"send": NUMBER, "wait": NUMBER, "receive": NUMBER},
    "cache": {},
}
MAY: dict[str, dict[str, Any]] = {
    "log": {"browser": OBJECT, "pages": LIST}, "entry": {"pageref": TEXT, "serverIPAddress": TEXT, "connection": TEXT},
    "request": {"postData": OBJECT}, "content": {"compression": int, "text": TEXT, "encoding": TEXT},
    "timings": {"blocked": NUMBER, "dns": NUMBER, "connect": NUMBER, "ssl": NUMBER},
}


def assert_har(document: dict[str, Any]) -> None:
    """The whole of it. AssertionError names the object."""
    assert set(document) == {"log"}
    log = _sound("log", document["log"])
    assert log["version"] == "1.2" and _sound("creator", log["creator"])["name"]
    times = [_entry(entry) for entry in log["entries"]]
    assert times == sorted(times)


def _sound(kind: str, found: Any) -> dict[str, Any]:
    assert isinstance(found, dict), kind
    may = MUST[kind] | MAY.get(kind, {}) | {"comment": TEXT}
    assert not (missing := MUST[kind].keys() - found.keys()), (kind, missing)
    for name, value in found.items():
        if not name.startswith("_"):  # what starts so is anybody's own
            assert name in may, (kind, name)
            assert isinstance(value, may[name]) and not isinstance(value, bool), (kind, name, value)
    return found


def _entry(found: Any) -> datetime:
    entry = _sound("entry", found)
    began = datetime.fromisoformat(entry["startedDateTime"])
    assert began.tzinfo is not None and entry["time"] >= 0
    timings = _sound("timings", entry["timings"])
    assert all(timings[name] >= 0 for name in MUST["timings"])
    parts = [value for name, value in timings.items() if name != "comment" and value >= 0]
    assert abs(entry["time"] - sum(parts)) < 0.001
    _sound("cache", entry["cache"])
    request, response = _sound("request", entry["request"]), _sound("response", entry["response"])
    url = urlsplit(request["url"])
    assert url.scheme in ("http", "https") and url.hostname and "\n" not in request["url"]
    for side in (request, response):
        assert side["headersSize"] >= -1 and side["bodySize"] >= -1
        for pair in (*side["headers"], *side.get("queryString", ())):
            _sound("pair", pair)
    if "postData" in request:
        _sound("postData", request["postData"])
    content = _sound("content", response["content"])
    assert content["size"] >= -1
    if "text" in content:
        text = content["text"]
        size = len(base64.b64decode(text, validate=True) if content.get("encoding") == "base64" else text.encode())
        assert size == content["size"]
    return began
