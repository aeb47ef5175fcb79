"""TFTP: the request, and the flow of data between other ports, known by both sides only."""

import pytest
from datagrams import check_datagrams, flow, said
from messages import TFTP_READ

from netwatch._fast.out.probe import DONE, OK
from netwatch._fast.proto import tftp


def test_a_request_and_its_refusal():
    obj = tftp.describe(said("tftp").facts)
    assert obj == {
        "operations": ["read", "error"],
        "file": "pxelinux.0",
        "mode": "octet",
        "options": ["blksize=1428"],
        "error": "1 no such file",
    }
    assert tftp.label(obj) == "TFTP read pxelinux.0"


def test_a_transfer_between_other_ports_needs_both_sides():
    probe = flow("tftp", 33000)
    assert probe.detect(b"\0\3\0\1" + b"d" * 512, 1) == 0
    assert probe.detect(b"\0\3\0\1" + b"d" * 512, 1) == 0
    assert probe.detect(b"\0\4\0\1", 0) == 80
    upload = flow("tftp", 33000)
    assert upload.detect(b"\0\4\0\0", 1) == 0
    assert upload.detect(b"\0\3\0\1" + b"d" * 512, 0) == 80
    assert flow("tftp", 33000).detect(b"\0\6blksize\x001428\0") == 90


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1name\0text\0",
        b"\0\1\0octet\0",
        b"\0\1na\1me\0octet\0",
        b"\0\1name\0octet",
        b"\0\7name\0octet\0",
        b"\0\6nonsense\0x\0",
        b"\0\5\0\1no\0",
    ],
)
def test_not_quite(data):
    assert flow("tftp").detect(data) == 0


def test_a_long_transfer_is_left_alone():
    turns = [(0, TFTP_READ)] + [(1, b"\0\3" + i.to_bytes(2, "big") + b"d" * 512) for i in range(1, 30)]
    assert said("tftp", turns, want=False).code == DONE
    assert said("tftp", turns).code == OK  # somebody wants the file


def test_hostile():
    check_datagrams("tftp", tftp)
