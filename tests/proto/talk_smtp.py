"""Conversations of SMTP, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (1, b"220 mx.example.org ESMTP Postfix\r\n"),
            (0, b"EHLO laptop.example.com\r\n"),
            (1, b"250-mx.example.org\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"),
            (0, b"AUTH LOGIN\r\n"),
            (1, b"334 VXNlcm5hbWU6\r\n"),
            (0, b"ZnJlZA==\r\n"),
            (1, b"334 UGFzc3dvcmQ6\r\n"),
            (0, b"czNjcmV0\r\n"),
            (1, b"235 ok\r\n"),
            (
                0,
                (
                    b"MAIL FROM:<fred@example.com> SIZE=10\r\nRCPT TO: <jane@example.org>\r\nrcpt to:<j"
                    b"oe@example.org>\r\nDATA\r\n"
                ),
            ),
            (1, b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
            (0, b"Subject: hi\r\n\r\nMAIL FROM:<no@example.com>\r\n..\r\n. \r\n" + b"x" * 13_000 + b"\r\n.\r\n"),
            (1, b"250 queued\r\n"),
            (0, b"MAIL FROM:<jane@example.org>\r\nRCPT TO:<fred@example.com>\r\n"
                b"BDAT 27\r\nQUIT\r\nRCPT TO:<no@x>\r\n.\r\n\r\n"
                b"BDAT 6 LAST\r\nDATA\r\nRSET\r\n"),
            (1, b"250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n"),
        ],
        0,
        0,
        {
            "banner": "mx.example.org ESMTP Postfix",
            "helo": "laptop.example.com",
            "from": ["fred@example.com", "jane@example.org"],
            "to": ["jane@example.org", "joe@example.org", "fred@example.com"],
            "commands": ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET"],
            "codes": ["220", "250", "334", "235", "354"],
            "auth": "LOGIN",
            "user": "fred",
            "password": "***",
        },
        "SMTP fred@example.com > jane@example.org",
    ),
    (
        [
            (1, b"220 mx.example.org ESMTP\r\n"),
            (0, b"EHLO x\r\n"),
            (1, b"250 STARTTLS\r\n"),
            (0, b"STARTTLS\r\n"),
            (1, b"220 go\r\n"),
        ],
        3,
        0,
        {
            "banner": "mx.example.org ESMTP",
            "helo": "x",
            "commands": ["EHLO", "STARTTLS"],
            "codes": ["220", "250"],
            "starttls": True,
        },
        "SMTP x",
    ),
    (
        [
            (0, b"EHLO x\r\nAUTH PLAIN AGZyZWQAczNjcmV0\r\n"),
            (1, b"535 no\r\n"),
        ],
        0,
        0,
        {
            "helo": "x",
            "commands": ["EHLO", "AUTH"],
            "codes": ["535"],
            "auth": "PLAIN",
            "user": "fred",
            "password": "***",
        },
        "SMTP x",
    ),
]
