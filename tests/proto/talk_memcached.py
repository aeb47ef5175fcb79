"""Conversations of memcached, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (0, b"set user:1 0 60 5\r\nhello\r\nget user:1\r\nversion\r\n"),
            (1, b"STORED\r\nVALUE user:1 0 5\r\nhello\r\nEND\r\nVERSION 1.6.9\r\n"),
        ],
        0,
        0,
        {
            "form": "text",
            "key": "user:1",
            "version": "1.6.9",
            "command": "SET",
            "commands": ["SET", "GET", "VERSION"],
        },
        "Memcached SET user:1",
    ),
    (
        [
            (
                0,
                (
                    b"\x80!\x00\x05\x00\x00\x00\x00\x00\x00\x00\x11\x00\x00\x00\x07\x00\x00\x00\x00\x00"
                    b"\x00\x00\x00PLAIN\x00fred\x00s3cret\x80\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
                    b"\x06\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00user:1\x80\x01\x00\x01\x08"
                    b"\x00\x00\x00\x00\x00\x00;\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                    b"\x00\x00\x00\x00\x00\x00kvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                ),
            ),
            (
                1,
                (
                    b"\x81!\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00"
                    b"\x00\x00\x00\x81\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x07\x00"
                    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00x"
                ),
            ),
        ],
        0,
        0,
        {
            "form": "binary",
            "key": "user:1",
            "command": "SASL_AUTH",
            "commands": ["SASL_AUTH", "GET", "SET"],
            "auth": "PLAIN",
            "user": "fred",
            "password": "***",
        },
        "Memcached SASL_AUTH user:1",
    ),
]
