"""ESP that encrypts nothing."""
from netwatch._fast.base.bytes cimport u8
from netwatch._fast.wire.cursor cimport Cursor

cdef bint esp_null(Cursor* c, u8* proto) noexcept nogil
