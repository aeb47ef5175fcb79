"""For any bytes, cut in any way, the SMTP parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import smtp

SEEDS = [
    pack(
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
                    b"MAIL FROM:<fred@example.com> SIZE=10\r\nRCPT TO: <jane@example.org>\r\nrcpt t"
                    b"o:<joe@example.org>\r\nDATA\r\n"
                ),
            ),
            (1, b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
            (0, b"Subject: hi\r\n\r\n.\r\n"),
        ]
    ),
    pack(
        [
            (1, b"220 mx.example.org ESMTP\r\n"),
            (0, b"EHLO x\r\n"),
            (1, b"250 STARTTLS\r\n"),
            (0, b"STARTTLS\r\n"),
            (1, b"220 go\r\n"),
        ]
    ),
    pack(
        [
            (0, b"EHLO x\r\nAUTH PLAIN AGZyZWQAczNjcmV0\r\n"),
            (1, b"535 no\r\n"),
        ]
    ),
]


def show(result: tuple) -> None:
    smtp.label(smtp.describe(result[1]))
    smtp.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("smtp"), show), SEEDS)
