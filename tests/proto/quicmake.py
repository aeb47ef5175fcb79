"""Makes QUIC Initial packets for the tests, with ciphers and key derivation that are not the product's."""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

V1, V2, DRAFT_24, DRAFT_29, T050 = 1, 0x6B3343CF, 0xFF000018, 0xFF00001D, 0x54303530
SALTS = {
    V1: "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
    V2: "0dede3def700a6db819381be6e269dcbf9bd2ed9",
    DRAFT_24: "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
    DRAFT_29: "afbfec289993d24c9e9786f19c6111e04390a899",
    T050: "7ff579e5acd072915580304c43a2367c60488310",
}
CID = bytes.fromhex("8394c8f03e515708")
CLIENT_NAME, SERVER_NAME = b"client in", b"server in"


def varint(value):
    for bits, mark in ((6, 0), (14, 1), (30, 2), (62, 3)):
        if value < 1 << bits:
            size = (bits + 2) // 8
            return (value | mark << (8 * size - 2)).to_bytes(size, "big")
    raise ValueError(value)


def vector(size, data):
    return len(data).to_bytes(size, "big") + data


def expand(secret, label, n):
    info = struct.pack(">H", n) + vector(1, b"tls13 " + label) + b"\0\1"
    return hmac.digest(secret, info, hashlib.sha256)[:n]


def keys(version, cid, sender):
    secret = expand(hmac.digest(bytes.fromhex(SALTS[version]), cid, hashlib.sha256), sender, 32)
    prefix = b"quicv2 " if version == V2 else b"quic "
    return tuple(expand(secret, prefix + name, n) for name, n in ((b"key", 16), (b"iv", 12), (b"hp", 16)))


def seal(payload, *, number=0, version=V1, cid=CID, dcid=None, scid=b"", token=b"", server=False, number_size=4):
    """One protected Initial packet. `cid` makes the keys; a client's first packet has it as its destination."""
    key, iv, hp = keys(version, cid, SERVER_NAME if server else CLIENT_NAME)
    kind = 1 if version == V2 else 0
    dcid = (b"" if server else cid) if dcid is None else dcid
    head = bytes([0xC0 | kind << 4 | number_size - 1]) + version.to_bytes(4, "big") + vector(1, dcid) + vector(1, scid)
    length = len(payload) + number_size + 16
    head += varint(len(token)) + token + struct.pack(">H", 0x4000 | length)
    cut = (number & (1 << 8 * number_size) - 1).to_bytes(number_size, "big")
    nonce = (int.from_bytes(iv, "big") ^ number).to_bytes(12, "big")
    sealed = AESGCM(key).encrypt(nonce, payload, head + cut)
    sample = sealed[4 - number_size : 20 - number_size]
    mask = Cipher(algorithms.AES(hp), modes.ECB()).encryptor().update(sample)
    first = head[0] ^ mask[0] & 0x0F
    return bytes([first]) + head[1:] + bytes(a ^ b for a, b in zip(cut, mask[1:], strict=False)) + sealed


def crypto(data, offset=0):
    return b"\6" + varint(offset) + varint(len(data)) + data


def close(code, reason=b""):
    return b"\x1c" + varint(code) + varint(0) + varint(len(reason)) + reason


def padded(payload, size=1162):
    return payload + bytes(max(0, size - len(payload)))


def ext(kind, data):
    return struct.pack(">H", kind) + vector(2, data)


def client_hello(name=b"www.example.com", alpn=b"\x02h3", more=b"", parameters=b"\1\4\x80\0\x75\x30"):
    exts = ext(0, vector(2, b"\0" + vector(2, name))) + ext(16, vector(2, alpn)) + ext(43, b"\2\3\4")
    exts += ext(13, b"\0\2\4\3") + ext(10, b"\0\2\0\x1d") + ext(57, parameters) + more
    return b"\1" + vector(3, b"\3\3" + b"R" * 32 + b"\0" + b"\0\2\x13\1\1\0" + vector(2, exts))


def server_hello(random=b"Q" * 32, exts=b""):
    return b"\2" + vector(3, b"\3\3" + random + b"\0\x13\1\0" + vector(2, ext(43, b"\3\4") + exts))
