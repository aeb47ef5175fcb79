"""HTTP: logins by Basic, those that are refused, and what of a URL and its fields is secret."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import http3
from netwatch._fast.proto.http import text as http
from netwatch._fast.proto.http2 import text as http2


def make():
    return Probe("http")


@pytest.mark.parametrize(("given", "login"), [
    (b"YWxpY2U6b3BlbiBzZXNhbWU=", {"auth": "Basic", "user": "alice", "password": "open sesame"}),
    (b"YWxpY2U6b3BlbiBzZXNhbWU", {"auth": "Basic", "user": "alice", "password": "open sesame"}),
    (b"OnB3", {"auth": "Basic", "password": "pw"}),
    (b"YWxpY2U=", None), (b"A", None), (b"", None), (b"\xff\x1b[2J:", None), (b"=" * 300, None),
])
def test_logins_by_basic(given, login):
    """The password is masked unless asked for."""
    turns = [(0, b"GET / HTTP/1.1\r\nAuthorization: basic " + given + b"\r\n\r\n"),
             (1, b"HTTP/1.1 204 X\r\n\r\n")]
    facts = same_however_cut(make, turns)["facts"]
    assert http.describe(facts, True).get("login") == login
    assert http.describe(facts).get("login") == (login and login | {"password": "***"})


def test_credentials_that_are_refused_are_counted():
    """Different ones; what is sent again at once is one, and what is not refused is none."""
    turns = []
    for given, status in ((b"YTox", 401), (b"YTox", 401), (b"YToy", 407), (b"YToz", 200), (b"YTo0", 401)):
        turns += [(0, b"GET / HTTP/1.1\r\nProxy-Authorization: Basic " + given + b"\r\n\r\n"),
                  (1, b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)]
    turns += [(0, b"GET / HTTP/1.1\r\n\r\n"), (1, b"HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n")]
    assert http.describe(same_however_cut(make, turns)["facts"])["login"]["denied"] == 3


@pytest.mark.parametrize(("target", "masked"), [
    ("/a?token=s3&b=1", "/a?token=***&b=1"), ("/cb?state=1&CODE=s3#x", "/cb?state=1&CODE=***#x"),
    ("/#access_token=s3", "/#access_token=***"),
    ("http://u:p@h/?api_key=s3;apikey=s3", "http://***@h/?api_key=***;apikey=***"),
    ("/?tokens=1&barcode=2&password=", "/?tokens=1&barcode=2&password="), ("/token=1", "/token=1")])
def test_what_a_query_calls_a_secret_is_masked(target: str, masked: str):
    head = f"GET {target} HTTP/1.1\r\nX-Api-Key: s3\r\nReferer: http://u:p@h{target}\r\n\r\n".encode()
    result = same_however_cut(make, [(0, head), (1, b"HTTP/1.1 204 x\r\n\r\n")])
    event = result["events"][0][4]
    hidden, shown = http.record(event), http.record(event, show_secrets=True)
    assert hidden["path"] == http.describe(result["facts"])["path"] == masked and shown["path"] == target
    assert hidden["request_headers"]["x-api-key"] == "***" and "s3" not in str(hidden)
    for later in (http2, http3):
        assert later.describe([(http2.FIELDS[2][1], target.encode())])["path"] == masked
