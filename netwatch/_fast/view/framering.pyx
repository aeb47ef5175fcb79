"""The newest frames of a source, whole, in one bounded piece of memory, with what the engine found of each.

An engine tells it of each frame; it copies the bytes once and lets the oldest frames go when room is needed. Frames are
named by ordinals that are never used twice. All but put() is called while the engine is held still. Of a file that can
be read again an index remembers where all frames are, and those that were let go are read from there.
"""
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from netwatch._fast.base.bytes cimport i64, u8, u32, u64
from netwatch._fast.input.pcapngwriter cimport CaptureWriter
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.tcp cimport row_bases
from netwatch._fast.flow.row cimport BIT_INITIATOR_B, Cold, TcpRow
from netwatch._fast.wire.names cimport REJECT_FRAGMENT
from netwatch._fast.wire.packet cimport (Frame, Packet, NOTE_COUNT, NOTE_DISORDER, NOTE_FAST, NOTE_GAP, NOTE_RETRANSMIT,
                                         NOTE_SPURIOUS, NOTE_ZERO_WINDOW, PROTO_TCP, TCP_RST)
from netwatch._fast.wire.packetrow cimport PacketRow, packet_row
from netwatch._fast.out.packetfields cimport PacketFields
from netwatch._fast.input.reread cimport Reread
from netwatch._fast.view.frameindex cimport Entry
from netwatch._fast.input.source cimport CHUNK_BYTES, Chunk, Source

from netwatch._fast.out.names import NOTES

OWN_NOTES = ("reset", "malformed", "fragment, the others not yet seen", "cut by snap length")
assert len((*NOTES, *OWN_NOTES)) == FRAME_NOTES

cdef enum:
    LEAST = 2 * 1048576          # two of the longest frames must fit


cdef inline u64 size_of(u32 caplen) noexcept nogil:
    return sizeof(Kept) + ((<u64>caplen + 7) & ~<u64>7)


cdef void on_frame(void* who, const Packet* pk, u32 number, const Cold* cold) noexcept nogil:
    (<FrameRing>who).put(pk, number, cold.id if cold != NULL else 0, cold.key if cold != NULL else 0)


cdef class FrameRing:
    """`size` bytes for frames and what is known of them; pages are touched when first used."""

    def __cinit__(self, u64 size):
        cdef u64 entries = 1
        self.room = max(size, <u64>LEAST) & ~<u64>7
        while entries * sizeof(Kept) < self.room:
            entries *= 2
        self.mask = entries - 1
        self.mem = <u8*>malloc(self.room)
        self.places = <u64*>malloc(entries * sizeof(u64))
        if self.mem == NULL or self.places == NULL:
            raise MemoryError(f"no memory for {size} bytes of frames")
        self.fields = PacketFields([])

    def __dealloc__(self):
        free(self.mem)
        free(self.places)

    def attach(self, Engine engine, Source source=None, u64 size=0):
        """Keep the frames of the engine from now on; one ring for one engine. `source`: what it reads, from the
        beginning, which is indexed in so many bytes where it can be read again."""
        cdef Reread file = Reread(source)
        if file.able:
            self.index = FrameIndex(file, size)
        engine.core.parser.layers = True
        engine.core.witness = on_frame
        engine.core.who = <void*>self
        engine.observer = self

    cdef void put(self, const Packet* pk, u32 number, u64 flow, u64 key) noexcept nogil:
        """Copy the frame of a packet, at the price of the oldest ones."""
        cdef const Frame* f = pk.frame
        cdef u64 need = size_of(f.caplen), at = self.end
        cdef Kept* kept
        if at % self.room + need > self.room:
            at += self.room - at % self.room           # frames are whole: the rest of the memory stays empty
        while self.oldest < self.next and at + need - self.places[self.oldest & self.mask] > self.room:
            kept = self.held(self.oldest)
            self.held_bytes -= kept.frame.caplen
            self.gone_bytes += kept.frame.caplen
            self.oldest += 1
        kept = <Kept*>(self.mem + at % self.room)
        kept.frame = f[0]
        kept.frame.data = NULL
        kept.packet = pk[0]
        kept.packet.frame = NULL
        kept.packet.payload = NULL
        kept.payload_at = -1
        if f.data <= pk.payload <= f.data + f.caplen:
            kept.payload_at = pk.payload - f.data
        kept.flow = flow
        kept.key = key
        kept.row = number
        memcpy(<u8*>kept + sizeof(Kept), f.data, f.caplen)
        self.places[self.next & self.mask] = at
        if self.next == 0:
            self.began = f.ts
        self.next += 1
        self.end = at + need
        self.held_bytes += f.caplen
        if severity(kept):
            self.count(kept)
        if self.index is not None and not self.index.note(pk, self.next - 1, flow, severity(kept)):
            with gil:
                self.index = None

    cdef void count(self, const Kept* kept) noexcept nogil:
        """The notes of a frame, by kind."""
        cdef int i
        for i in range(NOTE_COUNT):
            self.noted[i] += kept.packet.notes >> i & 1
        self.noted[NOTE_COUNT] += kept.packet.proto == PROTO_TCP and kept.packet.flags & TCP_RST != 0
        self.noted[NOTE_COUNT + 1] += kept.packet.reject != 0 and kept.packet.reject != REJECT_FRAGMENT
        self.noted[NOTE_COUNT + 2] += kept.packet.reject == REJECT_FRAGMENT
        self.noted[NOTE_COUNT + 3] += kept.frame.caplen < kept.frame.len

    @property
    def first(self) -> int:
        """The ordinal of the oldest frame that can be looked at."""
        return self.oldest if self.index is None else 0

    def bytes_until(self, u64 end) -> int:
        """Of the frames before an ordinal that can be looked at; 0 where that is not known: on disk alone."""
        cdef u64 total = self.held_bytes if self.index is None else self.index.bytes, k
        for k in range(max(end, self.oldest), self.next):
            total -= self.held(k).frame.caplen
        return total if end >= self.oldest else 0

    @property
    def memory(self) -> tuple[int, int]:
        """Frames that are in memory, and the bytes that they, and where all are in a file, take of it."""
        cdef u64 places = self.index.n * sizeof(Entry) if self.index is not None else 0
        return self.next - self.oldest, min(self.end, self.room) + places

    @property
    def lost_bytes(self) -> int:  # of the frames let go
        return self.gone_bytes if self.index is None else 0

    @property
    def indexed(self) -> bool:  # is all of the input at hand, though not in memory?
        return self.index is not None

    cdef Kept* held(self, u64 k) noexcept nogil:
        """A frame of the memory."""
        return <Kept*>(self.mem + self.places[k & self.mask] % self.room)

    cdef Kept* at(self, u64 k) except NULL:
        """A frame, until the next one is asked for."""
        if self.oldest <= k < self.next:
            return self.held(k)
        if self.index is None or k >= self.next:
            raise IndexError(f"frame {k} is not kept")
        return self.index.read(k)

    cdef u64 flow_of(self, u64 k) noexcept nogil:
        return self.held(k).flow if k >= self.oldest else self.index.flow(k)

    cdef int severity_of(self, u64 k) noexcept nogil:
        return severity(self.held(k)) if k >= self.oldest else self.index.severity(k)

    def frame(self, u64 k) -> bytes:
        """The captured bytes. IndexError when they are not kept (any longer), as all that follow."""
        cdef Kept* kept = self.at(k)
        return PyBytes_FromStringAndSize(<const char*>kept + sizeof(Kept), kept.frame.caplen)

    def record(self, u64 k, interfaces: list[Record] | None = None, further: Collection[str] = (),
               Engine engine=None) -> dict:
        """The packet record, but for what its flow says; `flow` is 0 for none. `interfaces`: the source's list;
        `further`: fields that records have only where they are asked for, some by the flow, which the engine has."""
        cdef PacketRow row
        self.copy_row(k, &row)
        if interfaces is not None and self.fields.interfaces is not interfaces:
            self.fields = PacketFields(interfaces)
        if not further:
            return self.fields.record(&row, None)
        self.relate(&row, k, engine, self.row(engine, k), True)
        return self.fields.record(&row, None) | self.fields.record(&row, further)

    cdef int copy_row(self, u64 k, PacketRow* row) except -1:
        """What its record is made from; of its flow the number alone."""
        cdef Kept* kept = self.at(k)
        cdef Packet pk = kept.packet
        cdef Frame f = kept.frame
        f.data = <const u8*>kept + sizeof(Kept)
        pk.frame = &f
        pk.payload = f.data + kept.payload_at if kept.payload_at >= 0 else f.data
        if kept.payload_at < 0:
            pk.payload_len = 0
        packet_row(row, &pk, &f)
        row.flow = kept.flow
        return 0

    cdef int relate(self, PacketRow* row, u64 k, Engine engine, u32 number, bint timed) except -1:
        """How it stands to what its flow's sides began with (`number`: its row, 0 none), and with `timed` to the frame
        before and to the first one."""
        cdef int side
        cdef u64 before = row.ts
        if number and row.proto == PROTO_TCP and engine.core.table.rows[number].tcp:
            side = self.held(k).packet.side if k >= self.oldest else self.index.side(k)
            row_bases(row, &engine.core.table.tcps[engine.core.table.rows[number].tcp], side)
        if not timed or row.timeless:
            return 0
        if k >= self.oldest + (self.oldest > 0):
            before = self.held(k - 1).frame.ts if k else before
        elif self.index is not None and k:
            before = self.index.before(k)
        if before:
            row.since, row.delta, row.timed = <i64>(row.ts - self.began), <i64>(row.ts - before), True
        return 0

    def about(self, u64 k) -> dict:
        """What a record does not say: its time in ns, link type, interface number, side, payload place, severity."""
        cdef Kept* kept = self.at(k)
        return {"k": k, "ns": kept.frame.ts, "link": kept.frame.link, "iface": kept.frame.iface,
                "side": kept.packet.side, "payload_at": kept.payload_at, "payload": kept.packet.payload_len,
                "proto": kept.packet.proto, "ports": (kept.packet.sport, kept.packet.dport),
                "severity": severity(kept),
                "reset": kept.packet.proto == PROTO_TCP and kept.packet.flags & TCP_RST != 0}

    cpdef u32 row(self, Engine engine, u64 k) except? 0xffffffff:
        """The row of the frame's flow; 0 when the flow is gone, or there never was one."""
        cdef Kept* kept
        if k < self.oldest and self.index is not None:
            return self.index.row_of(engine, self.index.flow(k)) if self.index.flow(k) else 0
        kept = self.at(k)
        if kept.row == 0 or kept.row > engine.core.table.high or engine.core.table.colds[kept.row].key != kept.key:
            return 0
        return kept.row

    def origins(self, Engine engine, u64 k) -> tuple[int, int] | None:
        """The sequence numbers that a TCP frame's sender and its peer began with; -1 of an end whose SYN was not seen.
        None for what is no TCP, or whose flow is gone."""
        cdef u32 row = self.row(engine, k)
        cdef int side
        cdef const TcpRow* tcp
        cdef int began
        if row == 0 or engine.core.table.rows[row].proto != PROTO_TCP or not engine.core.table.rows[row].tcp:
            return None
        side = self.held(k).packet.side if k >= self.oldest else self.index.side(k)
        tcp = &engine.core.table.tcps[engine.core.table.rows[row].tcp]
        began = engine.core.table.rows[row].bits & BIT_INITIATOR_B
        sender = <i64>tcp.isn[side] if tcp.shaken & (1 if side == began else 2) else <i64>-1
        peer = <i64>tcp.isn[1 - side] if tcp.shaken & (2 if side == began else 1) else <i64>-1
        return sender, peer

    def numbered(self, u64 number) -> int:
        """The ordinal of the frame with that number, or of the next one kept."""
        cdef u64 low = self.first, high = self.next, middle
        while low < high:
            middle = (low + high) // 2
            if (self.held(middle).frame.n if middle >= self.oldest else self.index.number(middle)) < number:
                low = middle + 1
            else:
                high = middle
        return low

    def of_flow(self, u64 flow, u64 start, u64 stop) -> list[int]:
        """Ordinals of the flow's frames from `start`, before `stop`."""
        cdef u64 k
        found = []
        for k in range(max(start, self.first), min(stop, self.next)):
            if self.flow_of(k) == flow:
                found.append(k)
        return found

    def remarkable(self, u64 most, u64 end=0xffffffffffffffff) -> list[int]:
        """Ordinals of the newest frames before `end` that an expert would look at, oldest first."""
        cdef u64 k = min(self.next, end)
        found = []
        while k > self.first and <u64>len(found) < most:
            k -= 1
            if self.severity_of(k):
                found.append(k)
        found.reverse()
        return found

    def counts(self) -> dict[str, int]:
        """How many frames had which note, since the beginning; those that none had are left out."""
        return {name: self.noted[i] for i, name in enumerate((*NOTES, *OWN_NOTES)) if self.noted[i]}

    cpdef int write(self, CaptureWriter writer, u64 k, bytes options=b"") except -1:
        """Write the frame with what options_of() made; the writer describes the interfaces as the source does."""
        cdef Kept* kept = self.at(k)
        cdef Frame f = kept.frame
        f.data = <const u8*>kept + sizeof(Kept)
        writer.check(writer.put(&f, f.iface, options, <u32>len(options)))
        return 0

    def flows(self, u64 start, u64 stop) -> dict[int, int]:
        """The flows of the frames from `start`, before `stop`, in order of frames: number -> ordinal of the first."""
        cdef u64 k, last = 0
        found = {}
        for k in range(max(start, self.first), min(stop, self.next)):
            if self.flow_of(k) and self.flow_of(k) != last:
                last = self.flow_of(k)
                found.setdefault(last, k)
        return found

    def before(self, u64 ns, u64 start) -> int:
        """The ordinal of the first frame from `start` on that is of that time or later."""
        cdef u64 k = max(start, self.oldest)
        while k < self.next and self.held(k).frame.ts < ns:
            k += 1
        return k

    def within(self, u64 size) -> int:
        """The ordinal of the oldest frame after which no more than so many bytes of memory are in use."""
        cdef u64 low = self.oldest, high = self.next, middle
        while low < high:
            middle = (low + high) // 2
            if self.end - self.places[middle & self.mask] > size:
                low = middle + 1
            else:
                high = middle
        return low

    def write_run(self, CaptureWriter writer, u64 start, u64 stop, told: dict[int, bytes | None]) -> int:
        """Write the frames from `start`, before `stop`, with what options_of() made of their flows; those whose flow is
        told None are passed over, 0 stands for none. How many were written."""
        cdef u64 k, before = writer.packets
        for k in range(max(start, self.oldest), min(stop, self.next)):
            options = told.get(self.held(k).flow, b"")
            if options is not None:
                self.write(writer, k, options)
        return writer.packets - before

    def excerpt(self, ordinals: list[int], u64 most) -> Excerpt:
        """A source of these frames, copied: the first ones, as many as `most` bytes hold."""
        cdef Excerpt found = Excerpt.__new__(Excerpt)
        cdef Kept* kept
        cdef u64 used = 0, k
        for k in ordinals:
            kept = self.at(k)
            if used + kept.frame.caplen > most:
                break
            used += kept.frame.caplen
            found.count += 1
        found.mem = <u8*>malloc(used + 1)
        found.frames = <Frame*>malloc((found.count + 1) * sizeof(Frame))
        if found.mem == NULL or found.frames == NULL:
            raise MemoryError(f"no memory for {used} bytes of frames")
        used = 0
        for k in ordinals[:found.count]:
            kept = self.at(k)
            memcpy(found.mem + used, <u8*>kept + sizeof(Kept), kept.frame.caplen)
            found.frames[found.filled] = kept.frame
            found.frames[found.filled].data = found.mem + used
            found.filled += 1
            used += kept.frame.caplen
        found.size = used
        return found


cdef int severity(const Kept* kept) noexcept nogil:
    """0 nothing, 1 a note, 2 a warning, 3 an error: what no packet should be."""
    if kept.packet.reject == REJECT_FRAGMENT:
        return 1                                        # a fragment whose others are on their way
    if kept.packet.reject:
        return 3
    if kept.packet.proto == PROTO_TCP and kept.packet.flags & TCP_RST:
        return 2
    if kept.packet.notes & (NOTE_ZERO_WINDOW | NOTE_RETRANSMIT | NOTE_FAST | NOTE_SPURIOUS | NOTE_GAP | NOTE_DISORDER):
        return 2
    return 1 if kept.packet.notes or kept.frame.caplen < kept.frame.len else 0


cdef class Excerpt(Source):
    """Some frames of a ring, as a source that ends after them."""

    def __dealloc__(self):
        free(self.mem)
        free(self.frames)

    cdef int fill(self, Chunk* chunk) noexcept nogil:
        """As Source.fill: copies, so that the chunk is its own."""
        cdef u64 used = 0
        cdef Frame* f
        chunk.n = 0
        while self.given < self.filled and chunk.n < chunk.room and not self.stop:
            f = &self.frames[self.given]
            if chunk.n and used + f.caplen > CHUNK_BYTES:
                break
            memcpy(chunk.mem + used, f.data, f.caplen)
            chunk.frames[chunk.n] = f[0]
            chunk.frames[chunk.n].data = chunk.mem + used
            used += f.caplen
            chunk.n += 1
            self.given += 1
        self.frames_read += chunk.n
        self.bytes_read += used
        return <int>chunk.n

    def describe(self, interfaces: list[Record], secrets: list[tuple[int, bytes]]) -> Excerpt:
        """Let it know what the source of the frames found beside them."""
        self.interfaces = list(interfaces)
        self.n_interfaces = <u32>len(interfaces)
        self.secrets = list(secrets)
        return self
