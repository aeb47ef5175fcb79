"""The rules by which a flow is given to a process: times, re-used ports, namespaces, several holders, bounds."""

from __future__ import annotations

import pytest

from netwatch.model.machine import EXACT, LATE, LISTENER, PORT, SHARED, Identity, Unknown
from netwatch.platform import attribution as module
from netwatch.platform.attribution import MS, POLLED, SECOND, SILENT, TOLD, Found, Sight, Sights

A, B, ALL = b"\x0a\0\0\1", b"\x0a\0\0\2", b""
LOOP = b"\x7f\0\0\1"
TCP, UDP, ICMP = 6, 17, 1
OWN, OTHER, THIRD = 100, 200, 300
T = 1_700_000_000 * SECOND


def sight(pid: int, cookie: int, first: int = T, **more: object) -> Sight:
    fields = {"netns": OWN, "method": "ebpf", "local": A, "begin": first, "last": first, "ending": TOLD, **more}
    return Sight(Identity(pid, pid), cookie=cookie, first=first, **fields)  # type: ignore[arg-type]


def table() -> Sights:
    return Sights(OWN, {OWN: frozenset({A, LOOP}), OTHER: frozenset({B}), THIRD: frozenset({B})}.get)


def who(found: Found | Unknown) -> tuple[int, str]:
    assert isinstance(found, Found), found
    return found.sight.who.pid, found.quality


def test_a_connection() -> None:
    t = table()
    t.saw(sight(1, 11), TCP, 5000, B, 80)
    assert who(t.find(TCP, A, 5000, B, 80, T + SECOND)) == (1, EXACT)
    for other in ((UDP, A, 5000, B, 80), (TCP, A, 5001, B, 80), (TCP, A, 5000, B, 81), (TCP, A, 5000, LOOP, 80)):
        assert isinstance(t.find(*other, T), Unknown)


def test_not_before_it_was_there() -> None:
    t = table()
    t.saw(sight(1, 11), TCP, 5000, B, 80)
    assert isinstance(t.find(TCP, A, 5000, B, 80, T - 20 * MS), Unknown)


def test_last_packets_come_late_but_not_for_ever() -> None:
    t = table()
    t.saw(sight(1, 11), TCP, 5000, B, 80)
    t.closed(11, T + SECOND)
    assert who(t.find(TCP, A, 5000, B, 80, T + 30 * SECOND)) == (1, LATE)
    assert isinstance(t.find(TCP, A, 5000, B, 80, T + 62 * SECOND), Unknown)


def test_what_is_only_polled_is_never_late() -> None:
    """Between two passes the port may have been another's."""
    t = table()
    t.saw(sight(1, 11, ending=POLLED, method="sock_diag"), TCP, 5000, B, 80)
    t.closed(11, T + SECOND)
    assert isinstance(t.find(TCP, A, 5000, B, 80, T + 2 * SECOND), Unknown)


def test_a_port_used_again() -> None:
    t = table()
    t.saw(sight(1, 11), TCP, 5000, B, 80)
    t.closed(11, T + SECOND)
    t.saw(sight(2, 12, T + 3 * SECOND, begin=0), TCP, 5000, B, 80)
    assert who(t.find(TCP, A, 5000, B, 80, T + MS))[0] == 1
    assert who(t.find(TCP, A, 5000, B, 80, T + 3 * SECOND))[0] == 2


def test_a_datagram_port_used_again() -> None:
    """Nobody tells that a datagram socket is closed; that another one has its port does."""
    t = table()
    t.saw(sight(1, 11, local=ALL, ending=SILENT), UDP, 5000, ALL, 0)
    t.saw(sight(2, 12, T + SECOND, local=ALL, ending=SILENT, begin=T + SECOND - 10 * MS), UDP, 5000, ALL, 0)
    assert who(t.find(UDP, A, 5000, B, 53, T)) == (1, PORT)
    assert who(t.find(UDP, A, 5000, B, 53, T + SECOND)) == (2, PORT)
    assert who(t.find(UDP, A, 5000, B, 54, T + 900 * MS))[0] == 1


def test_a_pid_used_again() -> None:
    t = table()
    t.saw(sight(1, 11), TCP, 5000, B, 80)
    t.saw(Sight(Identity(1, 99), OWN, 12, "ebpf", A, T, T, T, ending=TOLD), TCP, 5001, B, 80)
    assert {t.find(TCP, A, port, B, 80, T).sight.who for port in (5000, 5001)} == {  # type: ignore[union-attr]
        Identity(1, 1), Identity(1, 99)}


def test_an_unconfirmed_datagram_socket_is_checked_first() -> None:
    t = table()
    t.saw(sight(1, 11, local=ALL, ending=SILENT), UDP, 5000, ALL, 0)
    found = t.find(UDP, A, 5000, B, 53, T + 10 * SECOND)
    assert isinstance(found, Unknown) and found.retry
    t.confirm(11, T + 11 * SECOND)
    assert who(t.find(UDP, A, 5000, B, 53, T + 10 * SECOND)) == (1, PORT)
    t.unconfirmed(T + 20 * SECOND)
    assert isinstance(t.find(UDP, A, 5000, B, 53, T + 20 * SECOND), Unknown)


def test_sockets_that_share_a_port_are_not_told_apart() -> None:
    t = table()
    for pid in (1, 2):
        t.saw(sight(pid, 10 + pid, local=ALL, ending=SILENT, sharing=True), UDP, 5353, ALL, 0)
    assert isinstance(t.find(UDP, A, 5353, B, 5353, T), Unknown)
    assert isinstance(t.find(UDP, b"\xe0\0\0\xfb", 5353, B, 5353, T), Unknown)


def test_a_listener_stands_for_what_was_not_seen() -> None:
    t = table()
    t.saw(sight(1, 11, local=ALL, listening=True), TCP, 80, ALL, 0)
    assert who(t.find(TCP, A, 80, B, 5000, T)) == (1, LISTENER)
    t.saw(sight(2, 12), TCP, 80, B, 5000)
    assert who(t.find(TCP, A, 80, B, 5000, T)) == (2, EXACT)
    t.saw(sight(3, 13, local=ALL, listening=True, sharing=True), TCP, 80, ALL, 0)
    assert isinstance(t.find(TCP, A, 80, B, 5001, T), Unknown)


def test_a_connected_socket_before_a_bound_one() -> None:
    t = table()
    t.saw(sight(1, 11, local=ALL), UDP, 5000, ALL, 0)
    t.saw(sight(2, 12), UDP, 5000, B, 53)
    assert who(t.find(UDP, A, 5000, B, 53, T)) == (2, EXACT)
    assert who(t.find(UDP, A, 5000, B, 54, T)) == (1, PORT)


def test_an_address_before_all_addresses() -> None:
    t = table()
    t.saw(sight(1, 11, local=ALL, sharing=True), UDP, 5000, ALL, 0)
    t.saw(sight(2, 12, sharing=True), UDP, 5000, ALL, 0)
    assert who(t.find(UDP, A, 5000, B, 53, T)) == (2, PORT)
    assert who(t.find(UDP, LOOP, 5000, LOOP, 53, T)) == (1, PORT)


def test_several_holders() -> None:
    t = table()
    t.saw(sight(1, 11), TCP, 5000, B, 80)
    t.saw(sight(2, 11, T + SECOND), TCP, 5000, B, 80)
    found = t.find(TCP, A, 5000, B, 80, T + MS)
    assert who(found) == (1, SHARED) and found.sight.others == (2,)  # type: ignore[union-attr]


def test_an_address_of_ours_is_nobody_elses() -> None:
    """Another namespace may have the same address and ports: before our own socket was met, its owner is not named."""
    t = table()
    t.saw(sight(1, 11, netns=OTHER, local=A), TCP, 5000, B, 80)
    t.saw(sight(2, 12, netns=OTHER, local=A), UDP, 53, b"", 0)
    assert isinstance(t.find(TCP, A, 5000, B, 80, T), Unknown)
    assert isinstance(t.find(UDP, A, 53, B, 5000, T), Unknown)
    t.saw(sight(3, 13, local=A), UDP, 53, b"", 0)
    found = t.find(UDP, A, 53, B, 5000, T)
    assert isinstance(found, Found) and found.sight.who.pid == 3


def test_loopback_stays_in_its_namespace() -> None:
    t = table()
    t.saw(sight(1, 11, netns=OTHER, local=LOOP), TCP, 5000, LOOP, 80)
    assert isinstance(t.find(TCP, LOOP, 5000, LOOP, 80, T), Unknown)
    t.saw(sight(2, 12, local=LOOP), TCP, 5000, LOOP, 80)
    assert who(t.find(TCP, LOOP, 5000, LOOP, 80, T))[0] == 2


def test_a_container() -> None:
    t = table()
    t.saw(sight(1, 11, netns=OTHER, local=B), TCP, 5000, A, 80)
    assert who(t.find(TCP, B, 5000, A, 80, T)) == (1, EXACT)
    t.saw(sight(2, 12, netns=OTHER, local=ALL), UDP, 53, ALL, 0)
    assert who(t.find(UDP, B, 53, A, 5000, T)) == (2, PORT)
    assert isinstance(t.find(UDP, A, 53, B, 5000, T), Unknown), "not an address of that namespace"
    t.saw(sight(3, 13, netns=THIRD, local=ALL), UDP, 53, ALL, 0)
    assert isinstance(t.find(UDP, B, 53, A, 5000, T), Unknown), "two namespaces have this address"


def test_a_port_on_somebody_elses_address_is_not_ours() -> None:
    t = table()
    t.saw(sight(1, 11, local=ALL), UDP, 53, ALL, 0)
    assert isinstance(t.find(UDP, B, 53, A, 5000, T), Unknown)


def test_raw_sockets_have_no_port() -> None:
    t = table()
    t.saw(sight(1, 11, local=ALL, ending=SILENT), ICMP, 0, ALL, 0)
    assert who(t.find(ICMP, A, 77, B, 0, T)) == (1, PORT)
    t.saw(sight(2, 12, local=ALL, ending=SILENT, sharing=True), ICMP, 0, ALL, 0)
    assert isinstance(t.find(ICMP, A, 77, B, 0, T), Unknown)
    t.saw(sight(3, 13, local=A, ending=SILENT), ICMP, 0, B, 0)
    assert who(t.find(ICMP, A, 77, B, 77, T)) == (3, EXACT)


def test_the_closed_are_forgotten() -> None:
    t = table()
    t.saw(sight(1, 11), TCP, 5000, B, 80)
    t.closed(11, T)
    t.prune(T + 59 * SECOND)
    assert len(t) == 1
    t.prune(T + 61 * SECOND)
    assert len(t) == 0 and not t.knows(11)


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KEYS", 50)
    t = table()
    for n in range(200):
        t.saw(sight(n, n + 1), TCP, n, B, 80)
        t.saw(sight(n, n + 1001, sharing=True), UDP, 53, ALL, 0)
    assert len(t) <= 52
    assert t.evicted == 200 - 50 + 200 - module.MAX_PER_KEY
    assert sum(bool(t.knows(n + 1)) for n in range(200)) == 50
    assert who(t.find(TCP, A, 199, B, 80, T + SECOND))[0] == 199


def test_what_waits_for_others() -> None:
    """Open, of our own namespace, connected to nobody; a datagram socket as long as passes meet it."""
    t = table()
    t.saw(sight(1, 11, local=ALL, listening=True), TCP, 80, b"", 0)
    t.saw(sight(2, 12, ending=SILENT), UDP, 53, b"", 0)
    t.saw(sight(3, 13, netns=OTHER, listening=True), TCP, 81, b"", 0)
    t.saw(sight(4, 14, listening=True), TCP, 82, b"", 0)
    t.closed(14, T + SECOND)
    t.saw(sight(5, 15), TCP, 5000, B, 80)
    t.saw(sight(6, 16), ICMP, 0, b"", 0)
    t.saw(sight(7, 17), TCP, 83, b"", 0)                      # bound, and does not listen yet
    assert [(proto, port, each.who.pid) for proto, port, each in t.bound(T + SECOND)] == [(UDP, 53, 2), (TCP, 80, 1)]
    assert [port for _, port, _ in t.bound(T + 60 * SECOND)] == [80]
