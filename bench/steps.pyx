# cython: boundscheck=False
"""One step of the engine alone, where Engine offers no such thing: frames parsed and forgotten."""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u32
from netwatch._fast.wire.defrag cimport defrag_flush, defrag_free, defrag_new
from netwatch._fast.wire.encap cimport paths_free, paths_new
from netwatch._fast.input.box cimport Box
from netwatch._fast.wire.packet cimport Packet
from netwatch._fast.parse cimport parse_frame
from netwatch._fast.wire.cursor cimport BATCH, PER_FRAME, Parser


cdef class ParseOnly:
    """Has process() as Engine has, and only parses."""
    cdef Parser parser

    def __cinit__(self):
        memset(&self.parser, 0, sizeof(Parser))
        self.parser.paths = paths_new()
        self.parser.defrag = defrag_new()
        self.parser.out = <Packet*>calloc(BATCH * PER_FRAME, sizeof(Packet))
        if self.parser.paths == NULL or self.parser.defrag == NULL or self.parser.out == NULL:
            raise MemoryError

    def __dealloc__(self):
        paths_free(self.parser.paths)
        defrag_free(self.parser.defrag)
        free(self.parser.out)

    def process(self, Box box) -> None:
        """Parse the frames of the box in batches, as the engine would."""
        cdef u32 i
        with nogil:
            for i in range(box.chunk.n):
                if i % BATCH == 0:
                    self.parser.n_out = 0
                    defrag_flush(self.parser.defrag)
                parse_frame(&self.parser, &box.chunk.frames[i])
