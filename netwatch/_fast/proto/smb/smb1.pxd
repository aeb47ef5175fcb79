"""SMB1 messages."""
from netwatch._fast.base.bytes cimport u8, u32, Slice
from netwatch._fast.look.protocol cimport Look
from netwatch._fast.proto.smb.facts cimport Smb

cdef u32 smb1_wanted(const u8* p, u32 n, u32 size) noexcept nogil
cdef void smb1_learn(Look* look, Smb* smb, Slice m) noexcept nogil
