"""An engine put back from pieces of a tape (tape.pyx): the table of flows at a moment that is over."""
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.content cimport DNS_KEPT, FACT_HEAD, MAX_PROTOS
from netwatch._fast.flow.row cimport BIT_ENDED, END_REUSED, ST_COUNT, Cold, Facts
from netwatch._fast.flows cimport Core
from netwatch._fast.view.image cimport (HEAD, MASK, W1_APP, W1_ENDED, W1_FAMILY, W1_STATE, W1_TCP, W2_BACK, W2_COPIES,
                                        W2_PATH, W4_TEXT, W8_KEY, Image, go_way, packed, put_image, unpack, wider)
from netwatch._fast.wire.encap cimport PATHS_MAX, Paths
from netwatch._fast.wire.packet cimport (
    FAMILY_IP4, FAMILY_IP6, FAMILY_MAC, FAMILY_NONE, MAX_TUNNELS, PROTO_ICMP, PROTO_ICMP6, PROTO_TCP, Encap)


cdef class Reel:
    """The table at a moment, from pieces in their order; the first stands alone. ValueError for what is no piece."""
    cdef Image* images
    cdef u32 cap
    cdef readonly u32 high

    def __dealloc__(self):
        free(self.images)

    def apply(self, bytes piece, bint alone, u32 most) -> None:
        """Go on by a piece; of `most` rows at most."""
        cdef const u8* p = piece
        cdef u64 size = len(piece)
        cdef u32 n, high, i
        cdef u32* rows
        cdef Image* ways
        cdef bint whole
        if size < HEAD + MASK:
            raise ValueError("a piece that is cut short")
        n, high = (<const u32*>p)[0], (<const u32*>p)[1]
        if high > most or n > high or size < HEAD + MASK + 4 * <u64>n:
            raise ValueError("a piece of more rows than can be")
        self.reach(high)
        if alone and self.images != NULL:
            memset(self.images, 0, self.cap * sizeof(Image))
        rows, ways = <u32*>malloc(4 * <u64>n + 4), <Image*>calloc(<u64>n + 1, sizeof(Image))
        try:
            if rows == NULL or ways == NULL:
                raise MemoryError("no memory for a moment of the past")
            with nogil:
                whole = unpack(ways, rows, p, size, n, high)
                for i in range(n if whole else 0):
                    go_way(&self.images[rows[i]], &ways[i])
        finally:
            free(rows)
            free(ways)
        if not whole:
            raise ValueError("a piece that is damaged")
        self.high = high

    def texts(self) -> list[tuple[int, int, int]]:
        """(row, key, number of the text) of the flows there were."""
        cdef u32 i
        return [(i, self.images[i].w8[W8_KEY], self.images[i].w4[W4_TEXT]) for i in range(1, self.high + 1)
                if self.images[i].w1[W1_FAMILY]]

    def piece_from(self, Reel before) -> bytes:
        """The piece that leads here from the same table at an earlier moment."""
        cdef u32 i, n = 0, high = max(self.high, before.high)
        cdef u32* rows = <u32*>malloc(4 * <u64>high + 4)
        cdef Image* new = <Image*>malloc((<u64>high + 1) * sizeof(Image))
        try:
            if rows == NULL or new == NULL:
                raise MemoryError("no memory for a moment of the past")
            self.reach(high)
            before.reach(high)
            for i in range(1, high + 1):
                if memcmp(&self.images[i], &before.images[i], sizeof(Image)):
                    rows[n] = i
                    new[n] = self.images[i]
                    n += 1
            return packed(new, before.images, rows, n, high)
        finally:
            free(rows)
            free(new)

    cdef int reach(self, u32 high) except -1:
        if high >= self.cap:
            self.images = <Image*>wider(self.images, self.cap, high + 1, sizeof(Image))
            self.cap = high + 1
        return 0

    def put(self, Engine engine, facts: Mapping[int, bytes], counts: tuple[int, ...]) -> None:
        """Make an engine that has seen nothing the one of that moment. `facts`: by number of a text, what its flow
        says; `counts`: of Counts. ValueError when there is something in it that no engine has."""
        cdef Core* core = &engine.core
        cdef Image* m
        cdef u32 i, live = 0, ended = 0
        if self.high > core.table.cap or core.table.high:
            raise ValueError("no room for that table")
        for i in range(1, self.high + 1):
            m = &self.images[i]
            if m.w1[W1_FAMILY] == FAMILY_NONE:
                continue
            if not sound(m, core.parser.paths.n):
                raise ValueError("a flow that cannot be")
        for i in range(1, self.high + 1):
            m = &self.images[i]
            if m.w1[W1_FAMILY] == FAMILY_NONE:
                continue
            put_image(m, core, i)
            if m.w1[33] & BIT_ENDED:
                ended += 1
            else:
                live += 1
            give_facts(core, i, facts.get(m.w4[W4_TEXT], b""))
        core.table.high = self.high
        core.table.live, core.table.ended = live, ended
        core.clock, core.first, core.frames, core.bytes, core.table.created, core.table.evicted = counts
        core.ordinal = core.frames


cdef bint sound(const Image* m, u32 paths) noexcept nogil:
    """May a row of the engine be like that?"""
    cdef u16 proto = m.w2[2]
    cdef u8 family = m.w1[W1_FAMILY]
    cdef bint timed = proto == PROTO_TCP or ((proto == PROTO_ICMP or proto == PROTO_ICMP6) and m.w2[0] != 0)
    return (m.w1[W1_STATE] < ST_COUNT and m.w1[W1_APP] < MAX_PROTOS and m.w1[W1_ENDED] <= END_REUSED
            and (family == FAMILY_IP4 or family == FAMILY_IP6 or family == FAMILY_MAC)
            and proto < 512 and (timed if m.w1[W1_TCP] else not timed or m.w4[0] == 0)
            and known_path(m.w2[W2_PATH], paths) and known_path(m.w2[W2_BACK], paths)
            and known_path(m.w2[W2_COPIES], paths))


cdef bint known_path(u16 path, u32 paths) noexcept nogil:
    return path <= paths or path == PATHS_MAX


cdef int give_facts(Core* core, u32 row, bytes said) except -1:
    cdef Cold* cold = &core.table.colds[row]
    cdef const u8* p = said
    cdef u32 n = <u32>len(said), at = 0
    cdef Facts* facts
    if n == 0:
        return 0
    while at < n:
        if n - at < FACT_HEAD or p[at] >= MAX_PROTOS or n - at - FACT_HEAD < (p[at + 2] | <u32>p[at + 3] << 8):
            raise ValueError("something said that cannot be")
        at += FACT_HEAD + (p[at + 2] | <u32>p[at + 3] << 8)
    facts = <Facts*>malloc(sizeof(Facts) + n)
    if facts == NULL:
        raise MemoryError("no memory for what flows said")
    facts.used, facts.cap, facts.heard = n, n, 0
    memcpy(facts + 1, p, n)
    core.dpi.facts_bytes += n
    cold.facts = facts
    return 0


def give_dns(Engine engine, Engine later) -> None:
    """Let it have timed the DNS responses that the later one had timed at its moment, as far as they are kept."""
    cdef Core* core = &engine.core
    cdef const Core* now = &later.core
    cdef u64 i, n = min(now.dpi.dns_timed, <u64>DNS_KEPT)
    core.dpi.off = now.dpi.off
    for i in range(n):
        if now.dpi.dns_at[i] <= core.clock:
            core.dpi.dns_at[core.dpi.dns_timed] = now.dpi.dns_at[i]
            core.dpi.dns_ns[core.dpi.dns_timed] = now.dpi.dns_ns[i]
            core.dpi.dns_timed += 1


def give_surroundings(Engine engine, bytes said) -> None:
    """To an engine that has seen nothing. ValueError for what is none."""
    cdef Paths* paths = engine.core.parser.paths
    cdef u64 types = sizeof(engine.core.link_types), size = len(said)
    cdef u32 n, i
    cdef void* items
    if not size:
        return
    n = <u32>((size - min(size, types)) // sizeof(Encap))
    if size != n * sizeof(Encap) + types or n >= PATHS_MAX or paths.n:
        raise ValueError("surroundings that cannot be")
    items = calloc(n + 1, sizeof(Encap))
    paths.bases, paths.partners = <u16*>calloc(n + 1, sizeof(u16)), <u16*>calloc(n + 1, sizeof(u16))
    paths.items = <Encap*>items
    if items == NULL or paths.bases == NULL or paths.partners == NULL:
        raise MemoryError("no memory for what lies around packets")
    memcpy(&paths.items[1], <const char*>said, n * sizeof(Encap))
    for i in range(1, n + 1):
        if paths.items[i].n_tunnel > MAX_TUNNELS:
            raise ValueError("surroundings that cannot be")
    paths.n = paths.cap = n
    memcpy(engine.core.link_types, <const char*>said + n * sizeof(Encap), types)
    for i in range(<u32>types * 8):
        engine.core.n_link_types += engine.core.link_types[i >> 3] >> (i & 7) & 1
