"""The options of a packet that say what its flow was (export/evidence.py), from the flow's row."""
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.engine cimport Engine
from netwatch._fast.input.pcapngwriter cimport CUSTOM, MAX_COMMENT, OPT_COMMENT, PEN
from netwatch._fast.out.flowfields cimport F_DPORT, F_DST, F_ID, F_PROTO, F_SPORT, F_SRC, FlowAt, FlowFields, flow_at
from netwatch._fast.out.values cimport V_ABSENT, Value, put_json
from netwatch._fast.out.writing cimport Buf, buf_free, check, put_byte, put_bytes, room

from netwatch._fast.input.pcapngwriter import options_of

cdef tuple FIELDS = ((b'"flow":', F_ID), (b'"proto":', F_PROTO), (b'"src":', F_SRC), (b'"sport":', F_SPORT),
                     (b'"dst":', F_DST), (b'"dport":', F_DPORT))


cdef class FlowEvidence:
    """`schema`: the name of what is written; `interfaces`: the source's."""
    cdef FlowFields fields
    cdef bytes head
    cdef Buf text
    cdef Buf out

    def __init__(self, str schema, interfaces: list[Record]):
        self.fields = FlowFields(interfaces)
        self.head = f'{{"schema":"{schema}"'.encode()

    def __dealloc__(self):
        buf_free(&self.text)
        buf_free(&self.out)

    def options(self, Engine engine, u32 row, bytes comment, bytes rest) -> bytes:
        """What options_of() makes of a comment and of the JSON text that begins with the flow's number and ends and
        goes on with `rest`. b"" when the row is not in use."""
        cdef FlowAt at
        cdef Value v
        cdef bytes name
        cdef int code
        cdef u8[4] number = [<u8>(PEN & 0xff), <u8>(PEN >> 8), 0, 0]
        if not flow_at(&at, engine, row):
            return b""
        self.text.n = 0
        put_bytes(&self.text, <const u8*>self.head, len(self.head))
        for name, code in FIELDS:
            self.fields.value(&at, code, &v)
            if v.kind != V_ABSENT:
                put_byte(&self.text, c',')
                put_bytes(&self.text, <const u8*>name, len(name))
                put_json(&self.text, &v)
        put_bytes(&self.text, <const u8*>rest, len(rest))
        put_byte(&self.text, c'}')
        check(&self.text)
        if len(comment) > <Py_ssize_t>MAX_COMMENT or self.text.n + sizeof(u32) > MAX_COMMENT:
            return options_of(comment.decode(), (<const char*>self.text.mem)[:self.text.n].decode())
        self.out.n = 0
        if comment:
            put_option(&self.out, OPT_COMMENT, NULL, 0, <const u8*>comment, <u32>len(comment))
        put_option(&self.out, CUSTOM, number, sizeof(number), self.text.mem, <u32>self.text.n)
        put_option(&self.out, 0, NULL, 0, NULL, 0)
        check(&self.out)
        return (<const char*>self.out.mem)[:self.out.n]


cdef void put_option(Buf* out, u32 code, const u8* head, u32 head_n, const u8* value, u32 n) noexcept nogil:
    """An option whose value is in two parts, padded (ng 3.5)."""
    cdef u32 size = head_n + n
    cdef u32 whole = 4 + ((size + 3) & ~<u32>3)
    cdef u8* p = room(out, whole)
    if p == NULL:
        return
    memset(p, 0, whole)
    p[0], p[1], p[2], p[3] = <u8>code, <u8>(code >> 8), <u8>size, <u8>(size >> 8)
    if head_n:
        memcpy(p + 4, head, head_n)
    if n:
        memcpy(p + 4 + head_n, value, n)
    out.n += whole
