"""Conversations of IMAP, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (1, b"* OK IMAP4rev1 ready\r\n"),
            (0, b"a1 CAPABILITY\r\n"),
            (1, b"* CAPABILITY IMAP4rev1\r\na1 OK\r\n"),
            (0, b'a2 LOGIN fred "s3 cret"\r\n'),
            (1, b"a2 OK in\r\n"),
            (0, b"a3 SELECT INBOX\r\n"),
            (1, b"* 3 EXISTS\r\na3 OK\r\n"),
            (0, b'a4 APPEND "Sent Mail" {5+}\r\nhello\r\na5 UID FETCH 1 BODY[]\r\na6 LOGOUT\r\n'),
        ],
        4,
        0,
        {
            "banner": "IMAP4rev1 ready",
            "commands": ["CAPABILITY", "LOGIN", "SELECT", "APPEND", "FETCH", "LOGOUT"],
            "mailboxes": ["INBOX", "Sent Mail"],
            "user": "fred",
            "password": "***",
        },
        "IMAP fred INBOX",
    ),
    (
        [
            (1, b"* OK IMAP\r\n"),
            (0, b". STARTTLS\r\n"),
            (1, b"* BYE not really\r\n. OK begin\r\n"),
        ],
        3,
        0,
        {"banner": "IMAP", "commands": ["STARTTLS"], "starttls": True},
        "IMAP IMAP",
    ),
    (
        [
            (0, b"a1 LOGIN {4}\r\n"),
            (1, b"+ go\r\n"),
            (0, b"fred {6}\r\n"),
            (1, b"+ go\r\n"),
            (0, b"s3cret\r\n"),
            (1, b"a1 NO\r\n"),
            (0, b"a2 AUTHENTICATE PLAIN\r\n"),
            (1, b"+\r\n"),
            (0, b"AGphbmUAb3RoZXI=\r\n"),
        ],
        0,
        0,
        {"commands": ["LOGIN", "AUTHENTICATE"], "auth": "PLAIN", "user": "fred", "password": "***"},
        "IMAP fred",
    ),
]
