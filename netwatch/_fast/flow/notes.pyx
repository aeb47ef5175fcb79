"""Events of note: first contacts, ends of large flows, refusals, resets, DNS errors, loss. Bounded, and without Python.

Of each kind a few a second are kept one by one, the rest of that second as one note that says how many; all are
counted. Text is made of a note when somebody asks for it.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, be16
from netwatch._fast.flow.row cimport *
from netwatch._fast.base.mix cimport mix_address, mix_on
from netwatch._fast.wire.packet cimport (NOTE_RETRANSMIT, NOTE_ZERO_WINDOW, PROTO_ICMP, PROTO_ICMP6, PROTO_TCP,
                                         PROTO_UDP, Packet, TCP_RST, mix_on)
from netwatch._fast.base.domain cimport NAME_TEXT, name_end, name_text

cdef enum:
    SECOND = 1000000000
    A_SECOND = 8               # notes of one kind kept one by one
    BURST_LEAST = 10           # segments sent again within a second
    LARGE = 1000000            # bytes of a flow whose end is noted
    LONG_S = 60                # and seconds

BURST_FROM, LARGE_FROM, LONG_FROM_S, NOTED_A_SECOND, KEPT = BURST_LEAST, LARGE, LONG_S, A_SECOND, N_KEPT

cdef void count_note(Noted* n, int kind, u64 ts) noexcept nogil:
    cdef u64 second = ts // SECOND
    cdef Cell* cell
    n.kinds[kind].total += 1
    cell = &n.fine[second % N_FINE]
    if cell.stamp < second:
        memset(cell, 0, sizeof(Cell))
        cell.stamp = second
    if cell.stamp == second:
        cell.counts[kind] += 1
    second //= N_COARSE_S
    cell = &n.coarse[second % N_COARSE]
    if cell.stamp < second:
        memset(cell, 0, sizeof(Cell))
        cell.stamp = second
    if cell.stamp == second:
        cell.counts[kind] += 1


cdef Note* next_note(Kind* k, u64 ts) noexcept nogil:
    cdef Note* note = &k.notes[k.noted % N_KEPT]
    k.noted += 1
    memset(note, 0, sizeof(Note))
    note.ts = ts
    return note


cdef void fold(Kind* k) noexcept nogil:
    """Say of a second that is over how many were not kept."""
    if k.folded:
        next_note(k, k.second * SECOND).value = k.folded
        k.folded = 0


cdef Note* admit(Noted* n, int kind, u64 ts, const Row* row, const Cold* cold, u32 number) noexcept nogil:
    """Room for a note about a flow; NULL when this second has had enough of its kind."""
    cdef Kind* k = &n.kinds[kind]
    cdef Note* note
    cdef u64 second = ts // SECOND
    cdef bint b = (row.bits & BIT_INITIATOR_B) != 0
    count_note(n, kind, ts)
    if second > k.second:
        fold(k)
        k.second = second
        k.given = 0
    if k.given >= A_SECOND:
        k.folded += 1
        return NULL
    k.given += 1
    note = next_note(k, ts)
    note.flow, note.row, note.proto, note.family = cold.id, number, row.proto, row.family
    note.sport = row.pb if b else row.pa
    note.dport = row.pa if b else row.pb
    memcpy(note.src, &row.b[0] if b else &row.a[0], 16)
    memcpy(note.dst, &row.a[0] if b else &row.b[0], 16)
    return note


cdef void note_packet(Noted* n, const Packet* pk, const Row* row, const Cold* cold, const TcpRow* tcp,
                      u32 number) noexcept nogil:
    """Look at a packet that was counted into its flow. `tcp` is NULL where the flow has none."""
    cdef bint first = row.packets[0] + row.packets[1] == pk.count
    cdef Note* note
    if pk.proto == PROTO_TCP:
        n.tcp_packets += 1
        if first:
            note_first(n, pk, row, cold, number)
        if tcp != NULL and (pk.notes | (pk.flags & TCP_RST)):
            note_tcp(n, pk, row, cold, tcp, number)
    elif pk.proto == PROTO_UDP:
        if first:
            note_first(n, pk, row, cold, number)
    elif (pk.proto == PROTO_ICMP and pk.icmp_type == 3) or (pk.proto == PROTO_ICMP6 and pk.icmp_type == 1):
        note = admit(n, N_UNREACHABLE, pk.frame.ts, row, cold, number)
        if note != NULL:
            note.code = pk.icmp_code
            note.by = pk.side != <u8>(row.bits & BIT_INITIATOR_B)
    if row.app == n.dns and n.dns and pk.payload_len >= 12:
        note_dns(n, pk, row, cold, number)


cdef void note_first(Noted* n, const Packet* pk, const Row* row, const Cold* cold, u32 number) noexcept nogil:
    """The first flow to its responder's address and port, as far as is remembered."""
    cdef const u8* to = &row.a[0] if row.bits & BIT_INITIATOR_B else &row.b[0]
    cdef u16 port = row.pa if row.bits & BIT_INITIATOR_B else row.pb
    if meet(n, to, port, row.proto):
        admit(n, N_FIRST, pk.frame.ts, row, cold, number)


cdef inline u32* place_of(Noted* n, const u8* address, u16 port, u16 proto) noexcept nogil:
    return &n.firsts_at[mix_on(mix_address(address), port, proto) % N_FIRSTS]


cdef bint meet(Noted* n, const u8* address, u16 port, u16 proto) noexcept nogil:
    """Remember the endpoint in the place of the one that was met longest ago; False when it is remembered already."""
    cdef u32* place = place_of(n, address, port, proto)
    cdef u32* link
    cdef u32 number = place[0]
    cdef First* first
    while number:
        first = &n.firsts[number]
        if first.port == port and first.proto == proto and memcmp(first.address, address, 16) == 0:
            return False
        number = first.older
    number = <u32>(n.firsts_n % N_FIRSTS) + 1
    first = &n.firsts[number]
    if n.firsts_n >= N_FIRSTS:
        link = place_of(n, first.address, first.port, first.proto)
        while link[0] != number:
            link = &n.firsts[link[0]].older
        link[0] = first.older
    memcpy(first.address, address, 16)
    first.port, first.proto, first.older = port, proto, place[0]
    place[0] = number
    n.firsts_n += 1
    return True


cdef void note_tcp(Noted* n, const Packet* pk, const Row* row, const Cold* cold, const TcpRow* tcp,
                   u32 number) noexcept nogil:
    cdef bint responder = pk.side != <u8>(row.bits & BIT_INITIATOR_B)
    cdef Note* note
    cdef int kind
    if pk.notes & NOTE_RETRANSMIT:
        n.resent += 1
        resent(n, pk, row, cold, number)
    if pk.notes & NOTE_ZERO_WINDOW and tcp.zero_window[pk.side] == 1:
        note = admit(n, N_ZERO_WINDOW, pk.frame.ts, row, cold, number)
        if note != NULL:
            note.by = responder
    if pk.flags & TCP_RST and tcp.fins & 3 == 0 and n.closed[number % N_CLOSED] != cold.key:
        n.closed[number % N_CLOSED] = cold.key
        kind = N_REFUSED if responder and tcp.shaken & 3 == 1 else N_RESET
        note = admit(n, kind, pk.frame.ts, row, cold, number)
        if note != NULL:
            note.by = responder


cdef void resent(Noted* n, const Packet* pk, const Row* row, const Cold* cold, u32 number) noexcept nogil:
    """Count a retransmission of a flow; a flow that shares its place with another waits until that one's second is
    over."""
    cdef Burst* burst = &n.bursts[number % N_BURSTS]
    if burst.key == cold.key and pk.frame.ts - burst.start < SECOND:
        burst.count += 1
    elif burst.key == 0 or burst.key == cold.key or pk.frame.ts - burst.start >= SECOND:
        if burst.key == cold.key:
            end_burst(n, burst, row, cold)
        burst.key, burst.start, burst.row, burst.count = cold.key, pk.frame.ts, number, 1


cdef void end_burst(Noted* n, Burst* burst, const Row* row, const Cold* cold) noexcept nogil:
    """Its second is over."""
    cdef Note* note
    if burst.count >= BURST_LEAST:
        note = admit(n, N_BURST, burst.start, row, cold, burst.row)
        if note != NULL:
            note.value = burst.count
    burst.key = 0


cdef void note_dns(Noted* n, const Packet* pk, const Row* row, const Cold* cold, u32 number) noexcept nogil:
    """A DNS response (RFC 1035 section 4.1.1) whose code is an error; over TCP one that fills its segment."""
    cdef const u8* p = pk.payload
    cdef u32 size = pk.payload_len
    cdef char text[NAME_TEXT]
    cdef Note* note
    cdef int chars
    cdef u32 end
    if pk.proto == PROTO_TCP:
        if size < 14 or be16(p) != size - 2:
            return
        p += 2
        size -= 2
    if not p[2] & 0x80:
        return
    n.dns_responses += 1
    n.dns_codes[p[3] & 15] += 1
    if p[3] & 15 == 0:
        return
    note = admit(n, N_DNS_ERROR, pk.frame.ts, row, cold, number)
    if note == NULL:
        return
    note.code = p[3] & 15
    if be16(p + 4):
        chars = name_text(p, size, 12, text)
        if chars > 0:
            note.name_n = <u8>min(chars, <int>N_NAME)
            memcpy(note.name, text, note.name_n)
            end = name_end(p, size, 12)
            if end and end + 2 <= size:
                note.value = be16(p + end)


cdef void note_end(Noted* n, const Row* row, const Cold* cold, u32 number) noexcept nogil:
    cdef Note* note
    cdef u64 span = row.last - cold.first if row.last > cold.first else 0
    if row.proto == PROTO_TCP and row.state == ST_SYN_SENT:
        if cold.ended == END_TIMEOUT and not row.bits & BIT_REPLIED:
            admit(n, N_UNANSWERED, row.last, row, cold, number)
    elif row.bytes[0] + row.bytes[1] >= LARGE or span >= <u64>LONG_S * SECOND:
        note = admit(n, N_ENDED, row.last, row, cold, number)
        if note != NULL:
            note.value = row.bytes[0] + row.bytes[1]
            note.span = span
            note.code = cold.ended


cdef class Notes:
    """Give it to Engine.note_into(), and notetext.turn() it after each chunk."""

    def __cinit__(self):
        self.noted = <Noted*>calloc(1, sizeof(Noted))
        if self.noted == NULL:
            raise MemoryError("no memory for notes")

    def __dealloc__(self):
        free(self.noted)
