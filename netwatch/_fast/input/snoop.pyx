"""Reading snoop files (RFC 1761): big-endian, records padded to four bytes, the drops of the capture in each."""
from netwatch._fast.base.bytes cimport be32, u8, u32, u64
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.savefile cimport DAMAGED, FULL, PARSED, Savefile
from netwatch._fast.input.source cimport MAX_FRAME, Chunk

from netwatch._fast.input.source import SourceError

cdef enum:
    FILE_HEADER = 16
    RECORD_HEADER = 24

# datalink types of RFC 1761 section 2, and those that Solaris added (IP over Fibre Channel 16 and InfiniBand 26), as
# LINKTYPE
LINKS = {0: 1, 2: 6, 4: 1, 8: 10, 16: 122, 26: 242}


cdef class Snoop(Savefile):
    """A snoop file, version 2."""

    def __init__(self, int fd, str path, bytes head, u64 size=0, bint waits=False, unpacker: Unpacker | None = None):
        if len(head) < FILE_HEADER:
            raise SourceError(f"{path}: cut short at byte {len(head)}, inside the file header "
                              f"(needs {FILE_HEADER} bytes)")
        version, kind = int.from_bytes(head[8:12], "big"), int.from_bytes(head[12:16], "big")
        if head[:8] != b"snoop\0\0\0":
            raise SourceError(f"{path}: not a snoop file")
        if version != 2:
            raise SourceError(f"{path}: snoop version {version} is not supported (2 is)")
        if kind not in LINKS:
            raise SourceError(f"{path}: snoop datalink type {kind} is not known (Ethernet is 4)")
        self.link = LINKS[kind]
        self.interfaces.append({"name": "", "link": self.link, "snaplen": MAX_FRAME, "resolution": 1_000_000,
                                "description": ""})
        self.n_interfaces = 1
        Savefile.__init__(self, fd, path, head[FILE_HEADER:], size, waits, unpacker)
        self.base = FILE_HEADER
        if unpacker is None:
            self.bytes_read = len(head)

    def stats(self) -> dict:
        """As Source.stats, with the drops that the file speaks of."""
        found = Savefile.stats(self)
        found["kernel_drops"] = self.lost
        return found

    cdef int parse(self, Chunk* chunk, u64 have, u64* used) noexcept nogil:
        """Records to frames, as Savefile.parse."""
        cdef const u8* p = chunk.mem
        cdef const u8* end = p + have
        cdef Frame* f = chunk.frames
        cdef Frame* last = f + chunk.room
        cdef u32 caplen, size
        cdef int answer = PARSED
        while f < last:
            self.need = RECORD_HEADER
            if <u64>(end - p) < RECORD_HEADER:
                break
            caplen, size = be32(p + 4), be32(p + 8)
            if caplen > MAX_FRAME or size > MAX_FRAME + RECORD_HEADER + 64 or size < RECORD_HEADER + caplen:
                answer = DAMAGED
                break
            self.need = size
            if <u64>(end - p) < size:
                break
            self.units += 1
            self.lost = be32(p + 12)
            f.data = p + RECORD_HEADER
            f.caplen = caplen
            f.len = max(be32(p), caplen)
            f.ts = <u64>be32(p + 16) * 1000000000 + <u64>be32(p + 20) * 1000
            f.n = self.units
            f.iface = 0
            f.link = self.link
            f.shard = 0
            f.bits = 0
            f += 1
            p += size
        used[0] = <u64>(p - chunk.mem)
        chunk.n = <u32>(f - chunk.frames)
        if answer == DAMAGED:
            return self.refuse(self.base + used[0], caplen, size)
        return FULL if f == last else PARSED

    cdef int refuse(self, u64 at, u32 caplen, u32 size) noexcept nogil:
        with gil:
            return self.damage(at, f"record {self.units + 1} says it holds {caplen} bytes in {size}")
