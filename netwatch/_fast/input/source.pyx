"""The memory of a chunk, the base class of all sources, and the error they raise.

This file knows no file format and no device. A Python object stands for a frame only in `batch`, which is for tests,
tools and the packet view, never for the engine.
"""
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport calloc, free, malloc, realloc

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.wire.packet cimport Frame


cdef enum:
    MAX_RUNS = 1 << 22          # 32 MiB: captures that alternate that often


class SourceError(Exception):
    """A source cannot be opened or used; str() is one line for the user, `exit_code` is of CONTRACT section 2."""
    exit_code = 5


class SourceUsage(SourceError):
    """What was asked for makes no sense, such as a capture filter that does not compile."""
    exit_code = 2


class SourceDenied(SourceError):
    """No permission; the line names the fix."""
    exit_code = 3


class SourceMissing(SourceError):
    """There is no such file or interface."""
    exit_code = 4


class SourceUnavailable(SourceError):
    """This machine lacks what it takes, such as a package for a compression format."""
    exit_code = 69


cdef Chunk* chunk_sized(u64 size, u32 frames) noexcept nogil:
    """A chunk whose source reads about `size` bytes and at most `frames` frames at a time; NULL without memory."""
    cdef Chunk* chunk = <Chunk*>calloc(1, sizeof(Chunk))
    if chunk == NULL:
        return NULL
    chunk.cap = size + MAX_FRAME + 64
    chunk.room = frames
    chunk.mem = <u8*>malloc(chunk.cap)
    chunk.frames = <Frame*>malloc(frames * sizeof(Frame))
    if chunk.mem == NULL or chunk.frames == NULL:
        chunk_free(chunk)
        return NULL
    return chunk


cdef Chunk* chunk_new() noexcept nogil:
    """A chunk of the usual size, or NULL without memory."""
    return chunk_sized(CHUNK_BYTES, CHUNK_FRAMES)


cdef void chunk_free(Chunk* chunk) noexcept nogil:
    """Give the chunk back; NULL is allowed."""
    if chunk != NULL:
        free(chunk.mem)
        free(chunk.frames)
        free(chunk)


cdef class Files:
    """Runs of frames that came from the same of several inputs."""

    def __init__(self, names: list[str]):
        self.names = names

    def __dealloc__(self):
        free(self.runs)

    cdef void note(self, u64 frame, u32 input) noexcept nogil:
        """The next frame is from that input."""
        cdef u64 cap
        cdef void* grown
        if self.full:
            return
        if self.n and self.runs[self.n - 1] & 0xffff == input:
            self.until = frame
            return
        if self.n == self.cap:
            cap = 2 * self.cap if self.cap else 64
            grown = realloc(self.runs, cap * sizeof(u64)) if cap <= MAX_RUNS and input < 0xffff else NULL
            if grown == NULL:
                self.full = True
                return
            self.runs = <u64*>grown
            self.cap = cap
        self.runs[self.n] = frame << 16 | input
        self.n += 1
        self.until = frame

    def of(self, u64 frame) -> str | None:
        """The input of a frame, of frame 0 where there is but one; None where that is not known any more, or yet."""
        cdef u64 low = 0, high = self.n, middle
        if len(self.names) == 1:
            return self.names[0]
        if frame == 0 or frame > self.until:
            return None
        while low < high:
            middle = (low + high) // 2
            if self.runs[middle] >> 16 <= frame:
                low = middle + 1
            else:
                high = middle
        return self.names[self.runs[low - 1] & 0xffff] if low else None


def file_of(interfaces: list[Record], frame: int) -> str | None:
    """Which file a frame is from, by the interfaces of its source; None where there is one, or that is not known."""
    files = interfaces[0].get("files") if interfaces else None
    return None if files is None else files.of(frame)


cdef class Source:
    """Frames in the order of the input. A subclass overrides fill, and close where it holds anything.

    interrupt() may be called from any thread; everything else belongs to the thread that fills.
    """

    def __cinit__(self, *args, **kwargs):
        self.interfaces = []
        self.secrets = []
        self.names = []
        self.evidence = []

    cdef int fill(self, Chunk* chunk) noexcept nogil:
        """Put frames into the chunk: how many, or FILL_END, or FILL_IDLE."""
        chunk.n = 0
        return FILL_END

    def interrupt(self):
        """Make fill answer FILL_END within 100 ms."""
        self.stop = True

    def close(self):
        """Give back what the source holds. No fill may be running."""

    def stats(self) -> dict:
        """What was received and lost, in frames: totals, and the same for each name under "interfaces"."""
        lost = {"kernel_drops": 0, "interface_drops": 0, "ring_drops": 0}
        return {"received": self.frames_read, **lost, "interfaces": {}}

    def drain(self) -> int:
        """Read to the end (or to the first idle moment of a live source) and return the number of frames."""
        cdef Chunk* chunk = chunk_new()
        cdef u64 total = 0
        cdef int got
        if chunk == NULL:
            raise MemoryError
        with nogil:
            while True:
                got = self.fill(chunk)
                if got <= 0:
                    break
                total += <u32>got
        chunk_free(chunk)
        return total

    def batch(self) -> list[tuple[int, int, int, int, int, int, bytes]] | None:
        """One fill as tuples (n, ts, caplen, len, iface, link, bytes): [] at the end of input, None when idle."""
        cdef Chunk* chunk = chunk_new()
        cdef Frame* f
        cdef int got, i
        if chunk == NULL:
            raise MemoryError
        try:
            with nogil:
                got = self.fill(chunk)
            if got == FILL_IDLE:
                return None
            rows = []
            for i in range(got):
                f = &chunk.frames[i]
                data = PyBytes_FromStringAndSize(<const char*>f.data, f.caplen)
                rows.append((f.n, f.ts, f.caplen, f.len, f.iface, f.link, data))
            return rows
        finally:
            chunk_free(chunk)
