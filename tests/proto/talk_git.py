"""Conversations of git, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (0, b"0037git-upload-pack /a.git\x00host=example.org\x00\x00version=2\x00"),
            (
                1,
                (
                    b"004b0123456789abcdef0123456789abcdef01234567 HEAD\x00multi_ack agent=git/2.40\n00"
                    b"3d0123456789abcdef0123456789abcdef01234567 refs/heads/main\n0000"
                ),
            ),
            (0, (b"004dwant 0123456789abcdef0123456789abcdef01234567 ofs-delta agent=git/2.39.2\n0009done\n")),
        ],
        4,
        0,
        {
            "service": "git-upload-pack",
            "path": "/a.git",
            "host": "example.org",
            "agent": "git/2.39.2",
            "server_agent": "git/2.40",
            "version": "2",
        },
        "git upload-pack example.org/a.git",
    ),
    (
        [
            (0, b"0018git-receive-pack /x\x00"),
            (1, b"000eERR denied"),
        ],
        0,
        0,
        {"service": "git-receive-pack", "path": "/x", "error": "denied"},
        "git receive-pack /x",
    ),
]
