"""The keys of Initial packets, which anybody on the path can make, and the opening of such packets.

Every cipher and hash is libcrypto's; here is only what QUIC does with them. The contexts are made once per thread, so
that a packet costs no allocation; a thread that ends leaves its three contexts behind.
"""
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u8, u32, u64, i32

cdef extern from "openssl/evp.h" nogil:
    ctypedef struct EVP_CIPHER
    ctypedef struct EVP_CIPHER_CTX
    ctypedef struct EVP_MAC
    ctypedef struct EVP_MAC_CTX
    ctypedef struct OSSL_PARAM:
        pass
    enum: EVP_CTRL_AEAD_SET_TAG
    const EVP_CIPHER* EVP_aes_128_ecb()
    const EVP_CIPHER* EVP_aes_128_gcm()
    EVP_CIPHER_CTX* EVP_CIPHER_CTX_new()
    int EVP_EncryptInit_ex(EVP_CIPHER_CTX*, const EVP_CIPHER*, void*, const u8* key, const u8* iv)
    int EVP_EncryptUpdate(EVP_CIPHER_CTX*, u8* out, int* outl, const u8* data, int n)
    int EVP_DecryptInit_ex(EVP_CIPHER_CTX*, const EVP_CIPHER*, void*, const u8* key, const u8* iv)
    int EVP_DecryptUpdate(EVP_CIPHER_CTX*, u8* out, int* outl, const u8* data, int n)
    int EVP_DecryptFinal_ex(EVP_CIPHER_CTX*, u8* out, int* outl)
    int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX*, int kind, int n, void* p)
    EVP_MAC* EVP_MAC_fetch(void*, const char* name, const char* properties)
    void EVP_MAC_free(EVP_MAC*)
    EVP_MAC_CTX* EVP_MAC_CTX_new(EVP_MAC*)
    int EVP_MAC_init(EVP_MAC_CTX*, const u8* key, size_t n, const OSSL_PARAM*)
    int EVP_MAC_update(EVP_MAC_CTX*, const u8* data, size_t n)
    int EVP_MAC_final(EVP_MAC_CTX*, u8* out, size_t* outl, size_t room)

cdef extern from "openssl/params.h" nogil:
    OSSL_PARAM OSSL_PARAM_construct_utf8_string(const char* key, char* text, size_t n)
    OSSL_PARAM OSSL_PARAM_construct_end()

cdef extern from * nogil:
    """
    typedef struct { EVP_MAC_CTX *mac; EVP_CIPHER_CTX *gcm; EVP_CIPHER_CTX *ecb; } nw_tools;
    static _Thread_local nw_tools nw_mine;
    """
    ctypedef struct Tools "nw_tools":
        EVP_MAC_CTX* mac
        EVP_CIPHER_CTX* gcm
        EVP_CIPHER_CTX* ecb
    Tools mine "nw_mine"

cdef enum:
    HASH = 32                  # SHA-256
    SALT = 20
    TAG = 16                   # AEAD_AES_128_GCM
    IV = 12
    SAMPLE = 16                # RFC 9001 section 5.4.2
    LABEL_ROOM = 32
    DRAFTS = 0xff0000          # a draft's version number, its last byte the number of the draft

# RFC 9001 section 5.2, RFC 9369 section 3.3.1, and those of the drafts before them; T050 and T051 are Google's.
cdef const u8* SALT_V1 = b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
cdef const u8* SALT_V2 = b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"
cdef const u8* SALT_29 = b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
cdef const u8* SALT_23 = b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02"
cdef const u8* SALT_22 = b"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a"
cdef const u8* SALT_T050 = b"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10"
cdef const u8* SALT_T051 = b"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d"


cdef u32 draft_of(u32 version) noexcept nogil:
    """The draft a version follows, 22 to 34; 0 for any other version."""
    if version == MVFST_22:
        return 22
    if version == MVFST_27 or version == MVFST_TRIAL:
        return 27
    if version >> 8 == DRAFTS and 22 <= (version & 0xff) <= 34:
        return version & 0xff
    return 0


cdef const u8* salt_of(u32 version) noexcept nogil:
    """The salt of the version's Initial secrets; NULL for a version whose Initials cannot be opened."""
    cdef u32 draft = draft_of(version)
    if version == QUIC_V1 or draft >= 33:
        return SALT_V1
    if version == QUIC_V2:
        return SALT_V2
    if draft >= 29:
        return SALT_29
    if draft >= 23:
        return SALT_23
    if draft == 22:
        return SALT_22
    if version == QUIC_T050:
        return SALT_T050
    return SALT_T051 if version == QUIC_T051 else NULL


def initial_salt(u32 version) -> bytes:
    """The salt of the version's Initial secrets, b"" for a version whose Initials cannot be opened."""
    cdef const u8* salt = salt_of(version)
    return salt[:SALT] if salt != NULL else b""


cdef bint ready() noexcept nogil:
    """Make this thread's contexts, once."""
    cdef EVP_MAC* mac
    cdef OSSL_PARAM params[2]
    if mine.ecb != NULL:
        return True
    if mine.mac == NULL:
        mac = EVP_MAC_fetch(NULL, b"HMAC", NULL)
        mine.mac = EVP_MAC_CTX_new(mac)
        EVP_MAC_free(mac)
        params[0] = OSSL_PARAM_construct_utf8_string(b"digest", b"SHA256", 0)
        params[1] = OSSL_PARAM_construct_end()
        if mine.mac == NULL or EVP_MAC_init(mine.mac, <const u8*>b"", 0, params) != 1:
            return False
    if mine.gcm == NULL:
        mine.gcm = EVP_CIPHER_CTX_new()
        if mine.gcm == NULL or EVP_DecryptInit_ex(mine.gcm, EVP_aes_128_gcm(), NULL, NULL, NULL) != 1:
            return False
    mine.ecb = EVP_CIPHER_CTX_new()
    return mine.ecb != NULL and EVP_EncryptInit_ex(mine.ecb, EVP_aes_128_ecb(), NULL, NULL, NULL) == 1


cdef bint hmac(const u8* key, size_t key_len, const u8* data, size_t n, u8* out) noexcept nogil:
    """HMAC-SHA256, 32 bytes; with the key of the time before when it is NULL, which spares two blocks of hashing."""
    cdef size_t got
    return (EVP_MAC_init(mine.mac, key, key_len, NULL) == 1 and EVP_MAC_update(mine.mac, data, n) == 1
            and EVP_MAC_final(mine.mac, out, &got, HASH) == 1)


cdef bint expand(const u8* secret, const char* label, u32 label_len, u8* out, u32 n) noexcept nogil:
    """HKDF-Expand-Label with an empty context (RFC 8446 section 7.1) for at most 32 bytes: one HMAC. A NULL secret is
    that of the call before."""
    cdef u8 info[4 + 6 + LABEL_ROOM]
    cdef u8 full[HASH]
    if label_len > LABEL_ROOM:
        return False
    info[0] = 0
    info[1] = <u8>n
    info[2] = <u8>(6 + label_len)
    memcpy(&info[3], b"tls13 ", 6)
    memcpy(&info[9], label, label_len)
    info[9 + label_len] = 0
    info[10 + label_len] = 1
    if not hmac(secret, HASH if secret != NULL else 0, info, 11 + label_len, full):
        return False
    memcpy(out, full, n)
    return True


cdef bint keys_from(u32 version, const u8* secret, InitialKeys* keys) noexcept nogil:
    """Key, IV and header protection key of one sender (RFC 9001 section 5.1, RFC 9369 section 3.3.2)."""
    if version == QUIC_V2:
        return (expand(secret, b"quicv2 key", 10, keys.key, 16) and expand(NULL, b"quicv2 iv", 9, keys.iv, IV)
                and expand(NULL, b"quicv2 hp", 9, keys.hp, 16))
    return (expand(secret, b"quic key", 8, keys.key, 16) and expand(NULL, b"quic iv", 7, keys.iv, IV)
            and expand(NULL, b"quic hp", 7, keys.hp, 16))


cdef bint initial_keys(u32 version, const u8* cid, u32 n, InitialKeys* client, InitialKeys* server) noexcept nogil:
    """The keys both ends use for Initial packets, from the client's first destination connection ID."""
    cdef const u8* salt = salt_of(version)
    cdef u8 initial[HASH]
    cdef u8 secret[HASH]
    if salt == NULL or not ready() or not hmac(salt, SALT, cid, n, initial):
        return False
    if not expand(initial, b"client in", 9, secret, HASH) or not keys_from(version, secret, client):
        return False
    return expand(initial, b"server in", 9, secret, HASH) and keys_from(version, secret, server)


cdef u64 whole_number(u64 following, u64 cut, u32 bits) noexcept nogil:
    """The packet number whose low bits are `cut`, nearest to the one expected (RFC 9000 appendix A.3)."""
    cdef u64 window = <u64>1 << bits
    cdef u64 guess = (following & ~(window - 1)) | cut
    if guess + window // 2 <= following:
        return guess + window
    if guess > following + window // 2 and guess >= window:
        return guess - window
    return guess


cdef i32 initial_open(const InitialKeys* keys, const u8* p, u32 number_at, u32 size, u64* following,
                      u8* out) noexcept nogil:
    """Open a packet of `size` bytes whose packet number is at `number_at`; plaintext bytes, or -1 when it does not fit.

    `following` is one past the largest packet number of the sender so far, and is moved. `out` has PLAIN_BYTES.
    """
    cdef u8 mask[SAMPLE]
    cdef u8 nonce[IV]
    cdef u8 head[4]
    cdef u8 first
    cdef u32 length, i
    cdef u64 cut = 0, number
    cdef int got = 0, n
    if size < number_at + 4 + SAMPLE or size - number_at > PLAIN_BYTES or not ready():
        return -1
    if EVP_EncryptInit_ex(mine.ecb, NULL, NULL, keys.hp, NULL) != 1:
        return -1
    if EVP_EncryptUpdate(mine.ecb, mask, &got, p + number_at + 4, SAMPLE) != 1:
        return -1
    first = p[0] ^ (mask[0] & 0x0f)
    length = (first & 3) + 1
    for i in range(length):
        head[i] = p[number_at + i] ^ mask[1 + i]
        cut = cut << 8 | head[i]
    number = whole_number(following[0], cut, 8 * length)
    memcpy(nonce, keys.iv, IV)
    for i in range(8):
        nonce[IV - 1 - i] ^= <u8>(number >> (8 * i) & 0xff)
    n = <int>(size - number_at - length - TAG)
    if EVP_DecryptInit_ex(mine.gcm, NULL, NULL, keys.key, nonce) != 1:
        return -1
    EVP_CIPHER_CTX_ctrl(mine.gcm, EVP_CTRL_AEAD_SET_TAG, TAG, <void*>(p + size - TAG))
    EVP_DecryptUpdate(mine.gcm, NULL, &got, &first, 1)
    EVP_DecryptUpdate(mine.gcm, NULL, &got, p + 1, <int>number_at - 1)
    EVP_DecryptUpdate(mine.gcm, NULL, &got, head, <int>length)
    if EVP_DecryptUpdate(mine.gcm, out, &got, p + number_at + length, n) != 1:
        return -1
    if EVP_DecryptFinal_ex(mine.gcm, out + got, &got) != 1:
        return -1
    if number >= following[0]:
        following[0] = number + 1
    return n


def keys_of(u32 version, bytes cid) -> tuple[tuple[bytes, ...], ...] | None:
    """((key, iv, hp) of the client, the same of the server), or None for an unknown version: for tests."""
    cdef InitialKeys client, server
    if not initial_keys(version, cid, <u32>len(cid), &client, &server):
        return None
    return ((client.key[:16], client.iv[:IV], client.hp[:16]), (server.key[:16], server.iv[:IV], server.hp[:16]))


def opened(u32 version, bytes cid, bint server, bytes packet, u32 number_at, u64 expected=0) -> bytes | None:
    """The payload of one Initial packet, or None: for tests."""
    cdef InitialKeys keys[2]
    cdef u8 out[PLAIN_BYTES]
    cdef i32 n
    if not initial_keys(version, cid, <u32>len(cid), &keys[0], &keys[1]):
        return None
    n = initial_open(&keys[server], packet, number_at, <u32>len(packet), &expected, out)
    return out[:n] if n >= 0 else None
