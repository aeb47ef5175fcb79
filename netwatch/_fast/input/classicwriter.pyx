"""Writing pcap, the older format (draft-ietf-opsawg-pcap): nanoseconds, one kind of link, nothing beside the packets.

What pcapng has beside its packets, what they are and whose, goes into a second file, a line of JSON for each flow:
that is the text of the custom option, as export/evidence.py makes it.
"""
import errno


from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset
from posix.unistd cimport close

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport mix_bytes
from netwatch._fast.input.pcapngwriter cimport CUSTOM, CaptureWriter

cdef enum:
    MAGIC = 0xA1B23C4D         # ns; section 4
    ETHERNET = 1
    HEAD = 16                  # octets before a packet, section 5
    BUFFER = 262144 + 65536 + 1024
    LINES = 131072             # bytes of lines that wait
    OWN = 4                    # octets of the enterprise number before the text
    KNOWN = 131072             # hashes of what was said, a power of 2; half of them at most are in use


cdef class ClassicWriter(CaptureWriter):
    """A CaptureWriter of a pcap file. Secrets, names and statistics find no place and are left out. Raises OSError when
    packets of two kinds of link come."""
    cdef int side
    cdef u32 link
    cdef bint begun
    cdef u8* lines
    cdef u64 waiting           # bytes of them
    cdef u64* known            # hashes of what was said
    cdef u32 n_known

    def __cinit__(self, *args, **kwargs):
        self.side = -1
        self.lines = <u8*>malloc(LINES)
        self.known = <u64*>calloc(KNOWN, sizeof(u64))
        if self.lines == NULL or self.known == NULL:
            raise MemoryError

    def __init__(self, str path, int fd, int side):
        """Both files are open already, and are ours from now on."""
        self.side = side
        super().__init__(path, fd=fd)

    def __dealloc__(self):
        free(self.lines)
        free(self.known)
        if self.side >= 0:
            close(self.side)

    def add_interface(self, str name="", int link=1, u32 snaplen=262144, str description="") -> int:
        """As CaptureWriter's; only what kind of link it is finds a place."""
        if not self.begun:
            self.begin(<u32>link)
        elif <u32>link != self.link:
            raise OSError(errno.EINVAL, "pcap holds one kind of link and here are two; name it .pcapng", self.path)
        return CaptureWriter.add_interface(self, name, link, snaplen, description)

    def close(self):
        """Flush and close both. Raises OSError when not all could be written."""
        if self.fd >= 0 and not self.begun:
            self.begin(ETHERNET)
        self.check(self.push_lines())
        if self.side >= 0:
            close(self.side)
            self.side = -1
        CaptureWriter.close(self)

    cdef int begin(self, u32 link) except -1:
        """The file's header, section 4."""
        cdef u32[6] head = [MAGIC, 2 | 4 << 16, 0, 0, 262144, link]
        self.begun, self.link = True, link
        memcpy(self.mem + self.used, head, sizeof(head))
        self.used += sizeof(head)
        self.bytes_written += sizeof(head)
        return 0

    cdef int block(self, u32 kind, bytes body) except -1:
        """There are none."""
        return 0

    cdef int packet(self, const u8* data, u32 caplen, u32 wire, u64 ts, u32 iface,
                    const u8* options, u32 size) noexcept nogil:
        """A packet record, section 5; what is known of its flow is said once."""
        cdef u32[4] head = [<u32>(ts // 1000000000), <u32>(ts % 1000000000), caplen, wire]
        cdef u64 total = HEAD + caplen
        if self.used + total > BUFFER and self.push() < 0:
            return -1
        if self.fd < 0 or total > BUFFER:
            return -1
        memcpy(self.mem + self.used, head, HEAD)
        memcpy(self.mem + self.used + HEAD, data, caplen)
        self.used += total
        self.bytes_written += total
        self.packets += 1
        return self.tell(options, size) if size else 0

    cdef int tell(self, const u8* options, u32 size) noexcept nogil:
        """Put down the text among the options (ng 3.5), unless it was."""
        cdef u32 at = 0, code, n
        while at + 4 <= size:
            code, n = options[at] | <u32>options[at + 1] << 8, options[at + 2] | <u32>options[at + 3] << 8
            at += 4
            if n > size - at:
                return 0
            if code == CUSTOM and n > OWN and self.is_news(options + at, n):
                return self.put_line(options + at + OWN, n - OWN)
            at += (n + 3) & ~<u32>3
        return 0

    cdef bint is_news(self, const u8* text, u32 n) noexcept nogil:
        """Was it not put down lately? Of very many the eldest are forgotten, and may be put down again."""
        cdef u64 h = mix_bytes(text, n) | 1
        cdef u64 at = (h >> 20) & (KNOWN - 1)
        while self.known[at]:
            if self.known[at] == h:
                return False
            at = (at + 1) & (KNOWN - 1)
        if self.n_known >= KNOWN // 2:
            memset(self.known, 0, KNOWN * sizeof(u64))
            self.n_known = 0
            at = (h >> 20) & (KNOWN - 1)
        self.known[at] = h
        self.n_known += 1
        return True

    cdef int put_line(self, const u8* text, u32 n) noexcept nogil:
        if self.waiting + n + 1 > LINES and self.push_lines() < 0:
            return -1
        memcpy(self.lines + self.waiting, text, n)
        self.lines[self.waiting + n] = c'\n'
        self.waiting += n + 1
        return 0

    cdef int push_lines(self) noexcept nogil:
        return self.write_out(self.side, self.lines, &self.waiting)
