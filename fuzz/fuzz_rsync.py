"""For any bytes, cut in any way, the rsync parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import rsync

SEEDS = [
    pack(
        [
            (1, b"@RSYNCD: 31.0 sha512 md5\n"),
            (0, b"@RSYNCD: 30.0\nbackup\n"),
            (1, b"Welcome\n@RSYNCD: AUTHREQD abc\n"),
            (0, b"fred hash\n"),
            (1, b"@RSYNCD: OK\n"),
        ]
    ),
    pack(
        [
            (0, b"@RSYNCD: 31.0\n#list\n"),
            (1, b"@RSYNCD: 31.0\n@ERROR: no\n"),
        ]
    ),
]


def show(result: tuple) -> None:
    rsync.label(rsync.describe(result[1]))
    rsync.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("rsync"), show), SEEDS)
