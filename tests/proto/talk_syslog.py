"""Conversations of syslog, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (0, b"<165>1 2003-10-11T22:14:15.003Z host.example.org su - ID47 - 'su root' failed\n"),
        ],
        4,
        0,
        {
            "host": "host.example.org",
            "app": "su",
            "message": "'su root' failed",
            "form": "rfc5424",
            "facility": "local4",
            "severity": "notice",
        },
        "Syslog local4.notice host.example.org su",
    ),
    (
        [
            (0, b"<34>Oct 11 22:14:15 mymachine sshd[7]: ok\n"),
        ],
        4,
        0,
        {
            "host": "mymachine",
            "app": "sshd",
            "message": "sshd[7]: ok",
            "form": "rfc3164",
            "facility": "auth",
            "severity": "crit",
        },
        "Syslog auth.crit mymachine sshd",
    ),
    (
        [
            (0, b"48 <34>Oct  1 22:14:15 mymachine sshd[7]: ok to meexxxxxxxxx"),
        ],
        4,
        0,
        {
            "host": "mymachine",
            "app": "sshd",
            "message": "sshd[7]: ok to mee",
            "form": "rfc3164",
            "facility": "auth",
            "severity": "crit",
        },
        "Syslog auth.crit mymachine sshd",
    ),
]
