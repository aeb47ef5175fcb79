"""Frames that are written, known by their numbers in the input."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.packetverdicts cimport PacketVerdicts

cdef struct Group:         # frames of one flow that the filter cannot tell apart
    u64 note               # UNSETTLED, DROPPED, BARE, or where in the notes its own is, beyond them
    u64 flow
    u32 kind
    u32 next               # of the same flow, 0 none

cdef class FrameMarks:
    cdef PacketVerdicts verdicts       # None: every frame is of the first kind
    cdef u32* marks        # by number of the frame: its group, 0 it is not written
    cdef u64 frames        # marks there is room for
    cdef u64 most          # frames that are looked at
    cdef readonly u64 beyond   # frames behind them
    cdef u64 last          # the last frame that is marked
    cdef Group* groups     # [1..n]
    cdef u64 n
    cdef u64 cap
    cdef u32* newest       # by number of the flow: its newest group
    cdef u64 flows         # flows there is room for
    cdef u8* notes
    cdef u64 used
    cdef u64 notes_cap
    cdef readonly u64 noted    # flows that have a note
    cdef int mark(self, u64 frame, u64 flow, u32 kind) except -1
    cdef int settle_flow(self, u64 flow, object passes, object note) except -1
