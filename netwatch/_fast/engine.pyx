"""The batch loop: parse 32 frames, touch their table slots, then their rows, then count. No Python in between.

Several engines may share one input: each takes the frames whose outermost pair of addresses hashes to it, so that a
flow is wholly in one, and results do not depend on how many there are.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.wire.defrag cimport defrag_end, defrag_new, defrag_free, defrag_flush
from netwatch._fast.wire.encap cimport paths_new, paths_free, VLAN_IGNORE, VLAN_KEY, VLAN_PAIR
from netwatch._fast.flow.copies cimport echo_of
from netwatch._fast.flow.row cimport BIT_DPI_DONE, BIT_ENDED, BIT_INITIATOR_B, END_INPUT, Row
from netwatch._fast.flows cimport (COPIES_DROP, COPIES_KEEP, COPIES_MARK, Core, core_finish, core_packet, core_stray,
                                   core_turn)
from netwatch._fast.base.mix cimport prefetch
from netwatch._fast.flow.notes cimport Notes, note_packet
from netwatch._fast.flow.timeouts cimport TO_COUNT
from netwatch._fast.flow.turns cimport Turns, facts_near
from netwatch._fast.wire.packet cimport FRAME_TIMELESS, Frame, NOTE_BAD_SUM, NOTE_COPY, Packet, PROTO_TCP
from netwatch._fast.wire.packetrow cimport PacketRow, packet_row
from netwatch._fast.parse cimport parse_frame
from netwatch._fast.wire.cursor cimport BATCH, PER_FRAME, ROOM
from netwatch._fast.flow.content cimport (EV_DNS, EV_HTTP, EV_CHUNK, EV_FRAME, EV_LINKS, EV_NAMES, EV_PACKET, EV_SEALED,
                                          EV_UNKNOWN, EV_BEGUN, EV_IDENTIFIED, app_of, facts_free, ring_put)
from netwatch._fast.flow.exports cimport EV_EXPORT
from netwatch._fast.flow.series cimport History, series_packet, series_turn, S_BEGUN, S_BYTES, S_DNS, S_ENDED, S_PACKETS
from netwatch._fast.input.box cimport Box
from netwatch._fast.input.source cimport Chunk
from netwatch._fast.flow.tcp cimport row_bases
from netwatch._fast.flow.table cimport table_open, table_close, table_guess
from netwatch._fast.look.announced cimport announced_datagram, announced_flow, announced_free
from netwatch._fast.look.migration cimport marks_free
from netwatch._fast.look.conns cimport spares_free
from netwatch._fast.look.dispatch cimport dpi_drop
from netwatch._fast.streams cimport stream_end, stream_segment

from netwatch._fast.dpi import app_names
from netwatch._fast.flow.timeouts import TIMEOUTS
from netwatch._fast.look.registry import timeouts as app_timeouts

cdef extern from *:
    """
    #ifdef __GLIBC__
    #include <malloc.h>
    /* Freed memory is used again within microseconds. Giving it back to the kernel meanwhile costs page faults and,
       with several workers, interrupts on all cores: two of them gained nothing that way. The heap is padded by little
       and large tables are mapped: out of a large pad calloc() has to touch what it gives, and a quiet terminal held
       60 MB of zeros. */
    static void nw_keep_memory(void) {
        mallopt(M_TRIM_THRESHOLD, 1 << 28); mallopt(M_TOP_PAD, 1 << 20); mallopt(M_MMAP_THRESHOLD, 1 << 19);
    }
    #else
    static void nw_keep_memory(void) {}
    #endif
    """
    void nw_keep_memory() noexcept nogil

nw_keep_memory()

WANT = {"dns": 1 << EV_DNS, "http": 1 << EV_HTTP, "streams": 1 << EV_CHUNK, "packets": 1 << EV_PACKET,
        "sealed": 1 << EV_SEALED, "frames": 1 << EV_FRAME, "unknown": 1 << EV_UNKNOWN, "names": 1 << EV_NAMES,
        "links": 1 << EV_LINKS, "begun": 1 << EV_BEGUN, "identified": 1 << EV_IDENTIFIED, "exports": 1 << EV_EXPORT}
COPIES = {"keep": COPIES_KEEP, "mark": COPIES_MARK, "drop": COPIES_DROP}
VLANS = {"pair": VLAN_PAIR, "key": VLAN_KEY, "ignore": VLAN_IGNORE}

cdef enum:
    SECOND = 1000000000
    TURN_AT_ONCE = 600         # seconds of silence
    AHEAD = 16                 # flows that end with the input: so far ahead their facts are asked for
    IN_CACHE = 256             # fewer flows than these are there without being asked for

cdef class Engine:
    """One share of the flows of an input."""

    def __cinit__(self, u32 max_flows=2000000, u32 history=0, want: Iterable[str] = (), bint hold=False, bint dpi=True,
                  bint facts=True, u32 shard=0, u32 shards=1, dict timeouts=None, str copies="mark", str vlan="pair",
                  bint live=False):
        cdef Core* core = &self.core
        memset(core, 0, sizeof(Core))
        if not table_open(&core.table, max_flows):
            raise MemoryError(f"no address space for {max_flows} flows")
        core.parser.paths = paths_new()
        core.parser.defrag = defrag_new()
        core.parser.out = <Packet*>calloc(ROOM, sizeof(Packet))
        core.table.paths = core.parser.paths
        core.copies = COPIES[copies]
        if core.parser.paths == NULL or core.parser.defrag == NULL or core.parser.out == NULL:
            raise MemoryError("no memory for an engine")
        core.parser.paths.vlan = VLANS[vlan]
        core.readers.segment, core.readers.datagram, core.readers.end = stream_segment, announced_datagram, stream_end
        core.readers.begun = announced_flow
        core.dpi.rows = core.table.rows
        core.dpi.colds = core.table.colds
        core.dpi.off = not dpi
        core.dpi.forgetful = not facts
        for kind in want:
            core.dpi.want |= WANT.get(kind, 0)
        core.parser.layers = (core.dpi.want >> EV_PACKET) & 1
        core.hold, core.live, core.table.paced = hold, live, live
        core.table.numbered = facts
        core.history = history
        core.own_ids = shards == 1
        self.shard = shard
        self.shards = shards
        self.set_timeouts(timeouts or {})

    def __dealloc__(self):
        cdef u32 i
        cdef Core* core = &self.core
        for i in range(1, core.table.high + 1):
            if core.table.rows[i].conn != NULL:
                dpi_drop(&core.dpi, core.table.rows[i].conn)
            facts_free(&core.dpi, &core.table.colds[i])
        spares_free(&core.dpi)
        announced_free(&core.dpi)
        marks_free(&core.dpi)
        table_close(&core.table)
        paths_free(core.parser.paths)
        defrag_free(core.parser.defrag)
        free(core.parser.out)
        free(core.dpi.ring.mem)
        free(core.dpi.touched)
        free(core.fresh)
        free(core.challenged.items)

    def set_timeouts(self, dict changed) -> None:
        """Idle timeouts in seconds, by the names of TIMEOUTS or by app; the rest are the defaults."""
        cdef int i
        cdef dict own = app_timeouts()
        for i, (name, seconds) in enumerate(TIMEOUTS.items()):
            self.core.timeout[i] = changed.get(name, seconds)
        for i, name in enumerate(app_names()):
            self.core.app_timeout[i] = changed.get(name, own.get(name, 0))
        self.core.shortest = SECOND                 # the least that the ends of a flow can agree on
        for i in range(TO_COUNT):
            if self.core.timeout[i] == 0:
                self.core.shortest = 0

    def listen(self, str kind) -> None:
        """Hand out events of the kind too, of what is processed from now on; nothing for kinds that no engine makes."""
        self.core.dpi.want |= WANT.get(kind, 0)
        self.core.parser.layers |= (self.core.dpi.want >> EV_PACKET) & 1

    def keep_ended(self) -> None:
        """Hand out ended flows, as `hold` does, from now on."""
        self.core.hold = True

    cdef void run(self, const Chunk* chunk) noexcept nogil:
        cdef u32 at = 0
        cdef Core* core = &self.core
        if core.table.wheel_at == 0 and chunk.n:
            core.table.wheel_at = chunk.frames[0].ts // 1000000000
        while at < chunk.n:
            at = batch(core, chunk, at, self.shard, self.shards)
            defrag_flush(core.parser.defrag)
        if chunk.n:
            core.ordinal = chunk.frames[chunk.n - 1].n      # what ends now is told at the same place by any engine

    def process(self, Box box) -> None:
        """Take the box's frames of this shard, without the GIL, then end the flows that are due."""
        with nogil:
            self.run(box.chunk)
            core_turn(&self.core)

    def advance(self, u64 now) -> None:
        """Packet time has reached `now` (ns), by frames of other shards or by the clock of an idle live source."""
        if now > self.core.clock:
            self.core.clock = now
        with nogil:
            core_turn(&self.core)
            if self.core.series != NULL and self.core.series.first and now >= self.core.series.ends:
                turn_second(&self.core, now)

    def remember(self, History history) -> None:
        """Count by the second, from the next frame on, and what flows carry "now". An engine that shares its input has
        no seconds of its own."""
        if self.shards > 1:
            raise ValueError("counts by the second need an engine that sees every frame")
        self.history = history
        self.core.series = history.series
        self.core.table.paced = True

    def note_into(self, Notes notes) -> None:
        """Note what is worth telling, from the next frame on."""
        self.notes = notes
        notes.noted.dns = <u16>app_names().index("dns")
        self.core.noted = notes.noted

    def turn_into(self, Turns turns) -> None:
        """Put down the turns of flows, from the next frame on."""
        self.turns = turns
        self.core.turns = turns.list
        self.core.dpi.heard = &turns.list.heard.by_fact[0][0]

    def tell(self) -> None:
        """Bring what remember() was given up to this moment."""
        if self.core.series != NULL:
            tell_series(&self.core)

    def finish(self) -> None:
        """The input is over: every flow that is still open ends with it."""
        cdef u32 i
        cdef Core* core = &self.core
        with nogil:
            defrag_end(core.parser.defrag)
            for i in range(core.parser.defrag.n_strays):
                core_stray(core, &core.parser.defrag.strays[i])
            core.parser.defrag.n_strays = 0
            for i in range(1, core.table.high + 1):
                if i + AHEAD <= core.table.high:
                    facts_near(core.turns, &core.table.colds[i + AHEAD])
                if core.table.rows[i].family and not core.table.rows[i].bits & BIT_ENDED:
                    core_finish(core, i, END_INPUT)

    def key(self, u32 number) -> int:
        """What tells the flow in a row from those that had it before, and will have it after; 0 for no row."""
        return self.core.table.colds[number].key if number <= self.core.table.high else 0

    def initiator_side(self, u32 number) -> int:
        """0 or 1: the side of a row that began the flow."""
        return self.core.table.rows[number].bits & BIT_INITIATOR_B if number <= self.core.table.high else 0

    @property
    def clock(self) -> int:
        """Newest packet time in ns."""
        return self.core.clock

    @property
    def timeless(self) -> int:
        """Frames of which the input does not say when."""
        return self.core.parser.timeless


cdef void tell_series(Core* core) noexcept nogil:
    """Bring the counts by the second up to what the engine has counted."""
    cdef u64* totals = core.series.totals
    totals[S_PACKETS], totals[S_BYTES] = core.frames, core.bytes - core.copied_bytes
    totals[S_BEGUN], totals[S_ENDED] = core.table.created, core.table.created - core.table.live
    totals[S_DNS] = core.dpi.dns_queries


cdef void turn_second(Core* core, u64 now) noexcept nogil:
    """Packet time enters another second. Flows end first that are due, so that they count where they ended; after a
    long silence that waits for the end of the chunk, lest each frame of a sparse input turn the whole wheel."""
    if now > core.clock:
        core.clock = now
    if core.clock // SECOND - core.table.wheel_at <= TURN_AT_ONCE:
        core_turn(core)
    tell_series(core)
    series_turn(core.series, core.clock)


cdef u32 batch(Core* core, const Chunk* chunk, u32 at, u32 shard, u32 shards) noexcept nogil:
    """Parse, look up and count up to BATCH frames from `at`; the place where the next batch begins."""
    cdef u32 taken = 0, i
    cdef const Frame* f
    core.parser.n_out = 0
    while at < chunk.n and taken < BATCH and core.parser.n_out + PER_FRAME <= ROOM:
        f = &chunk.frames[at]
        if core.series != NULL and f.ts >= core.series.ends:
            if taken:
                break                       # what was taken belongs to the second before
            turn_second(core, f.ts)
        at += 1
        if f.ts > core.clock:
            core.clock = f.ts
        if shards > 1 and f.shard != shard:
            continue
        taken += 1
        core.frames += 1
        core.bytes += f.len
        if not f.bits & FRAME_TIMELESS and (f.ts < core.first or core.frames == core.parser.timeless + 1):
            core.first = f.ts
        parse_frame(&core.parser, f)
    if core.table.live >= IN_CACHE:
        look_ahead(core)
    for i in range(core.parser.n_out):
        account(core, i)
    return at


cdef void account(Core* core, u32 i) noexcept nogil:
    """Count a parsed packet, and tell whoever wants to know of it. A copy counts only as one."""
    cdef Packet* pk = &core.parser.out[i]
    cdef u32 number
    cdef bint copy
    cdef const Row* row
    if pk.depth and i:
        pk.notes |= around(core, i) & NOTE_BAD_SUM      # who drops what is around it never gets it
    number = core_packet(core, pk) if pk.reject == 0 else 0
    copy = pk.notes & NOTE_COPY != 0
    row = &core.table.rows[number]
    if number and not copy:
        if core.series != NULL:
            series_packet(core.series, pk, row, i == 0 or core.parser.out[i - 1].frame != pk.frame)
        if core.noted != NULL:
            note_packet(core.noted, pk, row, &core.table.colds[number],
                        &core.table.tcps[row.tcp] if row.proto == PROTO_TCP and row.tcp else NULL, number)
    if core.parser.layers and is_innermost(core, i) and not (copy and core.copies == COPIES_DROP):
        if core.dpi.want >> EV_PACKET & 1:
            packet_event(core, pk, number)
        if core.witness != NULL:
            core.witness(core.who, pk, number, &core.table.colds[number] if number else NULL)


cdef u16 around(const Core* core, u32 i) noexcept nogil:
    """The notes of the packet that this one is carried in. What stands between them is carried in it as well: the
    sub-frames of an aggregate, and what those carry."""
    cdef const Packet* pk = &core.parser.out[i]
    while i and core.parser.out[i - 1].frame == pk.frame:
        i -= 1
        if core.parser.out[i].depth < pk.depth:
            return core.parser.out[i].notes
    return 0


cdef void look_ahead(Core* core) noexcept nogil:
    """Ask memory for the slots of all packets, then for the rows they name, then for what those point to."""
    cdef Packet* pk
    cdef const Row* row
    cdef u32 i, n = core.parser.n_out
    for i in range(n):
        pk = &core.parser.out[i]
        if pk.reject == 0:
            prefetch(&core.table.slots[<u32>pk.hash & core.table.mask])
            prefetch(echo_of(core.table.echoes, pk))
    for i in range(n):
        pk = &core.parser.out[i]
        if pk.reject == 0:
            pk.guess = table_guess(&core.table, <u32>pk.hash)
            row = &core.table.rows[pk.guess]
            prefetch(row)
            prefetch(<const u8*>row + 64)
            prefetch(&core.table.colds[pk.guess])
            if core.table.paced:
                prefetch(&core.table.paces[pk.guess])
    for i in range(n):
        pk = &core.parser.out[i]
        if pk.guess:
            row = &core.table.rows[pk.guess]
            if row.proto == PROTO_TCP:
                prefetch(&core.table.tcps[row.tcp])
                prefetch(<const u8*>&core.table.tcps[row.tcp] + 64)
            if row.conn != NULL:
                prefetch(row.conn)
                prefetch(<const u8*>row.conn + 64)
                prefetch(<const u8*>row.conn + 128)
        if pk.payload_len and not core.dpi.off and not core.table.rows[pk.guess].bits & BIT_DPI_DONE:
            prefetch(pk.payload)                    # of a new flow, too: row 0 is nobody's
            prefetch(pk.payload + 64)
    for i in range(n):
        row = &core.table.rows[core.parser.out[i].guess]
        if row.conn != NULL:
            prefetch(row.conn.state)
            prefetch(<const u8*>row.conn.state + 64)


cdef inline bint is_innermost(const Core* core, u32 i) noexcept nogil:
    """Does the packet speak for its frame? Those around it are in its `layers`."""
    return i + 1 == core.parser.n_out or core.parser.out[i + 1].frame != core.parser.out[i].frame


cdef void packet_event(Core* core, const Packet* pk, u32 number) noexcept nogil:
    """Hand out what was found of a frame."""
    cdef u8* room = ring_put(&core.dpi, &core.table.rows[number], EV_PACKET, 0, pk.side, pk.frame.ts, pk.frame.n,
                             pk.frame.iface, sizeof(PacketRow))
    if room != NULL:
        packet_row(<PacketRow*>room, pk, pk.frame)
        if number:
            (<PacketRow*>room).app = app_of(&core.table.rows[number], &core.table.colds[number])
            if pk.proto == PROTO_TCP and core.table.rows[number].tcp:
                row_bases(<PacketRow*>room, &core.table.tcps[core.table.rows[number].tcp], pk.side)
