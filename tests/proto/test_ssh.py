"""SSH: whole conversations, however cut; what is and is not taken for it; what is masked."""

import hashlib

import pytest
from cuts import check_talk, same_however_cut
from talk_ssh import TALKS

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ssh


def make():
    return Probe("ssh")


@pytest.mark.parametrize("talk", TALKS)
def test_a_conversation(talk):
    check_talk(make, ssh, talk)


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        (b"SSH-2.0-x", 99),
        (b"SSH-", -1),
        (b"S", -1),
        (b"SSH-x.0-y", 0),
        (b"SSL-2.0-", 0),
        (b"STAT x\r\n", 0),
    ],
)
def test_detection(data, sure):
    """-1: more bytes are needed."""
    assert make().detect(data) == sure


def test_the_key_exchange_corrects_a_wrong_guess_of_who_is_client():
    probe = Probe("ssh", client=1)
    for side, data in TALKS[0][0]:
        probe.feed(side, data)
    assert ssh.describe(probe.facts) == TALKS[0][3]
    assert probe.initiator == 0


def test_hassh_is_the_published_one():
    """github.com/salesforce/hassh: MD5 of kex;ciphers;macs;compression, of the sender's own direction."""
    lists = [b"a,b", b"k", b"c1", b"c2", b"m1", b"m2", b"z1", b"z2"]
    raw = b"".join(len(part).to_bytes(4, "big") + part for part in lists)
    obj = ssh.describe([(3, raw), (4, raw)])
    assert obj["hassh"] == hashlib.md5(b"a,b;c1;m1;z1").hexdigest()
    assert obj["hassh_server"] == hashlib.md5(b"a,b;c2;m2;z2").hexdigest()


def test_ssh_1_ends_with_the_banners():
    result = same_however_cut(make, [(1, b"SSH-1.99-OpenSSH_6.6\r\n"), (0, b"SSH-1.5-OpenSSH_6.2\r\n")])
    assert ssh.describe(result["facts"])["client"] == "SSH-1.5-OpenSSH_6.2"
    assert result["code"] == 4
