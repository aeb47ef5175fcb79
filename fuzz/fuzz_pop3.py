"""For any bytes, cut in any way, the POP3 parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import pop3

SEEDS = [
    pack(
        [
            (1, b"+OK POP3 ready <1.2@example.org>\r\n"),
            (0, b"USER fred\r\n"),
            (1, b"+OK\r\n"),
            (0, b"PASS s3 cret\r\n"),
            (1, b"+OK 2 messages\r\n"),
            (0, b"LIST\r\n"),
            (1, b"+OK\r\n1 10\r\n.\r\n"),
            (0, b"retr 1\r\nQUIT\r\n"),
        ]
    ),
    pack(
        [
            (1, b"+OK lavad\r\n"),
            (0, b"STLS\r\n"),
            (1, b"+OK go\r\n"),
        ]
    ),
    pack(
        [
            (1, b"+OK x\r\n"),
            (0, b"AUTH PLAIN\r\n"),
            (1, b"+ \r\n"),
            (0, b"AGZyZWQAczNjcmV0\r\n"),
            (1, b"-ERR no\r\n"),
            (0, b"APOP jane 0123456789abcdef0123456789abcdef\r\n"),
        ]
    ),
]


def show(result: tuple) -> None:
    pop3.label(pop3.describe(result[1]))
    pop3.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("pop3"), show), SEEDS)
