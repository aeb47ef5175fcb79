"""What was noted (notes.pyx), for Python: turned after each chunk, counted, and made into dicts when somebody asks."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flows cimport Core
from netwatch._fast.flow.notes cimport (Burst, Cell, Kind, N_BURSTS, N_COARSE, N_COARSE_S, N_COUNT, N_FINE, N_KEPT,
                                        Note, Noted, Notes, end_burst, fold, note_end)
from netwatch._fast.wire.ports cimport has_ports
from netwatch._fast.out.writing cimport address_text

from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import ENDINGS, proto_name

KINDS = ("first", "ended", "refused", "reset", "unanswered", "unreachable", "dns-error", "burst", "zero-window")
APPS = app_names()
KEPT = N_KEPT

cdef enum:
    SECOND = 1000000000
    ENDED_AT_ONCE = 512        # ends looked at after one chunk


cdef void look_at_ends(Noted* n, Core* core) noexcept nogil:
    """Note those of the flows that have ended since the last look that were large, long or never answered."""
    cdef u64 ended = core.table.created - core.table.live
    cdef u64 fresh = ended - n.ended
    cdef u32 number = core.table.ended_last, looked = 0
    n.ended = ended
    while number and looked < fresh and looked < ENDED_AT_ONCE:
        note_end(n, &core.table.rows[number], &core.table.colds[number], number)
        number = core.table.colds[number].prev
        looked += 1


def turn(Notes notes, Engine engine) -> None:
    """After a chunk: bursts and seconds that are over, flows that have ended."""
    cdef Noted* n = notes.noted
    cdef Core* core = &engine.core
    cdef u64 now = core.clock
    cdef Burst* burst
    cdef int i
    with nogil:
        for i in range(N_BURSTS):
            burst = &n.bursts[i]
            if burst.key and now >= burst.start + SECOND:
                if core.table.colds[burst.row].key == burst.key:
                    end_burst(n, burst, &core.table.rows[burst.row], &core.table.colds[burst.row])
                burst.key = 0
        look_at_ends(n, core)
        for i in range(N_COUNT):
            if n.kinds[i].folded and now // SECOND > n.kinds[i].second:
                fold(&n.kinds[i])


def counts(Notes notes) -> dict:
    """Totals since the beginning: of each kind, DNS responses by code, TCP packets and those sent again."""
    cdef Noted* n = notes.noted
    found = {KINDS[i]: n.kinds[i].total for i in range(N_COUNT)}
    found["dns_codes"] = {i: n.dns_codes[i] for i in range(16) if n.dns_codes[i]}
    found["dns_responses"], found["tcp_packets"], found["resent"] = n.dns_responses, n.tcp_packets, n.resent
    return found


def forgotten(Notes notes) -> dict:
    """Notes of each kind that newer ones have taken the place of."""
    return {KINDS[i]: max(0, <long>notes.noted.kinds[i].noted - N_KEPT) for i in range(N_COUNT)}


def newest(Notes notes, Engine engine, str kind, u64 since, int limit, u64 until=0xffffffffffffffff) -> list[Record]:
    """The newest notes of a kind, newest first, not before `since` (ns) nor after `until`: dicts, addresses as text."""
    cdef Kind* k = &notes.noted.kinds[KINDS.index(kind)]
    cdef u64 at = k.noted
    cdef u64 oldest = at - N_KEPT if at > N_KEPT else 0
    cdef Note* note
    out = []
    while at > oldest and len(out) < limit:
        at -= 1
        note = &k.notes[at % N_KEPT]
        if since <= note.ts <= until:
            out.append(note_dict(engine, note))
    return out


def histogram(Notes notes, u64 since, u64 until, int cells, kinds: Iterable[str]) -> list[int]:
    """How many of these kinds in each of so many equal parts of a time up to `until`; of 10 s exactness beyond an hour
    ago."""
    cdef Noted* n = notes.noted
    cdef u64 width = max((until - since) // max(cells, 1), 1), second, at, step
    cdef Cell* cell
    cdef u64 total
    cdef bint fine = (until - since) <= <u64>N_FINE * SECOND
    wanted = [KINDS.index(kind) for kind in kinds]
    out = [0] * cells
    step = 1 if fine else N_COARSE_S
    second = since // SECOND // step
    if until // SECOND // step - second > N_COARSE:
        second = until // SECOND // step - N_COARSE
    while second * step * SECOND < until:
        cell = &n.fine[second % N_FINE] if fine else &n.coarse[second % N_COARSE]
        if cell.stamp == second and second:
            total = 0
            for i in wanted:
                total += cell.counts[<int>i]
            at = max(second * step * SECOND, since)
            out[min((at - since) // width, <u64>cells - 1)] += total
        second += 1
    return out


cdef dict note_dict(Engine engine, const Note* note):
    cdef Core* core = &engine.core
    found = {"time_ns": note.ts, "flow": note.flow, "value": note.value, "code": note.code, "by": note.by}
    if note.flow:
        found["src"], found["dst"] = address_text(note.src, note.family), address_text(note.dst, note.family)
        if has_ports(note.proto):
            found["sport"], found["dport"] = note.sport, note.dport
        found["proto"], found["span_ns"] = proto_name(note.proto), note.span
        found["ended"] = ENDINGS[note.code] if note.code < len(ENDINGS) else None
        if note.name_n:
            found["name"] = (<char*>note.name)[:note.name_n].decode("ascii", "replace")
        if core.table.colds[note.row].id == note.flow and core.table.rows[note.row].app:
            found["app"] = APPS[core.table.rows[note.row].app]
    return found
