"""For any bytes, cut in any way, the FTP parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ftp

SEEDS = [
    pack(
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
        ]
    ),
    pack(
        [
            (1, b"220 ready\r\n"),
            (0, b"AUTH TLS\r\n"),
            (1, b"234 go\r\n\x16\x03"),
        ]
    ),
]


def show(result: tuple) -> None:
    ftp.label(ftp.describe(result[1]))
    ftp.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("ftp"), show), SEEDS)
