"""All that is shown of a row of the table of flows, and its packing by planes of bytes."""
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.base.mix cimport mix_bytes
from netwatch._fast.flow.icmp cimport is_echo_flow
from netwatch._fast.flow.rates cimport WINDOW_SECOND, Pace, turn_second
from netwatch._fast.flow.row cimport Cold, Facts, OFFERED, Row, TcpRow
from netwatch._fast.flows cimport Core
from netwatch._fast.wire.packet cimport FAMILY_NONE, PROTO_TCP


cdef enum:                     # w1[W1_TCP]
    TCP_ROW = 1
    WINDOW_OFFERED = 2         # by side a; 4 by b


cdef bint has_tcp(const Row* row) noexcept nogil:
    return row.tcp != 0 and (row.proto == PROTO_TCP or is_echo_flow(row))


cdef void take_image(Image* m, const Core* core, u32 i) noexcept nogil:
    """All of it but the text."""
    cdef const Row* row = &core.table.rows[i]
    cdef const Cold* cold = &core.table.colds[i]
    cdef const TcpRow* tcp
    cdef int k
    memset(m, 0, sizeof(Image))
    if row.family == FAMILY_NONE:
        return
    m.w8[W8_LAST], m.w8[W8_FIRST], m.w8[W8_KEY], m.w8[9] = row.last, cold.first, cold.key, cold.id
    if core.table.numbered:
        m.w8[W8_FRAMES], m.w8[W8_FRAMES + 1] = core.table.frames[i].first, core.table.frames[i].last
    m.w2[0], m.w2[1], m.w2[2], m.w2[W2_PATH], m.w2[W2_BACK] = row.pa, row.pb, row.proto, row.path, cold.back
    m.w2[W2_SECOND] = cold.second
    memcpy(&m.w1[0], row.a, 16)
    memcpy(&m.w1[16], row.b, 16)
    m.w1[W1_STATE], m.w1[33], m.w1[W1_APP], m.w1[W1_FAMILY] = row.state, row.bits, row.app, row.family
    m.w1[38], m.w1[W1_ENDED] = cold.confidence, cold.ended
    for k in range(2):
        m.w8[1 + k], m.w8[3 + k], m.w8[5 + k] = row.packets[k], row.bytes[k], row.payload[k]
        m.w4[W4_NOW + k], m.w2[W2_RATE + k], m.w2[W2_PEAK + k], m.w1[36 + k] = \
            cold.now[k], cold.rate[k], cold.peak[k], cold.ttl[k]
        m.w2[W2_OLDER + k], m.w2[W2_OLDEST + k] = core.table.paces[i].older[k], core.table.paces[i].oldest[k]
        if core.table.any_copied:
            m.w4[12 + k], m.w2[W2_COPIES] = core.table.copied[i].packets[k], core.table.copied[i].path
    if not has_tcp(row):
        m.w4[0] = row.tcp
        return
    tcp = &core.table.tcps[row.tcp]
    m.w4[3], m.w1[W1_TCP], m.w1[44], m.w1[45] = tcp.rtt_us, TCP_ROW, tcp.shaken, tcp.fins
    for k in range(2):
        m.w4[4 + k], m.w4[6 + k], m.w4[8 + k], m.w4[10 + k] = \
            tcp.srtt_us[k], tcp.retrans[k], tcp.disorder[k], tcp.dup_acks[k]
        m.w2[10 + k], m.w2[12 + k], m.w2[14 + k], m.w2[16 + k] = \
            tcp.spurious[k], tcp.fast[k], tcp.zero_window[k], tcp.mss[k]
        m.w2[W2_WINDOW + k], m.w1[40 + k], m.w1[42 + k] = tcp.window[k], tcp.wscale[k], tcp.flags[k]
        if tcp.dup_run[k] & OFFERED:
            m.w1[W1_TCP] |= <u8>(WINDOW_OFFERED << k)


cdef void put_image(const Image* m, Core* core, u32 i) noexcept nogil:
    """Into the row, and the next TcpRow when it has one."""
    cdef Row* row = &core.table.rows[i]
    cdef Cold* cold = &core.table.colds[i]
    cdef TcpRow* tcp
    cdef int k
    core.table.paced = True
    row.last, cold.first, cold.key, cold.id = m.w8[W8_LAST], m.w8[W8_FIRST], m.w8[W8_KEY], m.w8[9]
    if core.table.numbered:
        core.table.frames[i].first, core.table.frames[i].last = m.w8[W8_FRAMES], m.w8[W8_FRAMES + 1]
    row.pa, row.pb, row.proto, row.path, cold.back = m.w2[0], m.w2[1], m.w2[2], m.w2[W2_PATH], m.w2[W2_BACK]
    cold.second = m.w2[W2_SECOND]
    memcpy(row.a, &m.w1[0], 16)
    memcpy(row.b, &m.w1[16], 16)
    row.state, row.bits, row.app, row.family = m.w1[W1_STATE], m.w1[33], m.w1[W1_APP], m.w1[W1_FAMILY]
    cold.confidence, cold.ended = m.w1[38], m.w1[W1_ENDED]
    for k in range(2):
        row.packets[k], row.bytes[k], row.payload[k] = m.w8[1 + k], m.w8[3 + k], m.w8[5 + k]
        cold.now[k], cold.rate[k], cold.peak[k], cold.ttl[k] = \
            m.w4[W4_NOW + k], m.w2[W2_RATE + k], m.w2[W2_PEAK + k], m.w1[36 + k]
        core.table.paces[i].older[k], core.table.paces[i].oldest[k] = m.w2[W2_OLDER + k], m.w2[W2_OLDEST + k]
        core.table.copied[i].packets[k] = m.w4[12 + k]
    core.table.copied[i].path = m.w2[W2_COPIES]
    core.table.any_copied |= m.w4[12] != 0 or m.w4[13] != 0
    row.tcp = m.w4[0]
    if not m.w1[W1_TCP]:
        return
    core.table.tcp_high += 1
    row.tcp = core.table.tcp_high
    tcp = &core.table.tcps[row.tcp]
    tcp.rtt_us, tcp.shaken, tcp.fins = m.w4[3], m.w1[44], m.w1[45]
    for k in range(2):
        tcp.srtt_us[k], tcp.retrans[k], tcp.disorder[k], tcp.dup_acks[k] = \
            m.w4[4 + k], m.w4[6 + k], m.w4[8 + k], m.w4[10 + k]
        tcp.spurious[k], tcp.fast[k], tcp.zero_window[k], tcp.mss[k] = \
            m.w2[10 + k], m.w2[12 + k], m.w2[14 + k], m.w2[16 + k]
        tcp.window[k], tcp.wscale[k], tcp.flags[k] = m.w2[W2_WINDOW + k], m.w1[40 + k], m.w1[42 + k]
        tcp.dup_run[k] = OFFERED if m.w1[W1_TCP] & WINDOW_OFFERED << k else 0


cdef u64 facts_mark(const Facts* facts) noexcept nogil:
    return mix_bytes(<const u8*>(facts + 1), facts.used) if facts != NULL else 0


# ----------------------------------------------------------------------------------------------------- by planes

cdef u64 field_of(const Image* m, int field) noexcept nogil:
    if field < N8:
        return m.w8[field]
    if field < N8 + N4:
        return m.w4[field - N8]
    if field < N8 + N4 + N2:
        return m.w2[field - N8 - N4]
    return m.w1[field - N8 - N4 - N2]


cdef void move_field(Image* m, int field, u64 by) noexcept nogil:
    if field < N8:
        m.w8[field] += by
    elif field < N8 + N4:
        m.w4[field - N8] += <u32>by
    elif field < N8 + N4 + N2:
        m.w2[field - N8 - N4] += <u16>by
    else:
        m.w1[field - N8 - N4 - N2] += <u8>by


cdef int size_of(int field) noexcept nogil:
    return 8 if field < N8 else 4 if field < N8 + N4 else 2 if field < N8 + N4 + N2 else 1


cdef inline u16 second_of(u64 ns) noexcept nogil:
    return <u16>(ns // WINDOW_SECOND)


cdef inline u16 second_before(const Image* m, const Image* old) noexcept nogil:
    """In which a row was counted; of a flow that was not there, in which it began."""
    return old.w2[W2_SECOND] if old.w1[W1_FAMILY] != FAMILY_NONE else second_of(m.w8[W8_FIRST])


cdef inline u32 more_bytes(const Image* m, const Image* old, int side) noexcept nogil:
    return <u32>(m.w8[W8_BYTES + side] - old.w8[W8_BYTES + side])


cdef void foretell_now(Image* m, const Image* old) noexcept nogil:
    """W4_NOW as it follows from W8_* of both, where no frame has come between `old` and the end of its second."""
    cdef bint turned = second_of(m.w8[W8_LAST]) != second_before(m, old)
    cdef int k
    for k in range(2):
        m.w4[W4_NOW + k] = more_bytes(m, old, k) + (0 if turned else old.w4[W4_NOW + k])


cdef void foretell_seconds(Image* m, const Image* old) noexcept nogil:
    """The seconds before that of W4_NOW, and the greatest, as they follow from it and W8_* of both, where no more than
    one of them has ended since `old`."""
    cdef u16 second = second_of(m.w8[W8_LAST])
    cdef Cold cold
    cdef Pace pace
    cdef int k
    cold.second = second_before(m, old)
    for k in range(2):
        cold.now[k] = old.w4[W4_NOW + k] + more_bytes(m, old, k) - m.w4[W4_NOW + k]
        cold.rate[k], cold.peak[k] = old.w2[W2_RATE + k], old.w2[W2_PEAK + k]
        pace.older[k], pace.oldest[k] = old.w2[W2_OLDER + k], old.w2[W2_OLDEST + k]
    if second != cold.second:
        turn_second(&cold, &pace, second)
    m.w2[W2_SECOND] = second
    for k in range(2):
        m.w2[W2_RATE + k], m.w2[W2_PEAK + k] = cold.rate[k], cold.peak[k]
        m.w2[W2_OLDER + k], m.w2[W2_OLDEST + k] = pace.older[k], pace.oldest[k]


cdef void way_from(Image* d, const Image* new, const Image* old) noexcept nogil:
    """How far each field is from where it was in `old`, or from what is foretold of it; bytes, beside their payload."""
    cdef Image m = old[0]
    cdef int k
    for k in range(N8):
        d.w8[k] = new.w8[k] - m.w8[k]
        m.w8[k] = new.w8[k]
    for k in range(2):
        d.w8[W8_BYTES + k] -= d.w8[W8_PAYLOAD + k]
    foretell_now(&m, old)
    for k in range(N4):
        d.w4[k] = new.w4[k] - m.w4[k]
        m.w4[k] = new.w4[k]
    foretell_seconds(&m, old)
    for k in range(N2):
        d.w2[k] = new.w2[k] - m.w2[k]
    for k in range(N1):
        d.w1[k] = new.w1[k] - m.w1[k]


cdef void go_way(Image* m, const Image* d) noexcept nogil:
    """The inverse: from what it was to what it became."""
    cdef Image old = m[0]
    cdef int k
    for k in range(N8):
        m.w8[k] += d.w8[k]
    for k in range(2):
        m.w8[W8_BYTES + k] += d.w8[W8_PAYLOAD + k]
    foretell_now(m, &old)
    for k in range(N4):
        m.w4[k] += d.w4[k]
    foretell_seconds(m, &old)
    for k in range(N2):
        m.w2[k] += d.w2[k]
    for k in range(N1):
        m.w1[k] += d.w1[k]


cdef u64 pack(u8* out, const Image* ways, const u32* rows, u32 n, u32 high) noexcept nogil:
    """The ways of these rows; how many bytes were written, at most HEAD + MASK + n * (4 + PLANES + 8)."""
    cdef u8* mask = out + HEAD + 4 * <u64>n
    cdef u8* plane = mask + MASK
    cdef u64 by
    cdef u32 i, before = 0
    cdef int field, k, number = 0
    cdef u8 any
    (<u32*>out)[0], (<u32*>out)[1] = n, high
    for i in range(n):
        for k in range(4):
            out[HEAD + <u64>k * n + i] = <u8>(rows[i] - before >> 8 * k)
        before = rows[i]
    memset(mask, 0, MASK)
    for field in range(N8 + N4 + N2 + N1):
        for k in range(size_of(field)):
            any = 0
            for i in range(n):
                by = field_of(&ways[i], field)
                plane[i] = <u8>(by >> 8 * k)
                any |= plane[i]
            if any:
                mask[number >> 3] |= <u8>(1 << (number & 7))
                plane += n
            number += 1
    return <u64>(plane - out)


cdef bint unpack(Image* ways, u32* rows, const u8* p, u64 size, u32 n, u32 high) noexcept nogil:
    """The inverse, into zeroed ways; False for what is no piece."""
    cdef const u8* mask = p + HEAD + 4 * <u64>n
    cdef const u8* plane = mask + MASK
    cdef const u8* end = p + size
    cdef u32 i, row = 0
    cdef int field, k, number = 0
    for i in range(n):
        row += p[HEAD + i] | <u32>p[HEAD + <u64>n + i] << 8 | <u32>p[HEAD + 2 * <u64>n + i] << 16 | \
            <u32>p[HEAD + 3 * <u64>n + i] << 24
        if row == 0 or row > high:
            return False
        rows[i] = row
    for field in range(N8 + N4 + N2 + N1):
        for k in range(size_of(field)):
            if mask[number >> 3] >> (number & 7) & 1:
                if <u64>(end - plane) < n:
                    return False
                for i in range(n):
                    move_field(&ways[i], field, <u64>plane[i] << 8 * k)
                plane += n
            number += 1
    return plane == end


cdef void* wider(void* p, u32 before, u32 after, size_t size) except NULL:
    cdef void* found = realloc(p, after * size)
    if found == NULL:
        raise MemoryError("no memory for the past")
    memset(<char*>found + before * size, 0, (after - before) * size)
    return found


cdef bytes packed(const Image* new, const Image* old, const u32* rows, u32 n, u32 high):
    """`new` of these rows, `old` by row number, NULL: none."""
    cdef u64 size
    cdef u32 i
    cdef u8* out = <u8*>malloc(HEAD + MASK + <u64>n * (4 + PLANES + 8))
    cdef Image* ways = <Image*>malloc((<u64>n + 1) * sizeof(Image))
    cdef Image nothing
    memset(&nothing, 0, sizeof(Image))
    try:
        if out == NULL or ways == NULL:
            raise MemoryError("no memory for a moment of the past")
        with nogil:
            for i in range(n):
                way_from(&ways[i], &new[i], &old[rows[i]] if old != NULL else &nothing)
            size = pack(out, ways, rows, n, high)
        return (<char*>out)[:size]
    finally:
        free(out)
        free(ways)
