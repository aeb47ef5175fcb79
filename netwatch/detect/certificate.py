"""Certificates that nobody should trust: out of their time, weak in key or signature, or signed by themselves.

Looked at as they were shown, at the time of the flow. That a name does not fit, or that nobody knows the issuer, is not
judged: a listener does not know whom the client trusts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, INFO, SECOND, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import end_text, facts_of, is_near

if TYPE_CHECKING:
    from netwatch._fast.notice.cardinality import Crowds
    from netwatch._fast.notice.crowd import Crowd
    from netwatch._fast.proto.tls.der import Certificate as Read

SEQUENCE = b"\x30"  # what every certificate begins with, X.690 section 8.9
WEAK_HASHES = ("MD2", "MD5", "SHA1")
RSA_LEAST, EC_LEAST = 2048, 224  # bits; NIST SP 800-131A Rev. 2, table 2


class Judged(NamedTuple):
    """What of a certificate matters here; times in ns since 1970."""

    subject: str
    issuer: str
    not_before: int
    not_after: int
    weak: str  # "" or in what


class Certificate(Detector):
    name = "certificate"
    about = "Tell of certificates that are expired, not yet valid, weak, or signed by themselves."
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        return [Many(("told",), ("facts",), ("dst", "dport"), 1, 86400,
                     facts=facts_of("tls", "cert.sha256"), bound=4096)]

    def take(self, notice: Notice) -> None:
        table, crowd, facts = notice.more
        found = _judged(facts)
        if found is None or notice.dst in self.allowed:
            return
        for what, severity, text in _faults(found, notice.time_ns, is_near(notice.dst)):
            self.alarm(self, notice, (table, found, what, severity, text), crowd)

    def describe(self, about: tuple[Crowds, Judged, str, str, str], episode: Crowd) -> Told:
        table, found, what, severity, text = about
        servers = [(text_of(thing["dst"]), thing["dport"]) for thing in table.things(episode)]
        dst, dport = servers[0]
        others = f" and {episode.distinct - 1} others" if episode.distinct > 1 else ""
        return Told(severity, what, f"{dst} port {dport}{others} showed a certificate that {text}: {found.subject}",
                    {"subject": found.subject, "issuer": found.issuer, "flows_seen": episode.count,
                     "servers": episode.distinct, "servers_first": [end_text(*each) for each in servers]},
                    {"dst": dst, "dport": dport})


def _faults(found: Judged, now: int, near: bool) -> list[tuple[str, str, str]]:
    """(title, severity, what of it) of each."""
    faults = []
    if now > found.not_after:
        days = (now - found.not_after) // (86400 * SECOND)
        faults.append(("Expired certificate", WARNING, f"had been expired for {days} days"))
    elif now < found.not_before:
        faults.append(("Certificate not yet valid", WARNING, "was not valid yet"))
    if found.weak:
        faults.append(("Weak certificate", WARNING, f"has {found.weak}"))
    if found.subject == found.issuer:
        faults.append(("Self-signed certificate", INFO if near else WARNING, "is signed by itself"))
    return faults


@lru_cache(64)
def _judged(facts: bytes) -> Judged | None:
    """The server's certificate among these facts; None when it cannot be read."""
    from netwatch._fast.flow.content import facts_list
    from netwatch._fast.proto.tls.cert import name_text, read_cert

    (_, cert_key), = facts_of("tls", "cert.sha256")
    cert = read_cert(next(value for _, key, value in facts_list(facts) if key == cert_key and value[:1] == SEQUENCE))
    if cert is None or cert.not_before is None or cert.not_after is None:
        return None
    since, until = (round(when.timestamp()) * SECOND for when in (cert.not_before, cert.not_after))
    return Judged(name_text(cert.subject), name_text(cert.issuer), since, until, _weakness(cert))


def _weakness(cert: Read) -> str:
    """Of a certificate that its own key signs the signature says nothing."""
    if cert.signed in WEAK_HASHES and cert.issuer != cert.subject:
        return f"a signature by {cert.signed}"
    if cert.key is None:
        return ""
    kind, bits = cert.key.kind, cert.key.bits
    if kind == "EC":
        return f"an EC key of {bits} bits" if bits < EC_LEAST else ""
    return f"a key of {bits} bits" if kind in ("RSA", "DSA") and bits < RSA_LEAST else ""
