"""Brute force: one source logs in to one service again and again, by connections that are over soon.

Logins by SSH, RDP, FTP, mail and the like cannot be seen to fail when they are encrypted. What counts are connections
that were closed after less than an honest session carries. SMB says of itself that a login failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netwatch._fast.out.addresses import text_of
from netwatch.detect.contract import CROWD, WARNING, Alarm, Detector, Many, Notice, Told, Value
from netwatch.detect.gather import said
from netwatch.model.option import Option

if TYPE_CHECKING:
    from netwatch._fast.notice.crowds import Crowd, Crowds

LOGINS = ("ssh", "rdp", "ftp", "telnet", "pop3", "imap", "smtp", "vnc", "mysql", "postgresql", "tds", "ldap", "redis",
          "mongodb", "xmpp", "socks")
SMALL = 8192  # bytes of payload, both ways: an SSH session that is turned away has some 5 kB
FAILED_LOGIN = ("STATUS_LOGON_FAILURE", "STATUS_WRONG_PASSWORD", "STATUS_ACCOUNT_LOCKED_OUT", "STATUS_NO_SUCH_USER")


class BruteForce(Detector):
    name = "brute_force"
    about = "Tell of many short connections of one source to one login service."
    options = (
        Option("window_s", 60, "Seconds within which they fall.", 1, 86400),
        Option("logins", 20, "Connections that were over soon, or of SMB, logins that failed.", 3, 16000),
    )
    wants = frozenset({CROWD})

    def begin(self, of: Value, alarm: Alarm) -> Sequence[Many]:
        super().begin(of, alarm)
        least, window = of("logins"), of("window_s")
        ends = ("src", "dst", "dport")
        return [Many(("closed",), ends, ("sport",), least, window, ("tcp",), LOGINS, carried=SMALL),
                Many(("told",), ends, ("sport",), least, window, ("tcp",), ("smb",))]

    def take(self, notice: Notice) -> None:
        table, crowd, facts = notice.more
        if notice.src in self.allowed:
            return
        errors = said(facts, notice.app).get("smb", {}).get("errors", ()) if facts else ()
        if not facts or any(str(error) in FAILED_LOGIN for error in errors):
            self.alarm(self, notice, (table, notice.app), crowd)

    def describe(self, about: tuple[Crowds, int], episode: Crowd) -> Told:
        from netwatch._fast.dpi import app_names

        table, app = about
        key, service = table.key(episode), (app_names()[app] or "").upper()
        src, dst = text_of(key["src"]), text_of(key["dst"])
        what = "failed to log in over" if service == "SMB" else "opened"
        return Told(WARNING, f"{service} brute force",
                    f"{src} {what} {episode.most} short {service} connections to {dst} within {table.window_s} s",
                    {"connections": episode.count, "connections_at_most": episode.most, "window_s": table.window_s,
                     "service": service.lower()}, {"src": src, "dst": dst, "dport": key["dport"]})
