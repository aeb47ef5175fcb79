"""The shared memory between netwatch-capd, which captures, and the process that reads what was captured.

A ring of chunks: one process fills them in order, the other empties them. The filler trusts nothing in it but how many
were emptied, and that only within bounds; the reader copies before it checks, so that nothing changes in between. When
all chunks are full nothing is taken from the interface: the kernel's own ring holds what comes then, and counts what it
has no room for. Layout (struct Head, then the chunks) is of this version alone: both ends are of one installation.
"""
import fcntl
import mmap
import os

from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.input.capture cimport LiveSource
from netwatch._fast.input.poll cimport POLLHUP, POLLIN, poll, pollfd
from netwatch._fast.input.source cimport CHUNK_BYTES, CHUNK_FRAMES, FILL_END, FILL_IDLE, MAX_FRAME, Chunk, Source
from netwatch._fast.wire.packet cimport Frame
from posix.unistd cimport close, read, write

cdef extern from "sys/mman.h" nogil:
    void* map_memory "mmap"(void* at, size_t n, int rights, int flags, int fd, long offset)
    int munmap(void* at, size_t n)
    int PROT_READ, PROT_WRITE, MAP_SHARED

cdef extern from "sys/eventfd.h" nogil:
    int eventfd(unsigned int initval, int flags)
    int EFD_CLOEXEC, EFD_NONBLOCK

cdef extern from * nogil:
    """
    #define load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
    #define store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
    """
    u64 load_acquire(u64* p)
    void store_release(u64* p, u64 v)

cdef enum:
    SLOTS = 16                 # 15 MiB in all, beside the kernel's ring
    WAIT_MS = 100
    INTERFACES = 64            # as capture.pyx has it
    COUNTS = 3                 # received, kernel drops, interface drops
    SLACK = 64
    ROOM = CHUNK_BYTES + MAX_FRAME + SLACK

cdef struct Head:
    u64 filled                 # chunks, since the beginning; written by the filler alone
    u64 _own_line[7]
    u64 emptied                # written by the reader alone
    u64 _its_line[7]
    u64 over                   # 1: the capture has ended; it is told why by message
    u64 lost                   # interfaces that have failed; likewise
    u64 counts[INTERFACES][COUNTS]

cdef struct Note:              # of one frame
    u64 ts
    u32 at                     # of its bytes in the slot
    u32 caplen
    u32 len
    u32 iface

cdef struct Slot:
    u32 n
    u32 _unused
    Note notes[CHUNK_FRAMES]
    u8 data[ROOM]

cdef struct Ring:
    Head head
    Slot slots[SLOTS]


def make_memory() -> int:
    """A descriptor of a ring's memory, sealed in its size. Raises OSError."""
    fd = os.memfd_create("netwatch-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, (sizeof(Ring) + mmap.PAGESIZE - 1) // mmap.PAGESIZE * mmap.PAGESIZE)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd


cdef Ring* mapped(int fd) except NULL:
    """Raises OSError when it is not what it should be: its size is fixed, so that reading it cannot fail later."""
    if os.fstat(fd).st_size < <long>sizeof(Ring) or not fcntl.fcntl(fd, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK:
        raise OSError("not the memory of a ring of frames")
    cdef void* at = map_memory(NULL, sizeof(Ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
    if at == <void*>-1:
        raise MemoryError("no memory for the ring of frames")
    return <Ring*>at


cdef class RingFiller:
    """Copies what a source captures into the memory. `ready` and `room` (eventfds) wake the other side and us."""
    cdef Ring* ring
    cdef LiveSource source
    cdef int ready
    cdef int room
    cdef bint stop

    def __init__(self, LiveSource source, int memory, int ready, int room):
        self.source, self.ready, self.room = source, ready, room
        self.ring = mapped(memory)

    def __dealloc__(self):
        if self.ring != NULL:
            munmap(self.ring, sizeof(Ring))

    def run(self):
        """Until the source ends or stop() is called from another thread."""
        cdef Chunk chunk
        cdef u64 filled = 0, one = 1
        cdef int got = FILL_IDLE
        cdef Frame* frames = <Frame*>malloc(CHUNK_FRAMES * sizeof(Frame))
        if frames == NULL:
            raise MemoryError
        memset(&chunk, 0, sizeof(Chunk))
        chunk.cap, chunk.frames, chunk.room = ROOM, frames, CHUNK_FRAMES
        with nogil:
            while not self.stop and got != FILL_END:
                if filled - load_acquire(&self.ring.head.emptied) >= SLOTS:
                    wait_for(self.room)
                    continue
                chunk.mem = self.ring.slots[filled % SLOTS].data
                got = self.source.fill(&chunk)
                self.tell_counts()
                if got > 0:
                    note_down(&self.ring.slots[filled % SLOTS], &chunk)
                    filled += 1
                    store_release(&self.ring.head.filled, filled)
                    write(self.ready, &one, 8)
            store_release(&self.ring.head.over, 1)
            write(self.ready, &one, 8)
        free(frames)

    cdef void tell_counts(self) noexcept nogil:
        cdef u32 i
        for i in range(self.source.count):
            self.ring.head.counts[i][0] = self.source.handles[i].received
            self.ring.head.counts[i][1] = self.source.handles[i].kernel_drops
            self.ring.head.counts[i][2] = self.source.handles[i].pcap_ifdrops + self.source.handles[i].sysfs_drops
        store_release(&self.ring.head.lost, self.source.count - self.source.alive)

    def end(self):
        """From any thread: run() returns within 100 ms."""
        self.stop = True
        self.source.interrupt()


cdef void note_down(Slot* slot, const Chunk* chunk) noexcept nogil:
    cdef u32 i
    cdef Note* note
    slot.n = chunk.n
    for i in range(chunk.n):
        note = &slot.notes[i]
        note.ts = chunk.frames[i].ts
        note.at = <u32>(chunk.frames[i].data - chunk.mem)
        note.caplen = chunk.frames[i].caplen
        note.len = chunk.frames[i].len
        note.iface = chunk.frames[i].iface


cdef bint wait_for(int fd) noexcept nogil:
    """Until the eventfd is written to, at most 100 ms; takes what it says."""
    cdef pollfd one
    cdef u64 value
    one.fd, one.events = fd, POLLIN
    if poll(&one, 1, WAIT_MS) <= 0:
        return False
    return read(fd, &value, 8) == 8


cdef class RingSource(Source):
    """The frames that netwatch-capd puts into a ring. It owns the three descriptors; `alive` is the socket that shuts
    when the helper ends, `told` asks the helper how the capture ended: (error, damaged)."""
    cdef Ring* ring
    cdef int memory
    cdef int ready
    cdef int room
    cdef int alive
    cdef int wake
    cdef u64 emptied
    cdef u64 lost              # interfaces whose failure has been told
    cdef u32 next              # frame of the slot being emptied
    cdef u16[INTERFACES] links
    cdef object told
    cdef object ended

    def __cinit__(self, *args, **kwargs):
        self.memory = self.ready = self.room = self.wake = -1

    def __init__(self, interfaces: list[Record], int memory, int ready, int room, int alive,
                 told: Callable[[], tuple[str | None, bool]], ended: Callable[[], None]):
        """`ended` is called when it is closed."""
        cdef u32 i
        self.memory, self.ready, self.room, self.alive = memory, ready, room, alive
        self.told, self.ended = told, ended
        self.ring = mapped(memory)
        self.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
        self.interfaces += interfaces[:INTERFACES]
        self.n_interfaces = <u32>len(self.interfaces)
        for i in range(self.n_interfaces):
            self.links[i] = <u16>self.interfaces[i]["link"]

    def __dealloc__(self):
        cdef int fd
        if self.ring != NULL:
            munmap(self.ring, sizeof(Ring))
        for fd in (self.memory, self.ready, self.room, self.wake):
            if fd >= 0:
                close(fd)

    cdef int fill(self, Chunk* chunk) noexcept nogil:
        """As Source.fill. A helper that is no more is the end, and damage."""
        cdef u64 one = 1
        cdef bint _there
        chunk.n = 0
        if self.stop:
            return FILL_END
        if load_acquire(&self.ring.head.lost) != self.lost:
            self.lost = load_acquire(&self.ring.head.lost)
            with gil:
                self.error = self.told()[0]
        if load_acquire(&self.ring.head.filled) == self.emptied and not self.wait():
            return self.finish()
        if self.stop:
            return FILL_END
        if load_acquire(&self.ring.head.filled) == self.emptied:
            return self.finish() if load_acquire(&self.ring.head.over) else FILL_IDLE
        if self.take(&self.ring.slots[self.emptied % SLOTS], chunk):
            self.emptied += 1
            self.next = 0
            store_release(&self.ring.head.emptied, self.emptied)
            _there = write(self.room, &one, 8) == 8
        return <int>chunk.n if chunk.n else FILL_IDLE

    cdef bint take(self, const Slot* slot, Chunk* chunk) noexcept nogil:
        """Copy what fits into the chunk; True when the slot is empty. What is no frame is left out."""
        cdef u64 used = 0
        cdef u32 n = min(slot.n, <u32>CHUNK_FRAMES)
        cdef Note note
        cdef Frame* f
        while self.next < n:
            note = slot.notes[self.next]
            if note.caplen > MAX_FRAME or note.at > ROOM - note.caplen or note.iface >= self.n_interfaces:
                self.next += 1
                continue
            if chunk.n == chunk.room or note.caplen > chunk.cap - SLACK - used:
                return False
            memcpy(chunk.mem + used, slot.data + note.at, note.caplen)
            self.frames_read += 1
            f = &chunk.frames[chunk.n]
            f.data, f.ts, f.n = chunk.mem + used, note.ts, self.frames_read
            f.caplen, f.len = note.caplen, max(note.len, note.caplen)
            f.iface, f.link = <u16>note.iface, self.links[note.iface]
            f.shard = f.bits = 0
            used += note.caplen
            chunk.n += 1
            self.next += 1
        self.bytes_read += used
        return True

    cdef bint wait(self) noexcept nogil:
        """For frames, interrupt() or 100 ms. False when the helper has ended."""
        cdef pollfd fds[3]
        cdef u64 value
        cdef bint _told
        fds[0].fd, fds[0].events = self.ready, POLLIN
        fds[1].fd, fds[1].events = self.wake, POLLIN
        fds[2].fd, fds[2].events = self.alive, 0
        if poll(fds, 3, WAIT_MS) <= 0:
            return True
        if fds[0].revents & POLLIN:
            _told = read(self.ready, &value, 8) == 8
            return True
        return not fds[2].revents & POLLHUP

    cdef int finish(self) noexcept nogil:
        """No frame will come: say why."""
        with gil:
            self.error, self.damaged = self.told()
        return FILL_END

    def interrupt(self):
        """Make fill answer FILL_END at once. From any thread."""
        cdef u64 one = 1
        self.stop = True
        if write(self.wake, &one, 8) < 0:
            return    # the counter is full: fill has been woken already

    def stats(self) -> dict:
        """As LiveSource.stats: the helper's own counts. From any thread."""
        cdef u32 i
        names = ("received", "kernel_drops", "interface_drops")
        total = dict.fromkeys((*names, "ring_drops"), 0)
        each = {}
        for i in range(self.n_interfaces):
            one = {names[k]: self.ring.head.counts[i][k] for k in range(COUNTS)}
            each[self.interfaces[i]["name"]] = {**one, "ring_drops": 0}
            for name in names:
                total[name] += one[name]
        return {**total, "interfaces": each}

    def close(self):
        """Tell the helper to capture no more. No fill may be running."""
        self.stop = True
        ended, self.ended = self.ended, None
        if ended is not None:
            ended()
