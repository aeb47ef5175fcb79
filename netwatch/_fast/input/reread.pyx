"""Frames of a capture file read once more, by their places in it: what stands before a frame says its time and lengths.

It is for a file that is read with read(2) and as it is stored, and pcap or pcapng; of anything else place() is 0. The
file is held open. If it has changed meanwhile, what is read is held against what its header must say, and refused.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy
from posix.types cimport off_t
from posix.unistd cimport close, dup, pread

from netwatch._fast.base.bytes cimport be32, le32, u8, u32, u64
from netwatch._fast.input.pcapng cimport Iface, Pcapng, to_ns
from netwatch._fast.input.savefile cimport Pcap
from netwatch._fast.input.source cimport MAX_FRAME, Source
from netwatch._fast.wire.packet cimport FRAME_TIMELESS, Frame

cdef enum:
    OPB = 2                    # packet blocks of pcapng, as in pcapng.pyx
    SPB = 3
    EPB = 6
    HEAD = 28                  # bytes of the two with a time before their frame
    SIMPLE_HEAD = 12
    WINDOW = 131072            # bytes that are read at once of a file that is read on
    NEAR = 4096                # bytes from the end of what was read last, where that is so


cdef class Reread:
    """`source`: what is being read, from its beginning, by one reader that uses a chunk up before it fills the next."""

    def __cinit__(self, source: Source | None):
        self.fd = -1
        if not isinstance(source, (Pcap, Pcapng)):
            return
        self.source = source
        if self.source.waits or self.source.unpacker is not None or self.source.fd < 0:
            return
        if isinstance(source, Pcap):
            self.classic = source
        else:
            self.blocks = source
        self.fd = dup(self.source.fd)

    def __dealloc__(self):
        free(self.window)
        if self.fd >= 0:
            close(self.fd)

    @property
    def able(self) -> bool:
        """Can the source's frames be read once more?"""
        return self.fd >= 0

    cdef u64 place(self, const Frame* f) noexcept nogil:
        """Where in the file the bytes of a frame of the newest chunk begin; 0 when that is not known."""
        if self.fd < 0 or f.data < self.source.chunk_at:
            return 0
        return self.source.origin + <u64>(f.data - self.source.chunk_at)

    cdef bint read(self, u64 at, Frame* f, u8* mem) noexcept nogil:
        """The frame whose bytes begin at `at`, into `mem`, MAX_FRAME bytes. Its interface and bits are given; a frame
        that the file gives no time keeps the one it has. False: it cannot be read."""
        cdef u8 head[HEAD]
        if self.classic is not None:
            if not self.record(at, f, &head[0]):
                return False
        elif not self.block(at, f, &head[0]):
            return False
        f.data = mem
        return f.caplen <= MAX_FRAME and self.take(at, f.caplen, mem)

    cdef bint take(self, u64 at, u32 n, u8* to) noexcept nogil:
        """Bytes of the file. Whoever asks for them in their order has them from a window, which is read anew."""
        cdef bint near = self.last <= at <= self.last + NEAR
        cdef Py_ssize_t got
        self.last = at + n
        if self.window_at <= at and at + n <= self.window_at + self.window_n:
            memcpy(to, self.window + (at - self.window_at), n)
            return True
        if near and n < WINDOW:
            if self.window == NULL:
                self.window = <u8*>malloc(WINDOW)
            if self.window != NULL:
                got = pread(self.fd, self.window, WINDOW, <off_t>at)
                self.window_at, self.window_n = at, <u32>got if got > 0 else 0
                if n <= self.window_n:
                    memcpy(to, self.window, n)
                    return True
        return pread(self.fd, to, n, <off_t>at) == <Py_ssize_t>n

    cdef bint record(self, u64 at, Frame* f, u8* head) noexcept nogil:
        """What a pcap record says of its frame."""
        cdef u32 n = self.classic.head
        cdef bint big = self.classic.big
        if at < n or not self.take(at - n, n, head):
            return False
        f.ts = <u64>(be32(head) if big else le32(head)) * 1000000000 + \
            <u64>(be32(head + 4) if big else le32(head + 4)) * self.classic.tick
        f.caplen = be32(head + 8) if big else le32(head + 8)
        f.len = be32(head + 12) if big else le32(head + 12)
        if f.caplen > f.len or self.classic.minor <= 3:
            self.classic.settle(&f.caplen, &f.len)
        f.link = self.classic.link
        return True

    cdef bint block(self, u64 at, Frame* f, u8* head) noexcept nogil:
        """What a packet block says of its frame. Its type is a small number, which tells the section's byte order."""
        cdef bint simple = f.bits & FRAME_TIMELESS, big
        cdef u32 n = SIMPLE_HEAD if simple else HEAD, kind, total
        cdef const Iface* iface = &self.blocks.ifaces[f.iface]
        if at < n or f.iface >= self.blocks.n_interfaces or not self.take(at - n, n, head):
            return False
        big = head[0] == 0
        kind = be32(head) if big else le32(head)
        total = be32(head + 4) if big else le32(head + 4)
        f.link = iface.link
        if simple:
            f.len = be32(head + 8) if big else le32(head + 8)
            f.caplen = min(f.len, total - SIMPLE_HEAD - 4 if total > SIMPLE_HEAD + 4 else 0)
            if iface.snaplen and f.caplen > iface.snaplen:
                f.caplen = iface.snaplen
            return kind == SPB
        f.ts = to_ns(&iface.clock, <u64>(be32(head + 12) if big else le32(head + 12)) << 32 |
                     (be32(head + 16) if big else le32(head + 16)))
        f.caplen = be32(head + 20) if big else le32(head + 20)
        f.len = max(be32(head + 24) if big else le32(head + 24), f.caplen)
        return (kind == EPB or kind == OPB) and f.caplen <= total
