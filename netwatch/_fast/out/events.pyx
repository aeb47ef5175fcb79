"""What an engine hands to Python between chunks: its events, the flows that ended, the flows that are new."""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.input.pcapngwriter cimport CaptureWriter
from netwatch._fast.engine cimport Engine
from netwatch._fast.flows cimport Core, release_ended
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.wire.packet cimport FAMILY_NONE
from netwatch._fast.wire.packetrow cimport PacketRow
from netwatch._fast.flow.content cimport Event, EV_PACKET
from netwatch._fast.flow.row cimport BIT_ENDED
from netwatch._fast.input.box cimport Box
from netwatch._fast.input.source cimport Chunk

from netwatch._fast.dpi import app_names

APPS = app_names()
KINDS = ("dns", "http", "streams", "packets", "sealed", "frames", "unknown", "names", "links", "begun", "identified",
         "exports")


def drain(Engine engine, PacketRows packets=None) -> list[
        tuple[int, int, str, int, int, int, int, bool, bytes, int, str | None]]:
    """All waiting events but packets as (frame, flow, kind, ns, row, key, side, inner, payload, extra, app), and the
    rows of the packets into `packets`.

    Nothing in them is borrowed: the ring is free to be filled again. For a stream's bytes extra is the number of bytes
    that are missing there; `app` is meaningful for what a protocol made. `flow` is 0 when the flow is gone; `inner` is
    true of what came out of its encryption.
    """
    cdef Core* core = &engine.core
    cdef u64 at = 0
    cdef Event* ev
    cdef u8* body
    cdef u64 flow
    out = []
    while at < core.dpi.ring.used:
        ev = <Event*>(core.dpi.ring.mem + at)
        body = <u8*>ev + sizeof(Event)
        flow = core.table.colds[ev.row].id if core.table.colds[ev.row].key == ev.key else 0
        if ev.kind != EV_PACKET:
            out.append((ev.frame, flow, KINDS[ev.kind], ev.ts, ev.row, ev.key, ev.side & 1, ev.side > 1,
                        (<char*>body)[:ev.size], ev.extra, APPS[ev.proto]))
        elif packets is not None:
            (<PacketRow*>body).flow = flow
            (<PacketRow*>body).row = ev.row
            (<PacketRow*>body).shard = <u16>engine.shard
            packets.add(<PacketRow*>body)
        at += sizeof(Event) + ((ev.size + 7) & ~<u32>7)
    core.dpi.ring.used = 0
    return out


def lost_events(Engine engine) -> int:
    """Events that found no room, since the start."""
    return engine.core.dpi.ring.lost


cdef u32 place_of(const Chunk* chunk, u64 n, u32 first) noexcept nogil:
    """The place of the n-th frame of the input, or where it would be; not before `first`, near which it most likely
    is."""
    cdef u32 low = first, high = chunk.n, middle, step = 1
    while low + step < chunk.n and chunk.frames[low + step].n < n:
        low += step
        step *= 2
    if low + step < chunk.n:
        high = low + step
    while low < high:
        middle = (low + high) // 2
        if chunk.frames[middle].n < n:
            low = middle + 1
        else:
            high = middle
    return low


def write_frames(Box box, CaptureWriter writer, PacketRows packets, places: Sequence[int],
                 notes: dict[int, bytes], note_of: Callable[[int, int], bytes]) -> None:
    """Write the frames of the packets at these places, in order, each with what options_of() made of its flow: that is
    in `notes` by the flow's number, else `note_of(number, place)` is asked and may put it there. LookupError when the
    box holds a frame no longer."""
    cdef const Chunk* chunk = box.chunk
    cdef const PacketRow* row
    cdef u32 at = 0
    cdef bytes note = b""
    cdef u64 flow = 0, i
    cdef dict known = notes
    for place in places:
        i = place
        row = packets.at(i)
        if row.flow != flow:
            flow = row.flow
            found = known.get(flow)
            note = note_of(flow, i) if found is None else found
        at = place_of(chunk, row.n, at)
        if at == chunk.n or chunk.frames[at].n != row.n:
            raise LookupError(f"frame {row.n} is no longer held")
        writer.check(writer.put(&chunk.frames[at], row.iface, note, <u32>len(note)))


def ended_since(Engine engine, u64 before, u32 most) -> tuple[int, list[int]]:
    """(flows that have ended since the start, rows of those that ended after `before` of them had, oldest first). The
    newest `most` of them, as far as they are kept."""
    cdef u64 ended = engine.core.table.created - engine.core.table.live
    cdef u32 number = engine.core.table.ended_last
    out = []
    while number and <u64>len(out) < min(ended - before, <u64>most):
        out.append(number)
        number = engine.core.table.colds[number].prev
    out.reverse()
    return ended, out


def open_rows(Engine engine, u32 most) -> list[int]:
    """Rows of flows that have not ended, at most so many."""
    cdef Core* core = &engine.core
    cdef u32 i
    out = []
    for i in range(1, core.table.high + 1):
        if core.table.rows[i].family != FAMILY_NONE and not core.table.rows[i].bits & BIT_ENDED:
            if <u32>len(out) == most:
                break
            out.append(i)
    return out


def release(Engine engine, u32 keep=0) -> None:
    """Free the rows on the ended list, but the last `keep`."""
    release_ended(&engine.core, keep)


def number_fresh(engines: list[Engine], u64 ident) -> int:
    """Give the flows that have no number yet the next ones, in order of first frame; returns the last one given."""
    cdef Engine engine
    cdef Core* core
    cdef u32 i, n
    fresh = []
    for n, engine in enumerate(engines):
        core = &engine.core
        for i in range(core.n_fresh):
            fresh.append((core.table.colds[core.fresh[i]].key, n, core.fresh[i]))
        core.n_fresh = 0
    fresh.sort()
    for _, n, i in fresh:
        ident += 1
        engine = engines[n]
        engine.core.table.colds[i].id = ident
    return ident
