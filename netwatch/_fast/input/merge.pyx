"""Several inputs as one, in the order of their timestamps. It knows sources only, no file format.

The order inside an input is kept even where its own times go back. Frames of the same time come in the order the inputs
were named. Frames are numbered anew. The interfaces of the inputs stand one after the other, each with the `file` that
described it first and the `files` that know where each frame is from: what two inputs describe alike, in the same
place, is one interface.
"""
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport u16, u32, u64
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.input.source cimport FILL_END, FILL_IDLE, Chunk, Files, Source, chunk_free, chunk_sized

cdef enum:
    INPUT_BYTES = 65536        # a small chunk for each of maybe a thousand inputs
    INPUT_FRAMES = 1024
    MAX_IFACES = 65535
    SLACK = 64                 # of Chunk.cap, never filled
    ERROR_LENGTH = 2000        # characters
    MAX_SECRETS = 16777216
    MAX_NAMES = 65536

OURS = {"file": None, "files": None}   # what is said of an interface here


cdef struct Input:
    void* source               # borrowed from Merge.sources
    Chunk* chunk
    u16* ifaces                # its interface numbers to ours
    u32 n_ifaces
    u32 n_lists
    u32 at                     # frame of the chunk to come next
    bint ended


cdef class Merge(Source):
    """One source made of several, which it owns."""
    cdef list sources, labels
    cdef list places           # of each of our interfaces its number in its input
    cdef Input* inputs
    cdef u32 count
    cdef u32* heap             # inputs with a frame ready, the earliest first
    cdef u32 waiting           # inputs in the heap
    cdef u32 asking            # inputs that must be filled before the next frame is known; all of them at first
    cdef u64 secret_bytes
    cdef Files files

    def __init__(self, sources: list[Source], labels: list[str], str fault=""):
        """`fault`: what is missing, for one that could not be opened."""
        cdef u32 i
        if fault:
            self.error, self.damaged = fault[:ERROR_LENGTH], True
        self.sources = sources
        self.labels = labels
        self.places = []
        self.files = Files(labels)
        self.count = len(sources)
        self.inputs = <Input*>calloc(self.count + 1, sizeof(Input))
        self.heap = <u32*>calloc(self.count + 1, sizeof(u32))
        if self.inputs == NULL or self.heap == NULL:
            raise MemoryError
        for i in range(self.count):
            self.size += (<Source?>sources[i]).size
            self.bytes_read += (<Source>sources[i]).bytes_read
            self.inputs[i].source = <void*>(<Source>sources[i])
            self.inputs[i].chunk = chunk_sized(INPUT_BYTES, INPUT_FRAMES)
            if self.inputs[i].chunk == NULL:
                raise MemoryError

    def __dealloc__(self):
        cdef u32 i
        if self.inputs != NULL:
            for i in range(self.count):
                chunk_free(self.inputs[i].chunk)
                free(self.inputs[i].ifaces)
        free(self.inputs)
        free(self.heap)

    def interrupt(self):
        """As Source.interrupt, for all inputs."""
        self.stop = True
        for source in self.sources:
            source.interrupt()

    def close(self):
        """Close all inputs. No fill may be running."""
        for source in self.sources:
            source.close()

    cdef int fill(self, Chunk* chunk) noexcept nogil:
        """As Source.fill. Frames are copied, for the inputs' chunks do not live as long as ours."""
        cdef u64 used = 0
        cdef Input* input
        chunk.n = 0
        if self.stop:
            return FILL_END
        if not self.start():
            return FILL_IDLE
        while self.waiting and chunk.n < chunk.room:
            input = &self.inputs[self.heap[0]]
            if input.at == input.chunk.n:
                if not self.refill(input):
                    break
                continue
            if input.chunk.frames[input.at].caplen > chunk.cap - SLACK - used:
                break
            used += self.give(chunk, input, used)
            self.sift()
        self.frames_read += chunk.n
        return <int>chunk.n if chunk.n or not self.waiting else FILL_IDLE

    cdef bint start(self) noexcept nogil:
        """Fill every input once, and only then let frames out; False while one of them is idle."""
        while self.asking < self.count:
            if not self.refresh(&self.inputs[self.asking]):
                return False
            if not self.inputs[self.asking].ended:
                self.heap[self.waiting] = self.asking
                self.rise(self.waiting)
                self.waiting += 1
            self.asking += 1
        return True

    cdef bint refill(self, Input* input) noexcept nogil:
        """Fill the earliest input anew and put it in its place; False when it is idle."""
        if not self.refresh(input):
            return False
        if input.ended:
            self.waiting -= 1
            self.heap[0] = self.heap[self.waiting]
        self.sift()
        return True

    cdef bint refresh(self, Input* input) noexcept nogil:
        """Ask the input for frames; False when it is idle. At its end its accidents become ours."""
        cdef u64 before = (<Source>input.source).bytes_read
        cdef int got = (<Source>input.source).fill(input.chunk)
        self.bytes_read += (<Source>input.source).bytes_read - before
        if ((<Source>input.source).n_interfaces != input.n_ifaces or (<Source>input.source).n_lists != input.n_lists
                or got == FILL_END):
            with gil:
                self.adopt(input, got == FILL_END)
        input.at = 0
        input.ended = got == FILL_END
        return got != FILL_IDLE

    cdef void adopt(self, Input* input, bint ended):
        """Make the new interfaces, names and secrets of an input ours; at its end its accidents too."""
        cdef Source source = <Source>input.source
        cdef u16* ifaces = <u16*>realloc(input.ifaces, max(source.n_interfaces, 1) * sizeof(u16))
        if ifaces == NULL:
            raise MemoryError
        input.ifaces = ifaces
        for described in source.interfaces[input.n_ifaces:]:
            known = self.alike(described, input.n_ifaces)
            if known is None and self.n_interfaces < MAX_IFACES:
                self.interfaces.append({**described, "file": self.labels[input - self.inputs], "files": self.files})
                self.places.append(input.n_ifaces)
                self.n_interfaces += 1
            ifaces[input.n_ifaces] = <u16>(self.n_interfaces - 1 if known is None else known)
            input.n_ifaces += 1
        input.n_lists = source.n_lists
        self.take_lists(source)
        if ended and source.error is not None:
            self.damaged |= source.damaged
            self.error = source.error if self.error is None else f"{self.error}; {source.error}"[:ERROR_LENGTH]

    cdef object alike(self, dict described, u32 place):
        """Our number of an interface that another input describes just so, in the same place; None when there is none.

        The files of a ring are one capture, and a flow that goes on in the next is the same flow.
        """
        for number, known in enumerate(self.interfaces):
            if self.places[number] == place and {**known, **OURS} == {**described, **OURS}:
                return number
        return None

    cdef void take_lists(self, Source source):
        """The names and secrets found by now move here, under the bounds of one source."""
        for kind, secret in source.secrets:
            if self.secret_bytes + <u64>len(secret) <= MAX_SECRETS:
                self.secret_bytes += <u64>len(secret)
                self.secrets.append((kind, secret))
                self.n_lists += 1
        self.names.extend(source.names[:MAX_NAMES - len(self.names)])
        self.evidence.extend(source.evidence)
        for moved in (source.secrets, source.names, source.evidence):
            moved.clear()

    cdef u64 give(self, Chunk* chunk, Input* input, u64 used) noexcept nogil:
        """Copy the input's next frame to our chunk, whose memory is in use up to `used`; how many bytes that took."""
        cdef const Frame* f = &input.chunk.frames[input.at]
        cdef Frame* out = &chunk.frames[chunk.n]
        out[0] = f[0]
        memcpy(chunk.mem + used, f.data, f.caplen)
        chunk.n += 1
        out.data = chunk.mem + used
        out.n = self.frames_read + chunk.n
        self.files.note(out.n, <u32>(input - self.inputs))
        out.iface = input.ifaces[f.iface]
        input.at += 1
        return f.caplen

    cdef bint before(self, u32 a, u32 b) noexcept nogil:
        """Input a comes before input b. One whose chunk is used up comes first: its next time is not known yet."""
        cdef Input* x = &self.inputs[a]
        cdef Input* y = &self.inputs[b]
        cdef u64 s = x.chunk.frames[x.at].ts if x.at < x.chunk.n else 0
        cdef u64 t = y.chunk.frames[y.at].ts if y.at < y.chunk.n else 0
        return s < t or (s == t and a < b)

    cdef void rise(self, u32 at) noexcept nogil:
        """Put the last of the heap in its place."""
        cdef u32 above
        while at:
            above = (at - 1) // 2
            if self.before(self.heap[above], self.heap[at]):
                break
            self.heap[above], self.heap[at] = self.heap[at], self.heap[above]
            at = above

    cdef void sift(self) noexcept nogil:
        """Put the first of the heap, whose time has changed, in its place."""
        cdef u32 at = 0, low
        while True:
            low = 2 * at + 1
            if low >= self.waiting:
                break
            if low + 1 < self.waiting and self.before(self.heap[low + 1], self.heap[low]):
                low += 1
            if self.before(self.heap[at], self.heap[low]):
                break
            self.heap[low], self.heap[at] = self.heap[at], self.heap[low]
            at = low
