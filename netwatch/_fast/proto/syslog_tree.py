"""Fields of syslog's messages, RFC 5424 section 6 and RFC 3164 section 4."""

from __future__ import annotations

from netwatch._fast.proto.common.layout import Layout, Lines, texty

TREE = Layout(
    "syslog",
    "syslog",
    (
        Lines(
            "syslog.line",
            (
                (
                    rb"(?:\d+ )?<(\d{1,3})>(\d) (\S+) (\S+) (\S+) (\S+) (\S+) (.*)",
                    (
                        ("syslog.pri", "Priority"),
                        ("syslog.version", "Version"),
                        ("syslog.timestamp", "Time"),
                        ("syslog.hostname", "Host"),
                        ("syslog.appname", "Program"),
                        ("syslog.procid", "Process"),
                        ("syslog.msgid", "Message id"),
                        ("syslog.msg", "Message"),
                    ),
                ),
                (rb"(?:\d+ )?<(\d{1,3})>(.*)", (("syslog.pri", "Priority"), ("syslog.msg", "Message"))),
            ),
        ),
    ),
    "{line}",
    texty,
)
