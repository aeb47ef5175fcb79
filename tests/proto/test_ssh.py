"""SSH: whole conversations, however cut; what is and is not taken for it; what is masked."""

import hashlib

import pytest
from cuts import same_however_cut

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ssh

TALKS = [
    [
        (1, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        (0, b"SSH-2.0-PuTTY_0.78\r\n"),
        (
            0,
            (
                b"\x00\x00\x00\xba\x06\x14CCCCCCCCCCCCCCCC\x00\x00\x00\x1ccurve25519-sha256,ext-inf"
                b"o-c\x00\x00\x00\x18ssh-ed25519,rsa-sha2-512\x00\x00\x00\x15aes128-ctr,aes256-ctr"
                b"\x00\x00\x00\naes128-ctr\x00\x00\x00\rhmac-sha2-256\x00\x00\x00\rhmac-sha2-256"
                b"\x00\x00\x00\x04none\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                b"\x00\x00\x00\x00\x00\x00\x00\x00\x00"
            ),
        ),
        (
            1,
            (
                b"\x00\x00\x00\xb4\x06\x14CCCCCCCCCCCCCCCC\x00\x00\x00\x1bsntrup761,curve25519-sha2"
                b"56\x00\x00\x00\x18rsa-sha2-512,ssh-ed25519\x00\x00\x00\naes256-ctr\x00\x00\x00\na"
                b"es128-ctr\x00\x00\x00\x17hmac-sha2-256,hmac-sha1\x00\x00\x00\thmac-sha1\x00\x00"
                b"\x00\x04none\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                b"\x00\x00\x00\x00\x00\x00\x00"
            ),
        ),
        (0, (b"\x00\x00\x00,\x06\x1e\x00\x00\x00 QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ\x00\x00\x00\x00\x00\x00")),
        (
            1,
            (
                b"\x00\x00\x00j\x06\x1f\x00\x00\x003\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 KKKKKKK"
                b"KKKKKKKKKKKKKKKKKKKKKKKKK\x00\x00\x00 EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE\x00\x00"
                b"\x00\x03sig\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x06\x15\x00\x00\x00\x00\x00"
                b"\x00"
            ),
        ),
        (0, b"\x00\x00\x00\x08\x06\x15\x00\x00\x00\x00\x00\x00"),
        (
            0,
            (
                b"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
                b"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
            ),
        ),
    ],
]
# code of the seam, who is the client, the object, the label
WANT = [
    (
        4,
        0,
        {
            "client": "SSH-2.0-PuTTY_0.78",
            "server": "SSH-2.0-OpenSSH_9.2p1 Debian-2",
            "state": "AUTHENTICATION",
            "kex": "curve25519-sha256",
            "host_key": "ssh-ed25519",
            "cipher_out": "aes256-ctr",
            "cipher_in": "aes128-ctr",
            "mac": "hmac-sha2-256",
            "hassh": "dbf9d92c1b608e8e98aafda4ea75bf92",
            "hassh_server": "40e1d7f132e8e49ba40cd6ae738dfbd0",
            "host_key_sha256": "PryNuJJ0K6/wQn06JjXwHqssEyR2XPgbgXinTn294lo",
        },
        "SSH OpenSSH_9.2p1 Debian-2",
    )
]


def make():
    return Probe("ssh")


@pytest.mark.parametrize(("turns", "want"), list(zip(TALKS, WANT, strict=True)))
def test_a_conversation(turns, want):
    result = same_however_cut(make, turns)
    code, initiator, obj, label = want
    assert ssh.describe(result["facts"]) == obj
    assert (result["code"], result["initiator"], result["malformed"]) == (code, initiator, 0)
    assert ssh.label(obj) == label


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
    for side, data in TALKS[0]:
        probe.feed(side, data)
    assert ssh.describe(probe.facts) == WANT[0][2]
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
