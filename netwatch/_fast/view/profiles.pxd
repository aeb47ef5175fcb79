"""What the texts of flows say, as numbers: each flow has one, that of its profile.

A profile is what the classifiers learnt of a flow, as far as somebody wants to know: the flow's app, then its facts in
their order, each as (protocol, key, number of the text). Flows that say the same share one. What a field says follows
from the profile alone, so that it is worked out once for each different one.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.view.strings cimport Strings, Text

cdef enum:
    KEYS = 32768           # protocol << 8 | key
    KEY_APP = 254          # the entry that says the flow's app
    KEY_OTHER = 255        # the entry of a protocol of which nothing wanted stands first

cdef enum:                 # Profiles.kinds
    UNWANTED = 0
    TEXT = 1               # kept as records show it
    RAW = 2                # kept as it was stored

cdef enum:
    AT_ONCE = 1024         # rows brought up to date by one step, at most

cdef extern from *:            # texts, and so profiles, lie one behind the other at any address
    """
    typedef uint64_t __attribute__((aligned(1), may_alias)) nw_entry;
    """
    ctypedef u64 Entry "nw_entry"

# an entry of a profile: place << 32 | number of the text, where place is protocol << 8 | key
cdef inline u32 place_of(u64 entry) noexcept nogil:
    return <u32>(entry >> 32)

cdef class Profiles:
    cdef Strings texts             # valid UTF-8 without control characters
    cdef Strings raws
    cdef Strings profiles          # entries
    cdef u32* of_row               # number of the row's profile, 0 none
    cdef u32 rows                  # rows of_row has room for
    cdef u64* touched              # a bit for each row to be looked at (again), 0 included
    cdef u32 seen                  # rows 1 .. seen have been looked at
    cdef u32 written               # rows 1 .. written may have a number
    cdef u32 word                  # of `touched` where catching up goes on
    cdef u32 latest[AT_ONCE]       # the rows that the last step has brought
    cdef u32 n_latest
    cdef u8 kinds[KEYS]
    cdef u16 limits[KEYS]          # characters of a text that are shown
    cdef readonly u64 generation   # changes when the numbers of profiles begin anew
    cdef readonly u64 texts_generation     # ... of texts
    cdef readonly u64 brought      # rows looked at so far
    cdef readonly u64 forgotten    # rows whose numbers were taken away
    cdef u64 since                 # ... when the numbers began
    cdef u64 refused

    cdef int room(self, u32 rows) except -1
    cdef bint step(self, const Flows* flows, u32 budget) noexcept nogil
    cdef void bring(self, const Flows* flows, u32 row) noexcept nogil
    cdef u64 entry(self, u32 place, const u8* p, u32 n) noexcept nogil
    cdef void restart(self) noexcept nogil
    cdef void tidy(self, u32 flows) noexcept nogil
    cdef inline const Entry* entries(self, u32 number, u32* n) noexcept nogil:
        cdef const Text* text = &self.profiles.items[number]
        n[0] = text.n // 8
        return <const Entry*>text.p
