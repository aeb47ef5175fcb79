"""Logins that fail, and what only looks so: a server refuses much before somebody has logged in, and lets them in."""

from __future__ import annotations

from collections.abc import Sequence

from conversation import CLIENT, SERVER, Talk
from databases import op_msg
from messages import be32
from remote_talks import smb2
from services import ME, said
from situation import Frames, at, fires

Words = Sequence[tuple[int, bytes]]
C, S = CLIENT, SERVER
MORE_TO_COME, REFUSED, ACCEPTED = 0xC0000016, 0xC000006D, 0  # NT status


def often(port: int, words: Words, first: int) -> Frames:
    """The same conversation forty times in twenty seconds."""
    return [frame for i in range(40) for frame in said(i * 0.5, first + i, port, list(words))]


def pop3(*words: tuple[int, bytes]) -> Words:
    return [(S, b"+OK POP3 ready\r\n"), *words]


CAPA = (C, b"CAPA\r\n"), (S, b"-ERR unknown command\r\n")
IMAP = b"* OK IMAP4rev1 ready\r\n"
USER = (C, b"USER bob\r\n"), (S, b"+OK\r\n")
FTP = (S, b"220 FTP\r\n"), (C, b"OPTS UTF8 ON\r\n"), (S, b"530 Please login with USER and PASS.\r\n")
FTP_USER = (C, b"USER app\r\n"), (S, b"331 password\r\n"), (C, b"PASS s\r\n")
SMTP = ((S, b"220 mx.example ESMTP\r\n"), (C, b"EHLO out.example\r\n"), (S, b"250-mx.example\r\n250 AUTH PLAIN\r\n"),
        (C, b"AUTH PLAIN AGJvYgBvbGQ=\r\n"), (S, b"535 5.7.8 refused\r\n"))


@fires("cleartext")
def a_gateway_polls_mailboxes_of_an_old_server() -> Frames:
    """It knows no CAPA, nor a mechanism that is tried before the password."""
    end = (C, b"PASS s\r\n"), (S, b"+OK 3 messages\r\n"), (C, b"STAT\r\n"), (S, b"+OK 3 320\r\n")
    scram = (C, b"AUTH SCRAM-SHA-1\r\n"), (S, b"-ERR unsupported\r\n")
    return often(110, pop3(*CAPA, *USER, *end), 50000) + often(110, pop3(*CAPA, *scram, *USER, *end), 50100)


@fires("cleartext")
def a_gateway_that_does_not_wait_for_answers() -> Frames:
    return often(110, pop3((C, b"CAPA\r\nUSER bob\r\nPASS s\r\n"),
                           (S, b"-ERR unknown command\r\n+OK\r\n+OK in\r\n")), 50200)


@fires("cleartext")
def jobs_by_ftp_that_say_what_they_want_before_they_log_in() -> Frames:
    return often(21, [*FTP, *FTP_USER, (S, b"230 in\r\n"), (C, b"PWD\r\n"), (S, b'257 "/"\r\n')], 50300)


@fires("cleartext")
def clients_whose_first_mechanism_is_refused() -> Frames:
    imap = [(S, b"* OK IMAP4rev1 ready\r\n"), (C, b"a1 AUTHENTICATE GSSAPI\r\n"), (S, b"a1 NO not here\r\n"),
            (C, b"a2 LOGIN bob s\r\n"), (S, b"a2 OK in\r\n")]
    return often(143, imap, 50400) + often(587, [*SMTP, (C, b"AUTH PLAIN AGJvYgBz\r\n"), (S, b"235 in\r\n")], 50500)


def asked_often(port: int, greeting: bytes, *words: tuple[int, bytes]) -> Frames:
    """Nobody is ever let in."""
    return often(port, [(S, greeting), *words], 55000 + 100 * (port % 7) + 10 * len(words[0][1]))


@fires()
def a_monitor_whose_mechanism_no_server_has() -> Frames:
    """It gives up: no credentials were sent."""
    imap = b"* OK IMAP4rev1 ready\r\n"
    return (asked_often(143, imap, (C, b"a1 AUTHENTICATE GSSAPI\r\n"), (S, b"a1 NO not here\r\n"))
            + asked_often(110, b"+OK POP3 ready\r\n", (C, b"AUTH GSSAPI\r\n"), (S, b"-ERR not here\r\n"))
            + asked_often(110, b"+OK POP3 ready\r\n", (C, b"AUTH CRAM-MD5\r\n"), (S, b"+ PDE+\r\n"), (C, b"*\r\n"),
                          (S, b"-ERR given up\r\n"))
            + asked_often(143, imap, (C, b"a1 AUTHENTICATE CRAM-MD5\r\n"), (S, b"+ PDE+\r\n"), (C, b"*\r\n"),
                          (S, b"a1 NO given up\r\n")))


@fires("cleartext")
def servers_that_let_nobody_in_just_now() -> Frames:
    """As they say by response codes (RFC 5530, RFC 3206)."""
    login = (C, b"a1 LOGIN bob s\r\n")
    return (asked_often(143, b"* OK ready IMAP\r\n", login, (S, b"a1 NO [UNAVAILABLE] try later\r\n"))
            + asked_often(110, b"+OK POP3 up\r\n", *USER, (C, b"PASS s\r\n"), (S, b"-ERR [SYS/TEMP] later\r\n")))


@fires("brute_force", "cleartext")
def guesses_by_mechanism() -> Frames:
    return (asked_often(143, b"* OK ready IMAP\r\n", (C, b"a1 AUTHENTICATE PLAIN\r\n"), (S, b"+\r\n"),
                        (C, b"AGJvYgBz\r\n"), (S, b"a1 NO [AUTHENTICATIONFAILED] no\r\n"))
            + asked_often(110, b"+OK POP3 up\r\n", (C, b"AUTH PLAIN AGJvYgBz\r\n"), (S, b"-ERR [AUTH] no\r\n")))


@fires("cleartext")
def programs_that_send_redis_all_at_once() -> Frames:
    """What is answered before the login says nothing of it, and the login is let in."""
    asked = b"CLIENT SETNAME a\r\nAUTH old\r\nAUTH new\r\nGET a\r\n"
    return often(6379, [(C, asked), (S, b"+OK\r\n-WRONGPASS no\r\n+OK\r\n$1\r\nx\r\n")], 56000)


@fires("brute_force", "cleartext")
def guesses_behind_another_command() -> Frames:
    """The server's OK is to the command before."""
    asked = b"CLIENT SETNAME a\r\nAUTH guess\r\n"
    return often(6379, [(C, asked), (S, b"+OK\r\n"), (S, b"-WRONGPASS no\r\n"), (C, b"CLIENT SETNAME b\r\n"),
                        (S, b"+OK\r\n")], 56200)


@fires("cleartext")
def programs_of_a_database_that_log_in() -> Frames:
    """Redis is asked for a PONG first, and lets in; MongoDB refuses what needs a login, and lets in."""
    redis = [(C, b"*1\r\n$4\r\nPING\r\n"), (S, b"-NOAUTH Authentication required.\r\n"),
             (C, b"*2\r\n$4\r\nAUTH\r\n$3\r\nold\r\n"), (S, b"-WRONGPASS invalid\r\n"),
             (C, b"*2\r\n$4\r\nAUTH\r\n$3\r\nnew\r\n"), (S, b"+OK\r\n"), (C, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"),
             (S, b"$12\r\n-WRONGPASS x\r\n")]
    done = op_msg({"conversationId": 1, "done": True, "payload": b"", "ok": 1.0}, answers=5)
    return often(6379, redis, 50600) + often(27017, [*MONGO, (C, op_msg(SASL)), (S, done)], 50700)


SASL = {"saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": b"n,,n=app,r=abcdefgh", "$db": "admin"}
WRONG = {"ok": 0.0, "errmsg": "Authentication failed.", "code": 18, "codeName": "AuthenticationFailed"}
MONGO = ((C, op_msg({"ping": 1, "$db": "admin"})),
         (S, op_msg({"ok": 0.0, "errmsg": "command ping requires authentication", "code": 13}, answers=5)),
         (C, op_msg(SASL)), (S, op_msg(WRONG, answers=5)))


@fires()
def a_desktop_tries_who_sits_there_first() -> Frames:
    """As Windows does: the share lets in who is asked for then."""
    return often(445, smb(REFUSED, ACCEPTED), 50800) + often(445, smb(ACCEPTED), 50900)


def smb(*ends: int) -> Words:
    """Each login is of two messages, as NTLM has it; their tokens are left out."""
    out = [(C, framed(smb2(0, bytes(36)))), (S, framed(smb2(0, bytes(64), reply=True)))]
    for status in ends:
        for answer in (MORE_TO_COME, status):
            out += [(C, framed(smb2(1, bytes(24)))), (S, framed(smb2(1, bytes(8), reply=True, status=answer)))]
    return out


def framed(message: bytes) -> bytes:
    return be32(len(message)) + message


@fires("cleartext")
def a_web_page_whose_users_log_in_by_ldap() -> Frames:
    """Some mistype; all are let in at last."""
    return often(389, [(C, bind(1)), (S, bound(1, 49)), (C, bind(2)), (S, bound(2, 0))], 51000)


def bind(number: int) -> bytes:
    """RFC 4511 section 4.2: version 3, a name, a password."""
    body = b"\x02\x01\x03\x04\x04cn=a\x80\x02pw"
    return bytes([0x30, len(body) + 5, 2, 1, number, 0x60, len(body)]) + body


def bound(number: int, code: int) -> bytes:
    return bytes([0x30, 12, 2, 1, number, 0x61, 7, 10, 1, code, 4, 0, 4, 0])


@fires("brute_force", "cleartext")
def passwords_of_a_mailbox_by_pop3() -> Frames:
    return often(110, pop3(*CAPA, *USER, (C, b"PASS a\r\n"), (S, b"-ERR no\r\n")), 51100)


@fires("brute_force", "cleartext")
def passwords_of_mailboxes_before_a_mechanism_that_no_server_has() -> Frames:
    """Sent at once: that no credentials were sent for the second says nothing of the first."""
    login = b"a1 LOGIN u p\r\n"
    many = b"".join(b"b%d AUTHENTICATE X\r\n" % i for i in range(20))
    pop_many = b"AUTH X\r\n" * 20
    return (asked_often(143, IMAP, (C, login + b"a2 AUTHENTICATE X\r\n"), (S, b"a1 NO failed\r\na2 NO none\r\n"))
            + often(143, [(S, IMAP), (C, login + many), (S, b"a1 NO failed\r\n")], 58000)
            + often(143, [(S, IMAP), (C, many + login), (S, b"a1 NO failed\r\n")], 58100)
            + often(110, pop3((C, b"USER u\r\nPASS p\r\nAUTH X\r\n"), (S, b"+OK\r\n-ERR bad\r\n-ERR none\r\n")), 58200)
            + often(110, pop3((C, b"NOOP\r\n" * 90 + b"PASS p\r\n" + pop_many),
                              (S, b"+OK\r\n" * 90 + b"-ERR bad\r\n" + b"-ERR none\r\n" * 20)), 58300)
            + often(110, pop3((C, pop_many + b"PASS p\r\n"), (S, b"-ERR none\r\n" * 20 + b"-ERR bad\r\n")), 58400))


@fires("brute_force")
def tokens_of_mailboxes() -> Frames:
    """Why a token is refused is said in a challenge, behind which the client gives up (RFC 7628 section 3.2.3)."""
    challenge, cancel = (S, b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"), (C, b"*\r\n")
    return (often(143, [(S, IMAP), (C, b"a1 AUTHENTICATE XOAUTH2 dXNlcj1h\r\n"), challenge, cancel,
                        (S, b"a1 NO failed\r\n")], 58500)
            + often(110, pop3((C, b"AUTH XOAUTH2\r\n"), (S, b"+ \r\n"), (C, b"dXNlcj1h\r\n"), challenge, cancel,
                              (S, b"-ERR failed\r\n")), 58600))


@fires("cleartext")
def gateways_that_send_all_logins_at_once() -> Frames:
    """The last lets them in; each answer is to its own login."""
    return (often(143, [(S, IMAP), (C, b"a1 LOGIN u p\r\na2 LOGIN u q\r\n"), (S, b"a1 NO failed\r\na2 OK in\r\n")],
                  58700)
            + often(110, pop3((C, b"USER u\r\nPASS p\r\nUSER u\r\nPASS q\r\n"),
                              (S, b"+OK\r\n-ERR bad\r\n+OK\r\n+OK in\r\n")), 58800)
            + often(110, pop3((C, b"PASS p\r\nAUTH PLAIN\r\n"), (S, b"-ERR bad\r\n+ \r\n"), (C, b"AGJvYgBz\r\n"),
                              (S, b"+OK in\r\n")), 58900))


@fires("brute_force")
def names_of_mailboxes_by_pop3() -> Frames:
    return often(110, pop3((C, b"USER bob\r\n"), (S, b"-ERR no such mailbox\r\n")), 51200)


@fires("brute_force", "cleartext")
def passwords_by_ftp() -> Frames:
    return often(21, [*FTP, *FTP_USER, (S, b"530 Login incorrect.\r\n")], 51300)


@fires("brute_force", "cleartext")
def passwords_by_smtp() -> Frames:
    return often(587, SMTP, 51400)


@fires("brute_force", "cleartext")
def passwords_of_redis() -> Frames:
    """The first command is refused for want of a login, and its text may look like what is not."""
    ask = (C, b"*1\r\n$4\r\nPING\r\n"), (S, b"-NOAUTH Authentication required.\r\n")
    wrong = (C, b"*2\r\n$4\r\nAUTH\r\n$4\r\np001\r\n"), (S, b"-WRONGPASS invalid username-password pair\r\n")
    return often(6379, [*ask, *wrong], 51500)


@fires("brute_force", "cleartext")
def passwords_of_redis_all_at_once() -> Frames:
    ask = b"*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nAUTH\r\n$4\r\np001\r\n"
    return often(6379, [(C, ask), (S, b"-NOAUTH Authentication required.\r\n-WRONGPASS invalid\r\n")], 51600)


WRONGPASS = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
GUESS = (C, b"*2\r\n$4\r\nAUTH\r\n$3\r\npw1\r\n"), (S, WRONGPASS)
SUBSCRIBE = b"*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n"
SUBSCRIBED = b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"


@fires("brute_force", "cleartext")
def passwords_of_redis_on_connections_that_are_open() -> Frames:
    """The first that is seen is an answer, to what was asked before."""
    frames: Frames = []
    for i in range(40):
        talk = Talk(57000 + i, 6379, start=at(i * 0.5), src=ME)
        talk.say(S, b"-NOAUTH Authentication required.\r\n")
        for side, text in GUESS * 3:
            talk.say(side, text)
        frames += talk.fin(C).fin(S).ack(C).frames
    return frames


@fires("brute_force", "cleartext")
def passwords_of_redis_behind_a_command_with_two_answers() -> Frames:
    return often(6379, [(C, SUBSCRIBE), (S, SUBSCRIBED), *GUESS * 3], 57100)


@fires("brute_force", "cleartext")
def passwords_of_redis_with_a_command_that_has_two_answers() -> Frames:
    return often(6379, [(C, SUBSCRIBE + GUESS[0][1]), (S, SUBSCRIBED + WRONGPASS)], 57200)


@fires("brute_force", "cleartext")
def passwords_of_redis_behind_a_command_without_an_answer() -> Frames:
    skip = (C, b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n"), (C, b"*1\r\n$4\r\nPING\r\n")
    return often(6379, [*skip, *GUESS], 57300)


@fires("brute_force", "cleartext")
def passwords_of_redis_before_what_it_says_unasked() -> Frames:
    """RESP 3 pushes are no answers, nor are attributes, nor is what has the number of a login and not its form."""
    push = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nx\r\n"
    return (often(6379, [GUESS[0], (S, WRONGPASS + push)], 57400)
            + often(6379, [GUESS[0], (S, b"|1\r\n+ttl\r\n:1\r\n" + WRONGPASS + push)], 57500)
            + often(6379, [GUESS[0], (S, WRONGPASS + b":1\r\n")], 57600))


@fires("cleartext")
def programs_of_redis_that_subscribe_once_they_are_let_in() -> Frames:
    """What came before the command with two answers stands where it was asked."""
    asked = b"AUTH old\r\nAUTH new\r\n" + SUBSCRIBE
    hello = b"HELLO 3 AUTH u old\r\nHELLO 3 AUTH u new\r\n"
    return (often(6379, [(C, asked), (S, WRONGPASS + b"+OK\r\n" + SUBSCRIBED)], 57700)
            + often(6379, [(C, hello), (S, WRONGPASS + b"|1\r\n+a\r\n:1\r\n%1\r\n+proto\r\n:3\r\n")], 57800))


@fires("brute_force")
def passwords_of_mongodb() -> Frames:
    """What came before was refused as well, with another code."""
    return often(27017, MONGO, 51700)


@fires("brute_force")
def passwords_by_smb() -> Frames:
    return often(445, smb(REFUSED), 51800)


@fires("brute_force", "cleartext")
def passwords_by_ldap() -> Frames:
    return often(389, [(C, bind(1)), (S, bound(1, 49))], 51900)
