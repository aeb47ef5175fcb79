"""Passwords that cross the network in clear: what a protocol's reader found to be one. They are never shown here.

The name anonymous of FTP (RFC 1635) has none that matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.gather import Bounded, Gathered, begun, said

LOGINS = ("ftp", "pop3", "imap", "smtp", "telnet", "irc", "ldap", "redis", "mqtt", "amqp", "kafka", "rdp", "vnc", "smb",
          "mysql", "postgresql", "tds", "tns", "mongodb", "cassandra", "memcached", "xmpp", "socks", "rsync", "proxy")
NOBODY = ("anonymous", "ftp")
Login = tuple[bytes, bytes, int, str, str]  # client, server, its port, protocol, user
REMEMBERED = 2048  # logins


class Cleartext(Detector):
    name = "cleartext"
    about = "Tell of passwords that are sent without encryption."
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._known: Bounded[Login, Gathered] = Bounded(REMEMBERED)
        super().begin(of, alarm)
        return [Many(("told",), ("src", "dst", "dport", "facts"), ("sport",), 1, 86400, apps=LOGINS, bound=4096)]

    def take(self, notice: Notice) -> None:
        """A conversation that was not told of before, word by word."""
        if notice.src in self.allowed or notice.dst in self.allowed:
            return
        for app, found in said(notice.more[2], notice.app).items():
            if not isinstance(found, dict) or "password" not in found or found.get("user") in NOBODY:
                continue
            login = (notice.src, notice.dst, notice.dport, app, str(found.get("user", "")))
            known = self._known.get(login)
            if known is not None:
                known.add(notice)
            else:
                self._known[login] = begun(notice)
                self.alarm(self, notice, login, self._known[login])

    def describe(self, about: Login, episode: Gathered) -> Told:
        src, dst, port, app, user = text_of(about[0]), text_of(about[1]), *about[2:]
        evidence: dict[str, Any] = {"protocol": app, "conversations": episode.count}
        return Told(WARNING, "Password in clear",
                    f"{src} sent {dst} a password over {app}{f' for {user}' if user else ''}, without encryption",
                    evidence | ({"user": user} if user else {}), {"src": src, "dst": dst, "dport": port})
