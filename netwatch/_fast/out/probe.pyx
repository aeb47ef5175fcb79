"""Drives one protocol's detect and parse by hand, as streams.pyx does: for tests and fuzzers, not for the product.

Every slice handed over is a copy of its exact size, so a sanitizer sees a read past its end; every answer is held
against the seam's rules, and an AssertionError names the one that was broken.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, slice_of
from netwatch._fast.base.mix cimport mix_address, mix_bytes, mix_pair
from netwatch._fast.flow.row cimport BIT_INITIATOR_B, BIT_SEEN, Cold, Conn, Facts, Row
from netwatch._fast.look.announced cimport announced_free
from netwatch._fast.look.migration cimport marks_free
from netwatch._fast.look.protocol cimport (Dpi, Event, Look, Proto, DETECT_MORE, EV_LINKS, EV_NAMES, EV_SEALED,
                                           ON_PACKETS, ON_TCP, ON_UDP, PARSE_ASTRAY, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_MORE, PARSE_NOT_MINE, PARSE_OK, facts_free)
from netwatch._fast.look.registry cimport proto_at
from netwatch._fast.wire.defrag cimport fragment_hash
from netwatch._fast.wire.encap cimport Paths, path_hash
from netwatch._fast.wire.names cimport TUN_VXLAN
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, Encap, flow_hash

from netwatch._fast.dpi import app_names
from netwatch._fast.flow.content import facts_list

OK, MORE, MALFORMED, NOT_MINE, DONE = PARSE_OK, PARSE_MORE, PARSE_MALFORMED, PARSE_NOT_MINE, PARSE_DONE
MORE_BYTES = DETECT_MORE

cdef enum:
    NUMBER = 7                 # the number the protocol goes by


cdef class Probe:
    """One flow of one protocol. Side 0 is `a`, side 1 is `b`; `client` says which of them began."""
    cdef Proto proto
    cdef Dpi dpi
    cdef Row row
    cdef Cold cold
    cdef Conn conn
    cdef list pending
    cdef readonly object code      # int: the last answer of parse; final ones stay
    cdef readonly bint datagram
    cdef public u64 ts             # ns, given to every call
    cdef readonly u64 frame

    def __cinit__(self, str name, bint datagram=False, int sport=40000, int dport=0, int client=0, bint want=True,
                  bint sealed=False):
        numbers = [number for number, known in enumerate(app_names()) if known == name]
        if not numbers:
            raise ValueError(f"no protocol named {name}")
        self.proto = proto_at(numbers[0])[0]
        if not self.proto.on & (ON_UDP | ON_PACKETS if datagram else ON_TCP):
            raise ValueError(f"{name} does not run on that transport")
        self.dpi.rows = &self.row
        self.dpi.colds = &self.cold
        self.dpi.want = 0xffffffff & ~(1 << EV_SEALED) if want else 0
        if sealed:                         # apart: who wants these keeps a parser going beyond what it can read
            self.dpi.want |= 1 << EV_SEALED
        self.row.pa = <u16>sport
        self.row.pb = <u16>dport
        self.row.proto = self.proto.carrier
        self.row.bits = BIT_INITIATOR_B if client else 0
        self.row.conn = &self.conn
        self.datagram = datagram
        self.pending = [b"", b""]
        self.code = OK
        self.ts = 1_000_000_000

    def __dealloc__(self):
        if self.conn.state != NULL:
            if self.proto.free != NULL:
                self.proto.free(self.conn.state)
            else:
                free(self.conn.state)
        facts_free(&self.dpi, &self.cold)
        announced_free(&self.dpi)
        marks_free(&self.dpi)
        free(self.dpi.ring.mem)

    cdef Look look_at(self, int side, bint fin):
        cdef Look look
        memset(&look, 0, sizeof(Look))
        look.dpi = &self.dpi
        look.proto = NUMBER
        look.row = &self.row
        look.cold = &self.cold
        look.conn = &self.conn
        look.state = &self.conn.state
        look.ts = self.ts
        look.frame = self.frame
        look.offset = self.conn.half[side].offset
        look.side = side
        look.client = (side == 1) == bool(self.row.bits & BIT_INITIATOR_B)
        look.datagram = self.datagram
        look.fin = fin
        return look

    def detect(self, bytes data, int side=0) -> int:
        """What detect says of the bytes: 0 to 100, or MORE_BYTES."""
        cdef Look look = self.look_at(side, False)
        cdef u8* copy = <u8*>malloc(len(data))
        cdef int sure
        if data and not self.proto.first[<u8>data[0]]:
            free(copy)
            return 0
        memcpy(copy, <const u8*>data, len(data))
        sure = self.proto.detect(&look, slice_of(copy, <u32>len(data)))
        free(copy)
        assert -1 <= sure <= 100, "a confidence out of range"
        assert sure != MORE_BYTES or len(data) < 64, "more bytes asked for beyond 64"
        return sure

    cdef tuple call(self, int side, bytes data, bint fin):
        """One call of parse: (code, used, need, skip)."""
        cdef Look look = self.look_at(side, fin)
        cdef u8* copy = <u8*>malloc(len(data))
        cdef int code
        memcpy(copy, <const u8*>data, len(data))
        code = self.proto.parse(&look, slice_of(copy, <u32>len(data)))
        free(copy)
        assert 0 <= code <= 4, "an unknown code"
        assert look.used <= len(data), "more used than given"
        assert look.skip == 0 or look.used == len(data) or self.final(code), "a skip before the end of the data"
        return code, look.used, look.need, look.skip

    cdef bint final(self, int code):
        return code == PARSE_DONE or code == PARSE_MALFORMED or code == PARSE_NOT_MINE

    def feed(self, int side, bytes data, bint fin=False, bint cut=False) -> int:
        """More bytes of a direction, or one datagram; the code of the last call. Ignored once the code is final.

        `fin`: no more follow them, because the side ended, or, where they are `cut`, by the snap length.
        """
        if self.final(self.code):
            return self.code
        self.frame += 1
        if self.datagram:
            self.code = self.call(side, data, fin)[0]
            return self.code
        passed = min(self.conn.half[side].skip, len(data))
        self.conn.half[side].skip -= passed
        self.conn.half[side].offset += passed
        self.pending[side] += data[passed:]
        if fin:
            self.conn.half[side].need = 0
            self.conn.half[side].has_fin = not cut
        if self.conn.half[side].astray and not self.anchored(side, data[passed:], fin):
            return self.code
        while self.pending[side] and len(self.pending[side]) >= self.conn.half[side].need:
            have = len(self.pending[side])
            code, used, need, skip = self.call(side, self.pending[side], fin)
            self.pending[side] = self.pending[side][used:]
            self.conn.half[side].offset += used
            self.conn.half[side].skip = skip
            self.conn.half[side].need = need
            self.code = code
            if self.final(code):
                break
            assert used or need > have or need == 0 and code == OK, "no progress and no word of what is needed"
            assert not self.pending[side] or need > len(self.pending[side]), "stopped with bytes it could have used"
        return self.code

    cdef bint anchored(self, int side, bytes newest, bint fin):
        """Does a message begin with what is pending, or with the newest of it? What none begins with is dropped."""
        for start in (self.pending[side], newest):
            self.conn.half[side].offset += <u64>(len(self.pending[side]) - len(start))
            self.pending[side] = start
            answer = self.resync(side, start, fin) if start else 0
            if answer > 0:
                self.conn.half[side].astray = self.conn.half[side].need = 0
                return True
            if answer == DETECT_MORE:
                return False
        self.conn.half[side].offset += <u64>len(newest)
        self.pending[side] = b""
        return False

    def resync(self, int side, bytes data, bint fin=False) -> int:
        """What resync says of the bytes, as of a side that is astray: 0, 1 or MORE_BYTES."""
        cdef Look look = self.look_at(side, fin)
        cdef u8* copy = <u8*>malloc(len(data))
        cdef int answer
        memcpy(copy, <const u8*>data, len(data))
        answer = self.proto.resync(&look, slice_of(copy, <u32>len(data)))
        free(copy)
        assert -1 <= answer <= 1, "neither yes nor no"
        return answer

    def lost(self, int side, u64 n, bint cut=False) -> int:
        """n bytes of the direction were never seen: they were lost, or `cut` by the snap length."""
        cdef Look look
        if cut and self.pending[side]:
            self.feed(side, b"", True, True)
        if self.final(self.code):
            return self.code
        look = self.look_at(side, False)
        passed = min(self.conn.half[side].skip, n)
        self.conn.half[side].skip -= passed
        self.conn.half[side].offset += <u64>len(self.pending[side]) + n
        self.pending[side] = b""
        self.conn.half[side].need = 0
        if n > passed:
            self.code = PARSE_ASTRAY if self.proto.resync != NULL else PARSE_DONE
            if self.proto.lost != NULL:
                self.code = self.proto.lost(&look, n - passed)
            if self.code == PARSE_ASTRAY:
                self.conn.half[side].astray = 1
                self.code = OK
        return self.code

    @property
    def reads_on(self) -> bool:
        """Does the protocol say what becomes of a direction behind a hole?"""
        return self.proto.lost != NULL or self.proto.resync != NULL

    def close(self) -> None:
        """The flow ends."""
        cdef Look look = self.look_at(0, True)
        if self.proto.closing != NULL and look.state[0] != NULL and not self.final(self.code):
            self.proto.closing(&look)

    @property
    def facts(self) -> list[tuple[int, bytes]]:
        """(key, value) of each fact, in the order they were learnt."""
        if self.cold.facts == NULL:
            return []
        packed = (<const u8*>self.cold.facts + sizeof(Facts))[:self.cold.facts.used]
        return [(key, value) for _proto, key, value in facts_list(packed)]

    @property
    def fact_bytes(self) -> int:
        return self.cold.facts.used if self.cold.facts != NULL else 0

    @property
    def events(self) -> list[tuple[int, int, int, int, bytes]]:
        """(kind, side, ts, extra, payload) of each event, but sightings."""
        return [each for each in self.all_events() if each[0] not in (EV_NAMES, EV_LINKS)]

    @property
    def sightings(self) -> list[bytes]:
        """The payloads of events that say what goes together."""
        return [each[4] for each in self.all_events() if each[0] in (EV_NAMES, EV_LINKS)]

    cdef list all_events(self):
        cdef Event* ev
        cdef u64 at = 0
        out = []
        while at < self.dpi.ring.used:
            ev = <Event*>(self.dpi.ring.mem + at)
            out.append((ev.kind, ev.side, ev.ts, ev.extra, (<const u8*>ev + sizeof(Event))[:ev.size]))
            at += sizeof(Event) + ((ev.size + 7) & ~7)
        return out

    @property
    def state(self) -> int:
        return self.row.state

    @property
    def initiator(self) -> int | None:
        """0 or 1, the side that the content shows to be the client; None when it shows nothing."""
        return int(bool(self.row.bits & BIT_INITIATOR_B)) if self.row.bits & BIT_SEEN else None

    @property
    def app(self) -> str | None:
        """The more specific protocol that the parser found to be inside; None when it found none."""
        return app_names()[self.row.app]

    @property
    def malformed(self) -> int:
        return self.dpi.malformed[NUMBER]

    @property
    def left_over(self) -> tuple[bytes, bytes]:
        """Bytes of each side that parse has not used."""
        return tuple(self.pending)


def hash_of(str table, bytes a, bytes b, int sport=0, int dport=0, int number=0) -> int:
    """The hash by which a table of the engine finds its place, for a key of these ends (16 bytes each); `number` is
    what else the key has: the protocol of a flow, the identification of a fragment, a tunnel's own number."""
    cdef Encap encap
    cdef Paths paths
    if len(a) != 16 or len(b) != 16:
        raise ValueError("an end has 16 bytes")
    memset(&encap, 0, sizeof(Encap))
    memset(&paths, 0, sizeof(Paths))
    if table == "flows":
        return flow_hash(a, b, <u16>sport, <u16>dport, <u16>number, 0, FAMILY_IP4 if a[4:] == bytes(12) else FAMILY_IP6)
    if table == "fragments":
        return fragment_hash(a, b, <u32>number)
    if table == "addresses":
        return mix_address(a)
    if table == "text":
        return mix_bytes(a + b, 32)
    if table == "shards":
        return mix_pair(mix_address(a), mix_address(b))
    if table != "paths":
        raise ValueError(f"no table named {table}")
    encap.n_tunnel = 1
    encap.tunnel[0].kind, encap.tunnel[0].mark = TUN_VXLAN, <u32>number
    memcpy(encap.tunnel[0].src, <const u8*>a, 16)
    memcpy(encap.tunnel[0].dst, <const u8*>b, 16)
    return path_hash(&paths, &encap)
