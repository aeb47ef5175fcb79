"""A box that shows the frames of a chunk a few at a time, up to a moment or so many: for replaying a file."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.input.box cimport Box
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.source cimport Source


cdef class PacedBox(Box):
    """After fill() nothing is in it yet: show() puts the next frames in, in order, each once."""
    cdef Frame* frames             # where the chunk's frames begin
    cdef u32 total
    cdef u32 at                    # the first that has not been shown

    def __cinit__(self):
        self.frames = self.chunk.frames

    def __dealloc__(self):
        self.chunk.frames = self.frames

    def fill(self, Source source) -> int:
        """Take the next frames, which show() hands out; 0 at the end of the input, -1 when there were none yet."""
        self.chunk.frames = self.frames
        found = Box.fill(self, source)
        self.total = self.chunk.n if found > 0 else 0
        self.at = self.chunk.n = 0
        return found

    def trim(self, u32 n) -> None:
        """Show only the first n frames."""
        if n < self.total:
            self.total = n

    def show(self, u64 until, u32 most) -> int:
        """Put in the next frames: those before the first that is later than `until` (ns), at most so many."""
        cdef u32 n = 0
        while n < most and self.at + n < self.total and self.frames[self.at + n].ts <= until:
            n += 1
        self.chunk.frames = self.frames + self.at
        self.at += n
        self.chunk.n = n
        self.n = n
        return n

    @property
    def left(self) -> int:
        """Frames that have not been shown."""
        return self.total - self.at

    @property
    def share(self) -> float:
        """How much of the chunk has been shown, 0 to 1."""
        return self.at / <double>self.total if self.total else 1.0

    @property
    def next_ns(self) -> int:
        """The time of the next frame; 0 when all have been shown."""
        return self.frames[self.at].ts if self.at < self.total else 0
