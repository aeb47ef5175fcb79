"""Records as columns: what Arrow's arrays consist of, filled from rows without a Python object for each.

The Arrow columnar format, version 1.5: a column is a bitmap of what is there, its values, and of texts and
lists the offsets between them. A column that no record of a chunk has takes no memory.
"""
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.out.endedrows cimport EndedRows
from netwatch._fast.out.flowfields cimport FlowAt, FlowFields, flow_at
from netwatch._fast.out.packetfields cimport PacketFields
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.out.recordcolumns cimport Filler, Shown
from netwatch._fast.out.values cimport (Value, V_ABSENT, V_ADDRESS, V_BOOL, V_NUMBER, V_OBJECT, V_SECONDS, V_TIME,
                                        follow, put_json_object)
from netwatch._fast.out.writing cimport Buf, buf_free, check, put_address, put_bytes, room
from netwatch._fast.wire.packetrow cimport PacketRow

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef enum:                     # forms of a column
    WHOLE = 0                  # int64
    REAL = 1                   # float64
    TRUTH = 2                  # bits
    MOMENT = 3                 # int64, ns since 1970
    FAR = 4                    # int64, us since 1970
    WORDS = 5                  # UTF-8; what is no text is there as JSON
    WHOLES = 6                 # a list of int64
    TEXTS = 7                  # a list of UTF-8

cdef enum:
    MOST_ROWS = 65536          # of a chunk
    MOST_BYTES = 67108864      # of texts in it

FORMS: dict[str, int] = {"int": WHOLE, "float": REAL, "bool": TRUTH, "time": MOMENT, "far": FAR, "text": WORDS,
                         "ints": WHOLES, "texts": TEXTS}

cdef struct Column:
    int form
    u64 n                      # rows
    Buf there                  # a byte for each row
    Buf data                   # values; of lists those of all items
    Buf ends                   # u32 for each row: where its text or list ends
    Buf inner                  # u32 for each item of a list of texts


cdef class Arrays(Filler):
    """`columns` (records/columns.py, each with one path), of a form each; `moment(text, us)` is the time of a text in
    ns or us since 1970, None where it is none."""
    cdef Shown shown
    cdef Column* columns
    cdef FlowFields flows
    cdef PacketFields packets
    cdef object moment
    cdef u64 n                 # rows of this chunk
    cdef u64 texts             # bytes
    cdef readonly u64 unfit    # values that the form of their column cannot hold, and which are left out

    def __init__(self, str kind, columns: Sequence[object], forms: Sequence[str], interfaces: list[Record],
                 moment: Callable[[str, bool], int | None]):
        cdef u32 i
        self.shown = Shown(kind, columns, False)
        if len(forms) != self.shown.n:
            raise ValueError("a form for each column")
        self.columns = <Column*>calloc(self.shown.n + 1, sizeof(Column))
        if self.columns == NULL:
            raise MemoryError("no memory for columns")
        for i in range(self.shown.n):
            self.columns[i].form = FORMS[forms[i]]
        self.flows = FlowFields(interfaces)
        self.packets = PacketFields(interfaces)
        self.moment = moment

    def __dealloc__(self):
        cdef u32 i
        if self.columns != NULL:
            for i in range(self.shown.n):
                buf_free(&self.columns[i].there)
                buf_free(&self.columns[i].data)
                buf_free(&self.columns[i].ends)
                buf_free(&self.columns[i].inner)
            free(self.columns)

    def __len__(self):
        """Rows that wait to be taken."""
        return self.n

    @property
    def full(self) -> bool:
        """It is time to take the chunk."""
        return self.n >= MOST_ROWS or self.texts >= MOST_BYTES

    def flow(self, Engine engine, u32 number, dict rest) -> None:
        """A flow's record: its row, and `rest`, what is described of it."""
        cdef FlowAt at
        if not flow_at(&at, engine, number):
            raise LookupError(f"row {number} is not in use")
        self.add(&at, NULL, rest)

    def flows_of(self, EndedRows ended) -> None:
        """The records of flows of which no more is wanted than their rows hold."""
        cdef FlowAt at
        cdef Py_ssize_t i
        cdef dict rest = {}
        for i in range(ended.n):
            if flow_at(&at, ended.engines[ended.rows[i].shard], ended.rows[i].row):
                self.add(&at, NULL, rest)

    def packet(self, PacketRows rows, u64 place) -> None:
        """The record of a packet."""
        if place >= rows.n:
            raise IndexError(f"packet {place} of {rows.n}")
        self.add(NULL, &rows.rows[place], {})

    def record(self, dict record) -> None:
        """A record that is a dict."""
        self.add(NULL, NULL, record)

    def take(self) -> list[tuple[bytes, bytes, bytes, bytes] | None]:
        """The chunk, each column as (bitmap, values, offsets, offsets of a list's texts), None where no row has one;
        then the next chunk begins."""
        cdef u32 i
        found = [self.taken(&self.columns[i]) if self.columns[i].n else None for i in range(self.shown.n)]
        self.n = self.texts = 0
        return found

    cdef tuple taken(self, Column* c):
        while c.n < self.n:
            self.absent(c)
        check(&c.there)
        check(&c.data)
        check(&c.ends)
        check(&c.inner)
        found = (bits(&c.there), bits(&c.data) if c.form == TRUTH else whole(&c.data), whole(&c.ends), whole(&c.inner))
        c.n = c.there.n = c.data.n = c.ends.n = c.inner.n = 0
        return found

    cdef int add(self, const FlowAt* flow, const PacketRow* packet, dict rest) except -1:
        """The next row."""
        cdef Value v
        cdef u32 i, k
        cdef Shown shown = self.shown
        for k in range(shown.n_coded):
            i = shown.coded[k]
            if flow != NULL:
                self.flows.value(flow, shown.codes[i], &v)
            elif packet != NULL:
                self.packets.value(packet, shown.codes[i], &v)
            else:
                self.fill_one(i, follow(rest, shown.ways[i][0][1]))
                continue
            if v.kind != V_ABSENT:
                self.put(i, &v)
        self.fill_all(shown, rest)
        self.n += 1
        return 0

    cdef inline Column* next(self, u32 i) noexcept:
        """The column, its rows before this one filled up."""
        cdef Column* c = &self.columns[i]
        while c.n < self.n:
            self.absent(c)
        return c

    cdef inline void absent(self, Column* c) noexcept:
        flag(&c.there, 0)
        fill(c)
        c.n += 1

    cdef inline void present(self, Column* c) noexcept:
        """What the row has of it has been written."""
        flag(&c.there, 1)
        if c.form >= WORDS:
            end(c)
        c.n += 1

    cdef int put(self, u32 i, const Value* v) except -1:
        """A value of a row."""
        cdef Column* c
        if v.kind == V_OBJECT:
            return self.fill_one(i, <object>v.thing)
        c = self.next(i)
        if v.kind == V_ADDRESS and c.form == WORDS:
            put_address(&c.data, v.address, v.family)
        elif v.kind == V_SECONDS and c.form == REAL:
            real(&c.data, v.number / 1e9)
        elif v.kind == V_BOOL and c.form == TRUTH:
            flag(&c.data, v.number != 0)
        elif v.kind in (V_NUMBER, V_TIME) and c.form in (WHOLE, MOMENT) and v.number <= <u64>0x7fffffffffffffff:
            number(&c.data, v.number)
        elif v.kind == V_NUMBER and c.form == REAL:
            real(&c.data, <double>v.number)
        else:
            self.unfit += 1
            return 0
        self.present(c)
        return 0

    cdef int fill_one(self, u32 i, object value) except -1:
        """A value of a record that is a dict."""
        cdef Column* c
        if value is None:
            return 0
        c = self.next(i)
        if c.form >= WHOLES:
            self.items(c, value if isinstance(value, (list, tuple)) else (value,))
        elif c.form == WORDS:
            self.words(c, value)
        elif c.form == TRUTH and isinstance(value, bool):
            flag(&c.data, value)
        elif c.form == REAL and isinstance(value, (int, float)):
            real(&c.data, value)
        elif (c.form == MOMENT or c.form == FAR) and isinstance(value, str) and (
                found := self.moment(value, c.form == FAR)) is not None:
            number(&c.data, <u64><long long>found)
        elif c.form == WHOLE and fits(value):
            number(&c.data, <u64><long long>value)
        else:
            self.unfit += 1
            return 0
        self.present(c)
        return 0

    cdef int words(self, Column* c, object value) except -1:
        """A text as it is, anything else as JSON."""
        cdef Py_ssize_t size = 0
        cdef u64 before = c.data.n
        cdef const char* p
        if isinstance(value, str):
            try:
                p = PyUnicode_AsUTF8AndSize(value, &size)
                put_bytes(&c.data, p, size)
            except UnicodeEncodeError:     # a lone surrogate: of a file's name, or a plugin's
                octets = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
                put_bytes(&c.data, <const u8*><bytes>octets, len(octets))
        else:
            put_json_object(&c.data, value)
        self.texts += c.data.n - before
        return 0

    cdef int items(self, Column* c, object values) except -1:
        """A list."""
        cdef u32 at
        for value in values:
            if value is None:
                continue
            if c.form == TEXTS:
                self.words(c, value)
                at = <u32>c.data.n
                put_bytes(&c.inner, &at, 4)
            elif fits(value):
                number(&c.data, <u64><long long>value)
                self.texts += 8
            else:
                self.unfit += 1
        return 0


cdef inline bint fits(object value):
    """Is it a whole number that an int64 can hold?"""
    return isinstance(value, int) and not isinstance(value, bool) and -1 << 63 <= value < 1 << 63


cdef inline void flag(Buf* b, bint value) noexcept nogil:
    cdef u8* p = room(b, 1)
    if p != NULL:
        p[0] = value
        b.n += 1


cdef inline void number(Buf* b, u64 value) noexcept nogil:
    put_bytes(b, &value, 8)


cdef inline void real(Buf* b, double value) noexcept nogil:
    put_bytes(b, &value, 8)


cdef inline void fill(Column* c) noexcept nogil:
    """The place of a value that is not there."""
    if c.form == TRUTH:
        flag(&c.data, 0)
    elif c.form < WORDS:
        number(&c.data, 0)
    else:
        end(c)


cdef inline void end(Column* c) noexcept nogil:
    """Where the text or list of this row ends."""
    cdef u32 at = <u32>(c.inner.n // 4 if c.form == TEXTS else c.data.n // 8 if c.form == WHOLES else c.data.n)
    put_bytes(&c.ends, &at, 4)


cdef bytes whole(const Buf* b):
    return (<const char*>b.mem)[:b.n] if b.n else b""


cdef bytes bits(const Buf* b):
    """A bit for each byte, the lowest first."""
    cdef u64 i
    cdef bytearray found = bytearray((b.n + 7) // 8)
    cdef u8* p = <u8*><char*>found
    memset(p, 0, len(found))
    for i in range(b.n):
        p[i >> 3] |= (b.mem[i] & 1) << (i & 7)
    return bytes(found)
