"""Which frames of a file are written, and what beside each: noted while it is read, copied when it is read again.

Whether a frame passes may depend on what its flow turns out to be. So frames are marked by their group: the frames of
one flow of which the filter knows the same. When the flow has ended its groups are settled. Copying then takes no
parser and no Python: a frame's number says its group, and that says what to do. Four bytes a frame, some more a flow.
"""
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.input.pcapngwriter cimport CaptureWriter
from netwatch._fast.input.source cimport Chunk, Source, chunk_free, chunk_new
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.view.packetverdicts cimport PacketVerdicts
from netwatch._fast.wire.packet cimport Frame
from netwatch._fast.wire.packetrow cimport PacketRow

cdef enum:                     # Group.note
    UNSETTLED = 0
    DROPPED = 1
    BARE = 2                   # written, and nothing beside
    NOTES = 3                  # from here on: a place in the notes

cdef enum:                     # kinds of frames that need no asking
    PASSES_NOT = 0
    PASSES = 1
    GROUPS_MOST = 0xFFFFFFFF
    FRAMES_MOST = 1 << 29      # frames that are looked at where some are written: 4 bytes each


cdef class FrameMarks:
    """`verdicts` tell kinds of packets from one another; None: all frames pass. Of frames behind number `most` none
    is written; those that would be are counted as `beyond`."""

    def __init__(self, PacketVerdicts verdicts=None, u64 most=FRAMES_MOST):
        self.verdicts = verdicts
        self.most = most

    def __dealloc__(self):
        free(self.marks)
        free(self.groups)
        free(self.newest)
        free(self.notes)

    def take(self, PacketRows rows, value: Callable[[int, str], object] | None,
             judge: Callable[[int], int] | None, alone: Callable[[int], int] | None) -> None:
        """Some more packets. By place: `value` is asked for that of a field, `judge` for the kind, 0 of those that do
        not pass and 1 of those that do, whatever their flow says; `alone` of a packet whose flow is gone already."""
        cdef const PacketRow* row
        cdef u64 i
        cdef u32 kind = PASSES
        for i in range(rows.n):
            row = &rows.rows[i]
            if self.verdicts is not None:
                kind = self.verdicts.answer(rows, i, value, judge) if row.flow or not row.app else alone(i)
            if kind != PASSES_NOT:
                self.mark(row.n, row.flow, kind)

    def settle(self, ended: Iterable[tuple[Engine, int]], passes: Callable[[Engine, int, list[int]], list[bool]],
               note_of: Callable[[Engine, int, int], bytes]) -> None:
        """These flows have ended. `passes(engine, row, kinds)` says which of the kinds do, `note_of(engine, row,
        group)` what is written beside their frames, of which the first are that group: groups have numbers in the order
        of their first frames."""
        cdef Engine engine
        cdef u64 flow
        cdef u32 row, group, first
        for pair in ended:
            engine, row = pair
            flow = engine.core.table.colds[row].id
            if not 0 < flow < self.flows or not self.newest[flow]:
                continue
            kinds = []
            group = self.newest[flow]
            while group:
                kinds.append(self.groups[group].kind)
                group = self.groups[group].next
            found = [True] if kinds == [PASSES] else passes(engine, row, kinds)
            group, first = self.newest[flow], 0
            for verdict in found:
                first = group if verdict else first
                group = self.groups[group].next
            self.settle_flow(flow, found, note_of(engine, row, first) if first else b"")

    def finish(self, passes: Callable[[int], bool]) -> None:
        """What belongs to no flow, or to one that did not end, is settled by its kind alone."""
        cdef u64 i
        for i in range(1, self.n + 1):
            if self.groups[i].note == UNSETTLED:
                self.groups[i].note = BARE if passes(self.groups[i].kind) else DROPPED

    def copy(self, Source source, CaptureWriter writer) -> int:
        """Write the frames of the same input, opened anew; how many. Raises OSError."""
        cdef Chunk* chunk = chunk_new()
        cdef u64 before = writer.packets
        cdef int answer = 0
        if chunk == NULL:
            raise MemoryError("no memory for frames")
        try:
            with nogil:
                while answer == 0 and source.frames_read < self.last and source.fill(chunk) > 0:
                    if source.n_interfaces > writer.n_interfaces:
                        with gil:
                            writer.follow(source.interfaces)
                    answer = copy_chunk(self, chunk, writer)
        finally:
            chunk_free(chunk)
        writer.check(answer)
        return writer.packets - before

    cdef int mark(self, u64 frame, u64 flow, u32 kind) except -1:
        """Put a frame into its group, a new one where there is none."""
        cdef u32 group
        if frame > self.most:
            self.beyond += 1
            return 0
        self.marks = <u32*>grown(self.marks, &self.frames, frame, sizeof(u32))
        self.newest = <u32*>grown(self.newest, &self.flows, flow, sizeof(u32))
        group = self.newest[flow]
        while group and (self.groups[group].kind != kind or self.groups[group].note != UNSETTLED):
            group = self.groups[group].next
        if not group:
            if self.n + 1 == GROUPS_MOST:
                raise MemoryError("too many flows")
            self.groups = <Group*>grown(self.groups, &self.cap, self.n + 1, sizeof(Group))
            self.n += 1
            group = <u32>self.n
            self.groups[group].flow, self.groups[group].kind = flow, kind
            self.groups[group].next = self.newest[flow]
            self.newest[flow] = group
        self.marks[frame] = group
        self.last = frame
        return 0

    cdef int settle_flow(self, u64 flow, object passes, object note) except -1:
        """The groups of a flow pass, each, or do not; with that beside their frames."""
        cdef u32 group = self.newest[flow], size = <u32>len(note)
        cdef u64 place = BARE
        cdef const u8* text = note
        if size:
            self.notes = <u8*>grown(self.notes, &self.notes_cap, self.used + sizeof(u32) + size, 1)
            memcpy(self.notes + self.used, &size, sizeof(u32))
            memcpy(self.notes + self.used + sizeof(u32), text, size)
            place = NOTES + self.used
            self.used += sizeof(u32) + size
            self.noted += 1
        for verdict in passes:
            self.groups[group].note = place if verdict else DROPPED
            group = self.groups[group].next
        return 0


cdef void* grown(void* mem, u64* room, u64 index, size_t size) except NULL:
    """Room for that index, what is new of it 0."""
    cdef u64 want = room[0]
    if index < want:
        return mem
    want = max(2 * want, index + 1024)
    mem = realloc(mem, want * size)
    if mem == NULL:
        raise MemoryError("no memory for what is written of a capture")
    memset(<u8*>mem + room[0] * size, 0, (want - room[0]) * size)
    room[0] = want
    return mem


cdef int copy_chunk(FrameMarks marks, const Chunk* chunk, CaptureWriter writer) noexcept nogil:
    """Write what is marked of a chunk; -1 when the file cannot be written."""
    cdef const Frame* frame
    cdef u64 note
    cdef u32 i, size = 0
    for i in range(chunk.n):
        frame = &chunk.frames[i]
        if frame.n > marks.last:
            break
        if not marks.marks[frame.n]:
            continue
        note = marks.groups[marks.marks[frame.n]].note
        if note < BARE:
            continue
        size = 0
        if note != BARE:
            memcpy(&size, marks.notes + (note - NOTES), sizeof(u32))
        if writer.put(frame, frame.iface, marks.notes + (note - NOTES) + sizeof(u32) if size else NULL, size) < 0:
            return -1
    return 0
