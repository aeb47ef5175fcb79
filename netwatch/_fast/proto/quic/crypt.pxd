"""Initial packet protection of QUIC (RFC 9001 section 5, RFC 9369 section 3.3), by OpenSSL's libcrypto."""
from netwatch._fast.base.bytes cimport u8, u32, u64, i32

cdef enum:
    QUIC_V1 = 0x00000001
    QUIC_V2 = 0x6b3343cf
    QUIC_T050 = 0x54303530
    QUIC_T051 = 0x54303531
    MVFST_22 = 0xfaceb001      # Facebook's, after the drafts 22 and 27
    MVFST_27 = 0xfaceb002
    MVFST_TRIAL = 0xfaceb00e
    MAX_CID = 20               # RFC 9000 section 17.2
    PLAIN_BYTES = 16384        # a longer Initial is not opened

cdef struct InitialKeys:       # of one sender
    u8 key[16]
    u8 iv[12]
    u8 hp[16]

cdef u32 draft_of(u32 version) noexcept nogil
cdef const u8* salt_of(u32 version) noexcept nogil
cdef bint initial_keys(u32 version, const u8* cid, u32 n, InitialKeys* client, InitialKeys* server) noexcept nogil
cdef i32 initial_open(const InitialKeys* keys, const u8* p, u32 number_at, u32 size, u64* following,
                      u8* out) noexcept nogil
