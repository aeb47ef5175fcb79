"""Conversations of FTP, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
        [
            (1, b"220-Welcome\r\n all to\r\n220 ftp.example.org FTP ready\r\n"),
            (0, b"USER anonymous\r\n"),
            (1, b"331 Password\r\n"),
            (0, b"PASS me@example.org\r\n"),
            (1, b"230 In\r\n"),
            (0, b"SYST\r\n"),
            (1, b"215 UNIX Type: L8\r\n"),
            (0, b"PASV\r\n"),
            (1, b"227 Entering Passive Mode (192,0,2,1,4,5)\r\n"),
            (0, b"RETR a file.txt\r\n"),
            (1, b"550 No\r\n"),
            (0, b"QUIT\r\n"),
            (1, b"221 Bye\r\n"),
        ],
        4,
        0,
        {
            "banner": "Welcome",
            "system": "UNIX Type: L8",
            "commands": ["USER", "PASS", "SYST", "PASV", "RETR", "QUIT"],
            "arguments": ["anonymous", "a file.txt"],
            "codes": ["220", "331", "230", "215", "227", "550", "221"],
            "user": "anonymous",
            "password": "***",
        },
        "FTP anonymous RETR",
    ),
    (
        [
            (1, b"220 ready\r\n"),
            (0, b"AUTH TLS\r\n"),
            (1, b"234 go\r\n\x16\x03"),
        ],
        3,
        0,
        {"banner": "ready", "commands": ["AUTH"], "arguments": ["TLS"], "codes": ["220", "234"], "starttls": True},
        "FTP",
    ),
]
