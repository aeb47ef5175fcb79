"""Which block of a table an address lies in: the longest prefix wins. What the blocks mean is the caller's business."""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32

cdef extern from "<arpa/inet.h>":
    int inet_pton(int family, const char* text, void* out) nogil
    int AF_INET
    int AF_INET6

cdef class Blocks:
    """`blocks`: (prefix as text, value). ValueError on a prefix that is none."""
    def __init__(self, blocks: Collection[tuple[str, str]]):
        if len(blocks) > MAX_BLOCKS:
            raise ValueError(f"more than {MAX_BLOCKS} blocks")
        self.values = []
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

    def find(self, bytes packed) -> str | None:
        """The value of the narrowest block that the address lies in; None when there is none or it is no address."""
        return self.holding(packed, <u8>(4 if len(packed) == 4 else 6 if len(packed) == 16 else 0))

    cdef object holding(self, const u8* address, u8 family):
        """The same of an address of family 4 or 6."""
        cdef int i
        for i in range(self.n):
            if self.blocks[i].family == family and inside(&self.blocks[i], address):
                return self.values[i]
        return None


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
