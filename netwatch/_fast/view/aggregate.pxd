"""Flows put together by a key, and what those of a group add up to: the one engine of sums."""
from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.flow.row cimport Row, TcpRow
from netwatch._fast.flow.series cimport History, Series
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.groupby cimport GroupBy
from netwatch._fast.view.keys cimport Keys
from netwatch._fast.view.order cimport Item
from netwatch._fast.view.selection cimport Selection

cdef enum:
    MAX_PARTS = 6              # of a key
    OTHERS = 0                 # number of the group of what had no place
    SPOKEN_APP = 65536         # in what is spoken: below it transports, from it on applications

cdef enum:                     # which flow stands for its group
    NEWEST
    MOST_BYTES
    MOST_RATE

cdef struct Sum:
    u32 flows
    u32 live
    u64 first                  # ns, of the oldest flow
    u64 last
    u64 bytes[2]               # out, in
    u64 packets[2]
    u64 rate[2]                # of the live ones
    u64 most                   # what made `row` stand for the group
    u64 retransmits
    u64 rtt_us                 # sum of those
    u64 app_bytes              # of `app`
    u64 own                    # bytes between an end and itself, which are both sent and received by it
    u32 row
    u32 app                    # the one that moved most bytes; see Aggregate.spoken
    u32 apps                   # different ones
    u32 tcp                    # flows that count retransmissions
    u32 timed                  # flows whose round trip is known
    u32 remotes
    u32 place                  # in the order

cdef struct Health:            # how well TCP does, at one end
    u64 tcp_packets            # sent by it
    u64 resent                 # of them, sent again
    u64 rtt_us[2]              # sum of the round trips known of flows it answered, and began
    u32 rtt_n[2]
    u32 resets                 # flows it reset in the middle
    u32 refused                # connections it refused
    u32 unanswered             # and did not answer
    u32 zero_windows           # times it had no room
    u8 ttls[2]                 # least and most that its flows came with, of the first packet of each; 0 none

cdef class Aggregate:
    cdef readonly Selection view
    cdef readonly tuple parts  # tuple[GroupBy, ...]: of the key
    cdef GroupBy first         # of them
    cdef Keys keys
    cdef Keys pairs            # of address and group, for `remotes`
    cdef Keys spoken           # of group and protocol: its transport, or 65536 + what was recognised
    cdef u64* spoken_bytes     # by number of the key
    cdef u32 spoken_cap
    cdef Sum* sums             # by number of the key
    cdef Health* health
    cdef u32 cap
    cdef u32 cleared           # of them are at nothing, or in use
    cdef u32 at                # flows of the selection that have been added
    cdef u32 kept              # ... and are in some group
    cdef int sides             # groups that a flow belongs to
    cdef int stands_for
    cdef u64 since
    cdef object remembered     # keeps what `here` points to
    cdef const Series* here
    cdef bint each_end, count_remotes, ours, begun_here, came_here, ip_only, healthy
    cdef readonly bint too_many_remotes    # so that `remotes` are "at least"
    cdef readonly u64 carried      # bytes of flows inside others, which count them too
    cdef readonly u32 left_out     # flows that others began, with `begun_here`
    cdef readonly u32 older        # flows that began before `since`, and were heard after it

    cdef bint open(self) except -1
    cdef bint full(self) noexcept nogil
    cdef int grow(self) except -1
    cdef bint speech_room(self) noexcept nogil
    cdef bint step(self) except? True
    cdef bint add_some(self) noexcept nogil
    cdef bint add_batch(self, u32 n) noexcept nogil
    cdef bint counts(self, const Flows* t, u32 row) noexcept nogil
    cdef bint room(self) noexcept nogil
    cdef void add(self, const Flows* t, u32 row, int side, u32 group) noexcept nogil
    cdef void add_health(self, const Row* row, const TcpRow* tcp, int side, Health* h) noexcept nogil
    cdef bint note_speech(self, const Flows* t, u32 row, u32 group) noexcept nogil
    cdef void weigh_speech(self) noexcept nogil
    cdef bint note_remote(self, const Flows* t, u32 row, u32 group) noexcept nogil
