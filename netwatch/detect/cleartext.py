"""Passwords that cross the network in clear: what a protocol's reader found to be one. They are never shown here.

The name anonymous of FTP (RFC 1635) has none that matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, Crowded, Room, facts_of, in_clear, said
from netwatch.model.record import Record

LOGINS = ("ftp", "pop3", "imap", "smtp", "telnet", "irc", "ldap", "redis", "mqtt", "amqp", "kafka", "rdp", "vnc", "smb",
          "mysql", "postgresql", "tds", "tns", "mongodb", "cassandra", "memcached", "xmpp", "socks", "rsync", "proxy")
NOBODY = ("anonymous", "ftp")
Login = tuple[bytes, bytes, int, str, str]  # client, server, its port, protocol, user
REMEMBERED = 1024  # logins


class Cleartext(Detector):
    name = "cleartext"
    about = "Tell of passwords that are sent without encryption."
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        self._known: Bounded[Login, Crowded] = Bounded(REMEMBERED)
        self._room = Room()
        super().begin(of, alarm)
        by, thing = ("src", "dst", "dport", "facts"), ("sport",)
        return [Many(("told",), by, thing, 1, 86400, apps=LOGINS, bound=2048),
                Many(("told",), by, thing, 1, 86400, facts=facts_of("http", "login.password"), bound=2048)]

    def take(self, notice: Notice) -> None:
        """A conversation that was not told of before, word by word."""
        if notice.src in self.allowed or notice.dst in self.allowed:
            return
        table, crowd, facts = notice.more
        logins = _logins(facts, notice.app)
        if not logins:
            table.pass_over(crowd)
        for app, user in logins:
            login = (notice.src, notice.dst, notice.dport, app, user)
            known = self._known.get(login)
            if known is None:
                known = self._known[login] = Crowded(self._room)
                known.add(crowd)
                self.alarm(self, notice, login, known)
            else:
                known.add(crowd)

    def describe(self, about: Login, episode: Crowded) -> Told:
        src, dst, port, app, user = text_of(about[0]), text_of(about[1]), *about[2:]
        evidence: Record = {"protocol": app, "conversations": episode.count}
        return Told(WARNING, "Password in clear",
                    f"{src} sent {dst} a password over {app}{f' for {user}' if user else ''}, without encryption",
                    evidence | ({"user": user} if user else {}), {"src": src, "dst": dst, "dport": port})


@lru_cache(64)
def _logins(facts: bytes, app: int) -> tuple[tuple[str, str], ...]:
    """(protocol, user) of each password that a flow sent in clear."""
    found = ((name, each.get("login", each)) for name, each in said(in_clear(facts), app).items()
             if isinstance(each, dict))
    return tuple((name, str(who.get("user", ""))) for name, who in found
                 if "password" in who and who.get("user") not in NOBODY)
