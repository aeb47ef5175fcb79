"""Conversations of POP3, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (1, b"+OK POP3 ready <1.2@example.org>\r\n"),
            (0, b"USER fred\r\n"),
            (1, b"+OK\r\n"),
            (0, b"PASS s3 cret\r\n"),
            (1, b"+OK 2 messages\r\n"),
            (0, b"LIST\r\n"),
            (1, b"+OK\r\n1 10\r\n.\r\n"),
            (0, b"retr 1\r\nQUIT\r\n"),
        ],
        4,
        0,
        {
            "banner": "POP3 ready <1.2@example.org>",
            "commands": ["USER", "PASS", "LIST", "RETR", "QUIT"],
            "user": "fred",
            "password": "***",
        },
        "POP3 fred",
    ),
    (
        [
            (1, b"+OK lavad\r\n"),
            (0, b"STLS\r\n"),
            (1, b"+OK go\r\n"),
        ],
        3,
        0,
        {"banner": "lavad", "commands": ["STLS"], "starttls": True},
        "POP3 lavad",
    ),
    (
        [
            (1, b"+OK x\r\n"),
            (0, b"AUTH PLAIN\r\n"),
            (1, b"+ \r\n"),
            (0, b"AGZyZWQAczNjcmV0\r\n"),
            (1, b"-ERR no\r\n"),
            (0, b"APOP jane 0123456789abcdef0123456789abcdef\r\n"),
        ],
        0,
        0,
        {"banner": "x", "commands": ["AUTH", "APOP"], "error": "no", "auth": "PLAIN", "user": "jane"},
        "POP3 jane",
    ),
]
