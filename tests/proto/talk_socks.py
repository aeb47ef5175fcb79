"""Conversations of SOCKS, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (0, b"\x05\x02\x00\x02"),
            (1, b"\x05\x02"),
            (0, b"\x01\x04fred\x06s3cret"),
            (1, b"\x01\x00"),
            (0, b"\x05\x01\x00\x03\x0fwww.example.com\x01\xbb"),
            (1, b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
        ],
        3,
        0,
        {
            "version": "5",
            "method": "password",
            "command": "CONNECT",
            "host": "www.example.com",
            "port": 443,
            "reply": "succeeded",
            "user": "fred",
            "password": "***",
        },
        "SOCKS5 CONNECT www.example.com:443",
    ),
    (
        [
            (0, b"\x04\x01\x00P\x00\x00\x00\x01fred\x00example.com\x00"),
            (1, b"\x00Z\x00\x00\x00\x00\x00\x00"),
        ],
        3,
        0,
        {
            "version": "4a",
            "command": "CONNECT",
            "host": "example.com",
            "port": 80,
            "reply": "succeeded",
            "user": "fred",
        },
        "SOCKS4a CONNECT example.com:80",
    ),
    (
        [
            (0, b"\x05\x01\x00"),
            (1, b"\x05\x00"),
            (0, b"\x05\x01\x00\x04 \x01\r\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00P"),
            (1, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"),
        ],
        4,
        0,
        {
            "version": "5",
            "method": "none",
            "command": "CONNECT",
            "host": "2001:db8::1",
            "port": 80,
            "reply": "connection refused",
        },
        "SOCKS5 CONNECT 2001:db8::1:80",
    ),
]
