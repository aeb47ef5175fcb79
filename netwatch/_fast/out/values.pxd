"""A value of a record before it is text: what kind it is, and where it lies. Getters give it, writers show it."""
from cpython.object cimport PyObject

from netwatch._fast.base.bytes cimport u8, u32, u64
from netwatch._fast.out.writing cimport Buf

cdef enum:                     # Value.kind
    V_ABSENT = 0
    V_NUMBER = 1               # `number`
    V_TIME = 2                 # ns since 1970
    V_SECONDS = 3              # ns, shown in seconds
    V_BOOL = 4
    V_ADDRESS = 5              # `address`, of `family`
    V_OBJECT = 6               # `thing`, a Python object that outlives the value

cdef struct Value:
    u8 kind
    u8 family
    u64 number
    const u8* address
    PyObject* thing

cdef inline void give_number(Value* v, u64 number) noexcept nogil:
    v.kind = V_NUMBER
    v.number = number

cdef inline void give_object(Value* v, PyObject* thing) noexcept nogil:
    """Absent where there is none."""
    v.kind = V_OBJECT if thing != NULL else V_ABSENT
    v.thing = thing

cdef int put_json(Buf* b, const Value* v) except -1
cdef int put_cell(Buf* b, const Value* v) except -1
cdef object to_object(const Value* v)
cdef int put_json_object(Buf* b, object value, int depth=*) except -1
cdef int put_cell_object(Buf* b, object value) except -1
cdef int put_text(Buf* b, str text) except -1
cdef object follow(object value, tuple parts)
