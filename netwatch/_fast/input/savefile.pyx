"""Reading capture files: the buffering that all formats share, and the classic pcap format.

A file is read with read(2) into the chunk's memory; whole records become Frames that point there, and the start of a
record that did not fit is carried to the next chunk. Opening files, telling formats apart and decompression are in
capture/file.py; pcapng is in pcapng.pyx. The pcap format: draft-ietf-opsawg-pcap.
"""
from libc.errno cimport EAGAIN, EINTR, errno
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memmove, strerror
from posix.unistd cimport close, read

from netwatch._fast.base.bytes cimport be16, be32, le16, le32, u8, u16, u32, u64, i64
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.poll cimport POLLIN, poll, pollfd
from netwatch._fast.input.source cimport FILL_END, FILL_IDLE, MAX_FRAME, Chunk, Source

from netwatch._fast.input.source import SourceError

cdef enum:
    WAIT_MS = 100
    SLACK = 64                 # of Chunk.cap, never filled
    MAGIC_US = 0xa1b2c3d4
    MAGIC_NS = 0xa1b23c4d
    MAGIC_MODIFIED = 0xa1b2cd34    # A. Kuznetsov's libpcap patches: 8 more bytes in the record header
    FILE_HEADER = 24
    DLT_RAW = 12
    LINKTYPE_RAW = 101


cdef class Savefile(Source):
    """What every file format shares: bytes come in here, a subclass's `parse` makes frames of them.

    `head` are the first bytes of the (unpacked) input, already read from `fd` by whoever told the format; `fd` is owned
    from here on. `unpacker` is an object with `read(n) -> bytes`, empty at the end, raising SourceError when the
    compressed data are damaged, and `taken`, the compressed bytes it has used. A constructor that raises owns no `fd`.
    """

    def __cinit__(self, *args, **kwargs):
        self.fd = -1
        self.unit = "record"

    def __init__(self, int fd, str path, bytes head, u64 size=0, bint waits=False, unpacker: Unpacker | None = None):
        self.path = path
        self.size = size
        self.waits = waits
        self.unpacker = unpacker
        self.bytes_read = len(head) if unpacker is None else unpacker.taken
        if not self.keep(head, len(head)):
            raise MemoryError
        self.fd = fd

    def __dealloc__(self):
        free(self.carry)
        if self.fd >= 0:
            close(self.fd)

    def close(self):
        """Close the file. No fill may be running."""
        self.ended = True
        if self.fd >= 0:
            close(self.fd)
            self.fd = -1

    cdef int parse(self, Chunk* chunk, u64 have, u64* used) noexcept nogil:
        """Make frames of the first `have` bytes of the chunk's memory: one of PARSED, FULL, DAMAGED."""
        return PARSED

    cdef int fill(self, Chunk* chunk) noexcept nogil:
        """As Source.fill. Every record whole in memory is given out before the next byte is asked for."""
        cdef u64 have = self.carried
        cdef u64 used = 0
        cdef i64 got = 0
        chunk.n = 0
        if self.ended or self.stop:
            return FILL_END
        if have:
            memcpy(chunk.mem, self.carry, have)
        while True:
            if self.parse(chunk, have, &used) == DAMAGED:
                self.ended = True
                break
            if chunk.n:
                break
            have -= used
            self.base += used
            memmove(chunk.mem, chunk.mem + used, have)
            used = 0
            got = self.more(chunk.mem + have, min(chunk.cap - SLACK - have, chunk.cap - SLACK - MAX_FRAME))
            if got <= 0:
                break
            have += <u64>got
        if chunk.n == 0 and got == 0 and not self.ended:
            self.finish(have)
        self.origin, self.chunk_at = self.base, chunk.mem
        self.base += used
        if not self.ended and not self.keep(chunk.mem + used, have - used):
            self.ended = True
        self.frames_read += chunk.n
        return FILL_IDLE if got < 0 and not self.ended else <int>chunk.n

    cdef bint keep(self, const u8* p, u64 n) noexcept nogil:
        """Carry n bytes to the next fill; False without memory, which is an error of the source."""
        cdef void* mem
        if n > self.carry_cap:
            mem = realloc(self.carry, n)
            if mem == NULL:
                with gil:
                    self.damage(self.base, "no memory")
                return False
            self.carry = <u8*>mem
            self.carry_cap = n
        if n:
            memcpy(self.carry, p, n)
        self.carried = n
        return True

    cdef i64 more(self, u8* p, u64 room) noexcept nogil:
        """Read up to `room` bytes: how many, 0 at the end (or after an accident, see `broken`), -1 when idle."""
        cdef pollfd ready
        cdef i64 got
        if self.waits:
            ready.fd = self.fd
            ready.events = POLLIN
            if poll(&ready, 1, WAIT_MS) <= 0:
                return -1
        if self.unpacker is not None:
            with gil:
                return self.unpack(p, room)
        got = read(self.fd, p, room)
        if got >= 0:
            self.bytes_read += <u64>got
            return got
        if errno == EINTR or errno == EAGAIN:
            return -1
        with gil:
            self.broken = f"cannot be read: {strerror(errno).decode(errors='replace')}"
        return 0

    cdef i64 unpack(self, u8* p, u64 room) noexcept:
        """As `more`, through the decompressor."""
        try:
            data = self.unpacker.read(room)
        except Exception as e:    # an unknown accident must not look like the end of the file
            self.broken = str(e)
            return 0
        self.bytes_read = self.unpacker.taken
        if <u64>len(data) > room:
            self.broken = "the decompressor gave more than was asked for"
            return 0
        memcpy(p, <const u8*><bytes>data, len(data))
        return <i64>len(data)

    cdef void finish(self, u64 have) noexcept nogil:
        """The bytes have ended with `have` of them not parsed: say so when that is an accident."""
        self.ended = True
        if have == 0 and self.passed == 0 and self.broken is None:
            return
        with gil:
            where = f"inside {self.unit} {self.units + 1} (needs {self.need} bytes, {self.passed + have} are left)"
            if self.broken is not None:
                self.damage(self.base + have, self.broken)
            else:
                self.damaged = True
                self.error = f"{self.path}: cut short at byte {self.base + have}, {where}"

    cdef int damage(self, u64 at, str what) except? -2:
        """Record an accident at offset `at` of the unpacked input."""
        self.damaged = True
        self.error = f"{self.path}: damaged at byte {at}: {what}"
        return DAMAGED


cdef class Pcap(Savefile):
    """The classic format: microseconds or nanoseconds, either byte order, and the modified 24-byte record header."""

    def __init__(self, int fd, str path, bytes head, u64 size=0, bint waits=False, unpacker: Unpacker | None = None):
        cdef const u8* p = head
        cdef u32 magic, major
        if len(head) < FILE_HEADER:
            where = f"inside the file header (needs {FILE_HEADER} bytes)"
            raise SourceError(f"{path}: cut short at byte {len(head)}, {where}")
        self.big = p[0] == 0xa1
        magic = be32(p) if self.big else le32(p)
        if magic != MAGIC_US and magic != MAGIC_NS and magic != MAGIC_MODIFIED:
            raise SourceError(f"{path}: not a pcap file")
        major = be16(p + 4) if self.big else le16(p + 4)
        self.minor = be16(p + 6) if self.big else le16(p + 6)
        if major != 2:
            raise SourceError(f"{path}: pcap version {major}.{self.minor} is not supported (2.x is)")
        self.head = 24 if magic == MAGIC_MODIFIED else 16
        self.tick = 1 if magic == MAGIC_NS else 1000
        self.link = link_of(be32(p + 20) if self.big else le32(p + 20))
        self.interfaces.append({
            "name": "", "link": self.link, "snaplen": be32(p + 16) if self.big else le32(p + 16),
            "resolution": 1_000_000_000 // self.tick, "description": ""})
        self.n_interfaces = 1
        Savefile.__init__(self, fd, path, head[FILE_HEADER:], size, waits, unpacker)
        self.base = FILE_HEADER
        if unpacker is None:
            self.bytes_read = len(head)

    cdef int parse(self, Chunk* chunk, u64 have, u64* used) noexcept nogil:
        """Records to frames. Only `have` bytes are looked at; each read follows a check of what is left."""
        cdef const u8* p = chunk.mem
        cdef const u8* end = p + have
        cdef Frame* f = chunk.frames
        cdef Frame* last = f + chunk.room
        cdef u64 n = self.frames_read
        cdef u32 head = self.head, tick = self.tick, seconds, fraction, caplen, wire
        cdef u16 link = self.link
        cdef bint big = self.big, old = self.minor <= 3
        cdef int answer = PARSED
        while f < last:
            self.need = head
            if <u64>(end - p) < head:
                break
            if big:
                seconds, fraction, caplen, wire = be32(p), be32(p + 4), be32(p + 8), be32(p + 12)
            else:
                seconds, fraction, caplen, wire = le32(p), le32(p + 4), le32(p + 8), le32(p + 12)
            if caplen > wire or old:
                self.settle(&caplen, &wire)
            if caplen > MAX_FRAME:
                answer = DAMAGED
                break
            if <u64>(end - p) - head < caplen:
                self.need = head + caplen
                break
            n += 1
            f.data = p + head
            f.ts = <u64>seconds * 1000000000 + <u64>fraction * tick
            f.n = n
            f.caplen = caplen
            f.len = wire
            f.iface = 0
            f.link = link
            f.shard = 0
            f.bits = 0
            f += 1
            p += head + caplen
        used[0] = <u64>(p - chunk.mem)
        chunk.n = <u32>(f - chunk.frames)
        self.units = n
        if answer == DAMAGED:
            return self.too_long(self.base + used[0], caplen)
        return FULL if f == last else PARSED

    cdef void settle(self, u32* caplen, u32* wire) noexcept nogil:
        """The lengths were the other way round before version 2.3, and in some writers of 2.3 (as libpcap holds)."""
        if self.minor < 3 or (self.minor == 3 and caplen[0] > wire[0]):
            caplen[0], wire[0] = wire[0], caplen[0]
        if caplen[0] > wire[0]:
            wire[0] = caplen[0]

    cdef int too_long(self, u64 at, u32 caplen) noexcept nogil:
        with gil:
            said = f"record {self.units + 1} says it holds {caplen} bytes"
            return self.damage(at, f"{said}; no frame is longer than {MAX_FRAME}")


cdef u16 link_of(u32 network) noexcept nogil:
    """The LINKTYPE of a file header's last field: its low 16 bits; the high ones describe the frame check sequence.

    12 is no LINKTYPE but what some writers use for raw IP (the kernel's own number instead of the file's, 101).
    """
    cdef u16 link = <u16>(network & 0xffff)
    return LINKTYPE_RAW if link == DLT_RAW else link
