"""How many different things of a key within a window: ports of a host that a source failed to reach, and the like."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.turns cimport Heard, Pick, PICKS, Turn
from netwatch._fast.notice.crowd cimport Group
from netwatch._fast.notice.prefixes cimport BEGINNINGS, Beginning
from netwatch._fast.notice.turnkeys cimport Parts
from netwatch._fast.notice.agingtable cimport Places

cdef enum:                     # what happened, the bits of Crowds.when
    ON_REFUSED = 1
    ON_HALF_OPEN = 2
    ON_UNANSWERED = 4
    ON_OPENED = 8              # TCP
    ON_ANSWERED = 16           # not TCP
    ON_CLOSED = 32             # TCP, after it was open
    ON_PROBED = 128            # TCP that began with no SYN was answered by a RST
    ON_TOLD = 64               # all that the flow will say of itself is known
    ON_ASKED = 256             # a datagram asks DNS for a long name

cdef enum:
    PASSED = 1024
    GROUPS = 1024              # of a table, at most, and a quarter of its members

cdef struct Member:
    u64 group                  # its Group.made, 0: counts no more
    u64 ts                     # when it came into the window
    u32 number                 # place of its group
    Parts thing                # as many bytes of it as are looked at

cdef struct Ask:               # of a turn, to be counted in one of some tables: see Watch.count
    int table                  # its number there
    Parts key
    Parts thing
    u64 hash                   # of the key, then of the thing
    Group* group

cdef class Crowds:
    cdef readonly u32 when
    cdef readonly tuple on     # tuple[str, ...]: the same in words
    cdef u32 by
    cdef u32 of
    cdef u64 least
    cdef u64 window            # ns
    cdef u32 answered          # at most one attempt in so many of the source was answered; 0: no matter
    cdef u8 protos[256]        # 1: counts
    cdef u8 apps[256]
    cdef bint any_port
    cdef u32 ports[2048]       # otherwise a bit each
    cdef u64 facts[256][4]     # by protocol, the keys of facts that count, a bit each
    cdef bint any_fact         # or all of them
    cdef u64 carried           # bytes of payload of a flow that counts, at most
    cdef u64 sent              # and of its initiator, at least
    cdef Beginning[BEGINNINGS] begins   # facts that count only if they begin so
    cdef u32 n_begins
    cdef Pick* picks           # numbers of facts that count, of those of which not all do
    cdef u32 n_picks
    cdef bint asks             # what the flow said
    cdef u8[2] clear           # protocol and key of a fact: so many bytes of payload are not `carried`
    cdef u8 names              # NAMES_*
    cdef int dns               # the protocol's number
    cdef u64 said[2]           # hashes of those of the turn that takes() looked at last
    cdef u64 passed[PASSED][2]  # such as need not be looked at any more
    cdef u64 parts_n           # bytes of Parts that are looked at
    cdef Places members
    cdef u8* member            # each of `stride` bytes
    cdef u32 stride
    cdef u64 oldest            # member
    cdef u32 bound             # members, at most
    cdef Places groups
    cdef u8* group             # each of `wide` bytes
    cdef u32 wide
    cdef u64 made              # groups

    cdef int keep_numbers(self, list apps, tuple numbers) except -1
    cdef int keep_beginnings(self, list apps, tuple begins) except -1
    cdef bint of_kind(self, int kind) noexcept
    cdef bint takes(self, const Turn* turn) noexcept
    cdef bint fits(self, const Turn* turn) noexcept
    cdef void hear(self, Heard* heard, u32 bit, bint alone) noexcept
    cdef void hear_happen(self, Heard* heard) noexcept
    cdef bint hears(self, const Turn* turn) noexcept
    cdef bint small(self, const Turn* turn, const u8* fact) noexcept
    cdef bint worth(self, const Turn* turn) noexcept
    cdef void ask(self, Ask* asked, const Turn* turn) noexcept
    cdef void ask_group(self, const Ask* asked) noexcept
    cdef int ask_member(self, Ask* asked, u64 now) except -1
    cdef void ask_nearest(self, const Ask* asked) noexcept
    cdef Group* add_names(self, const Turn* turn) except? NULL
    cdef Group* put(self, const Parts* key, const Parts* thing, const Turn* turn) except NULL
    cdef Group* group_of(self, const Parts* key, u64 h) except NULL
    cdef Member* member_at(self, u32 number) noexcept
    cdef Group* group_at(self, u32 number) noexcept
    cdef u32 find(self, const Parts* thing, u64 made, u64 h) noexcept
    cdef int count(self, Group* group, const Parts* thing, u64 h, const Turn* turn) except -1
    cdef void forget(self, u64 now) noexcept
    cdef void drop(self) noexcept
