"""What Python gives back to an engine: bytes that were decrypted, and what it learnt of a flow.

A flow is named by its row and its key; a row that has meanwhile become another flow's is left alone. Called between
chunks only, by whoever holds the engine still.
"""
cimport cython

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.look.conns cimport conn_new
from netwatch._fast.look.dispatch cimport dpi_close, dpi_drop, dpi_end, look_at
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport BIT_DPI_DONE, BIT_ENDED, BIT_INITIATOR_B, Conn, Row
from netwatch._fast.flows cimport Core
from netwatch._fast.look.reading cimport Feed, feed_bytes, feed_gap, feed_kept
from netwatch._fast.look.registry cimport proto_at
from netwatch._fast.look.protocol cimport Look, EV_CHUNK, fact_add, fact_set, touch

from netwatch._fast.dpi import app_names
from netwatch._fast.out.names import proto_name

cdef list APPS = app_names()


cdef bint is_alive(const Core* core, u32 row, u64 key) noexcept nogil:
    """Does the row still belong to the flow, live or ended?"""
    return 0 < row <= core.table.high and core.table.colds[row].key == key and core.table.rows[row].family != 0


cdef void count_anew(Core* core, const Row* row, u8 before) noexcept nogil:
    """A flow that has ended was counted under what it was taken for by then, the application `before`."""
    cdef u64 octets = row.bytes[0] + row.bytes[1]
    if row.bits & BIT_ENDED and row.app != before:
        core.by_app[before].flows -= 1
        core.by_app[before].bytes -= octets
        core.by_app[row.app].flows += 1
        core.by_app[row.app].bytes += octets


@cython.no_gc_clear          # __dealloc__ needs the engine, which a collected cycle would have taken from it
cdef class Inner:
    """A stream inside a flow's encryption, read by the classifiers as if it had been sent in clear.

    What they learn is the flow's; their events say that it was decrypted. Each side's bytes come in order.
    """
    cdef Engine engine
    cdef u32 row
    cdef u64 key
    cdef Conn* conn

    def __cinit__(self, Engine engine, u32 row, u64 key):
        self.engine = engine
        self.row = row
        self.key = key
        self.conn = conn_new(&engine.core.dpi)
        if self.conn == NULL:
            raise MemoryError("no memory for a decrypted stream")
        self.conn.half[0].open = self.conn.half[1].open = 1

    def __dealloc__(self):
        if self.conn != NULL:
            dpi_drop(&self.engine.core.dpi, self.conn)

    cdef bint ready(self, Feed* f, u64 ts, u64 frame):
        cdef Core* core = &self.engine.core
        if self.conn == NULL or not is_alive(core, self.row, self.key):
            return False
        f.dpi = &core.dpi
        f.row = &core.table.rows[self.row]
        f.cold = &core.table.colds[self.row]
        f.conn = self.conn
        f.ts = ts
        f.frame = frame
        f.follow = (core.dpi.want >> EV_CHUNK) & 1
        f.inner = True
        return True

    def feed(self, int side, u64 ts, u64 frame, const u8[::1] data) -> bool:
        """The side's next bytes, completed by that frame at that time (ns). False once nobody reads the stream."""
        cdef Feed f
        cdef u8 before
        if not self.ready(&f, ts, frame):
            return False
        side &= 1
        before = f.row.app
        if len(data):
            with nogil:
                self.conn.half[side].next += <u32>len(data)
                feed_bytes(&f, side, &data[0], <u32>len(data))
                count_anew(&self.engine.core, f.row, before)
        return f.follow or not (self.conn.half[0].dead and self.conn.half[1].dead)

    def lost(self, int side, u64 ts, u64 frame, u32 n) -> None:
        """n bytes of the side could not be decrypted, or never came; 0 where their number is not known."""
        cdef Feed f
        cdef u8 before
        if self.ready(&f, ts, frame):
            before = f.row.app
            self.conn.half[side & 1].skip = 0
            feed_gap(&f, side & 1, n if n else 1)
            count_anew(&self.engine.core, f.row, before)

    def close(self, u64 ts, u64 frame) -> None:
        """Nothing more comes: what waits is read as final, what is pending is reported."""
        cdef Feed f
        cdef Look look
        cdef int side
        cdef u8 before
        if not self.ready(&f, ts, frame):
            return
        before = f.row.app
        for side in range(2):
            if self.conn.half[side].len and not self.conn.half[side].dead:
                self.conn.half[side].has_fin = 1
                self.conn.half[side].fin = self.conn.half[side].next
                feed_kept(&f, side)
        look_at(&look, f.dpi, f.row, f.cold, f.row.bits & BIT_INITIATOR_B, ts, frame)
        look.conn = self.conn
        look.inner = True
        dpi_close(&look)
        self.conn = NULL
        count_anew(&self.engine.core, f.row, before)


def learn(Engine engine, u32 row, u64 key, str app, int fact=0, value: bytes | None = None, bint replace=False) -> bool:
    """Store a fact of a protocol with the flow (None: only that it speaks the protocol), as the classifiers do.

    With `replace` one of the same key and length gives way. False when the flow is gone or the app unknown.
    """
    cdef Core* core = &engine.core
    cdef Look look
    cdef bytes octets
    if app not in APPS or not is_alive(core, row, key):
        return False
    look_at(&look, &core.dpi, &core.table.rows[row], &core.table.colds[row], 0, 0, 0)
    look.proto = APPS.index(app)
    if value is not None:
        octets = value
        if replace:
            fact_set(&look, <u8>fact, octets, <u32>len(octets))
        else:
            fact_add(&look, <u8>fact, octets, <u32>len(octets))
    return True


def name(Engine engine, u32 row, u64 key, str app, int confidence) -> bool:
    """Say what the flow speaks; a surer verdict stands. False when it does, or the flow is gone."""
    cdef Core* core = &engine.core
    cdef Row* r
    cdef u8 before
    if app not in APPS or not is_alive(core, row, key):
        return False
    r = &core.table.rows[row]
    if r.app and core.table.colds[row].confidence > confidence:
        return False
    before = r.app
    r.app = <u8>APPS.index(app)
    count_anew(core, r, before)
    touch(&core.dpi, r)
    core.table.colds[row].confidence = <u8>confidence
    return True


def join(Engine engine, u32 row, u64 key) -> None:
    """The flow is a further path of a QUIC connection: from now on it is handed over like the first."""
    cdef Core* core = &engine.core
    cdef Row* r
    if not name(engine, row, key, "quic", 100):
        return
    r = &core.table.rows[row]
    if r.bits & BIT_ENDED or (r.conn != NULL and r.conn.proto):
        return
    if r.conn == NULL:
        r.conn = conn_new(&core.dpi)
    if r.conn != NULL and proto_at(r.app).join != NULL and proto_at(r.app).join(r.conn):
        r.conn.proto = r.app
        r.bits &= <u8>~BIT_DPI_DONE


def ends(Engine engine, u32 row, u64 key, int side) -> tuple[str, int, int]:
    """(transport, the side's port, the other's), ("", 0, 0) when the flow is gone."""
    cdef const Row* r
    if not is_alive(&engine.core, row, key):
        return "", 0, 0
    r = &engine.core.table.rows[row]
    return proto_name(r.proto, 0), (r.pb if side else r.pa), (r.pa if side else r.pb)


def leave(Engine engine, u32 row, u64 key) -> None:
    """Nobody wants more of what the flow carries."""
    cdef Core* core = &engine.core
    cdef u8 before
    if is_alive(core, row, key):
        before = core.table.rows[row].app
        dpi_end(&core.dpi, &core.table.rows[row], &core.table.colds[row], core.clock, core.ordinal)
        core.table.rows[row].bits |= BIT_DPI_DONE
        count_anew(core, &core.table.rows[row], before)
