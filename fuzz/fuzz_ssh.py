"""For any bytes, cut in any way, the SSH parser gives the same answer, and its texts are valid."""

from driver import pack, run, streamed

from netwatch._fast.out.probe import Probe
from netwatch._fast.proto import ssh

SEEDS = [
    pack(
        [
            (1, b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
            (0, b"SSH-2.0-PuTTY_0.78\r\n"),
            (
                0,
                (
                    b"\x00\x00\x00\xba\x06\x14CCCCCCCCCCCCCCCC\x00\x00\x00\x1ccurve25519-sha256,ext"
                    b"-info-c\x00\x00\x00\x18ssh-ed25519,rsa-sha2-512\x00\x00\x00\x15aes128-ctr,aes"
                    b"256-ctr\x00\x00\x00\naes128-ctr\x00\x00\x00\rhmac-sha2-256\x00\x00\x00\rhmac-"
                    b"sha2-256\x00\x00\x00\x04none\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00"
                    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                ),
            ),
            (
                1,
                (
                    b"\x00\x00\x00\xb4\x06\x14CCCCCCCCCCCCCCCC\x00\x00\x00\x1bsntrup761,curve25519-"
                    b"sha256\x00\x00\x00\x18rsa-sha2-512,ssh-ed25519\x00\x00\x00\naes256-ctr\x00"
                    b"\x00\x00\naes128-ctr\x00\x00\x00\x17hmac-sha2-256,hmac-sha1\x00\x00\x00\thmac"
                    b"-sha1\x00\x00\x00\x04none\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00\x00"
                    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                ),
            ),
            (0, (b"\x00\x00\x00,\x06\x1e\x00\x00\x00 QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ\x00\x00\x00\x00\x00\x00")),
            (
                1,
                (
                    b"\x00\x00\x00j\x06\x1f\x00\x00\x003\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 KKK"
                    b"KKKKKKKKKKKKKKKKKKKKKKKKKKKKK\x00\x00\x00 EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE"
                    b"\x00\x00\x00\x03sig\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x06\x15\x00\x00"
                    b"\x00\x00\x00\x00"
                ),
            ),
            (0, b"\x00\x00\x00\x08\x06\x15\x00\x00\x00\x00\x00\x00"),
            (
                0,
                (
                    b"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
                    b"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
                    b"\x91\x91"
                ),
            ),
        ]
    ),
]


def show(result: tuple) -> None:
    ssh.label(ssh.describe(result[1]))
    ssh.describe(result[1], show_secrets=True)


if __name__ == "__main__":
    run(streamed(lambda: Probe("ssh"), show), SEEDS)
