"""Weak TLS: a version before 1.2 (RFC 8996), or a cipher suite that encrypts nothing, or next to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch._fast.proto.tls.names import CIPHERS, VERSIONS
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import end_text, facts_of, only, said

if TYPE_CHECKING:
    from netwatch._fast.notice.cardinality import Crowds
    from netwatch._fast.notice.crowd import Crowd

OLD = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1")
WEAK = ("NULL", "EXPORT", "anon", "RC4", "RC2", "DES_CBC", "3DES", "IDEA", "DES40")  # parts of names of suites


class WeakTls(Detector):
    name = "weak_tls"
    about = "Tell of TLS before 1.2, and of cipher suites that protect nothing."
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        self._facts = version, cipher = facts_of("tls", "version", "cipher")
        weak = (*version, frozenset(n for n, name in VERSIONS.items() if name in OLD)), (
            *cipher, frozenset(n for n, name in CIPHERS.items() if is_weak(name)))
        return [Many(("told",), ("facts",), ("dst", "dport"), 1, 86400, facts=self._facts, bound=4096, numbers=weak)]

    def take(self, notice: Notice) -> None:
        table, crowd, facts = notice.more
        found = said(only(facts, self._facts), notice.app).get("tls", {})
        version, cipher = str(found.get("version", "")), str(found.get("cipher", ""))
        why = [f"version {version}"] if version in OLD else []
        why += [f"cipher suite {cipher}"] if is_weak(cipher) else []
        if why and notice.dst not in self.allowed:
            self.alarm(self, notice, (table, version, cipher, " and ".join(why)), crowd)

    def describe(self, about: tuple[Crowds, str, str, str], episode: Crowd) -> Told:
        table, version, cipher, why = about
        servers = [(text_of(thing["dst"]), thing["dport"]) for thing in table.things(episode)]
        dst, dport = servers[0]
        others = f" and {episode.distinct - 1} others" if episode.distinct > 1 else ""
        return Told(WARNING, "Weak TLS", f"{dst} port {dport}{others} agreed on {why}",
                    {"version": version, "cipher": cipher, "flows_seen": episode.count, "servers": episode.distinct,
                     "servers_first": [end_text(*each) for each in servers]}, {"dst": dst, "dport": dport})


def is_weak(suite: str) -> bool:
    """Of the name of a cipher suite."""
    return any(part in suite for part in WEAK)
