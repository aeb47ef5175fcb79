"""Names of responders as a column of texts; what is worth a name and what not is as enrich.pyx has it for records."""
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport i64, u8, u32, u64
from netwatch._fast.view.columns cimport Flows
from netwatch._fast.flow.row cimport Cold, Row, BIT_INITIATOR_B
from netwatch._fast.out.naming cimport Answer, NameTable
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6
from netwatch._fast.view.profiles cimport Entry, KEYS, Profiles, place_of
from netwatch._fast.view.strings cimport OVER, Text, strings_add, strings_close, strings_find, strings_open
from netwatch._fast.view.work cimport Work, COST_LOOK, COST_ROW, COST_TEXT

from netwatch._fast.out.enrich import said_name
from netwatch._fast.out.naming import VIAS as WIRE_VIAS

VIAS = ("sni", "http", *WIRE_VIAS)
CARRIERS = ("tls", "quic", "http")          # whose name counts first
cdef enum:
    VIA_SNI = 1
    VIA_HTTP = 2
    VIA_WIRE = 3               # + via of an answer
    VIA_RESOLVED = 7           # "ptr", like those seen on the wire
    MOST_ADDRESSES = 65536
    AT_ONCE = 1024             # profiles looked at without a pause


cdef class HostNames(RowFollower):
    """`places`: {(protocol, key): one of CARRIERS} of the facts in which a flow says its host."""

    def __init__(self, Profiles profiles, NameTable names, dict places):
        self.profiles, self.names = profiles, names
        self.hosts, self.vias, self.ages = RowCodes(), RowCodes(), RowCodes(numbers=True)
        self.resolved = [None]
        for (proto, key), carrier in places.items():
            self.places[<u32>proto << 8 | <u32>key] = <u8>(1 + CARRIERS.index(carrier))

    def __cinit__(self):
        memset(self.places, 0, KEYS)
        strings_open(&self.addresses, MOST_ADDRESSES, 32 * MOST_ADDRESSES)

    def __dealloc__(self):
        strings_close(&self.addresses)
        free(self.own)
        free(self.own_via)

    def resolve(self, bytes address, str host) -> None:
        """The resolver gave that name for a packed address: flows to it that have none are called so."""
        cdef u32 number = strings_add(&self.addresses, address, <u32>len(address))
        if number == len(self.resolved):
            self.resolved.append(host)
        elif number != OVER:
            self.resolved[number] = host
        self.given = 0
        self.scan = 0

    cdef int look(self, const Flows* flows, u32 row, Work work) except -1:
        cdef const Row* r = &flows.rows[row]
        cdef const Cold* cold = &flows.colds[row]
        cdef const u8* client
        cdef const u8* server
        cdef u32 profile = self.profiles.of_row[row], n = 4 if r.family == FAMILY_IP4 else 16, number
        cdef u64 at = 0
        cdef Answer answer
        work.left -= 4 * COST_LOOK
        self.clear(row)
        self.fresh()
        if profile and profile != OVER:
            if profile > self.known + AT_ONCE:             # after all rows of it, in step(): this one as well
                self.seen = min(self.seen, row - 1)
                return 0
            self.learn_profiles(max(profile, self.known), work)
            if self.own[profile]:
                self.hosts.column.codes[row], self.vias.column.codes[row] = self.own[profile], self.own_via[profile]
                return 0
        if r.family != FAMILY_IP4 and r.family != FAMILY_IP6:
            return 0
        client = &r.b[0] if r.bits & BIT_INITIATOR_B else &r.a[0]
        server = &r.a[0] if r.bits & BIT_INITIATOR_B else &r.b[0]
        if self.names.held:
            work.left -= 4 * COST_TEXT
            answer = self.names.of(client[:n], server[:n], cold.first, &at)
            if answer is not None:
                if answer.generation != self.profiles.texts_generation:
                    answer.text, answer.generation = self.text(answer.host), self.profiles.texts_generation
                self.hosts.column.codes[row], self.vias.column.codes[row] = answer.text, VIA_WIRE + answer.via
                self.ages.column.numbers[row] = cold.first - at + 1
                return 0
        if self.addresses.n:
            number = strings_find(&self.addresses, server, n)
            if number:
                self.hosts.column.codes[row] = self.text(self.resolved[number])
                self.vias.column.codes[row] = VIA_RESOLVED
        return 0

    cdef int clear(self, u32 row) except -1:
        self.hosts.room(row + 1)
        self.vias.room(row + 1)
        self.ages.room(row + 1)
        self.hosts.column.codes[row] = self.vias.column.codes[row] = 0
        self.ages.column.numbers[row] = 0
        return 0

    cdef bint step(self, const Flows* flows, u32 high, Work work) except? True:
        """Also give names that the resolver has found to flows that have none."""
        self.fresh()
        while self.known < self.profiles.profiles.n and work.goes_on():
            self.learn_profiles(min(self.profiles.profiles.n, self.known + AT_ONCE), work)
        if self.known < self.profiles.profiles.n or not RowFollower.step(self, flows, high, work):
            return False
        if self.given == self.addresses.n:
            return True
        while self.scan < high and work.goes_on():
            self.scan += 1
            work.left -= COST_LOOK
            if not self.hosts.column.codes[self.scan] or self.vias.column.codes[self.scan] == VIA_RESOLVED:
                self.look(flows, self.scan, work)
        if self.scan < high:
            return False
        self.given, self.scan = self.addresses.n, 0
        return True

    cdef u32 text(self, str host) except? 0:
        """The number of a name, 0 when there is no room for it."""
        cdef bytes raw = host.encode("utf-8", "replace")
        cdef u32 number = strings_add(&self.profiles.texts, raw, <u32>len(raw))
        return number if number != OVER else 0

    # ------------------------------------------------------------------------------------ what the flow says itself

    cdef int room(self, u32 n) except -1:
        cdef u32 cap
        cdef void* wider
        if n < self.cap:
            return 0
        cap = max(<u32>1024, n + n // 2)
        wider = realloc(self.own, cap * sizeof(u32))
        if wider == NULL:
            raise MemoryError("no memory for names")
        self.own = <u32*>wider
        wider = realloc(self.own_via, cap)
        if wider == NULL:
            raise MemoryError("no memory for names")
        self.own_via = <u8*>wider
        self.cap = cap
        return 0

    cdef void fresh(self) noexcept:
        """Forget what profiles said that mean something else by now."""
        if self.generation != self.profiles.generation:
            self.generation, self.known = self.profiles.generation, 0

    cdef int learn_profiles(self, u32 upto, Work work) except -1:
        """The names that profiles say themselves."""
        self.room(upto)
        work.left -= <i64>(upto - self.known) * COST_ROW
        work.rows += upto - self.known
        while self.known < upto:
            self.known += 1
            self.own_via[self.known] = 0
            self.own[self.known] = self.own_name(self.known, &self.own_via[self.known])
        return 0

    cdef u32 own_name(self, u32 profile, u8* via) except? 0:
        """The first carrier's that is a name."""
        cdef u32 i, n, carrier, number
        cdef const Entry* entries = self.profiles.entries(profile, &n)
        cdef const Text* said
        for carrier in range(1, 4):
            for i in range(n):
                if self.places[place_of(entries[i])] != carrier or <u32>entries[i] == OVER:
                    continue
                said = &self.profiles.texts.items[<u32>entries[i]]
                host = said_name((<const char*>said.p)[:said.n].decode("utf-8", "replace"), carrier == 3)
                if host is not None:
                    via[0] = VIA_HTTP if carrier == 3 else VIA_SNI
                    number = self.text(host)
                    return number
                break
        return 0
