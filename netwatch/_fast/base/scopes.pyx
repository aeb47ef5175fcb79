"""Which block of a table an address lies in: the longest prefix wins. What the blocks mean is the caller's business."""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32

cdef extern from "<arpa/inet.h>":
    int inet_pton(int family, const char* text, void* out) nogil
    int AF_INET
    int AF_INET6

cdef enum:
    REMEMBERED = 65536         # texts looked up


cdef class Blocks:
    """`blocks`: (prefix as text, value). ValueError on a prefix that is none."""
    def __init__(self, blocks: Collection[tuple[str, str]]):
        if len(blocks) > MAX_BLOCKS:
            raise ValueError(f"more than {MAX_BLOCKS} blocks")
        self.known = {}
        self.values = []
        memset(self.by_beginning, 0, sizeof(self.by_beginning))
        for prefix, value in sorted(blocks, key=lambda block: -int(block[0].partition("/")[2])):
            self.put(prefix, value)

    cdef int put(self, str prefix, value) except -1:
        cdef Block* block = &self.blocks[self.n]
        address, _, bits = prefix.partition("/")
        block.family = read_address(address, block.address)
        block.bits = <u8>int(bits)
        if not block.family or block.bits > (32 if block.family == 4 else 128):
            raise ValueError(f"{prefix} is no prefix")
        self.values.append(value)
        self.n += 1
        return 0

    def find(self, str text) -> str | None:
        """The value of the narrowest block that the address lies in; None when there is none or it is no address."""
        cdef u8 address[16]
        cdef u8 family
        cdef int at
        if text in self.known:
            return self.known[text]
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        family = read_address(text, address)
        at = self.place(address, family == 6) if family else 0
        value = self.values[at - 1] if at else None
        self.known[text] = value
        return value

    cdef int place(self, const u8* address, bint six) noexcept nogil:
        cdef u8* known = &self.by_beginning[six][<u32>address[0] << 8 | address[1]]
        if known[0] == 0:
            known[0] = self.beginning(address, 6 if six else 4)
        if known[0] == MIXED:
            return self.search(address, 6 if six else 4)
        return 0 if known[0] == NONE else known[0]

    cdef int search(self, const u8* address, u8 family) noexcept nogil:
        cdef int i
        for i in range(self.n):
            if self.blocks[i].family == family and inside(&self.blocks[i], address):
                return i + 1
        return 0

    cdef u8 beginning(self, const u8* address, u8 family) noexcept nogil:
        """The block of all addresses with these first 16 bits, if they are all in the same."""
        cdef const Block* block
        cdef int i
        for i in range(self.n):
            block = &self.blocks[i]
            if block.family == family and block.bits > 16 and block.address[0] == address[0] \
                    and block.address[1] == address[1]:
                return MIXED
        i = self.search(address, family)
        return <u8>i if i else NONE


cdef u8 read_address(str text, u8* out) except? 255:
    """4 or 6, and the bytes; 0 when the text is no address."""
    octets = text.encode("ascii", "replace")
    memset(out, 0, 16)
    if inet_pton(AF_INET, octets, out) == 1:
        return 4
    return 6 if inet_pton(AF_INET6, octets, out) == 1 else 0


cdef bint inside(const Block* block, const u8* address) noexcept nogil:
    cdef u32 whole = block.bits // 8, rest = block.bits % 8, i
    for i in range(whole):
        if block.address[i] != address[i]:
            return False
    return rest == 0 or (block.address[whole] ^ address[whole]) >> (8 - rest) == 0
