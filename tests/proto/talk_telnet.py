"""Conversations of Telnet, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (1, b"\xff\xfd\x18\xff\xfb\x01"),
            (0, b"\xff\xfb\x18\xff\xfb\x1f\xff\xfa\x1f\x00P\x00\x18\xff\xf0"),
            (1, b"\xff\xfa\x18\x01\xff\xf0"),
            (0, b"\xff\xfa\x18\x00xterm\xff\xf0"),
            (1, b"Debian\r\nhost login: "),
            (0, b"frex\x7fd\r\x00"),
            (1, b"fred\r\nPassword: "),
            (0, b"s3cret\r\n"),
            (1, b"\r\n$ "),
        ],
        4,
        None,
        {
            "terminal": "xterm",
            "options": ["echo", "terminal-type", "window-size"],
            "window": "80x24",
            "user": "fred",
            "password": "***",
        },
        "Telnet fred xterm",
    ),
]
