"""Frames of an input summed up: by the time they came in, by their stack of layers, by what is remarkable of them.

It takes rows of packets, and no Python object stands for one; what it keeps is bounded, whatever the frames say.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.base.mix cimport mix_bytes
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.wire.names cimport REJECT_COUNT
from netwatch._fast.wire.packet cimport (FAMILY_NONE, MAX_LAYERS, NOTE_COUNT, PROTO_TCP, TCP_ACK, TCP_FIN, TCP_RST,
                                         TCP_SYN)
from netwatch._fast.wire.packetrow cimport PacketRow

from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import LAYERS, NOTES, REJECTS, proto_name

cdef enum:
    STACKS = 4096              # told apart; more are summed up as one
    SLOTS = 2 * STACKS
    INTERVALS = 1000000        # likewise
    W_SYN = 0
    W_SYN_ACK
    W_FIN
    W_RST
    W_CUT
    W_NOTES
    W_REJECTS = W_NOTES + NOTE_COUNT
    W_COUNT = W_REJECTS + REJECT_COUNT

MOST_STACKS: int = STACKS
MOST_INTERVALS: int = INTERVALS
WORDS = (("tcp", "SYN"), ("tcp", "SYN ACK"), ("tcp", "FIN"), ("tcp", "RST"), ("frame", "cut by snap length"),
         *(("note", note) for note in NOTES), *(("malformed", reject) for reject in REJECTS))
APPS = app_names()

cdef struct Key:
    u16 proto                  # 0 of a frame that is malformed
    u16 sub
    u8 app
    u8 layers[MAX_LAYERS]      # the unused are 0

cdef struct Stack:
    Key key
    u64 frames
    u64 bytes

cdef struct Happening:
    u64 count
    u64 frame                  # the first
    u64 ts
    bint timeless


cdef class FrameTotals:
    """`interval`: ns, from the first frame on; 0: none are told apart."""

    cdef Stack* stacks
    cdef u32* slots            # 1 + index into stacks
    cdef u32 n_stacks
    cdef Stack others
    cdef Happening seen[W_COUNT]
    cdef u64 interval
    cdef u64 origin
    cdef bint begun
    cdef long long now         # the interval that is being counted
    cdef u64 now_frames
    cdef u64 now_bytes
    cdef dict intervals        # number → [frames, bytes]; negative before the first frame
    cdef readonly list late    # list[int]: frames, bytes of intervals for which there was no room
    cdef readonly u64 timeless  # frames of which the input does not say when

    def __cinit__(self, u64 interval=0):
        self.interval = interval
        self.intervals = {}
        self.late = [0, 0]
        self.stacks = <Stack*>calloc(STACKS, sizeof(Stack))
        self.slots = <u32*>calloc(SLOTS, sizeof(u32))
        if self.stacks == NULL or self.slots == NULL:
            raise MemoryError("no memory for totals of frames")

    def __dealloc__(self):
        free(self.stacks)
        free(self.slots)

    def take(self, PacketRows rows, u64 first, u64 last) -> None:
        """Count those from the place `first` to before `last`."""
        cdef u64 i
        for i in range(first, last):
            self.add(rows.at(i))

    def take_one(self, PacketRows rows, u64 place) -> None:
        """Count the one at that place."""
        self.add(rows.at(place))

    cdef int add(self, const PacketRow* row) except -1:
        cdef long long at
        cdef u64 away
        if row.timeless:
            self.timeless += 1
        elif self.interval:
            if not self.begun:
                self.begun, self.origin = True, row.ts
            if row.ts >= self.origin:
                at = <long long>((row.ts - self.origin) // self.interval)
            else:
                away = self.origin - row.ts
                at = -<long long>((away + self.interval - 1) // self.interval)
            if at != self.now:
                self.turn(at)
            self.now_frames += 1
            self.now_bytes += row.len
        self.count_stack(row)
        self.watch(row)
        return 0

    cdef int turn(self, long long at) except -1:
        """Put away what was counted of the interval, and begin another."""
        if self.now_frames:
            cell = self.intervals.get(self.now)
            if cell is None:
                cell = self.late if len(self.intervals) >= INTERVALS else self.intervals.setdefault(self.now, [0, 0])
            cell[0] += self.now_frames
            cell[1] += self.now_bytes
        self.now, self.now_frames, self.now_bytes = at, 0, 0
        return 0

    cdef void count_stack(self, const PacketRow* row) noexcept nogil:
        cdef Key key
        cdef Stack* stack = &self.others
        cdef u64 at
        memset(&key, 0, sizeof(Key))
        if row.family != FAMILY_NONE:
            key.proto, key.sub = row.proto, row.sub
        if row.wire_payload:
            key.app = row.app
        memcpy(key.layers, row.layers, min(row.n_layers, <u8>MAX_LAYERS))
        at = mix_bytes(<const u8*>&key, sizeof(Key)) % SLOTS
        while self.slots[at] and memcmp(&self.stacks[self.slots[at] - 1].key, &key, sizeof(Key)) != 0:
            at = (at + 1) % SLOTS
        if self.slots[at]:
            stack = &self.stacks[self.slots[at] - 1]
        elif self.n_stacks < STACKS:
            stack = &self.stacks[self.n_stacks]
            stack.key = key
            self.n_stacks += 1
            self.slots[at] = self.n_stacks
        stack.frames += 1
        stack.bytes += row.len

    cdef void watch(self, const PacketRow* row) noexcept nogil:
        cdef int i
        if row.family != FAMILY_NONE and row.proto == PROTO_TCP:
            if row.flags & TCP_SYN:
                self.happen(W_SYN_ACK if row.flags & TCP_ACK else W_SYN, row)
            if row.flags & TCP_FIN:
                self.happen(W_FIN, row)
            if row.flags & TCP_RST:
                self.happen(W_RST, row)
        if row.caplen < row.len:
            self.happen(W_CUT, row)
        if row.notes:
            for i in range(NOTE_COUNT):
                if row.notes >> i & 1:
                    self.happen(W_NOTES + i, row)
        if row.reject:
            self.happen(W_REJECTS + row.reject, row)

    cdef void happen(self, int what, const PacketRow* row) noexcept nogil:
        if self.seen[what].count == 0:
            self.seen[what].frame, self.seen[what].ts, self.seen[what].timeless = row.n, row.ts, row.timeless
        self.seen[what].count += 1

    @property
    def start(self) -> int:
        """When the first frame came, ns since 1970: intervals are counted from there."""
        return self.origin

    def by_interval(self) -> list[tuple[int, int, int]]:
        """(number, frames, bytes) of every interval in which there were some, in order."""
        self.turn(self.now)
        return [(number, frames, octets) for number, (frames, octets) in sorted(self.intervals.items())]

    def by_stack(self) -> list[tuple[tuple[str, ...], str | None, int, int]]:
        """(names of layers, application or None, frames, bytes) of every stack, and last of those without room."""
        cdef u32 i
        cdef Stack* stack
        found = []
        for i in range(self.n_stacks):
            stack = &self.stacks[i]
            names = [LAYERS[layer] for layer in stack.key.layers[:MAX_LAYERS] if layer]
            last = proto_name(stack.key.proto, stack.key.sub) if stack.key.proto else None
            if last is not None and last not in names:
                names.append(last)
            found.append((tuple(names), APPS[stack.key.app], stack.frames, stack.bytes))
        if self.others.frames:
            found.append((("others",), None, self.others.frames, self.others.bytes))
        return found

    def by_happening(self) -> list[tuple[str, str, int, int, int | None]]:
        """(group, what, count, number of the first frame, its time in ns where it has one) of all that happened."""
        cdef int i
        return [(*WORDS[i], self.seen[i].count, self.seen[i].frame,
                 None if self.seen[i].timeless else self.seen[i].ts)
                for i in range(W_COUNT) if self.seen[i].count]
