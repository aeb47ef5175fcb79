"""Conversations of IRC, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (1, b":irc.example.org NOTICE AUTH :*** Looking up\r\n"),
            (0, b"PASS s3cret\r\nNICK fred\r\nUSER fred 0 * :Fred Smith\r\n"),
            (1, b":irc.example.org 001 fred :Welcome\r\n"),
            (0, b"JOIN #a,#b key\r\nPRIVMSG #a :hello\r\n"),
            (1, b":jane!j@h PRIVMSG #a :hi\r\n"),
            (0, b"QUIT :bye\r\n"),
        ],
        4,
        0,
        {
            "nick": "fred",
            "username": "fred",
            "realname": "Fred Smith",
            "server": "irc.example.org",
            "channels": ["#a", "#b"],
            "commands": ["PASS", "NICK", "USER", "JOIN", "PRIVMSG", "QUIT"],
            "password": "***",
        },
        "IRC fred #a #b",
    ),
    (
        [
            (0, b"STARTTLS\r\n"),
            (1, b":irc.example.org 670 * :go\r\n"),
        ],
        3,
        0,
        {"server": "irc.example.org", "commands": ["STARTTLS"], "starttls": True},
        "IRC irc.example.org",
    ),
    (
        [
            (1, b":irc.example.org 670 * :go\r\n"),
            (0, b"STARTTLS\r\n"),
        ],
        3,
        0,
        {"server": "irc.example.org", "commands": ["STARTTLS"], "starttls": True},
        "IRC irc.example.org",
    ),
]
