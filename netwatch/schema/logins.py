"""THE TABLE, the part of users and passwords of protocols that send both in clear: one line a field."""
from netwatch.schema.field import TEXT, _field

_WITH_LOGINS = ("ftp", "smtp", "imap", "pop3", "irc", "telnet", "redis", "memcached", "xmpp", "socks")
_LOGINS = tuple(field for app in _WITH_LOGINS for field in (
    _field(f"{app}.user", "flow", TEXT, "USER", 16, "User who logs in.", "login.user", privacy="name"),
    _field(f"{app}.password", "flow", TEXT, "PASSWORD", 8, "Password sent in clear.", privacy="secret")))

LOGINS = (*_LOGINS,)
