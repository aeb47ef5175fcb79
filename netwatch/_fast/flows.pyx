"""Packets become flows: found or made, counted, watched, timed out, ended. All on packet time.

A flow ends by its timeout even when the wheel has not come by yet: a packet that arrives later begins another flow, so
the result does not depend on when memory is tidied. Ended flows wait on a list until they are handed out, or are kept
as history up to a bound.
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.row cimport (BIT_DPI_DONE, BIT_ENDED, BIT_FRESH, BIT_INITIATOR_B, BIT_REPLIED, Cold,
                                      END_EVICTED, END_REUSED, END_TIMEOUT, Row, ST_CLOSED, ST_NONE, ST_TIME_WAIT)
from netwatch._fast.flow.challengeack cimport (Challenge, challenge_begun, challenge_forget, challenge_note,
                                               challenge_taken, is_challenged)
from netwatch._fast.flow.copies cimport copies_find, copies_note, may_be_copy
from netwatch._fast.flow.linkaddresses cimport link_seen
from netwatch._fast.base.growing cimport grown
from netwatch._fast.base.mix cimport prefetch
from netwatch._fast.wire.defrag cimport Stray, stray_packet
from netwatch._fast.wire.encap cimport base_of, path_pair
from netwatch._fast.wire.packet cimport (FAMILY_IP4, FAMILY_IP6, Frame, NOTE_BAD_SUM, NOTE_COPY, NOTE_DROPPED,
                                         NOTE_HEADER, NOTE_OUTSIDE, PROTO_L2, PROTO_TCP, PROTO_UDP, Packet, TCP_ACK,
                                         TCP_SYN, hash_key)
from netwatch._fast.flow.receiver cimport datagram_is_spoilt, header_is_wrong
from netwatch._fast.flow.rates cimport count_rate
from netwatch._fast.flow.content cimport app_of, facts_free, ring_put, touch, EV_BEGUN, EV_IDENTIFIED
from netwatch._fast.flow.sighting cimport links_wanted
from netwatch._fast.flow.table cimport (Table, WHEEL, converse, ended_pop, ended_push, only_parts, table_add,
                                        table_find, table_free_row, table_move, table_new_tcp, table_unhash,
                                        table_victim, wheel_add, wheel_remove)
from netwatch._fast.flow.icmp cimport is_echo_flow
from netwatch._fast.flow.states cimport guess_initiator, how_ended, is_read, other_state, part_state, time_echo
from netwatch._fast.flow.turns cimport Mark, facts_near, reading_is_over, turn_end, turn_mark, turn_nothing, turn_packet
from netwatch._fast.flow.tcp cimport ANEW, ANEW_NOT, ANEW_PERHAPS, tcp_begins_anew, tcp_update, tells_streams

cdef enum:
    SECOND = 1000000000
    AT_ONCE = 32               # flows that the wheel looks at together
    FIRST_LOOK = 30            # s until the wheel first looks at a flow: by then it may be known what it is
    BEGUN_A_SECOND = 5000      # flows that are told of one by one: each costs Python some 20 µs


cdef u32 core_packet(Core* core, Packet* pk) noexcept nogil:
    """Account for one packet that parse accepted; the number of its flow, 0 when there is no room for it."""
    cdef u32 number = table_find(&core.table, pk)
    cdef u16 path
    cdef u8 app = 0            # as it was before
    cdef Row* row
    cdef Mark mark
    cdef bint unsure = pk.notes & NOTE_HEADER != 0
    core.ordinal = pk.frame.n
    pk.notes &= ~NOTE_HEADER
    if number:
        row = &core.table.rows[number]
        if unsure and row.packets[pk.side] and header_is_wrong(row, tcp_of(core, row), pk):
            pk.notes |= NOTE_BAD_SUM
        path = core.table.colds[number].back if pk.side else row.path
        if core.copies and (pk.notes & NOTE_COPY or may_be_copy(row, pk)
                            and copies_find(core.table.echoes, number, pk, path != pk.path)):
            count_copy(core, number, row, pk)
            return number
        if begins_anew(core, number, row, pk):
            core_finish(core, number, END_REUSED)
            number = 0
        elif is_challenged(&core.table, row):
            number = answered(core, number, pk)
        if number and core.dpi.want >> EV_IDENTIFIED & 1:
            app = app_of(&core.table.rows[number], &core.table.colds[number])
    pk.notes &= ~NOTE_COPY
    if number == 0:
        number = begin(core, pk)
        if number == 0:
            core.refused += 1
            return 0
    row = &core.table.rows[number]
    if unsure and row.packets[pk.side] == 0:
        header_is_wrong(row, tcp_of(core, row), pk)
    if core.turns != NULL:
        turn_mark(core.turns, &mark, row, &core.dpi, pk)
    update(core, number, row, pk)
    tell_identified(core, row, app, pk.frame.ts, pk.frame.n)
    if core.copies:
        copies_note(core.table.echoes, number, pk)
    if core.turns != NULL and not turn_nothing(core.turns, &mark, row, &core.dpi, pk):
        turn_packet(core.turns, &mark, row, &core.table.colds[number],
                    &core.table.tcps[row.tcp if row.proto == PROTO_TCP else 0], &core.dpi, pk, number)
    return number


cdef void core_stray(Core* core, const Stray* stray) noexcept nogil:
    """Fragments whose first was never seen: a flow between their addresses, numbered after all others."""
    cdef Frame frame
    cdef Packet pk
    cdef u64 ordinal = core.ordinal
    cdef u32 number
    stray_packet(stray, &frame, &pk)
    frame.n = ordinal + 1 + stray.frame
    pk.base = base_of(core.table.paths, pk.path)
    hash_key(&pk)
    number = core_packet(core, &pk)
    if core.table.numbered:
        core.table.frames[number].first = core.table.frames[number].last = stray.frame
    core.ordinal = ordinal


cdef void count_copy(Core* core, u32 number, Row* row, Packet* pk) noexcept nogil:
    """The packet was counted when it was captured before: it is a copy, and nothing else."""
    pk.notes |= NOTE_COPY
    core.table.any_copied = True
    core.table.copied[number].packets[pk.side] += pk.count
    core.table.copied[number].path = pk.path
    core.copied += pk.count
    if pk.depth == 0:
        core.copied_bytes += pk.wire
    if pk.frame.ts > row.last:
        row.last = pk.frame.ts


cdef inline bint begins_anew(Core* core, u32 number, const Row* row, Packet* pk) noexcept nogil:
    """Does another flow begin with the packet? A SYN where a connection lives waits for its answer."""
    cdef int anew = ANEW_NOT
    if pk.frame.ts > row.last + core.shortest and pk.frame.ts - row.last > timeout_ns(core, row):
        return True
    if row.proto == PROTO_TCP and pk.flags & TCP_SYN and row.tcp and not pk.part:
        anew = tcp_begins_anew(row, &core.table.tcps[row.tcp], pk)
        if anew == ANEW_PERHAPS:
            challenge_note(&core.challenged, &core.table, number, pk)
    return anew == ANEW


cdef u32 answered(Core* core, u32 number, const Packet* pk) noexcept nogil:
    """The flow of the packet: the one that began with a SYN that waited, if the packet answers that."""
    cdef Challenge c
    if challenge_taken(&core.challenged, &core.table, number, pk, &c):
        core_finish(core, number, END_REUSED)
        c.syn.frame, c.syn.payload = &c.frame, &c.head[0] + c.syn.head
        c.frame.n = pk.frame.n              # flows are numbered in the order in which they are known
        number = core_packet(core, &c.syn)
        if number:
            challenge_begun(&core.table, number, &c)
    return number


cdef u32 begin(Core* core, const Packet* pk) noexcept nogil:
    """A new flow for the packet; the least worthy one makes room when there is none."""
    cdef Table* t = &core.table
    cdef u32 number = table_add(t, pk), victim
    cdef Row* row
    cdef Cold* cold
    if number == 0 and t.live >= t.cap:
        victim = table_victim(t)
        if victim:
            core_finish(core, victim, END_EVICTED)
            t.evicted += 1
            number = table_add(t, pk)
    if number == 0 and t.ended:
        release_ended(core, 0)
        number = table_add(t, pk)
    if number == 0:
        return 0
    row = &t.rows[number]
    cold = &t.colds[number]
    cold.first = row.last = pk.frame.ts
    if pk.first and pk.first < pk.frame.ts:
        cold.first = pk.first
    cold.key = pk.frame.n * 16 + pk.depth
    cold.second = <u16>(pk.frame.ts // SECOND)
    row.bits = BIT_FRESH
    if core.own_ids:
        core.ids += 1
        cold.id = core.ids
    elif core.hold:
        remember_fresh(core, number)
    guess_initiator(row, pk)
    touch(&core.dpi, row)
    if not pk.part:
        converse(t, pk)
    if pk.proto == PROTO_TCP or is_echo_flow(row):
        row.tcp = table_new_tcp(t)
    wheel_add(t, number, (pk.frame.ts + min(timeout_ns(core, row), <u64>FIRST_LOOK * SECOND)) // SECOND + 1)
    if core.dpi.want >> EV_BEGUN & 1:
        tell_begun(core, row, pk)
    if core.dpi.announced != NULL and has_socket_ends(row) and not core.dpi.off:
        core.readers.begun(&core.dpi, row, cold, pk)
    return number


cdef bint has_socket_ends(const Row* row) noexcept nogil:
    """Is the flow between addresses of the Internet Protocol, as what goes through a socket is?"""
    return (row.family == FAMILY_IP4 or row.family == FAMILY_IP6) and row.proto < 256


cdef void tell_begun(Core* core, const Row* row, const Packet* pk) noexcept nogil:
    """Hand out that a flow began, where a socket can have it. A flood is not told of flow by flow."""
    cdef u64 second = pk.frame.ts // SECOND
    if not has_socket_ends(row):
        return
    if core.begun_second != second:
        core.begun_second = second
        core.begun = 0
    if core.begun < BEGUN_A_SECOND:
        core.begun += 1
        ring_put(&core.dpi, row, EV_BEGUN, 0, row.bits & BIT_INITIATOR_B != 0, pk.frame.ts, pk.frame.n, 0, 0)


cdef inline void tell_identified(Core* core, const Row* row, u8 before, u64 ts, u64 frame) noexcept nogil:
    """Hand out that what the flow speaks is known, where it was another before (0: nothing was known)."""
    cdef u8 app
    if core.dpi.want >> EV_IDENTIFIED & 1 and has_socket_ends(row):
        app = app_of(row, &core.table.colds[row - core.table.rows])
        if app and app != before:
            ring_put(&core.dpi, row, EV_IDENTIFIED, app, 0, ts, frame, 0, 0)


cdef void remember_fresh(Core* core, u32 number) noexcept nogil:
    if grown(<u8**>&core.fresh, &core.cap_fresh, (core.n_fresh + <u64>1) * sizeof(u32), 4096):
        core.fresh[core.n_fresh] = number
        core.n_fresh += 1


cdef void update(Core* core, u32 number, Row* row, Packet* pk) noexcept nogil:
    cdef int s = pk.side
    cdef Cold* cold = &core.table.colds[number]
    cdef u64 ts = pk.frame.ts
    cdef u8 state = row.state
    if row.packets[1 - s]:
        row.bits |= BIT_REPLIED
    if row.packets[s] == 0:
        cold.ttl[s] = pk.ttl
        if row.packets[1 - s] and pk.path != (row.path if s else cold.back):
            path_pair(core.table.paths, row.path if s else cold.back, pk.path)
    if s:
        cold.back = pk.path
    elif row.path != pk.path:
        table_move(&core.table, number, pk)
    if not pk.part and only_parts(&core.table, row):
        converse(&core.table, pk)
    if pk.part:
        part_state(row)
    elif row.proto == PROTO_TCP and row.tcp:
        tcp_update(row, cold, &core.table.tcps[row.tcp], pk)
        if row.state != state and (row.state == ST_CLOSED or row.state == ST_TIME_WAIT):
            look_sooner(core, number, row, ts)
    else:
        if pk.checksum and row.proto == PROTO_UDP and pk.payload_len and not pk.notes and datagram_is_spoilt(row, pk):
            pk.notes |= NOTE_BAD_SUM            # whoever reads it: what counts depends on no reader
        if not pk.notes & NOTE_DROPPED or row.state == ST_NONE:
            taken(core, row, pk)
    row.packets[s] += pk.count
    row.bytes[s] += pk.wire
    if pk.notes & NOTE_OUTSIDE and pk.flags & (TCP_SYN | TCP_ACK) == TCP_SYN:
        return                              # it waits, and may be another flow's
    if ts > row.last:
        row.last = ts
    if core.table.numbered:
        core.table.frames[number].last = pk.frame.n
    count_rate(cold, &core.table.paces[number if core.table.paced else 0], s, pk.wire, ts // SECOND,
               row.last // SECOND)
    if not row.bits & BIT_DPI_DONE and not pk.part:
        read_content(core, row, cold, pk)


cdef inline void taken(Core* core, Row* row, const Packet* pk) noexcept nogil:
    """What a packet that is not TCP says of its flow; one that its receiver drops, no more than that there is one."""
    other_state(row, pk)
    if row.proto == PROTO_L2:
        note_link_type(core, pk.sub)
    if pk.notes & NOTE_DROPPED:
        return
    row.payload[pk.side] += pk.wire_payload
    if links_wanted(&core.dpi):
        link_seen(&core.dpi, row, pk)
    if row.tcp and is_echo_flow(row):
        time_echo(&core.table.tcps[row.tcp], pk)


cdef inline void look_sooner(Core* core, u32 number, const Row* row, u64 ts) noexcept nogil:
    """The connection is closed, and shall be forgotten sooner than was meant when the wheel last looked at it. Of young
    ones the first look comes in time."""
    cdef u64 looked_at = core.table.colds[number].first // SECOND + FIRST_LOOK + 1
    if row.state == ST_TIME_WAIT and ts // SECOND < looked_at:
        return
    wheel_remove(&core.table, number)
    wheel_add(&core.table, number, (ts + timeout_ns(core, row)) // SECOND + 1)


cdef inline void read_content(Core* core, Row* row, Cold* cold, const Packet* pk) noexcept nogil:
    if row.proto == PROTO_TCP:
        if row.tcp and (pk.wire_payload or (row.conn != NULL and tells_streams(row.conn, pk))):
            core.readers.segment(&core.dpi, row, cold, &core.table.tcps[row.tcp], pk)
    elif pk.payload_len and (row.proto == PROTO_UDP or is_read(pk)) and not (core.dpi.off or pk.notes & NOTE_DROPPED):
        core.readers.datagram(&core.dpi, row, cold, pk)


cdef inline void note_link_type(Core* core, u16 kind) noexcept nogil:
    cdef u8 bit = 1 << (kind & 7)
    if not core.link_types[kind >> 3] & bit:
        core.link_types[kind >> 3] |= bit
        core.n_link_types += 1


cdef void core_finish(Core* core, u32 number, u8 why) noexcept nogil:
    """The flow is over: read its content to the end, take it out of the table, keep it for whoever asks."""
    cdef Table* t = &core.table
    cdef Row* row = &t.rows[number]
    cdef Cold* cold = &t.colds[number]
    cdef bint untold = core.turns != NULL and not reading_is_over(row, &core.dpi)
    cdef u64 sum
    cdef u8 app = app_of(row, cold)
    if row.conn != NULL:
        core.readers.end(&core.dpi, row, cold, row.last, core.ordinal)
        tell_identified(core, row, app, row.last, core.ordinal)
    if untold:
        turn_end(core.turns, row, cold, number, row.last + timeout_ns(core, row), core.ordinal)
    if is_challenged(&core.table, row):
        challenge_forget(&core.challenged, cold.key, number)
    row.bits |= BIT_ENDED | BIT_DPI_DONE
    cold.ended = how_ended(row, tcp_of(core, row), why)
    table_unhash(t, number)
    if why != END_TIMEOUT:
        wheel_remove(t, number)
    sum = row.bytes[0] + row.bytes[1]
    core.by_app[row.app].flows += 1
    core.by_app[row.app].bytes += sum
    core.by_proto[row.proto & 511].flows += 1
    core.by_proto[row.proto & 511].bytes += sum
    ended_push(t, number)
    if not core.hold and t.ended > core.history:
        release_ended(core, core.history)


cdef void release_ended(Core* core, u32 keep) noexcept nogil:
    """Free the longest ended flows until at most `keep` are left."""
    cdef Table* t = &core.table
    cdef u32 number
    while t.ended > keep:
        number = ended_pop(t)
        facts_free(&core.dpi, &t.colds[number])
        touch(&core.dpi, &t.rows[number])
        table_free_row(t, number)


cdef u32 end_due(Core* core, u32 number, u64 now) noexcept nogil:
    """End those of a bucket's next AT_ONCE flows that are due; the others wait in a later one. The first of the rest.
    Most were not touched for long: memory is asked for all of them before any is looked at."""
    cdef Table* t = &core.table
    cdef u32 numbers[AT_ONCE], n = 0, i
    cdef u64 due
    cdef const Row* row
    while number and n < AT_ONCE:
        numbers[n] = number
        prefetch(&t.rows[number])
        prefetch(<const u8*>&t.rows[number] + 64)
        n += 1
        number = t.colds[number].next
    for i in range(n):
        row = &t.rows[numbers[i]]
        if row.proto == PROTO_TCP:
            prefetch(&t.tcps[row.tcp])
        if row.conn != NULL:
            prefetch(row.conn)
            prefetch(<const u8*>row.conn + 64)
            prefetch(<const u8*>row.conn + 128)
    for i in range(n):
        row = &t.rows[numbers[i]]
        if row.conn != NULL:
            prefetch(row.conn.state)
            prefetch(<const u8*>row.conn.state + 64)
        facts_near(core.turns, &t.colds[numbers[i]])
    for i in range(n):
        row = &t.rows[numbers[i]]
        due = row.last + timeout_ns(core, row)
        if due // SECOND < now:             # whole seconds, so that a clock that is set twice changes nothing
            core_finish(core, numbers[i], END_TIMEOUT)
        else:
            wheel_add(t, numbers[i], due // SECOND + 1)
    return number


cdef void core_turn(Core* core) noexcept nogil:
    """Turn the timer wheel up to the clock: flows that were idle too long end, the others wait in a later bucket."""
    cdef Table* t = &core.table
    cdef u64 now = core.clock // SECOND, second
    cdef u32 number
    if t.wheel_at == 0:
        t.wheel_at = now
    if now > t.wheel_at + WHEEL:
        second = now - WHEEL
    else:
        second = t.wheel_at
    while second < now:
        second += 1
        number = t.wheel[second & (WHEEL - 1)]
        t.wheel[second & (WHEEL - 1)] = 0
        t.wheel_at = second
        while number:
            number = end_due(core, number, now)
