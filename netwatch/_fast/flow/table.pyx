"""The store of flows: memory, hash table, timer wheel, list of the ended.

Rows are reserved as address space and paid for as they are touched. The hash table holds 8 bytes a slot (hash, row),
uses linear probing at a load of at most 3/4 and deletes by shifting back, so that a lookup that fails stops early.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.row cimport *
from netwatch._fast.flow.copies cimport ECHOES, Echo
from netwatch._fast.flow.kin cimport Kin, has_ends, kin_find, kin_note
from netwatch._fast.flow.demux cimport STRANGERS, Strangers, strangers_choose
from netwatch._fast.flow.rates cimport Pace, forget_pace
from netwatch._fast.wire.encap cimport base_of
from netwatch._fast.wire.packet cimport Packet, PROTO_ICMP, PROTO_ICMP6, PROTO_TCP, flow_hash
from netwatch._fast.base.mix cimport fingerprint, load64, lowest_bit, mix, prefetch

cdef extern from "sys/mman.h" nogil:
    void* mmap(void*, size_t, int, int, int, long)
    int munmap(void*, size_t)
    int madvise(void*, size_t, int)
    enum: PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE
    void* MAP_FAILED

cdef extern from *:
    """
    #ifdef MADV_HUGEPAGE
    #define nw_huge(p, n) madvise(p, n, MADV_HUGEPAGE)
    #else
    #define nw_huge(p, n) 0
    #endif
    """
    int nw_huge(void*, size_t) nogil

cdef enum:
    SLOTS_MIN = 4096
    SPARE = 65536               # rows beyond the bound for flows that ended and wait to be handed out
    HUGE = 2097152


cdef void* reserve(size_t n) noexcept nogil:
    """Zeroed address space, committed when touched, in huge pages where the kernel has them."""
    cdef void* p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    if p == MAP_FAILED:
        return NULL
    if n >= HUGE:
        nw_huge(p, n)
    return p


cdef inline size_t row_count(u32 cap) noexcept nogil:
    return <size_t>cap + SPARE + 1


cdef bint table_open(Table* t, u32 cap) noexcept nogil:
    """Room for `cap` live flows; False when the address space cannot be had."""
    memset(t, 0, sizeof(Table))
    t.cap = cap
    t.rows = <Row*>reserve(row_count(cap) * sizeof(Row))
    t.colds = <Cold*>reserve(row_count(cap) * sizeof(Cold))
    t.paces = <Pace*>reserve(row_count(cap) * sizeof(Pace))
    t.tcps = <TcpRow*>reserve(row_count(cap) * sizeof(TcpRow))
    t.echoes = <Echo*>reserve(ECHOES * sizeof(Echo))
    t.kin = <Kin*>reserve(sizeof(Kin))
    t.frames = <Frames*>reserve(row_count(cap) * sizeof(Frames))
    t.copied = <Copied*>reserve(row_count(cap) * sizeof(Copied))
    t.slots = <Slot*>calloc(SLOTS_MIN, sizeof(Slot))
    t.mask = SLOTS_MIN - 1
    return (t.rows != NULL and t.colds != NULL and t.tcps != NULL and t.slots != NULL and t.echoes != NULL
            and t.kin != NULL and t.copied != NULL and t.frames != NULL and t.paces != NULL)


cdef inline void give_back(void* p, size_t n) noexcept nogil:
    if p != NULL:
        munmap(p, n)


cdef void table_close(Table* t) noexcept nogil:
    give_back(t.rows, row_count(t.cap) * sizeof(Row))
    give_back(t.colds, row_count(t.cap) * sizeof(Cold))
    give_back(t.paces, row_count(t.cap) * sizeof(Pace))
    give_back(t.tcps, row_count(t.cap) * sizeof(TcpRow))
    give_back(t.echoes, ECHOES * sizeof(Echo))
    give_back(t.kin, sizeof(Kin))
    give_back(t.frames, row_count(t.cap) * sizeof(Frames))
    give_back(t.copied, row_count(t.cap) * sizeof(Copied))
    slots_release(t.slots, t.mask)
    free(t.tcp_conversations.slots)
    free(t.udp_conversations.slots)
    memset(t, 0, sizeof(Table))


cdef void slots_release(Slot* slots, u64 mask) noexcept nogil:
    if slots == NULL:
        return
    if (mask + 1) * sizeof(Slot) >= HUGE:
        munmap(slots, (mask + 1) * sizeof(Slot))
    else:
        free(slots)


cdef inline bint same_ends(const Table* t, const Row* row, const Packet* pk) noexcept nogil:
    """Has the flow the packet's key? Its marks are another matter."""
    return has_ends(row, pk) and (row.path == pk.path or base_of(t.paths, row.path) == pk.base)


cdef inline bint is_on(const Table* t, u32 number, const Packet* pk) noexcept nogil:
    """Has the packet's side sent with these marks before?"""
    cdef const Row* row = &t.rows[number]
    if t.paths.n == 0:                       # nothing has any marks
        return True
    if pk.side:
        return row.packets[1] and t.colds[number].back == pk.path
    return row.packets[pk.side] and row.path == pk.path


cdef u32 table_find(const Table* t, const Packet* pk) noexcept nogil:
    """The live flow of the packet, or 0."""
    cdef u32 tag = <u32>pk.hash, number, n = 0
    cdef u64 at = tag & t.mask
    cdef Strangers strangers
    if (pk.guess and not t.rows[pk.guess].bits & BIT_ENDED and same_ends(t, &t.rows[pk.guess], pk)
            and is_on(t, pk.guess, pk)):
        return pk.guess
    while t.slots[at].row and n < STRANGERS:
        number = t.slots[at].row
        if t.slots[at].tag == tag and same_ends(t, &t.rows[number], pk):
            if is_on(t, number, pk):
                return number
            strangers.met[n] = number
            n += 1
        at = (at + 1) & t.mask
    if n == 0:
        return kin_find(t.kin, t.rows, t.colds, t.paths, pk)
    strangers.rows, strangers.colds, strangers.echoes, strangers.paths = t.rows, t.colds, t.echoes, t.paths
    strangers.n = n
    number = strangers_choose(&strangers, pk)
    if number == 0:
        number = kin_find(t.kin, t.rows, t.colds, t.paths, pk)
    return strangers.met[n - 1] if number == 0 and n == STRANGERS else number     # no more are told apart


cdef u32 table_add(Table* t, const Packet* pk) noexcept nogil:
    """A new row with the packet's key, hashed; 0 when too many flows live, no row is free, or memory is out."""
    cdef u32 number
    cdef Row* row
    if t.live >= t.cap:
        return 0
    if (<u64>t.live + 1) * 4 > (t.mask + 1) * 3 and not table_grow(t):
        return 0
    if t.free:
        number = t.free
        t.free = t.colds[number].next
    elif t.high < row_count(t.cap) - 1:
        t.high += 1
        number = t.high
    else:
        return 0
    row = &t.rows[number]
    memset(row, 0, sizeof(Row))
    memset(&t.colds[number], 0, sizeof(Cold))
    forget_pace(&t.paces[number if t.paced else 0])
    memcpy(row.a, &pk.dst[0] if pk.side else &pk.src[0], 16)
    memcpy(row.b, &pk.src[0] if pk.side else &pk.dst[0], 16)
    row.pa = pk.dport if pk.side else pk.sport
    row.pb = pk.sport if pk.side else pk.dport
    row.proto = pk.proto
    row.path = t.colds[number].back = pk.path
    row.family = pk.family
    if t.numbered:
        t.frames[number].first = pk.frame.n
    if t.any_copied:
        memset(&t.copied[number], 0, sizeof(Copied))
    place(t, number, <u32>pk.hash)
    kin_note(t.kin, t.rows, number, pk)
    t.created += 1
    return number


cdef void place(Table* t, u32 number, u32 tag) noexcept nogil:
    cdef u64 at = tag & t.mask
    while t.slots[at].row:
        at = (at + 1) & t.mask
    t.slots[at].tag = tag
    t.slots[at].row = number
    t.live += 1


cdef void table_move(Table* t, u32 number, const Packet* pk) noexcept nogil:
    """Something else is around what side a sends: this packet, by whose surroundings the flow is found from now on."""
    cdef bint elsewhere = base_of(t.paths, t.rows[number].path) != pk.base
    if elsewhere:
        table_unhash(t, number)
    t.rows[number].path = pk.path
    if elsewhere:
        place(t, number, <u32>pk.hash)


cdef u32 table_new_tcp(Table* t) noexcept nogil:
    """The number of an empty TcpRow, 0 when there is none."""
    cdef u32 number = t.tcp_free
    if number:
        t.tcp_free = t.tcps[number].isn[0]
    elif t.tcp_high < t.high:              # a flow has one at most
        t.tcp_high += 1
        number = t.tcp_high
    if number:
        memset(&t.tcps[number], 0, sizeof(TcpRow))
    return number


cdef bint table_grow(Table* t) noexcept nogil:
    """Double the hash table; the tags suffice, no row is touched."""
    cdef u64 n = (t.mask + 1) * 2, i, at
    cdef Slot* slots = <Slot*>(reserve(n * sizeof(Slot)) if n * sizeof(Slot) >= HUGE else calloc(n, sizeof(Slot)))
    if slots == NULL:
        return False
    for i in range(t.mask + 1):
        if t.slots[i].row:
            at = t.slots[i].tag & (n - 1)
            while slots[at].row:
                at = (at + 1) & (n - 1)
            slots[at] = t.slots[i]
    slots_release(t.slots, t.mask)
    t.slots = slots
    t.mask = n - 1
    return True


cdef void table_unhash(Table* t, u32 number) noexcept nogil:
    """Take a row out of the hash table and close the gap behind it."""
    cdef const Row* row = &t.rows[number]
    cdef u16 base = base_of(t.paths, row.path)
    cdef u64 at = <u32>flow_hash(row.a, row.b, row.pa, row.pb, row.proto, base, row.family) & t.mask, hole, home
    while t.slots[at].row != number:
        if t.slots[at].row == 0:
            return
        at = (at + 1) & t.mask
    hole = at
    while True:
        at = (at + 1) & t.mask
        if t.slots[at].row == 0:
            break
        home = t.slots[at].tag & t.mask
        if ((at - home) & t.mask) >= ((at - hole) & t.mask):
            t.slots[hole] = t.slots[at]
            hole = at
    t.slots[hole].row = 0
    t.live -= 1


cdef void table_free_row(Table* t, u32 number) noexcept nogil:
    """Give the memory of an ended, unlinked row back."""
    cdef Row* row = &t.rows[number]
    if row.tcp and (row.proto == PROTO_TCP or (row.pa and (row.proto == PROTO_ICMP or row.proto == PROTO_ICMP6))):
        t.tcps[row.tcp].isn[0] = t.tcp_free
        t.tcp_free = row.tcp
    row.packets[0] = row.packets[1] = 0
    row.family = 0
    row.bits = BIT_ENDED
    t.colds[number].next = t.free
    t.free = number


cdef u32 table_victim(Table* t) noexcept nogil:
    """Whom to evict: of the next 16 live rows the least worth, one-sided flows first, then the longest idle."""
    cdef u32 best = 0, steps = 0, seen = 0
    cdef u64 worth, least = 0
    cdef Row* row
    while seen < 16 and steps < t.high:
        t.hand = t.hand % t.high + 1
        steps += 1
        row = &t.rows[t.hand]
        if row.family == 0 or row.bits & BIT_ENDED:
            continue
        worth = row.last if row.bits & BIT_REPLIED else row.last >> 1
        if best == 0 or worth < least:
            best = t.hand
            least = worth
        seen += 1
    return best


cdef void wheel_add(Table* t, u32 number, u64 second) noexcept nogil:
    """Look at the row again when the wheel reaches `second`, or sooner when that is far away."""
    cdef u32 bucket
    cdef Cold* cold = &t.colds[number]
    if second <= t.wheel_at:
        second = t.wheel_at + 1
    if second >= t.wheel_at + WHEEL:
        second = t.wheel_at + WHEEL - 1
    bucket = <u32>(second & (WHEEL - 1))
    cold.prev = <u32>WHEEL_HEAD | bucket
    cold.next = t.wheel[bucket]
    if cold.next:
        t.colds[cold.next].prev = number
    t.wheel[bucket] = number


cdef void wheel_remove(Table* t, u32 number) noexcept nogil:
    """Unlink a row from the bucket it is in."""
    cdef Cold* cold = &t.colds[number]
    if cold.next:
        t.colds[cold.next].prev = cold.prev
    if cold.prev & <u32>WHEEL_HEAD:
        t.wheel[cold.prev & (WHEEL - 1)] = cold.next
    else:
        t.colds[cold.prev].next = cold.next
    cold.next = cold.prev = 0


cdef void ended_push(Table* t, u32 number) noexcept nogil:
    cdef Cold* cold = &t.colds[number]
    cold.next = 0
    cold.prev = t.ended_last
    if t.ended_last:
        t.colds[t.ended_last].next = number
    else:
        t.ended_first = number
    t.ended_last = number
    t.ended += 1


cdef u32 ended_pop(Table* t) noexcept nogil:
    """The flow that ended longest ago, off the list; 0 when there is none."""
    cdef u32 number = t.ended_first
    if number:
        t.ended_first = t.colds[number].next
        if t.ended_first:
            t.colds[t.ended_first].prev = 0
        else:
            t.ended_last = 0
        t.ended -= 1
    return number


cdef bint conversations_put(Conversations* c, u64 h) noexcept nogil:
    cdef u64 at = mix(h, h) >> c.spare          # the upper bits: a larger table is filled in the order of the smaller
    while c.slots[at]:
        if c.slots[at] == h:
            return False
        at = (at + 1) & c.mask
    c.slots[at] = h
    c.used += 1
    return True


cdef bint conversations_resize(Conversations* c, u64 n, u32 shift) noexcept nogil:
    """Move to n slots, keeping only hashes whose top `shift` bits are zero."""
    cdef u64* old = c.slots
    cdef u64 i, held = c.mask + 1 if old != NULL else 0
    cdef u64* slots = <u64*>calloc(n, sizeof(u64))
    if slots == NULL:
        return False
    c.slots = slots
    c.mask = n - 1
    c.spare = 64 - lowest_bit(n)
    c.shift = shift
    c.used = 0
    for i in range(held):
        if old[i] and (shift == 0 or old[i] >> (64 - shift) == 0):
            conversations_put(c, old[i])
    free(old)
    return True


cdef void conversation(Conversations* c, const Packet* pk) noexcept nogil:
    """Count the packet's unordered pair of address:port once, whatever lies around it."""
    cdef const u8* a = &pk.dst[0] if pk.side else &pk.src[0]
    cdef const u8* b = &pk.src[0] if pk.side else &pk.dst[0]
    cdef u64 ports = (<u64>pk.dport | <u64>pk.sport << 16) if pk.side else (<u64>pk.sport | <u64>pk.dport << 16)
    cdef u64 h = fingerprint(ports | <u64>pk.family << 32, load64(a), load64(a + 8))
    h = fingerprint(fingerprint(h, load64(b), load64(b + 8)), ports, h)
    if h == 0:
        h = 1
    if c.slots == NULL:
        if not conversations_resize(c, 64, 0):
            return
    elif (c.used + 2) * 4 > (c.mask + 1) * 3:
        if c.mask + 1 < CONVERSATIONS_MAX:
            conversations_resize(c, (c.mask + 1) * 2, c.shift)
        else:
            conversations_resize(c, c.mask + 1, c.shift + 1)
    if c.shift == 0 or h >> (64 - c.shift) == 0:
        prefetch(&c.slots[mix(h, h) >> c.spare])
        conversations_put_waiting(c)
        c.waiting = h


cdef void conversations_put_waiting(Conversations* c) noexcept nogil:
    if c.waiting and (c.shift == 0 or c.waiting >> (64 - c.shift) == 0):
        conversations_put(c, c.waiting)
    c.waiting = 0


cdef u64 conversations(Conversations* c) noexcept nogil:
    conversations_put_waiting(c)
    return c.used << c.shift
