"""HTTP/1: logins by Basic, and those that are refused."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto.http import text as http


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
