"""Brute force: one source logs in to one service again and again, by connections that are over soon.

Logins by SSH, RDP, FTP, mail and the like cannot be seen to fail when they are encrypted. What counts are connections
that were closed after less than an honest session carries. SMB says of itself that a login failed,
and HTTP that it refused credentials of Basic (401, 407): different ones count, since a program that was told a wrong
password says the same again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.gather import Bounded, facts_of, said
from netwatch.model.option import Option
from netwatch.model.record import Record

if TYPE_CHECKING:
    from netwatch._fast.notice.crowds import Crowd, Crowds

LOGINS = ("ssh", "rdp", "ftp", "telnet", "pop3", "imap", "smtp", "vnc", "mysql", "postgresql", "tds", "ldap", "redis",
          "mongodb", "xmpp", "socks")
SMALL = 8192  # bytes of payload, both ways: an SSH session that is turned away has some 5 kB
FAILED_LOGIN = ("STATUS_LOGON_FAILURE", "STATUS_WRONG_PASSWORD", "STATUS_ACCOUNT_LOCKED_OUT", "STATUS_NO_SUCH_USER")
FAIL = ("SMB", "HTTP")  # say of themselves that a login failed
REMEMBERED = 2048  # clients and servers


class BruteForce(Detector):
    name = "brute_force"
    about = "Tell of many short connections of one source to one login service."
    options = (
        Option("window_s", 60, "Seconds within which they fall.", 1, 86400),
        Option("logins", 20, "Connections that were over soon, or of SMB and HTTP, logins that failed.", 3, 16000),
    )
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        least, window = of("logins"), of("window_s")
        ends, denied = ("src", "dst", "dport"), facts_of("http", "login.denied")
        self._logins: int = least
        self._web: Bounded[tuple[bytes, bytes, int], None] = Bounded(REMEMBERED)
        return [Many(("closed",), ends, ("sport",), least, window, ("tcp",), LOGINS, carried=SMALL),
                Many(("told",), ends, ("sport",), least, window, ("tcp",), ("smb",)),
                Many(("told",), ends, ("facts",), least, window, facts=denied),
                Many(("told",), (*ends, "facts"), ("sport",), 1, window, facts=denied)]

    def take(self, notice: Notice) -> None:
        table, crowd, facts = notice.more
        if notice.src in self.allowed:
            return
        found = said(facts, notice.app) if facts else {}
        denied = found.get("http", {}).get("login", {}).get("denied", 0)
        errors = found.get("smb", {}).get("errors", ())
        if denied:
            self._take_web(notice, table, crowd, denied)
        elif not facts or any(str(error) in FAILED_LOGIN for error in errors):
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
        elif service not in FAIL:
            what = f"{src} opened {episode.most} short {service} connections to {dst}"
        evidence: Record = {"connections": episode.count, "service": service.lower()}
        evidence |= {"credentials": denied} if denied else {"connections_at_most": episode.most,
                                                             "window_s": table.window_s}
        return Told(WARNING, f"{service} brute force", what if denied else f"{what} within {table.window_s} s",
                    evidence, {"src": src, "dst": dst, "dport": key["dport"]})


def _service(app: int) -> str:
    from netwatch._fast.dpi import app_names

    return (app_names()[app] or "").upper()
