"""Records as bytes, from rows where there are rows: JSON, NDJSON, CSV, and the cells of a table. UTF-8 always.

Only what is shown is looked up. A record of another kind, or the second half of a flow's, comes as a dict; a path into
it is followed for each field that is asked for.
"""
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.engine cimport Engine
from netwatch._fast.out.flowfields cimport FlowAt, FlowFields, flow_at
from netwatch._fast.out.packetfields cimport PacketFields
from netwatch._fast.out.packetrows cimport PacketRows
from netwatch._fast.out.values cimport (Value, V_ABSENT, follow, put_cell, put_cell_object, put_json, put_json_object,
                                        put_text)
from netwatch._fast.out.writing cimport Buf, buf_free, check, put_byte, put_bytes, put_csv
from netwatch._fast.wire.packetrow cimport PacketRow

from netwatch._fast.out import flowfields, packetfields

cdef enum:                     # styles
    NDJSON = 0
    JSON = 1
    CSV = 2
    CELLS = 3

STYLES = {"ndjson": NDJSON, "json": JSON, "csv": CSV, "table": CELLS}
cdef dict GETTERS = {"flow": flowfields.BY_NAME, "packet": packetfields.BY_NAME}
cdef dict IN_ORDER = {"flow": flowfields.FIELDS, "packet": packetfields.FIELDS}

cdef struct Span:              # a cell's text in the scratch buffer
    u64 at
    u64 n
    bint there


cdef class Shown:
    """What is shown of the records of a kind: `names` in order, or (None) all that they have."""
    cdef readonly str kind
    cdef readonly list names
    cdef bint whole
    cdef u32 n
    cdef int* codes            # of what rows have; 0: it is at a path
    cdef list heads            # `,"name":`
    cdef list paths            # (in full, without the kind's name in front or None)
    cdef dict by_top           # first part of a path → [(column, path)]
    cdef bytes begin           # `{"schema":"netwatch.flow/1"`
    cdef Span* spans

    def __init__(self, str kind, names):
        cdef u32 i
        getters = GETTERS.get(kind, {})
        self.kind = kind
        self.whole = names is None
        self.names = [name for name, _ in IN_ORDER.get(kind, ())] if names is None else list(names)
        self.n = len(self.names)
        self.codes = <int*>malloc((self.n + 1) * sizeof(int))
        self.spans = <Span*>calloc(self.n + 1, sizeof(Span))
        if self.codes == NULL or self.spans == NULL:
            raise MemoryError("no memory for fields")
        self.begin = f'{{"schema":"netwatch.{kind}/1"'.encode()
        self.heads = [f',"{name}":'.encode() for name in self.names]
        self.paths = []
        self.by_top = {}
        for i, name in enumerate(self.names):
            short = name.removeprefix(f"{kind}.")
            self.codes[i] = getters.get(name) or getters.get(short) or 0
            full = tuple(name.split("."))
            self.paths.append((full, tuple(short.split(".")) if short != name else None))
            if not self.codes[i]:
                self.by_top.setdefault(full[0], []).append((i, full))

    def __dealloc__(self):
        free(self.codes)
        free(self.spans)


cdef class Encoder:
    """Of CSV and cells `fields` must not be None."""
    cdef Buf out               # what has not been taken
    cdef Buf scratch           # the cells of one line
    cdef int style
    cdef bint bare             # no separators, no headings
    cdef object fields         # kind → names or None
    cdef dict kinds            # kind → Shown
    cdef FlowFields flows
    cdef PacketFields packets
    cdef readonly u64 count    # records so far

    def __init__(self, str style, fields, list interfaces, bint bare=False):
        """`fields(kind)`: what is shown of the records of a kind. `bare`: what is taken is for put()."""
        self.style = STYLES[style]
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
    def flow(self, Engine engine, u32 number, dict rest):
        """A flow's record: its row, and `rest`, what is described of it. Of cells a list, else None."""
        cdef FlowAt at
        if not flow_at(&at, engine, number):
            raise LookupError(f"row {number} is not in use")
        return self.record_of(self.shown("flow"), &at, NULL, rest)

    def packets_of(self, PacketRows rows, u64 first, u64 last):
        """The records of some packets; of cells a list of lists, else None."""
        cdef Shown shown = self.shown("packet")
        cdef u64 i
        if first > last or last > rows.n:
            raise IndexError(f"packets {first} to {last} of {rows.n}")
        if self.style == CELLS:
            return [self.record_of(shown, NULL, &rows.rows[i], {}) for i in range(first, last)]
        for i in range(first, last):
            self.record_of(shown, NULL, &rows.rows[i], {})
        return None

    def record(self, str kind, dict record):
        """A record that is a dict, its schema among its keys. Of cells a list, else None."""
        return self.record_of(self.shown(kind), NULL, NULL, record)

    cdef Shown shown(self, str kind):
        found = self.kinds.get(kind)
        if found is None:
            found = self.kinds[kind] = Shown(kind, self.fields(kind))
        return found

    cdef list record_of(self, Shown shown, const FlowAt* flow, const PacketRow* packet, dict rest):
        cdef bint raw = flow != NULL or packet != NULL
        if self.style >= CSV:
            memset(shown.spans, 0, shown.n * sizeof(Span))
            self.scratch.n = 0
            if raw:
                self.fill(shown, flow, packet, rest)
            else:
                self.fill_from(shown, rest)
            check(&self.scratch)
            if self.style == CELLS:
                return self.cells(shown)
        self.begin(shown)
        if self.style == CSV:
            self.line(shown)
        elif shown.whole and not raw:
            put_json_object(&self.out, rest)
        else:
            self.object(shown, flow, packet, rest)
        self.end()
        return None

    def put(self, str kind, bytes piece) -> None:
        """A record that a bare encoder wrote."""
        self.begin(self.shown(kind))
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
    cdef int object(self, Shown shown, const FlowAt* flow, const PacketRow* packet, dict rest) except -1:
        """One JSON object of the fields that have a value."""
        cdef Value v
        cdef u32 i
        cdef bytes head = shown.begin
        put_bytes(&self.out, <const u8*>head, len(head))
        for i in range(shown.n):
            if shown.codes[i] and (flow != NULL or packet != NULL):
                self.value(flow, packet, shown.codes[i], &v)
                if v.kind != V_ABSENT:
                    head = shown.heads[i]
                    put_bytes(&self.out, <const u8*>head, len(head))
                    put_json(&self.out, &v)
            else:
                found = at_path(rest, shown.paths[i])
                if found is not None and shown.names[i] != "schema":
                    head = shown.heads[i]
                    put_bytes(&self.out, <const u8*>head, len(head))
                    put_json_object(&self.out, found)
        if shown.whole:
            self.members(rest)
        put_byte(&self.out, c'}')
        return 0

    cdef int members(self, dict rest) except -1:
        """What is described, as further members of the object."""
        cdef str key
        for key, item in rest.items():
            if item is not None:
                put_bytes(&self.out, b',"', 2)
                put_text(&self.out, key)
                put_bytes(&self.out, b'":', 2)
                put_json_object(&self.out, item)
        return 0

    cdef inline int value(self, const FlowAt* flow, const PacketRow* packet, int code, Value* v) except -1:
        if flow != NULL:
            return self.flows.value(flow, code, v)
        return self.packets.value(packet, code, v)

    # --------------------------------------------------------------------------------------------------------- cells
    cdef int fill(self, Shown shown, const FlowAt* flow, const PacketRow* packet, dict rest) except -1:
        """The cells of a row and of what is described; only what there is is looked up."""
        cdef Value v
        cdef u32 i
        for i in range(shown.n):
            if shown.codes[i]:
                self.value(flow, packet, shown.codes[i], &v)
                if v.kind != V_ABSENT:
                    shown.spans[i].at = self.scratch.n
                    put_cell(&self.scratch, &v)
                    self.fit(shown, i)
        for top in rest:
            for i, path in shown.by_top.get(top, ()):
                self.fill_one(shown, i, follow(rest, path))
        if "schema" in shown.by_top:
            for i, _path in shown.by_top["schema"]:
                self.fill_one(shown, i, f"netwatch.{shown.kind}/1")
        return 0

    cdef int fill_from(self, Shown shown, dict record) except -1:
        """The cells of a record that is a dict."""
        cdef u32 i
        for i in range(shown.n):
            self.fill_one(shown, i, at_path(record, shown.paths[i]))
        return 0

    cdef int fill_one(self, Shown shown, u32 i, object value) except -1:
        if value is not None:
            shown.spans[i].at = self.scratch.n
            put_cell_object(&self.scratch, value)
            self.fit(shown, i)
        return 0

    cdef inline void fit(self, Shown shown, u32 i):
        shown.spans[i].n = self.scratch.n - shown.spans[i].at
        shown.spans[i].there = True

    cdef list cells(self, Shown shown):
        """Their texts, None where there is none."""
        cdef u32 i
        cdef list found = []
        for i in range(shown.n):
            found.append((<const char*>self.scratch.mem + shown.spans[i].at)[:shown.spans[i].n].decode()
                         if shown.spans[i].there else None)
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
        put_bytes(&self.out, b"\r\n", 2)
        return 0

    cdef int line(self, Shown shown) except -1:
        """One line of CSV (RFC 4180)."""
        cdef u32 i
        for i in range(shown.n):
            if i:
                put_byte(&self.out, c',')
            if shown.spans[i].n:
                put_csv(&self.out, self.scratch.mem + shown.spans[i].at, shown.spans[i].n)
        if shown.n == 1 and shown.spans[0].n == 0:
            put_bytes(&self.out, b'""', 2)         # a line of nothing would be none
        put_bytes(&self.out, b"\r\n", 2)
        return 0


def cell_of(value) -> str:
    """A value as the text of a cell, without line breaks."""
    cdef Buf b
    memset(&b, 0, sizeof(Buf))
    try:
        put_cell_object(&b, value)
        check(&b)
        return (<const char*>b.mem)[:b.n].decode() if b.n else ""
    finally:
        buf_free(&b)


cdef object at_path(dict record, tuple path):
    """The value of a field; an http record says `host` where the flow record says `http.host`."""
    found = follow(record, path[0])
    return follow(record, path[1]) if found is None and path[1] is not None else found
