"""git: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import git

TALKS = [
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
    [
        (0, b"0018git-receive-pack /x\x00"),
        (1, b"000eERR denied"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
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
    (0, 0, {"service": "git-receive-pack", "path": "/x", "error": "denied"}, "git receive-pack /x"),
]


def make():
    return Probe("git")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert git.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert git.label(obj) == label


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"0045git-upload-pack /x\x00", 99),
        (b"0014git-receive-pack /x", 99),
        (b"00c90123456789012345678901234567890123456789 HEAD\x00", 95),
        (b"000eversion 2\n", 90),
        (b"0000", -1),
        (b"0045hello world", 0),
        (b"0", -1),
        (b"12:34 hello there", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
