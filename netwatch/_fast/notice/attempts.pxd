"""Connections that somebody tried to make, and how each source fares."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.turns cimport Turn
from netwatch._fast.notice.places cimport Places

cdef enum:
    ATTEMPTS = 32768           # waiting for an answer at a time
    SOURCES = 8192             # remembered
    MINUTE = 60000000000       # ns

cdef enum:                     # Attempt.state
    WAITING = 0
    DONE = 1

cdef struct Attempt:
    Turn turn                  # that began it
    u8 state
    u32 source                 # number of its Source
    u8 greeted                 # the responder would have it, and the initiator has not answered that

cdef struct Source:            # of attempts, in the minute now and in the one before
    u8 address[16]
    u64 minute
    u32 tried[2]
    u32 answered[2]

cdef struct Attempts:
    Places keys
    Attempt* attempts          # by number
    Places addresses
    Source* sources
    u64 oldest                 # of those made, that may still wait
    u64 overrun                # had to be forgotten while they waited

cdef bint attempts_open(Attempts* a) noexcept nogil
cdef void attempts_close(Attempts* a) noexcept nogil
cdef void attempt_begin(Attempts* a, const Turn* turn) noexcept nogil
cdef void attempt_answered(Attempts* a, const Attempt* one, u64 ts) noexcept nogil
cdef Attempt* attempt_settle(Attempts* a, const Turn* turn) noexcept nogil     # one that waits no more; NULL none
cdef void attempt_greeted(Attempts* a, const Turn* turn) noexcept nogil
cdef Attempt* attempt_due(Attempts* a, u64 before) noexcept nogil              # began before, waits still; NULL none
cdef Source* source_of(Attempts* a, const Turn* turn) noexcept nogil           # NULL: forgotten
