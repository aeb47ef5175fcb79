"""Reading pcapng: sections, interfaces and packets as Frames; names, secrets and evidence as bounded lists.

Blocks of other types, and options that mean nothing to us, are passed by their length. A block is checked whole (both
lengths agree) before anything is made of it. Format: draft-ietf-opsawg-pcapng, whose sections are given as "ng 4.3".
"""
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport be16, be32, le16, le32, u8, u16, u32, u64, i64
from netwatch._fast.wire.packet cimport FRAME_TIMELESS, Frame
from netwatch._fast.input.annotations cimport Noted
from netwatch._fast.input.savefile cimport DAMAGED, FULL, PARSED, Savefile, link_of
from netwatch._fast.input.source cimport MAX_FRAME, Chunk

from netwatch._fast.input.source import SourceError

cdef enum:
    SHB = 0x0A0D0D0A           # ng 4.1
    IDB = 1                    # ng 4.2
    OPB = 2                    # ng appendix A, the obsolete packet block
    SPB = 3                    # ng 4.4
    NRB = 4                    # ng 4.5
    ISB = 5                    # ng 4.6
    EPB = 6                    # ng 4.3
    DSB = 10                   # ng 4.7
    BYTE_ORDER = 0x1A2B3C4D
    WHOLE = MAX_FRAME + 65536  # a longer block is not held in the chunk; no packet block is
    LONGEST = 16777216 + 64    # a longer block that we want is passed over
    MAX_LOCAL = 65536          # interfaces of a section
    GOT_FRAME = 2              # answers of `block` besides PARSED (more bytes are needed) and DAMAGED
    GOT_OTHER = 3
    GOT_LONG = 4               # its header is taken, the rest is to be passed
    TEXT = 256                 # characters kept of a name or description

cdef u64 MAX_TS = 0x7fffffffffffffff
cdef u64 BILLION = 1000000000
cdef u64 MAX_SECRETS = 16777216
cdef Py_ssize_t MAX_NAMES = 65536


cdef class Pcapng(Savefile):
    """A pcapng input: any number of sections, each of its own byte order and with its own interfaces."""

    def __cinit__(self, *args, **kwargs):
        self.unit = "block"
        self.known = {}
        self.lost = {}
        self.noted = Noted(self.evidence)
        self.local = <u16*>malloc(MAX_LOCAL * sizeof(u16))
        if self.local == NULL:
            raise MemoryError

    def __init__(self, int fd, str path, bytes head, u64 size=0, bint waits=False, unpacker: Unpacker | None = None):
        if head[:4] != b"\n\r\r\n":
            raise SourceError(f"{path}: not a pcapng file")
        Savefile.__init__(self, fd, path, head, size, waits, unpacker)

    def __dealloc__(self):
        free(self.ifaces)
        free(self.local)
        free(self.long_block)

    cdef u32 get32(self, const u8* p) noexcept nogil:
        return be32(p) if self.big else le32(p)

    cdef u16 get16(self, const u8* p) noexcept nogil:
        return be16(p) if self.big else le16(p)

    cdef int parse(self, Chunk* chunk, u64 have, u64* used) noexcept nogil:
        """Blocks to frames, as Savefile.parse."""
        cdef const u8* p = chunk.mem
        cdef const u8* end = p + have
        cdef u32 size = 0
        cdef int got = GOT_OTHER
        chunk.n = 0
        while chunk.n < chunk.room:
            if self.skip:
                p += self.pass_over(p, <u64>(end - p))
                used[0] = <u64>(p - chunk.mem)
                if self.skip:
                    return PARSED
                got = self.end_long()
                if got == DAMAGED:
                    break
                self.units += 1
            self.passed = 0
            got = self.block(&chunk.frames[chunk.n], p, <u64>(end - p), &size)
            if got == PARSED or got == DAMAGED:
                break
            p += size
            used[0] = <u64>(p - chunk.mem)
            if got == GOT_LONG:
                self.passed = size
                continue
            self.units += 1
            if got == GOT_FRAME:
                chunk.n += 1
                chunk.frames[chunk.n - 1].n = self.frames_read + chunk.n
        used[0] = <u64>(p - chunk.mem)
        if got == DAMAGED:
            with gil:
                return self.damage(self.base + used[0], f"block {self.units + 1} {self.fault}")
        return FULL if chunk.n == chunk.room else PARSED

    cdef int head(self, const u8* p, u64 have, u32* kind, u32* total) noexcept nogil:
        """The block's type and length; a section header sets the byte order first. PARSED when bytes are missing."""
        self.need = 12
        if have < 12:
            return PARSED
        kind[0] = self.get32(p)
        if kind[0] == SHB:                 # a palindrome: the same in both byte orders
            if be32(p + 8) != BYTE_ORDER and le32(p + 8) != BYTE_ORDER:
                return self.refuse("has no byte-order magic but %#x", be32(p + 8))
            self.big = be32(p + 8) == BYTE_ORDER
        elif not self.in_section:
            return self.refuse("comes before a section header (type %#x)", kind[0])
        total[0] = self.get32(p + 4)
        if total[0] < 12 or total[0] % 4:
            return self.refuse("has a length of %d, which no block can have", total[0])
        self.need = total[0]
        return GOT_OTHER

    cdef int block(self, Frame* f, const u8* p, u64 have, u32* size) noexcept nogil:
        """One block at p: GOT_FRAME, GOT_OTHER, GOT_LONG, each with its size; PARSED to wait; DAMAGED."""
        cdef u32 kind = 0, total = 0
        cdef int got = self.head(p, have, &kind, &total)
        if got != GOT_OTHER:
            return got
        size[0] = total
        if total > WHOLE:
            size[0] = 8
            return self.begin_long(kind, total)
        if have < total:
            return PARSED
        if self.get32(p + total - 4) != total:
            return self.refuse("ends with another length (%d) than it begins with", self.get32(p + total - 4))
        if kind == EPB or kind == SPB or kind == OPB:
            return self.packet(f, kind, p + 8, total - 12)
        if kind == SHB or kind == IDB or kind == NRB or kind == DSB or kind == ISB:
            return self.other(kind, p, total)
        return GOT_OTHER

    cdef int packet(self, Frame* f, u32 kind, const u8* p, u32 n) noexcept nogil:
        """The n bytes between a packet block's lengths, as a Frame."""
        cdef u32 fixed = 4 if kind == SPB else 20
        cdef u32 local = 0
        cdef Iface* iface
        if n < fixed:
            return self.refuse("is a packet block of only %d bytes", n)
        if kind == EPB:
            local = self.get32(p)
        elif kind == OPB:
            local = self.get16(p)
        if local >= self.n_local:
            return self.refuse("is of interface %d, which its section does not describe", local)
        iface = &self.ifaces[self.local[local]]
        if kind == SPB:
            f.len = self.get32(p)
            f.caplen = min(f.len, n - fixed)
            if iface.snaplen and f.caplen > iface.snaplen:
                f.caplen = iface.snaplen
        else:
            self.last_ts = to_ns(&iface.clock, (<u64>self.get32(p + 4) << 32) | self.get32(p + 8))
            f.caplen = self.get32(p + 12)
            f.len = max(self.get32(p + 16), f.caplen)
        if f.caplen > n - fixed or f.caplen > MAX_FRAME:
            return self.refuse("says it holds a frame of %d bytes, more than it can", f.caplen)
        f.data = p + fixed
        f.ts = self.last_ts
        f.iface = self.local[local]
        f.link = iface.link
        f.shard = 0
        f.bits = FRAME_TIMELESS if kind == SPB else 0
        if kind == EPB and n - fixed > f.caplen + 8:
            self.n_lists += self.noted.look(p + fixed + f.caplen + (-f.caplen & 3), p + n, f.ts, self.big)
        return GOT_FRAME

    cdef int begin_long(self, u32 kind, u32 total) noexcept nogil:
        """A block longer than the chunk: collect it when it says something, pass it over otherwise."""
        if kind == EPB or kind == SPB or kind == OPB:
            return self.refuse("is a packet block of %d bytes, longer than any", total)
        if (kind == SHB or kind == IDB) and total > LONGEST:
            return self.refuse("describes the input in %d bytes, more than makes sense", total)
        self.skip = total - 8
        self.long_block = NULL
        if (kind == SHB or kind == IDB or kind == NRB or kind == DSB) and total <= LONGEST:
            self.long_block = <u8*>malloc(total)
            if self.long_block == NULL:
                return self.refuse("needs %d bytes of memory, which there are not", total)
            self.long_size = total
            self.long_at = 8
            self.long_kind = kind
        return GOT_LONG

    cdef u64 pass_over(self, const u8* p, u64 have) noexcept nogil:
        """Take what is here of a long block: how many bytes."""
        cdef u64 n = min(have, self.skip)
        if self.long_block != NULL and n:
            memcpy(self.long_block + self.long_at, p, n)
            self.long_at += n
        self.skip -= n
        self.passed += n
        return n

    cdef int end_long(self) noexcept nogil:
        """A long block has passed; use it if it was collected."""
        cdef u8* mem = self.long_block
        cdef u32 total = self.long_size
        cdef int got
        if mem == NULL:
            return GOT_OTHER
        if self.get32(mem + total - 4) != total:
            got = self.refuse("ends with another length (%d) than it begins with", self.get32(mem + total - 4))
        else:
            got = self.other(self.long_kind, mem, total)
        free(mem)
        self.long_block = NULL
        return got

    cdef int refuse(self, const char* what, u64 value) noexcept nogil:
        """The block at hand is damaged; `parse` adds where it is."""
        with gil:
            self.fault = what.decode() % value
        return DAMAGED

    cdef int other(self, u32 kind, const u8* p, u32 total) noexcept with gil:
        """A whole block that is no packet: GOT_OTHER, or DAMAGED."""
        body = PyBytes_FromStringAndSize(<const char*>p + 8, total - 12)
        if kind == IDB:
            return self.interface(body)
        if kind == SHB:
            if total < 28:
                return self.refuse("is a section header of only %d bytes", total)
            if self.get16(p + 12) != 1:
                return self.refuse("begins a section of format version %d, which is not known", self.get16(p + 12))
            self.in_section = True
            self.n_local = 0
        elif kind == DSB:
            self.take_secrets(body)
        elif kind == ISB:
            self.take_statistics(body)
        else:
            self.take_names(body)
        return GOT_OTHER

    cdef int interface(self, bytes body):
        """An Interface Description Block, ng 4.2. Equal ones at the same place of two sections are one interface."""
        cdef const u8* p = body
        cdef u8 resolution = 6
        cdef i64 offset = 0
        cdef str name = "", description = ""
        if len(body) < 8:
            return self.refuse("is an interface description of only %d bytes", len(body))
        if self.n_local == MAX_LOCAL:
            return self.refuse("is one interface description more than %d", MAX_LOCAL)
        for code, value in self.options(body, 8):
            if code == 2:
                name = text(value)
            elif code == 3:
                description = text(value)
            elif code == 9 and len(value) >= 1:
                resolution = value[0]
            elif code == 14 and len(value) == 8:
                offset = int.from_bytes(value, "big" if self.big else "little", signed=True)
        link, snaplen = link_of(self.get16(p)), self.get32(p + 4)
        key = (self.n_local, link, snaplen, resolution, offset, name, description)
        if key not in self.known:
            if self.n_interfaces == 65535:
                return self.refuse("is one interface more than %d", 65535)
            self.add_iface(link, snaplen, clock_of(resolution, offset))
            self.known[key] = self.n_interfaces
            self.interfaces.append({
                "name": name, "link": link, "snaplen": snaplen, "description": description,
                "resolution": power(2, resolution & 127) if resolution & 128 else power(10, resolution)})
            self.n_interfaces += 1
        self.local[self.n_local] = self.known[key]
        self.n_local += 1
        return GOT_OTHER

    cdef int add_iface(self, u16 link, u32 snaplen, Clock clock) except -1:
        """Room for one more in `ifaces`, and what a frame needs of it."""
        cdef u32 n = self.n_interfaces
        cdef void* mem
        if n == self.cap_ifaces:
            mem = realloc(self.ifaces, (2 * n + 4) * sizeof(Iface))
            if mem == NULL:
                raise MemoryError
            self.ifaces = <Iface*>mem
            self.cap_ifaces = 2 * n + 4
        self.ifaces[n].link = link
        self.ifaces[n].snaplen = snaplen
        self.ifaces[n].clock = clock
        return 0

    cdef list options(self, bytes body, Py_ssize_t at):
        """The (code, value) options from `at`, ng 3.5; those after a broken one are left out."""
        cdef const u8* p = body
        cdef Py_ssize_t n = len(body), size
        found = []
        while n - at >= 4:
            code, size = self.get16(p + at), self.get16(p + at + 2)
            at += 4
            if code == 0 or size > n - at:
                break
            found.append((code, body[at:at + size]))
            at += (size + 3) & ~3
        return found

    cdef void take_secrets(self, bytes body):
        """A Decryption Secrets Block, ng 4.7: kept until all of them hold 16 MiB."""
        cdef const u8* p = body
        if len(body) < 8:
            return
        size = min(self.get32(p + 4), len(body) - 8)
        if self.secret_bytes + size <= MAX_SECRETS:
            self.secret_bytes += size
            self.secrets.append((self.get32(p), body[8:8 + size]))
            self.n_lists += 1

    cdef void take_statistics(self, bytes body):
        """An Interface Statistics Block, ng 4.6: what its interface lost so far, before it came here."""
        cdef const u8* p = body
        if len(body) < 12 or self.get32(p) >= self.n_local:
            return
        order = "big" if self.big else "little"
        found = {code: int.from_bytes(value, order) for code, value in self.options(body, 12) if len(value) == 8}
        self.lost[self.local[self.get32(p)]] = (found.get(5, 0), found.get(7, 0))    # isb_ifdrop, isb_osdrop

    def stats(self) -> dict:
        """See Source; lost is what the input says of it."""
        lost = list(self.lost.values())
        return {"received": self.frames_read, "kernel_drops": sum(drops for _, drops in lost),
                "interface_drops": sum(drops for drops, _ in lost), "ring_drops": 0, "interfaces": {}}

    cdef void take_names(self, bytes body):
        """A Name Resolution Block, ng 4.5: each name of each address, 65536 of them at most."""
        cdef dict lengths = {1: 4, 2: 16}
        for code, value in self.options(body, 0):
            width = lengths.get(code)
            if width is None or len(value) <= width:
                continue
            for name in value[width:].split(b"\0"):
                if name and len(self.names) < MAX_NAMES:
                    self.names.append((value[:width], text(name)))


cdef str text(bytes value):
    """Text of the file for people: UTF-8, no control characters, 256 characters at most."""
    shown = value[:4 * TEXT].split(b"\0")[0].decode(errors="replace")[:TEXT]
    return "".join([c if c.isprintable() else "\ufffd" for c in shown])


cdef object power(object base, object n):
    """base ** n as a Python integer: C's pow would make it a double."""
    return base ** n


cdef Clock clock_of(u8 resolution, i64 offset):
    """if_tsresol (ng 4.2: the high bit makes it a power of 2) and if_tsoffset (seconds) as a Clock."""
    cdef Clock c
    c.offset = <i64>max(-9000000000, min(9000000000, offset)) * 1000000000
    c.mul, c.div, c.shift = 1, 1, -1
    if resolution & 128:
        c.shift = resolution & 127
    elif resolution <= 9:
        c.mul = power(10, 9 - resolution)
    else:
        c.div = power(10, resolution - 9) if resolution <= 28 else 0
    return c


cdef u64 to_ns(const Clock* c, u64 ticks) noexcept nogil:
    """Ticks as nanoseconds since 1970; what does not fit into 63 bits is cut to the nearest that does."""
    cdef u64 ns, seconds, part
    if c.shift >= 0:
        seconds = ticks >> c.shift if c.shift < 64 else 0
        part = ticks - (seconds << c.shift) if c.shift < 64 else ticks
        if c.shift > 34:                   # part * 10^9 must fit into 64 bits
            part = part >> (c.shift - 34) if c.shift - 34 < 64 else 0
        part = (part * BILLION) >> min(c.shift, 34)
        ns = MAX_TS if seconds >= MAX_TS // BILLION else seconds * BILLION + part
    elif c.mul > 1:
        ns = MAX_TS if ticks > MAX_TS // c.mul else ticks * c.mul
    else:
        ns = min(ticks // c.div, MAX_TS) if c.div else 0
    if c.offset < 0:
        return ns - <u64>(-c.offset) if ns > <u64>(-c.offset) else 0
    return min(ns + <u64>c.offset, MAX_TS)
