"""The flows of a query put into groups: by what a column says, by the address of an end, or by either.

It adds up what the flows of a group carry; in what order they are shown is grouplist.pyx's affair. Nothing is copied
but row numbers. The rows must hold still from gather() until the last thing is asked.
"""
from array import array

from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.view.columns cimport Flows, number, address, COL_DST, COL_RETRANS, COL_RTT, COL_SRC
from netwatch._fast.flow.row cimport Row, Cold, BIT_ENDED, BIT_INITIATOR_B
from netwatch._fast.base.mix cimport mix, mix_on, prefetch
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, FAMILY_MAC, FAMILY_NONE, PROTO_TCP
from netwatch._fast.view.order cimport Item
from netwatch._fast.view.selection cimport Selection
from netwatch._fast.flow.rates cimport rate_now

cdef enum:
    SECOND = 1000000000
    MAX_GROUPS = 65536         # beyond them, flows of further groups are told as "others"
    MAX_PAIRS = 1048576        # pairs of group and remote address that are told apart
    BATCH = 32                 # flows whose places are fetched into the cache together

cdef u32 NO_MEMORY = 0xFFFFFFFF

ENDS = {"": 0, "src": COL_SRC, "dst": COL_DST, "remote": COL_DST}
LIMIT = MAX_GROUPS

cdef void read_address(const u8* a, u8 family, u64* hi, u64* lo) noexcept nogil:
    """As two numbers that order like it."""
    cdef int k, n = 4 if family == FAMILY_IP4 else 6 if family == FAMILY_MAC else 16
    hi[0] = lo[0] = 0
    for k in range(n):
        if n == 16 and k < 8:
            hi[0] = hi[0] << 8 | a[k]
        else:
            lo[0] = lo[0] << 8 | a[k]


cdef class Groups:
    """`columns`: the (column, ranks by code) that name the group of a flow, the first that says something decides;
    ranks are a buffer of 32-bit numbers, 0 absent. Else the address at `end` does, one of ENDS. `here`: this machine's
    packed addresses; "remote" is the end that is none of them, the responder where both or neither are. `ours`: "out"
    is what this machine sends, not the initiator, where it is one end."""

    def __init__(self, Selection view, columns: Sequence[tuple[int, array[int]]], str end="",
                 here: Iterable[bytes] = (), bint remotes=False, bint ours=False):
        cdef const u32[::1] buffer
        cdef bytes packed
        self.view, self.kept, self.count_remotes, self.ours = view, [], remotes, ours
        self.end, self.other_end = ENDS[end], end == "remote"
        if len(columns) > MAX_COLUMNS:
            raise ValueError(f"more than {MAX_COLUMNS} columns")
        for col, buffer in columns:
            self.kept.append(buffer)
            self.column[self.columns_n] = col
            self.ranks[self.columns_n] = &buffer[0] if len(buffer) else NULL
            self.top[self.columns_n] = len(buffer)
            self.columns_n += 1
        for packed in sorted(here)[:MAX_HERE]:
            if len(packed) in (4, 16):
                self.here[self.here_n].family = FAMILY_IP4 if len(packed) == 4 else FAMILY_IP6
                read_address(packed, <u8>self.here[self.here_n].family, &self.here[self.here_n].hi,
                             &self.here[self.here_n].lo)
                self.here_n += 1

    def __dealloc__(self):
        free(self.groups)
        free(self.places)
        free(self.pairs)

    # --------------------------------------------------------------------------------------------------- adding up

    def add_up(self) -> int:
        """Add up the flows that the view holds already: those another Groups has gathered, or narrowed to."""
        cdef bint enough
        with nogil:
            enough = self.sum_all()
        if not enough:
            raise MemoryError("no memory for groups")
        return self.view.matched

    cdef bint sum_all(self) noexcept nogil:
        cdef const Flows* t = &self.view.view.flows
        cdef Key keys[BATCH]
        cdef u32 k, n, which, at = 0
        if not self.more():
            return False
        memset(&self.groups[OTHERS], 0, sizeof(Group))
        self.n = 1
        if self.count_remotes and not self.more_pairs():
            return False
        while at < self.view.matched:
            n = min(<u32>BATCH, self.view.matched - at)
            for k in range(n):
                self.key_of_row(t, self.view.items[at + k].row, &keys[k])
                prefetch(&self.places[keys[k].hash & self.mask])
            for k in range(n):
                which = <u32>self.places[keys[k].hash & self.mask]
                prefetch(&self.groups[which])
                prefetch(<char*>&self.groups[which] + 64)
            for k in range(n):
                which = self.find(&keys[k])
                if which == NO_MEMORY or not self.sum_one(t, &self.view.items[at + k], which):
                    return False
            at += n
        return True

    cdef bint more(self) noexcept nogil:
        """Room for four times as many groups."""
        cdef u32 cap = 1024 if self.cap == 0 else self.cap * 4, i
        cdef u64 at, hash
        cdef Group* groups = <Group*>realloc(self.groups, cap * sizeof(Group))
        if groups == NULL:
            return False
        self.groups = groups
        self.cap = cap
        free(self.places)
        self.places = <u64*>calloc(2 * cap, sizeof(u64))
        self.mask = 2 * cap - 1
        if self.places == NULL:
            return False
        for i in range(1, self.n):
            hash = spread(groups[i].hi, groups[i].lo, groups[i].kind)
            at = hash & self.mask
            while self.places[at]:
                at = (at + 1) & self.mask
            self.places[at] = hash >> 32 << 32 | i
        return True

    cdef bint more_pairs(self) noexcept nogil:
        cdef u64 size = 4096 if self.pairs == NULL else 4 * (self.pairs_mask + 1), k, at
        cdef u64* wider = <u64*>calloc(size, sizeof(u64))
        if wider == NULL:
            return False
        for k in range(self.pairs_mask + 1 if self.pairs != NULL else 0):
            if self.pairs[k]:
                at = self.pairs[k] & (size - 1)
                while wider[at]:
                    at = (at + 1) & (size - 1)
                wider[at] = self.pairs[k]
        free(self.pairs)
        self.pairs, self.pairs_mask = wider, size - 1
        return True

    cdef bint sum_one(self, const Flows* t, Item* item, u32 which) noexcept nogil:
        cdef const Row* row = &t.rows[item.row]
        cdef const Cold* cold = &t.colds[item.row]
        cdef int o = 1 if row.bits & BIT_INITIATOR_B else 0, side
        cdef Group* g
        cdef u64 value = 0
        if self.ours and self.here_n and self.responds_here(t, item.row):
            o ^= 1
        item.spare = which
        g = &self.groups[which]
        if g.flows == 0 or cold.first < g.first:
            g.first = cold.first
        g.flows += 1
        for side in range(2):
            g.bytes[side] += row.bytes[side ^ o]
            g.packets[side] += row.packets[side ^ o]
        if not row.bits & BIT_ENDED:
            g.live += 1
            for side in range(2):
                g.rate[side] += rate_now(cold, side ^ o, t.now // SECOND)
        if row.tcp and row.proto == PROTO_TCP and number(t, item.row, COL_RETRANS, &value):
            g.tcp += 1
            g.retransmits += value
        if row.tcp and number(t, item.row, COL_RTT, &value) and value > g.rtt:
            g.rtt = value
        return self.note_remote(t, item.row, which) if self.count_remotes else True

    cdef void key_of_row(self, const Flows* t, u32 row, Key* key) noexcept nogil:
        cdef u64 code = 0
        cdef u8 family = FAMILY_NONE
        cdef int c
        key.hi, key.lo, key.kind = 0, 0, KIND_NONE
        for c in range(self.columns_n):
            if number(t, row, self.column[c], &code) and code < self.top[c] and self.ranks[c][code]:
                key.lo, key.kind = self.ranks[c][code], 1 + <u32>c
                break
        if key.kind == KIND_NONE and self.end and self.end_of(t, row, &key.hi, &key.lo, &family):
            key.kind = KIND_ADDRESS + family
        key.hash = spread(key.hi, key.lo, key.kind)

    cdef bint end_of(self, const Flows* t, u32 row, u64* hi, u64* lo, u8* family) noexcept nogil:
        cdef const u8* a = NULL
        cdef u64 other_hi, other_lo
        if not address(t, row, self.end if self.end else COL_DST, &a, family):
            return False
        read_address(a, family[0], hi, lo)
        if (self.other_end or not self.end) and self.is_here(hi[0], lo[0], family[0]):
            address(t, row, COL_SRC, &a, family)
            read_address(a, family[0], &other_hi, &other_lo)
            if not self.is_here(other_hi, other_lo, family[0]):
                hi[0], lo[0] = other_hi, other_lo
        return True

    cdef bint responds_here(self, const Flows* t, u32 row) noexcept nogil:
        """The responder is this machine, and the initiator is not."""
        cdef const u8* a = NULL
        cdef u8 family = 0
        cdef u64 hi = 0, lo = 0
        if not address(t, row, COL_DST, &a, &family):
            return False
        read_address(a, family, &hi, &lo)
        if not self.is_here(hi, lo, family):
            return False
        address(t, row, COL_SRC, &a, &family)
        read_address(a, family, &hi, &lo)
        return not self.is_here(hi, lo, family)

    cdef bint is_here(self, u64 hi, u64 lo, u8 family) noexcept nogil:
        cdef int k
        for k in range(self.here_n):
            if self.here[k].lo == lo and self.here[k].hi == hi and self.here[k].family == family:
                return True
        return False

    cdef u32 find(self, const Key* key) noexcept nogil:
        """The group of that key, made when it is new and there is a place for it; all bits set: no memory."""
        cdef u32 found = self.look(key)
        if found:
            return found
        return self.make(key) if self.n <= MAX_GROUPS else OTHERS

    cdef u32 look(self, const Key* key) noexcept nogil:
        """The group of that key, 0 when there is none."""
        cdef u64 at = key.hash & self.mask
        cdef const Group* g
        while self.places[at]:
            if self.places[at] >> 32 == key.hash >> 32:
                g = &self.groups[<u32>self.places[at]]
                if g.lo == key.lo and g.hi == key.hi and g.kind == key.kind:
                    return <u32>self.places[at]
            at = (at + 1) & self.mask
        return 0

    cdef u32 make(self, const Key* key) noexcept nogil:
        cdef Group* g
        cdef u64 at
        if self.n == self.cap and not self.more():
            return NO_MEMORY
        at = key.hash & self.mask
        while self.places[at]:
            at = (at + 1) & self.mask
        g = &self.groups[self.n]
        memset(g, 0, sizeof(Group))
        g.hi, g.lo, g.kind = key.hi, key.lo, key.kind
        self.places[at] = key.hash >> 32 << 32 | self.n
        self.n += 1
        return self.n - 1

    cdef bint note_remote(self, const Flows* t, u32 row, u32 which) noexcept nogil:
        """Count the flow's other end if the group has not had it. Told apart by 64 bits of hash."""
        cdef u64 hi = 0, lo = 0, mark, at
        cdef u8 family = 0
        if not self.end_of(t, row, &hi, &lo, &family):
            return True
        mark = mix_on(spread(hi, lo, family), which, 0) | 1
        at = mark & self.pairs_mask
        while self.pairs[at]:
            if self.pairs[at] == mark:
                return True
            at = (at + 1) & self.pairs_mask
        if self.pairs_used >= MAX_PAIRS:
            self.too_many_remotes = True
            return True
        self.pairs[at] = mark
        self.pairs_used += 1
        self.groups[which].remotes += 1
        return self.more_pairs() if 2 * self.pairs_used > self.pairs_mask else True

    def narrow(self, u32 group) -> int:
        """Leave only the flows of one group in the view, for another Groups to add_up(). How many."""
        cdef Selection view = self.view
        cdef u32 i, kept = 0
        for i in range(view.matched):
            if view.items[i].spare == group:
                view.items[kept] = view.items[i]
                kept += 1
        view.matched = kept
        return kept

    # -------------------------------------------------------------------------------------------------- one of them

    def number_of(self, int column, key: object) -> int | None:
        """The number of a group: `column` and rank; -1 and a packed address; -2 and anything, of what has no key; -3,
        the others. None when there is no such group."""
        cdef Key wanted
        cdef bytes packed
        cdef u32 found
        wanted.hi = wanted.lo = 0
        wanted.kind = KIND_NONE
        if column == -3:
            return OTHERS if self.groups[OTHERS].flows else None
        if column == -1:
            packed = key
            if len(packed) not in (4, 6, 16):
                return None
            wanted.kind = FAMILY_IP4 if len(packed) == 4 else FAMILY_MAC if len(packed) == 6 else FAMILY_IP6
            read_address(packed, <u8>wanted.kind, &wanted.hi, &wanted.lo)
            wanted.kind += KIND_ADDRESS
        elif column >= 0:
            wanted.kind, wanted.lo = 1 + <u32>column, key
        wanted.hash = spread(wanted.hi, wanted.lo, wanted.kind)
        found = self.look(&wanted)
        return found if found else None

    def key_of(self, u32 group) -> tuple[int, bytes | int | None]:
        """(column, key) of a group, as number_of() takes them."""
        cdef const Group* g = &self.groups[group]
        cdef u8 packed[16]
        cdef int k, n
        if group == OTHERS:
            return -3, None
        if g.kind == KIND_NONE:
            return -2, None
        if g.kind < KIND_ADDRESS:
            return <int>g.kind - 1, g.lo
        n = 4 if g.kind == KIND_ADDRESS + FAMILY_IP4 else 6 if g.kind == KIND_ADDRESS + FAMILY_MAC else 16
        for k in range(n):
            packed[n - 1 - k] = <u8>(g.lo >> 8 * k if k < 8 else g.hi >> 8 * (k - 8))
        return -1, (<char*>packed)[:n]

    def sums(self, u32 group) -> dict:
        """What the flows of a group add up to; what none of them knows is left out. Rates in bytes per second."""
        cdef const Group* g = &self.groups[group]
        found = {"flows": g.flows, "live": g.live, "first_ns": g.first, "bytes_out": g.bytes[0],
                 "bytes_in": g.bytes[1], "packets_out": g.packets[0], "packets_in": g.packets[1]}
        if g.live:
            found["rate_out"], found["rate_in"] = g.rate[0], g.rate[1]
        if g.rtt:
            found["rtt_us"] = g.rtt // 1000
        if g.tcp:
            found["retransmits"] = g.retransmits
        if self.count_remotes:
            found["remotes"] = g.remotes
        return found


cdef inline u64 spread(u64 hi, u64 lo, u64 kind) noexcept nogil:
    return mix_on(mix(lo, hi), kind, 0)


def ranked(values: Mapping[int, object]) -> tuple[array[int], list[object]]:
    """A table {code: value}, its values comparable: (ranks by code, an array to pass to Groups; values by rank)."""
    ordered = sorted(set(values.values()))
    rank_of = {value: rank for rank, value in enumerate(ordered, 1)}
    ranks = array("I", bytes(4 * (max(values, default=0) + 1)))
    for code, value in values.items():
        ranks[code] = rank_of[value]
    return ranks, [None, *ordered]
