"""Mail: SMTP by Postfix, IMAP and POP3 by Dovecot, each in clear, with STARTTLS, and within TLS from the start."""

from __future__ import annotations

import shutil

from scenarios.table import scenario
from scenarios.world import NET, SERVER, WWW, World

DOVECOT = """base_dir = {0}/run
log_path = {0}/dovecot.log
protocols = imap pop3
listen = {1}
default_internal_user = root
default_login_user = nobody
default_internal_group = root
first_valid_uid = 0
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 digest-md5
mail_location = maildir:{0}/mail
ssl = yes
ssl_cert = <{0}/server.pem
ssl_key = <{0}/server.key
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {0}/users
}}
userdb {{
  driver = static
  args = uid=0 gid=0 home={0}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
"""
LETTER = f"From: alice@lab.example\nTo: bob@lab.example\nSubject: From the lab\n\n{'A line of the letter.' * 3}\n"


def dovecot(w: World) -> None:
    w.certificates()
    w.file("users", "bob:{PLAIN}builder\n")
    for folder in ("cur", "new", "tmp"):
        (w.folder / "mail" / folder).mkdir(parents=True)
    w.file("mail/new/1.lab", LETTER)
    conf = w.file("dovecot.conf", DOVECOT.format(w.folder, SERVER))
    w.server.start("dovecot", "-F", "-c", conf, tcp=143)


def postfix(w: World) -> None:
    """Accepts mail for lab.example and drops it."""
    w.certificates()
    conf, spool = w.folder / "postfix", w.folder / "spool"
    for folder in (conf, spool, w.folder / "data"):
        folder.mkdir()
    shutil.chown(w.folder / "data", "postfix")
    w.file(
        "postfix/main.cf",
        f"compatibility_level = 3.6\nqueue_directory = {spool}\ndata_directory = {w.folder}/data\n"
        f"mail_owner = postfix\nsetgid_group = postdrop\nmyhostname = mail.lab.example\nmynetworks = {NET}.0/24\n"
        "mydestination =\nrelay_domains = lab.example\nrelay_transport = discard\ndefault_transport = discard\n"
        f"smtpd_tls_cert_file = {w.folder}/server.pem\nsmtpd_tls_key_file = {w.folder}/server.key\n"
        "smtpd_tls_security_level = may\nmaillog_file = /dev/stdout\nmaillog_file_prefixes = /dev\n"
        "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = inet:127.0.0.1:12345\n"
        "smtpd_peername_lookup = no\nalias_maps =\nalias_database =\ninet_protocols = ipv4\nbiff = no\n",
    )
    kept = "smtp inet n - n - - smtpd\nsmtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n"
    for name, kind in (
        ("pickup", "unix n - n 60 1"),
        ("cleanup", "unix n - n - 0"),
        ("qmgr", "unix n - n 300 1"),
        ("rewrite", "unix - - n - -"),
        ("bounce", "unix - - n - 0"),
        ("defer", "unix - - n - 0"),
        ("discard", "unix - - n - -"),
        ("anvil", "unix - - n - 1"),
        ("tlsmgr", "unix - - n 1000 1"),
        ("scache", "unix - - n - 1"),
        ("error", "unix - - n - -"),
        ("proxymap", "unix - - n - -"),
    ):
        program = {"rewrite": "trivial-rewrite", "defer": "bounce"}.get(name, name)
        kept += f"{name} {kind} {program}\n"
    w.file("postfix/master.cf", kept + "postlog unix-dgram n - n - 1 postlogd\n")
    auth = w.file(
        "auth.conf",
        f"base_dir = {w.folder}/run\nlog_path = {w.folder}/auth.log\nprotocols =\n"
        "default_internal_user = root\ndefault_internal_group = root\nauth_mechanisms = plain login cram-md5\n"
        f"passdb {{\n driver = passwd-file\n args = scheme=PLAIN {w.folder}/users\n}}\n"
        "userdb {\n driver = static\n args = uid=0 gid=0 home=/\n}\n"
        "service auth {\n inet_listener {\n port = 12345\n address = 127.0.0.1\n }\n}\n"
        "service anvil {\n chroot =\n}\n",
    )
    w.file("users", "alice@lab.example:{PLAIN}wonderland\n")
    act = f"dovecot -F -c {auth} & postfix -c {conf} start-fg"
    w.server.start("sh", "-c", act, tcp=25)


SWAKS = (
    "swaks",
    "--server",
    SERVER,
    "--helo",
    "client.lab.example",
    "--from",
    "alice@lab.example",
    "--to",
    "bob@lab.example",
    "--header",
    "Subject: From the lab",
    "--suppress-data",
)


@scenario("smtp", "tcp port 25", "postfix dovecot swaks")
def smtp(w: World) -> None:
    """A letter, a receiver that is refused, and logins of each kind."""
    postfix(w)
    w.client.run(*SWAKS, "--body", "A letter in clear.", "--to", "bob@lab.example,carol@lab.example")
    w.client.run(*SWAKS, "--to", "dave@elsewhere.example", "--quit-after", "RCPT", check=False)
    for kind in ("PLAIN", "LOGIN", "CRAM-MD5"):
        w.client.run(
            *SWAKS,
            "--auth",
            kind,
            "--auth-user",
            "alice@lab.example",
            "--auth-password",
            "wonderland",
            "--quit-after",
            "AUTH",
            check=False,
        )


@scenario("smtp tls", "tcp port 25 or tcp port 465", "postfix dovecot curl")
def smtp_tls(w: World) -> None:
    """STARTTLS, then TLS from the start on its own port; curl leaves the keys."""
    postfix(w)
    letter = w.file("letter", LETTER)
    words = (
        "curl",
        "-sS",
        "--cacert",
        f"{w.folder}/ca.pem",
        "--mail-from",
        "alice@lab.example",
        "--mail-rcpt",
        "bob@lab.example",
        "-u",
        "alice@lab.example:wonderland",
        "-T",
        letter,
    )
    w.client.run(*words, "--ssl-reqd", "--tls-max", "1.2", f"smtp://{WWW}/client.lab.example")
    w.client.run(*words, f"smtps://{WWW}/client.lab.example")


def fetch(w: World, *words: str) -> str:
    return w.client.run("curl", "-sS", "--cacert", f"{w.folder}/ca.pem", "-u", "bob:builder", *words, check=False)


@scenario("imap", "tcp port 143", "dovecot curl")
def imap(w: World) -> None:
    """A letter is read; logins by LOGIN, AUTHENTICATE PLAIN and CRAM-MD5, and one with a wrong password."""
    dovecot(w)
    fetch(w, f"imap://{WWW}/INBOX;MAILINDEX=1")
    fetch(w, "--login-options", "AUTH=PLAIN", f"imap://{WWW}/")
    fetch(w, "--login-options", "AUTH=CRAM-MD5", f"imap://{WWW}/INBOX?ALL")
    w.client.run(
        "sh",
        "-c",
        f"(sleep 1; printf 'a1 LOGIN bob wrong\\r\\na2 CAPABILITY\\r\\na3 LOGIN bob builder\\r\\na4 SELECT "
        f"INBOX\\r\\na5 FETCH 1 (FLAGS BODY[])\\r\\na6 IDLE\\r\\n'; sleep 4; printf 'DONE\\r\\n"
        "a7 LOGOUT\\r\\n'; sleep 1) "
        f"| socat -t 3 - TCP:{SERVER}:143",
        check=False,
    )


@scenario("imap tls", "tcp port 143 or tcp port 993", "dovecot curl")
def imap_tls(w: World) -> None:
    dovecot(w)
    fetch(w, "--ssl-reqd", "--tls-max", "1.2", f"imap://{WWW}/INBOX;MAILINDEX=1")
    fetch(w, f"imaps://{WWW}/INBOX?ALL")


@scenario("pop3", "tcp port 110", "dovecot curl")
def pop3(w: World) -> None:
    dovecot(w)
    fetch(w, "--login-options", "AUTH=PLAIN", f"pop3://{WWW}/1")
    fetch(w, "--login-options", "AUTH=CRAM-MD5", f"pop3://{WWW}/")
    w.client.run(
        "sh",
        "-c",
        "(sleep 1; for c in 'CAPA' 'USER bob' 'PASS builder' 'STAT' 'LIST' 'TOP 1 0' 'QUIT'; do "
        f"printf '%s\\r\\n' \"$c\"; sleep 0.3; done; sleep 1) | socat -t 3 - TCP:{SERVER}:110",
        check=False,
    )


@scenario("pop3 tls", "tcp port 110 or tcp port 995", "dovecot curl")
def pop3_tls(w: World) -> None:
    dovecot(w)
    fetch(w, "--ssl-reqd", "--tls-max", "1.2", f"pop3://{WWW}/1")
    fetch(w, f"pop3s://{WWW}/")
