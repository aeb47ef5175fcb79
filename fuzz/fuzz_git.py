"""For any bytes, cut in any way, the git parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import git

SEEDS = [
    pack(
        [
            (0, b"0037git-upload-pack /a.git\x00host=example.org\x00\x00version=2\x00"),
            (
                1,
                (
                    b"004b0123456789abcdef0123456789abcdef01234567 HEAD\x00multi_ack agent=git/2.40"
                    b"\n003d0123456789abcdef0123456789abcdef01234567 refs/heads/main\n0000"
                ),
            ),
            (0, (b"004dwant 0123456789abcdef0123456789abcdef01234567 ofs-delta agent=git/2.39.2\n0009done\n")),
        ]
    ),
    pack(
        [
            (0, b"0018git-receive-pack /x\x00"),
            (1, b"000eERR denied"),
        ]
    ),
]


def show(result: tuple) -> None:
    git.label(git.describe(result[1]))
    git.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("git"), show), SEEDS)
