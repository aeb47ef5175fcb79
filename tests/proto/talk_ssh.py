"""Conversations of SSH, for its test and its fuzz target, and what they tell."""

# of each: [(side, bytes)], the code of the seam it ends with, who is the client, the object, the label
TALKS: list[tuple[list[tuple[int, bytes]], int, int | None, dict, str]] = [
    (
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
    ),
]
