"""Writing pcapng without the GIL."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.wire.packet cimport Frame

cdef enum:
    MAX_COMMENT = 65532        # an option's length has 16 bits, and it is padded to 4
    OPT_COMMENT = 1            # ng 3.5
    CUSTOM = 2988              # ng 3.5.1: an option of our own, UTF-8, that other tools may copy
    PEN = 32473                # RFC 5612's for documentation: netwatch has none of its own, the text says whose it is

cdef struct Count:             # packets written of an interface; ns since 1970
    u64 first, last, packets

cdef class CaptureWriter:
    cdef readonly str path
    cdef readonly u64 packets          # written
    cdef readonly u64 bytes_written    # of the file, the buffered ones included
    cdef readonly u32 n_interfaces
    cdef int fd
    cdef int failed                    # errno of the first write that failed, 0 when none did
    cdef u8* mem
    cdef u64 used
    cdef Count* counts         # of each interface
    cdef int put(self, const Frame* frame, u32 iface, const u8* options,
                 u32 size) noexcept nogil      # 0, or -1: failed says why
    cdef int packet(self, const u8* data, u32 caplen, u32 wire, u64 ts, u32 iface,
                    const u8* options, u32 size) noexcept nogil
    cdef int push(self) noexcept nogil
    cdef int write_out(self, int fd, const u8* mem, u64* used) noexcept nogil
    cdef int block(self, u32 kind, bytes body) except -1
    cdef int check(self, int answer) except -1
