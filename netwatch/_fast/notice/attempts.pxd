"""Connections that somebody tried to make, and how each source fares."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.base.mix cimport prefetch
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.agingtable cimport Places

cdef enum:
    ATTEMPTS = 32768           # waiting for an answer at a time
    SOURCES = 8192             # remembered
    MINUTE = 60000000000       # ns

cdef enum:                     # Attempt.state
    WAITING = 0
    DONE = 1

cdef struct Attempt:
    u64 key                    # of the flow
    u64 ts                     # ns, when it began
    u32 source                 # number of its Source
    u8 state
    u8 greeted                 # the responder would have it, and the initiator has not answered that

cdef struct Source:            # of attempts, in the minute now and in the one before
    u8 address[16]
    u64 minute
    u32 tried[2]
    u32 answered[2]

cdef struct Rows:              # of an engine: the newest attempt of each row's flows, as Attempts.made counts them
    u32* made                  # its lower half; 0 none
    u32 held

cdef struct Attempts:
    Attempt* attempts          # a ring of `cap`, a power of two, from 0
    Turn* turns                # that began them, likewise
    u32 cap
    u64 made                   # since the start
    Rows* rows                 # by shard
    u32 shards
    Places addresses
    Source* sources
    u64 oldest                 # of those made, that may still wait
    u64 overrun                # had to be forgotten while they waited

cdef bint attempts_open(Attempts* a, u32 shards) noexcept nogil
cdef void attempts_close(Attempts* a) noexcept nogil
cdef bint attempt_begin(Attempts* a, const Turn* turn) noexcept nogil          # False: no memory
cdef void attempt_answered(Attempts* a, const Turn* turn) noexcept nogil       # it waits no more
cdef const Turn* attempt_settle(Attempts* a, const Turn* turn, bint greeted) noexcept nogil     # what began it
cdef void attempt_greeted(Attempts* a, const Turn* turn) noexcept nogil
cdef const Turn* attempt_due(Attempts* a, u64 before, bint* greeted) noexcept nogil     # began before, waits still
cdef Source* source_of(Attempts* a, const Turn* turn) noexcept nogil           # NULL: forgotten

cdef inline void attempt_near(const Attempts* a, const Turn* turn) noexcept nogil:
    """The turn's attempt will be asked for soon."""
    cdef const Rows* rows = &a.rows[turn.shard]
    if turn.row < rows.held:
        prefetch(&rows.made[turn.row])


cdef inline void attempt_nearer(const Attempts* a, const Turn* turn) noexcept nogil:
    """Likewise, after attempt_near() and other work."""
    cdef const Rows* rows = &a.rows[turn.shard]
    if turn.row < rows.held and rows.made[turn.row]:
        prefetch(&a.attempts[(rows.made[turn.row] - 1) & (a.cap - 1)])


cdef inline void attempt_nearest(const Attempts* a, const Turn* turn) noexcept nogil:
    """Its source will be, after attempt_nearer() and other work."""
    cdef const Rows* rows = &a.rows[turn.shard]
    if turn.row < rows.held and rows.made[turn.row]:
        prefetch(&a.sources[a.attempts[(rows.made[turn.row] - 1) & (a.cap - 1)].source])
