"""For any bytes, cut in any way, the syslog parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import syslog

SEEDS = [
    pack(
        [
            (0, (b"<165>1 2003-10-11T22:14:15.003Z host.example.org su - ID47 - 'su root' failed\n")),
        ]
    ),
    pack(
        [
            (0, b"<34>Oct 11 22:14:15 mymachine sshd[7]: ok\n"),
        ]
    ),
    pack(
        [
            (0, b"48 <34>Oct  1 22:14:15 mymachine sshd[7]: ok to meexxxxxxxxx"),
        ]
    ),
]


def show(result: tuple) -> None:
    syslog.label(syslog.describe(result[1]))
    syslog.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("syslog"), show), SEEDS)
