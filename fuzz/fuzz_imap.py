"""For any bytes, cut in any way, the IMAP parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import imap

SEEDS = [
    pack(
        [
            (1, b"* OK IMAP4rev1 ready\r\n"),
            (0, b"a1 CAPABILITY\r\n"),
            (1, b"* CAPABILITY IMAP4rev1\r\na1 OK\r\n"),
            (0, b'a2 LOGIN fred "s3 cret"\r\n'),
            (1, b"a2 OK in\r\n"),
            (0, b"a3 SELECT INBOX\r\n"),
            (1, b"* 3 EXISTS\r\na3 OK\r\n"),
            (0, b'a4 APPEND "Sent Mail" {5+}\r\nhello\r\na5 UID FETCH 1 BODY[]\r\na6 LOGOUT\r\n'),
        ]
    ),
    pack(
        [
            (1, b"* OK IMAP\r\n"),
            (0, b". STARTTLS\r\n"),
            (1, b"* BYE not really\r\n. OK begin\r\n"),
        ]
    ),
    pack(
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
        ]
    ),
]


def show(result: tuple) -> None:
    imap.label(imap.describe(result[1]))
    imap.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("imap"), show), SEEDS)
