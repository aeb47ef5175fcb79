"""rsync: whole conversations, however cut; what is and is not taken for it; what is masked."""

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import rsync

TALKS = [
    [
        (1, b"@RSYNCD: 31.0 sha512 md5\n"),
        (0, b"@RSYNCD: 30.0\nbackup\n"),
        (1, b"Welcome\n@RSYNCD: AUTHREQD abc\n"),
        (0, b"fred hash\n"),
        (1, b"@RSYNCD: OK\n"),
    ],
    [
        (0, b"@RSYNCD: 31.0\n#list\n"),
        (1, b"@RSYNCD: 31.0\n@ERROR: no\n"),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        0,
        {"client": "30.0", "server": "31.0 sha512 md5", "module": "backup", "user": "fred", "answer": "OK"},
        "rsync backup",
    ),
    (4, 0, {"client": "31.0", "server": "31.0", "module": "#list", "answer": "@ERROR: no"}, "rsync #list @ERROR: no"),
]


def make():
    return Probe("rsync")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert rsync.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert rsync.label(obj) == label


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"@RSYNCD: 31.0\n", 99),
        (b"@RS", -1),
        (b"@RSYNCD: x\n", 0),
        (b"@ERROR\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure
