"""Records as bytes, from rows where there are rows: JSON, NDJSON, CSV, and the cells of a table. UTF-8 always.

Only what is shown is looked up. A record of another kind, or the second half of a flow's, comes as a dict; a path into
it is followed for each field that is asked for.
"""
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.out.flowfields cimport FlowAt, FlowFields, flow_at
from netwatch._fast.out.packetfields cimport PacketFields
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.out.csvlines cimport put_packed, see_packed
from netwatch._fast.out.recordcolumns cimport Filler, Member, Shown, picked, put_list
from netwatch._fast.out.values cimport (Value, V_ABSENT, V_OBJECT, V_TIME, follow, put_cell, put_cell_object, put_json,
                                        put_json_object, put_text, to_object)
from netwatch._fast.out.writing cimport Buf, buf_free, check, put_byte, put_bytes, put_csv
from netwatch._fast.wire.packetrow cimport PacketRow

cdef enum:                     # styles
    NDJSON = 0
    JSON = 1
    CSV = 2
    CELLS = 3                  # of a table
    SPARSE = 4                 # packed lines of CSV whose columns are not yet known (csvlines.pyx)

STYLES: dict[str, int] = {"ndjson": NDJSON, "json": JSON, "csv": CSV, "table": CELLS}
ALL_STYLES: dict[str, int] = {**STYLES, "sparse": SPARSE}
TIMES = (("first",), ("last",))    # of a flow


cdef class Encoder(Filler):
    """Of CSV and cells `fields` must not be None."""
    cdef Buf out               # what has not been taken
    cdef Buf scratch           # the cells of one line
    cdef int style
    cdef readonly bint flat    # names with dots, and no objects
    cdef bint bare             # no separators, no headings
    cdef object clock          # how times are shown (records/clock.py); None: as they are
    cdef object fields         # kind → columns or None
    cdef dict kinds            # kind → Shown
    cdef Shown current         # whose cells are filled
    cdef FlowFields flows
    cdef PacketFields packets
    cdef readonly u64 count    # records so far

    def __init__(self, str style, fields: Callable[[str], Sequence[object] | None], interfaces: list[Record],
                 bint bare=False, bint flat=False, clock: object = None):
        """`fields(kind)`: what is shown of the records of a kind. `bare`: what is taken is for put()."""
        self.style = ALL_STYLES[style]
        self.flat = flat
        self.clock = clock
        self.bare = bare
        self.fields = fields
        self.kinds = {}
        self.flows = FlowFields(interfaces)
        self.packets = PacketFields(interfaces)

    def __dealloc__(self):
        buf_free(&self.out)
        buf_free(&self.scratch)

    def __len__(self):
        """Bytes that wait to be taken."""
        return self.out.n

    def take(self) -> bytes:
        """What was written since the last time."""
        check(&self.out)
        found = (<const char*>self.out.mem)[:self.out.n] if self.out.n else b""
        self.out.n = 0
        return found

    def close(self) -> None:
        """The end of the document."""
        if self.style == JSON:
            put_bytes(&self.out, b"\n]\n" if self.count else b"[]\n", 3)

    # ------------------------------------------------------------------------------------------------------- records
    def flow(self, Engine engine, u32 number, dict rest) -> list[str | None] | None:
        """A flow's record: its row, and `rest`, what is described of it. Of cells a list, else None."""
        cdef FlowAt at
        if not flow_at(&at, engine, number):
            raise LookupError(f"row {number} is not in use")
        return self.record_of(self.shown("flow"), &at, NULL, rest, None)

    def packets_of(self, PacketRows rows, u64 first, u64 last) -> list[list[str | None] | None] | None:
        """The records of some packets; of cells a list of lists, else None."""
        cdef Shown shown = self.shown("packet")
        cdef u64 i
        if first > last or last > rows.n:
            raise IndexError(f"packets {first} to {last} of {rows.n}")
        if self.style == CELLS:
            return [self.record_of(shown, NULL, &rows.rows[i], {}, None) for i in range(first, last)]
        for i in range(first, last):
            self.record_of(shown, NULL, &rows.rows[i], {}, None)
        return None

    def packet(self, PacketRows rows, u64 place, flow: Record | None) -> list[str | None] | None:
        """The record of a packet, and of what is shown with it of its flow's record (None: it has none)."""
        if place >= rows.n:
            raise IndexError(f"packet {place} of {rows.n}")
        return self.record_of(self.shown("packet"), NULL, &rows.rows[place], {}, flow)

    def record(self, str kind, dict record, dict flow=None) -> list[str | None] | None:
        """A record that is a dict, its schema among its keys. Of cells a list, else None. `flow`: its flow's record,
        where something of that is shown."""
        if self.clock is not None:
            record = self.clock.of(record)
        return self.record_of(self.shown(kind), NULL, NULL, record, flow)

    def occurred(self, str kind) -> list[int]:
        """The columns of a kind that packed lines had cells of, in order."""
        return self.shown(kind).occurred()

    cdef Shown shown(self, str kind):
        found = self.kinds.get(kind)
        if found is None:
            found = self.kinds[kind] = Shown(kind, self.fields(kind), not self.flat)
        return found

    cdef object record_of(self, Shown shown, const FlowAt* flow, const PacketRow* packet, dict rest,
                          dict theirs):
        cdef bint raw = flow != NULL or packet != NULL
        if self.style >= CSV:
            shown.empty()
            self.current = shown
            self.scratch.n = 0
            if raw:
                self.fill_row(shown, flow, packet)
            self.fill(shown, flow, packet, rest, theirs)
            check(&self.scratch)
            if self.style == CELLS:
                return self.cells(shown)
        self.begin(shown)
        if self.style == CSV:
            self.line(shown)
        elif self.style == SPARSE:
            put_packed(&self.out, shown, self.scratch.mem)
        elif shown.whole and not raw and not self.flat:
            put_json_object(&self.out, rest)
        else:
            self.object(shown, flow, packet, rest, theirs)
        self.end()
        return None

    def put(self, str kind, bytes piece) -> None:
        """A record that a bare encoder wrote."""
        self.begin(self.shown(kind))
        if self.style == SPARSE:
            see_packed(piece, self.shown(kind))
        put_bytes(&self.out, <const u8*>piece, len(piece))
        self.end()

    cdef int begin(self, Shown shown) except -1:
        """What stands before a record."""
        if self.bare:
            return 0
        self.count += 1
        if self.style == JSON:
            put_bytes(&self.out, b"[\n" if self.count == 1 else b",\n", 2)
        elif self.style == CSV and self.count == 1:
            self.headings(shown)
        return 0

    cdef inline void end(self):
        """What stands behind it."""
        if not self.bare and self.style == NDJSON:
            put_byte(&self.out, c'\n')

    # ---------------------------------------------------------------------------------------------------------- JSON
    cdef int object(self, Shown shown, const FlowAt* flow, const PacketRow* packet, dict rest, dict theirs) except -1:
        """One JSON object of the fields that have a value."""
        cdef Value v
        cdef bint raw = flow != NULL or packet != NULL
        cdef bytes head = shown.begin
        cdef const Member* member
        cdef Py_ssize_t k
        put_bytes(&self.out, <const u8*>head, len(head))
        for k in range(len(shown.members)):
            member = &shown.plan[k]
            if member.column < 0:
                self.branch(flow, packet, rest, theirs, <tuple>shown.members[k])
            elif raw and member.code:
                self.value(flow, packet, member.code, &v)
                if v.kind != V_ABSENT and not (self.flat and v.kind == V_OBJECT) and not self.retold(&v):
                    put_bytes(&self.out, member.head, member.size)
                    if v.kind == V_OBJECT and isinstance(<object>v.thing, list):
                        put_list(&self.out, shown, member.column, <list>v.thing)
                    else:
                        put_json(&self.out, &v)
                elif v.kind != V_ABSENT:
                    self.member(shown.names[member.column], self.as_object(&v))
            elif not (shown.whole and not raw) and shown.names[member.column] != "schema":
                self.member(shown.names[member.column],
                            self.found(shown, member.column, flow, packet, rest, theirs))
        if shown.whole:
            for key, item in rest.items():
                if key != "schema":
                    self.member(key, item)
        put_byte(&self.out, c'}')
        return 0

    cdef int branch(self, const FlowAt* flow, const PacketRow* packet, dict rest, dict theirs, tuple member) except -1:
        """Some members of an object, in it."""
        cdef Value v
        cdef bytes head
        cdef int code
        head, code, of_flow, top, tree = member
        if of_flow:
            whole = theirs.get(top) if theirs is not None else None
        elif code and (flow != NULL or packet != NULL):
            self.value(flow, packet, code, &v)
            whole = to_object(&v)
        else:
            whole = rest.get(top)
        found = picked(whole, tree)
        if found is not None:
            put_bytes(&self.out, <const u8*>head, len(head))
            put_json_object(&self.out, found)
        return 0

    cdef int member(self, str name, object value) except -1:
        """A member of the object at hand, where there is a value; flat: those of an object by names with dots."""
        if value is None:
            return 0
        if self.flat and isinstance(value, dict):
            for key, item in (<dict>value).items():
                self.member(f"{name}.{key}", item)
            return 0
        put_bytes(&self.out, b',"', 2)
        put_text(&self.out, name)
        put_bytes(&self.out, b'":', 2)
        put_json_object(&self.out, value)
        return 0

    cdef object found(self, Shown shown, u32 i, const FlowAt* flow, const PacketRow* packet, dict rest, dict theirs):
        """The value of a column, from the first of its ways that has one; None where none has."""
        cdef Value v
        cdef int code
        for code, path in shown.ways[i]:
            if code and (flow != NULL or packet != NULL):
                self.value(flow, packet, code, &v)
                value = self.as_object(&v)
            else:
                value = follow(rest, path)
            if value is not None:
                return value
        if theirs is not None:
            for path in shown.theirs[i]:
                value = follow(theirs, path)
                if value is not None:
                    return value if self.clock is None or path not in TIMES else self.clock.again(value)
        return None

    cdef inline bint retold(self, const Value* v):
        """Is it a time that is not shown as it is?"""
        return v.kind == V_TIME and self.clock is not None

    cdef object as_object(self, const Value* v):
        """As records have it, but for times, which are as they are shown."""
        return self.clock.text(v.number) if self.retold(v) else to_object(v)

    cdef inline int value(self, const FlowAt* flow, const PacketRow* packet, int code, Value* v) except -1:
        if flow != NULL:
            return self.flows.value(flow, code, v)
        return self.packets.value(packet, code, v)

    # --------------------------------------------------------------------------------------------------------- cells
    cdef int fill_row(self, Shown shown, const FlowAt* flow, const PacketRow* packet) except -1:
        """The cells of a row."""
        cdef Value v
        cdef u32 i, k
        for k in range(shown.n_coded):
            i = shown.coded[k]
            self.value(flow, packet, shown.codes[i], &v)
            if v.kind == V_OBJECT:
                self.fill_thing(shown, i, <object>v.thing)
            elif self.retold(&v):
                self.fill_one(i, self.as_object(&v))
            elif v.kind != V_ABSENT:
                shown.spans[i].at = self.scratch.n
                put_cell(&self.scratch, &v)
                self.fit(i, self.style != CELLS)
        return 0

    cdef inline int fill_thing(self, Shown shown, u32 i, object thing) except -1:
        if self.style == CELLS or not isinstance(thing, list):
            return self.fill_one(i, thing)
        if len(<list>thing):
            shown.spans[i].at = self.scratch.n
            put_list(&self.scratch, shown, i, <list>thing)
            self.fit(i, False)
        return 0

    cdef int fill(self, Shown shown, const FlowAt* flow, const PacketRow* packet, dict rest, dict theirs) except -1:
        """The cells of what is no row's; only what there is is looked up."""
        cdef u32 i, k
        self.fill_all(shown, rest)
        if flow == NULL and packet == NULL:
            for k in range(shown.n_coded):
                i = shown.coded[k]
                self.fill_one(i, self.found(shown, i, NULL, NULL, rest, None))
        elif "schema" in shown.by_top:
            for i, _path in shown.by_top["schema"][1]:
                self.fill_one(i, f"netwatch.{shown.kind}/1")
        for i in shown.slow:
            self.fill_one(i, self.found(shown, i, flow, packet, rest, theirs))
        return 0

    cdef int fill_one(self, u32 i, object value) except -1:
        """The cell of a value; of a list of nothing there is none."""
        if value is not None and not (isinstance(value, list) and len(<list>value) == 0):
            self.current.spans[i].at = self.scratch.n
            self.cell(value)
            self.fit(i, False)
        return 0

    cdef int cell(self, object value) except -1:
        """The text of a cell. In CSV a list is JSON, and no text is a formula."""
        if self.style == CELLS:
            return put_cell_object(&self.scratch, value)
        if isinstance(value, (list, tuple)):
            return put_json_object(&self.scratch, value)
        if isinstance(value, str) and is_formula(value):
            put_byte(&self.scratch, c"'")
        return put_cell_object(&self.scratch, value)

    cdef inline void fit(self, u32 i, bint plain):
        cdef Shown shown = self.current
        shown.spans[i].n = self.scratch.n - shown.spans[i].at
        shown.spans[i].plain = plain
        shown.filled[i >> 6] |= <u64>1 << (i & 63)

    cdef list cells(self, Shown shown):
        """Their texts, None where there is none."""
        cdef u32 i
        cdef list found = []
        for i in range(shown.n):
            found.append((<const char*>self.scratch.mem + shown.spans[i].at)[:shown.spans[i].n].decode()
                         if shown.has(i) else None)
        return found

    cdef int headings(self, Shown shown) except -1:
        """The first line of CSV."""
        cdef u32 i
        cdef bytes name
        for i in range(shown.n):
            name = shown.names[i].encode()
            if i:
                put_byte(&self.out, c',')
            put_csv(&self.out, <const u8*>name, len(name))
        put_bytes(&self.out, b"\n", 1)
        return 0

    cdef int line(self, Shown shown) except -1:
        """One line of CSV (RFC 4180)."""
        cdef u32 i
        for i in range(shown.n):
            if i:
                put_byte(&self.out, c',')
            if not shown.has(i):
                continue
            if shown.spans[i].plain:
                put_bytes(&self.out, self.scratch.mem + shown.spans[i].at, shown.spans[i].n)
            else:
                put_csv(&self.out, self.scratch.mem + shown.spans[i].at, shown.spans[i].n)
        if shown.n == 1 and not (shown.has(0) and shown.spans[0].n):
            put_bytes(&self.out, b'""', 2)         # a line of nothing would be none
        put_bytes(&self.out, b"\n", 1)
        return 0


cdef inline bint is_formula(str text):
    """Would a spreadsheet take it for one?"""
    return len(text) > 0 and text[0] in u"=+-@\t\r"


def cell_of(value: object) -> str:
    """A value as the text of a cell, without line breaks."""
    cdef Buf b
    memset(&b, 0, sizeof(Buf))
    try:
        put_cell_object(&b, value)
        check(&b)
        return (<const char*>b.mem)[:b.n].decode() if b.n else ""
    finally:
        buf_free(&b)
