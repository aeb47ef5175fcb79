"""Flow rows made up by hand or by the million, for the tests and the bench of the query. Nothing else uses it."""
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.rates cimport Pace
from netwatch._fast.flow.row cimport (Row, Cold, TcpRow, BIT_INITIATOR_B, BIT_SEEN, BIT_ENDED, END_FIN, ST_ESTABLISHED,
                                      ST_UDP_ACTIVE)
from netwatch._fast.wire.packet cimport FAMILY_IP4, FAMILY_IP6, FAMILY_MAC, PROTO_TCP, PROTO_UDP
from netwatch._fast.view.keys cimport Keys, keys_add, keys_close, keys_find, keys_open
from netwatch._fast.view.query cimport FlowView
from netwatch._fast.look.protocol cimport Dpi, Look, fact_add, fact_number, facts_free

FAMILY = {4: FAMILY_IP4, 6: FAMILY_MAC, 16: FAMILY_IP6}


cdef class SampleFlows:
    """Room for so many rows; `view` is bound to them."""

    cdef Row* rows
    cdef Cold* colds
    cdef Pace* paces
    cdef TcpRow* tcps
    cdef Dpi dpi
    cdef readonly u32 cap
    cdef readonly u32 high
    cdef readonly FlowView view

    def __cinit__(self, u32 cap):
        self.cap = cap
        self.rows = <Row*>calloc(cap + 1, sizeof(Row))
        self.colds = <Cold*>calloc(cap + 1, sizeof(Cold))
        self.paces = <Pace*>calloc(cap + 1, sizeof(Pace))
        self.tcps = <TcpRow*>calloc(cap + 1, sizeof(TcpRow))
        if self.rows == NULL or self.colds == NULL or self.paces == NULL or self.tcps == NULL:
            raise MemoryError
        memset(&self.dpi, 0, sizeof(Dpi))
        self.view = FlowView()

    def __dealloc__(self):
        cdef u32 i
        for i in range(1, self.high + 1):
            facts_free(&self.dpi, &self.colds[i])
        free(self.rows)
        free(self.colds)
        free(self.paces)
        free(self.tcps)

    def add(self, dict given) -> int:
        """One row. Ends are packed, pairs (initiator's, responder's), `facts` {(proto, key): bytes, int or list}."""
        cdef u32 i = self.high + 1
        if i > self.cap:
            raise IndexError
        cdef Row* row = &self.rows[i]
        cdef Cold* cold = &self.colds[i]
        cdef int o = 1 if given.get("swapped") else 0, side, which
        cdef bytes src = given.get("src", b""), dst = given.get("dst", b"")
        memcpy(&row.b[0] if o else &row.a[0], <char*>src, len(src))
        memcpy(&row.a[0] if o else &row.b[0], <char*>dst, len(dst))
        row.family = FAMILY.get(len(src), 0)
        row.pa, row.pb = given.get("sport", 0), given.get("dport", 0)
        if o:
            row.pa, row.pb = row.pb, row.pa
        row.proto, row.path, row.app = given["proto"], given.get("path", 0), given.get("app", 0)
        row.state, row.last = given.get("state", 0), given.get("last", 0)
        row.bits = (BIT_INITIATOR_B if o else 0) | (BIT_SEEN if given.get("seen") else 0)
        row.bits |= BIT_ENDED if given.get("ended") else 0
        cold.key, cold.id = given.get("key", i * 16), given.get("id", i)
        cold.first, cold.ended = given.get("first", 0), given.get("ended", 0)
        cold.second = <u16>(row.last // 1000000000)
        cold.confidence, cold.back = given.get("confidence", 0), row.path
        for which in range(2):
            side = which ^ o
            row.packets[side] = given.get("packets", (1, 0))[which]
            row.bytes[side] = given.get("bytes", (0, 0))[which]
            row.payload[side] = given.get("payload", (0, 0))[which]
            cold.ttl[side] = given.get("ttl", (0, 0))[which]
            cold.now[side] = given.get("now", (0, 0))[which]
            cold.rate[side] = given.get("rate", (0, 0))[which]
            self.paces[i].older[side] = given.get("older", (0, 0))[which]
            self.paces[i].oldest[side] = given.get("oldest", (0, 0))[which]
            cold.peak[side] = given.get("peak", (0, 0))[which]
        if "tcp" in given:
            row.tcp = i
            self.fill_tcp(&self.tcps[i], given["tcp"], o)
        self.high = i
        self.fill_facts(i, given.get("facts", {}))
        self.bind()
        return i

    cdef int bind(self) except -1:
        self.view.bind(self.rows, self.colds, self.paces, self.tcps, self.high, self.cap, 0xFFFFFFFFFFFFFFFF)
        self.view.flows.live = self.view.flows.paced = True
        self.view.profiles.touch_all()
        return 0

    cdef void fill_tcp(self, TcpRow* tcp, dict given, int o):
        cdef int side, which
        tcp.rtt_us = given.get("rtt_us", 0)
        tcp.shaken = 27 if given.get("sack") else 3
        for which in range(2):
            side = which ^ o
            tcp.srtt_us[side] = given.get("srtt_us", (0, 0))[which]
            tcp.retrans[side] = given.get("retransmits", (0, 0))[which]
            tcp.disorder[side] = given.get("out_of_order", (0, 0))[which]
            tcp.dup_acks[side] = given.get("dup_acks", (0, 0))[which]
            tcp.zero_window[side] = given.get("zero_windows", (0, 0))[which]
            tcp.spurious[side] = given.get("spurious", (0, 0))[which]
            tcp.fast[side] = given.get("fast_retransmits", (0, 0))[which]
            tcp.mss[side] = given.get("mss", (0, 0))[which]
            tcp.wscale[side] = given.get("wscale", (0, 0))[which]
            tcp.flags[side] = given.get("flags", (0, 0))[which]

    cdef void fill_facts(self, u32 i, dict facts):
        cdef Look look
        cdef bytes raw
        memset(&look, 0, sizeof(Look))
        look.dpi, look.row, look.cold = &self.dpi, &self.rows[i], &self.colds[i]
        for (proto, key), values in facts.items():
            look.proto = proto
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, int):
                    fact_number(&look, key, value)
                else:
                    raw = value
                    fact_add(&look, key, <const u8*><char*>raw, <u32>len(raw))

    def replace(self, u32 row) -> None:
        """Another flow has the row now, one that has begun since."""
        self.colds[row].key = self.view.newest + 16

    def fill(self, u64 seed):
        """Every row at random: four in five TCP, one in ten ended, one in eight with a fact (1, 1) of a host name."""
        cdef u32 i
        cdef u64 x = seed | 1
        cdef Row* row
        cdef bytes name
        for i in range(1, self.cap + 1):
            x ^= x << 13
            x ^= x >> 7
            x ^= x << 17
            row = &self.rows[i]
            row.a[0], row.a[1], row.a[2], row.a[3] = 10, <u8>(x & 3), <u8>(x >> 8), <u8>(x >> 16)
            row.b[0], row.b[1], row.b[2], row.b[3] = <u8>(x >> 24), <u8>(x >> 32), <u8>(x >> 40), <u8>(x >> 48)
            row.family = FAMILY_IP4
            row.pa, row.pb = <u16>(32768 + (x >> 20) % 28000), <u16>(443 if x & 48 else 53)
            row.proto = PROTO_UDP if x % 5 == 0 else PROTO_TCP
            row.state = ST_UDP_ACTIVE if x % 5 == 0 else ST_ESTABLISHED
            row.packets[0] = 1 + (x >> 10) % 1000
            row.bytes[0], row.bytes[1] = (x >> 12) % 100000, (x >> 30) % 900000000
            row.last = 1700000000000000000 + (x >> 4) % 3600000000000
            if x % 10 == 0:
                row.bits = BIT_ENDED
                self.colds[i].ended = END_FIN
            if row.proto == PROTO_TCP:
                row.tcp = i
                self.tcps[i].rtt_us = <u32>(x >> 33) % 400000
            self.colds[i].key, self.colds[i].id, self.colds[i].first = i * 16, i, 1700000000000000000 + i * 1000
            if x >> 61 == 0:
                name = b"host-%d.example.%s" % (x % 50000, b"com" if x & 64 else b"org")
                self.fill_facts(i, {(1, 1): name})
        self.high = self.cap
        self.bind()


cdef class KeyTable:
    """Keys of `width` words, at most `most`, under hashes that whoever adds them makes up."""
    cdef Keys keys

    def __cinit__(self, u32 width, u32 most):
        if not keys_open(&self.keys, width, most):
            raise MemoryError("no memory for keys")

    def __dealloc__(self):
        keys_close(&self.keys)

    def add(self, key: tuple[int, ...], u64 hash) -> int:
        """The number of the key, 0 when there is no room for it."""
        cdef u64 words[16]
        for at, word in enumerate(key):
            words[at] = word
        return keys_add(&self.keys, words, hash)

    def find(self, key: tuple[int, ...], u64 hash) -> int:
        """The number of the key, 0 when it is not there."""
        cdef u64 words[16]
        for at, word in enumerate(key):
            words[at] = word
        return keys_find(&self.keys, words, hash)
