"""Conversations of rsync, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (1, b"@RSYNCD: 31.0 sha512 md5\n"),
            (0, b"@RSYNCD: 30.0\nbackup\n"),
            (1, b"Welcome\n@RSYNCD: AUTHREQD abc\n"),
            (0, b"fred hash\n"),
            (1, b"@RSYNCD: OK\n"),
        ],
        4,
        0,
        {"client": "30.0", "server": "31.0 sha512 md5", "module": "backup", "user": "fred", "answer": "OK"},
        "rsync backup",
    ),
    (
        [
            (0, b"@RSYNCD: 31.0\n#list\n"),
            (1, b"@RSYNCD: 31.0\n@ERROR: no\n"),
        ],
        4,
        0,
        {"client": "31.0", "server": "31.0", "module": "#list", "answer": "@ERROR: no"},
        "rsync #list @ERROR: no",
    ),
]
