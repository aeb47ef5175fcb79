"""Brute force: one source fails to log in to one service, by many connections.

FTP, mail, databases, LDAP, VNC and SMB say of themselves that a login failed, and what they let in never counts:
programs open a connection for each question and each mail. Of several logins of a connection the last counts, and what
else a server refuses says nothing of credentials. Of SSH, RDP and telnet nobody can see it: what counts are
connections in which a login was tried and that were closed after less than any session carries. A session of SSH that
does no more than run `true` has 2,000 bytes and more behind its keys, six wrong passwords have less than 1,500. HTTP
says that it refused credentials of Basic (401, 407): different ones count, since a program that was told a wrong
password says the same again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch._fast.out.protocols import LOGIN_FAILED
from netwatch._fast.proto.ssh import IN_CLEAR
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.episodes import Bounded, bound_of, facts_of, said
from netwatch.model.option import Option
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.notice.cardinality import Crowds
    from netwatch._fast.notice.crowd import Crowd

SEALED = 1536  # bytes of payload behind the keys of SSH, both ways
SMALL = {"rdp": 8192, "telnet": 1024}  # bytes of payload, both ways
TRIED = {"rdp": 400, "telnet": 8}  # bytes of the client, at least: a login was begun, and not only a health check
SILENT = ("SSH", "RDP", "TELNET")  # do not say that a login failed
REMEMBERED = 2048  # clients and servers; connections of a table


class BruteForce(Detector):
    name = "brute_force"
    about = "Tell of many logins of one source to one service that fail, or of SSH, RDP and telnet that are over soon."
    options = (
        Option("window_s", 60, "Seconds within which they fall.", 1, 86400),
        Option("logins", 20, "Connections in which a login failed, or was over soon.", 3, 16000),
        Option("slow_window_s", 3600, "The same slowly, in seconds: of what says that a login failed, and of SSH.", 60,
               86400),
        Option("slow_logins", 60, "Connections in which one failed, slowly.", 3, 16000),
    )
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        least, window = of("logins"), of("window_s")
        self._told: Bounded[tuple[object, ...], Crowd] = Bounded(REMEMBERED)
        ends, denied = ("src", "dst", "dport"), facts_of("http", "login.denied")
        fails, bound = tuple(LOGIN_FAILED), bound_of(least, REMEMBERED)
        self._logins: int = least
        self._web: Bounded[tuple[bytes, bytes, int], None] = Bounded(REMEMBERED)
        tables = [Many(("closed",), ends, ("sport",), least, window, ("tcp",), (app,), carried=most, sent=TRIED[app],
                       bound=bound) for app, most in SMALL.items()]
        for many, within in ((least, window), (of("slow_logins"), of("slow_window_s"))):
            bound = bound_of(many, REMEMBERED)
            tables += [
                Many(("closed",), ends, ("sport",), many, within, ("tcp",), ("ssh",), carried=SEALED,
                     facts=(("ssh", IN_CLEAR),), clear=("ssh", IN_CLEAR), bound=bound),
                Many(("told",), ends, ("sport",), many, within, ("tcp",), tuple(sorted({app for app, *_ in fails})),
                     begins=fails, bound=bound),
                Many(("told",), ends, ("facts",), many, within, facts=denied, bound=bound)]
        return [*tables, Many(("told",), (*ends, "facts"), ("sport",), 1, window, facts=denied, bound=bound)]

    def take(self, notice: Notice) -> None:
        table, crowd, facts = notice.more
        if notice.src in self.allowed:
            return
        found = said(facts, notice.app) if facts else {}
        denied = found.get("http", {}).get("login", {}).get("denied", 0)
        if denied:
            self._take_web(notice, table, crowd, denied)
        elif (before := self._told.get(ends := (notice.src, notice.dst, notice.dport, notice.app))) is None or (
                before.last < crowd.first):  # what is quick is slow as well, and told once
            self._told[ends] = crowd
            self.alarm(self, notice, (table, _service(notice.app), 0), crowd)

    def _take_web(self, notice: Notice, table: Crowds, crowd: Crowd, denied: int) -> None:
        """So many connections with other credentials each, or one with as many."""
        ends = (notice.src, notice.dst, notice.dport)
        many = "sport" not in table.things(crowd)[0]
        if ends not in self._web and (many or denied >= self._logins):
            self._web[ends] = None
            self.alarm(self, notice, (table, "HTTP", 0 if many else denied), crowd)

    def describe(self, about: tuple[Crowds, str, int], episode: Crowd) -> Told:
        table, service, denied = about
        key = table.key(episode)
        src, dst = text_of(key["src"]), text_of(key["dst"])
        what = f"{src} failed to log in over {episode.most} {service} connections to {dst}"
        if denied:
            what = f"{src} tried {denied} credentials in a connection by {service} to {dst}, which refused them"
        elif service in SILENT:
            what = f"{src} opened {episode.most} short {service} connections to {dst}"
        evidence: Record = {"connections": episode.count, "service": service.lower()}
        evidence |= {"credentials": denied} if denied else {"connections_at_most": episode.most,
                                                             "window_s": table.window_s}
        return Told(WARNING, f"{service} brute force", what if denied else f"{what} within {table.window_s} s",
                    evidence, {"src": src, "dst": dst, "dport": key["dport"]})


def _service(app: int) -> str:
    from netwatch._fast.dpi import app_names

    return (app_names()[app] or "").upper()
