"""Where frames come from. A live interface and a file differ here and nowhere above.

A source fills a Chunk: it copies frames into the chunk's own memory and describes each with a Frame. A chunk lives
until it is filled again, so a reader may fill one while engines work on another. Nothing is mapped: a file that
shrinks under us is an end of input, not a SIGBUS, and reading into a cache-sized buffer costs a third of walking a
mapping (measured: 0.02 s against 0.08 s of CPU for 500 MB).
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64, i64
from netwatch._fast.wire.packet cimport Frame

cdef enum:
    CHUNK_BYTES = 524288        # memory for frame bytes
    CHUNK_FRAMES = 8192
    MAX_FRAME = 262144          # a longer captured frame is damage, as libpcap and Wireshark hold

cdef enum:                      # answers of Source.fill that are not a number of frames
    FILL_END = 0                # no frame will follow; Source.error says whether that is an accident
    FILL_IDLE = -1              # live or a pipe: none arrived within 100 ms; ask again

cdef struct Chunk:
    u8* mem
    u64 cap                     # CHUNK_BYTES + MAX_FRAME + 64; the last 64 are never filled
    Frame* frames               # `room` of them
    u32 n                       # frames filled
    u32 room                    # CHUNK_FRAMES

cdef Chunk* chunk_new() noexcept nogil                          # NULL when there is no memory
cdef Chunk* chunk_sized(u64 size, u32 frames) noexcept nogil    # smaller than chunk_new; size stands for CHUNK_BYTES
cdef void chunk_free(Chunk* chunk) noexcept nogil

cdef class Files:               # which input each frame is from, where there are several
    cdef u64* runs                     # the first frame of each run << 16 | its input
    cdef u64 n
    cdef u64 cap
    cdef u64 until                     # frames noted
    cdef bint full                     # there was no room for more
    cdef readonly list names           # list[str]: of the inputs
    cdef void note(self, u64 frame, u32 input) noexcept nogil

cdef class Source:
    cdef readonly list interfaces      # list[Record]: name, link (LINKTYPE), snaplen, resolution (a second), ...
    cdef readonly list secrets     # list[tuple[int, bytes]]: of Decryption Secrets Blocks, 16 MiB at most
    cdef readonly list names       # list[tuple[bytes, str]]: packed addresses of Name Resolution Blocks, 65536 at most
    cdef readonly list evidence    # list[tuple[int, bytes]]: of flows, when it stood first (ns), as netwatch wrote it
    cdef readonly str error        # str | None: one line saying what was wrong and where ("cut short at byte 812 ...")
    cdef readonly bint damaged         # the input ended by accident (exit code 5)
    cdef readonly u64 frames_read      # ordinal of the last frame given out
    cdef readonly u64 bytes_read       # of the input as stored (compressed bytes of a compressed file)
    cdef readonly u64 size             # bytes of the input as stored; 0 when that is not known
    cdef u32 n_interfaces              # len(interfaces), to be read without the GIL
    cdef u32 n_lists                   # how often something was put into these lists, likewise
    cdef bint stop                     # interrupt() was called
    cdef int fill(self, Chunk* chunk) noexcept nogil    # one thread at a time, always with chunks of one size
