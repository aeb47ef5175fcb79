"""git: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import check_talk
from talk_git import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import git


def make():
    return Probe("git")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, git, talk)


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
