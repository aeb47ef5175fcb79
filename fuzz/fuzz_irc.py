"""For any bytes, cut in any way, the IRC parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import irc

SEEDS = [
    pack(
        [
            (1, b":irc.example.org NOTICE AUTH :*** Looking up\r\n"),
            (0, b"PASS s3cret\r\nNICK fred\r\nUSER fred 0 * :Fred Smith\r\n"),
            (1, b":irc.example.org 001 fred :Welcome\r\n"),
            (0, b"JOIN #a,#b key\r\nPRIVMSG #a :hello\r\n"),
            (1, b":jane!j@h PRIVMSG #a :hi\r\n"),
            (0, b"QUIT :bye\r\n"),
        ]
    ),
    pack(
        [
            (0, b"STARTTLS\r\n"),
            (1, b":irc.example.org 670 * :go\r\n"),
        ]
    ),
    pack(
        [
            (1, b":irc.example.org 670 * :go\r\n"),
            (0, b"STARTTLS\r\n"),
        ]
    ),
]


def show(result: tuple) -> None:
    irc.label(irc.describe(result[1]))
    irc.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("irc"), show), SEEDS)
