"""Values as JSON, as the text of a cell, as Python objects; and what describing functions make, likewise."""
from cpython.dict cimport PyDict_Next
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.object cimport PyObject
from libc.math cimport isfinite
from libc.string cimport memchr, memcpy

from netwatch._fast.base.bytes cimport u8, u64
from netwatch._fast.out.writing cimport (Buf, address_text, iso_text, put_address, put_byte, put_bytes, put_double,
                                         put_escaped, put_fixed, put_iso, put_micros, put_number, put_seconds, room)

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object text) noexcept
    void* PyUnicode_1BYTE_DATA(object text) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(object text) noexcept

cdef enum:
    DEEPEST = 64               # levels of lists and objects in each other


cdef int put_json(Buf* b, const Value* v) except -1:
    """The value as JSON; nothing when it is absent."""
    if v.kind == V_NUMBER:
        put_number(b, v.number)
    elif v.kind == V_OBJECT:
        return put_json_object(b, <object>v.thing)
    elif v.kind == V_BOOL:
        put_bool(b, v.number)
    elif v.kind == V_SECONDS:
        put_seconds(b, v.number)
    elif v.kind != V_ABSENT:
        put_byte(b, c'"')
        put_plain(b, v)
        put_byte(b, c'"')
    return 0


cdef inline void put_plain(Buf* b, const Value* v) noexcept nogil:
    """A time or an address, which need no escapes."""
    if v.kind == V_TIME:
        put_iso(b, v.number)
    else:
        put_address(b, v.address, v.family)


cdef inline void put_bool(Buf* b, bint value) noexcept nogil:
    if value:
        put_bytes(b, b"true", 4)
    else:
        put_bytes(b, b"false", 5)


cdef int put_cell(Buf* b, const Value* v) except -1:
    """The value as text without line breaks; nothing when it is absent."""
    if v.kind == V_NUMBER:
        put_number(b, v.number)
    elif v.kind == V_OBJECT:
        return put_cell_object(b, <object>v.thing)
    elif v.kind == V_BOOL:
        put_yes(b, v.number)
    elif v.kind == V_SECONDS:
        put_micros(b, v.number)
    elif v.kind != V_ABSENT:
        put_plain(b, v)
    return 0


cdef inline void put_yes(Buf* b, bint value) noexcept nogil:
    if value:
        put_bytes(b, b"yes", 3)
    else:
        put_bytes(b, b"no", 2)


cdef object to_object(const Value* v):
    """The value as records that are dicts have it; None when it is absent."""
    if v.kind == V_NUMBER:
        return v.number
    if v.kind == V_OBJECT:
        return list(<object>v.thing) if isinstance(<object>v.thing, list) else <object>v.thing   # it is shared
    if v.kind == V_BOOL:
        return v.number != 0
    if v.kind == V_SECONDS:
        return v.number / 1e9
    if v.kind == V_ABSENT:
        return None
    return iso_text(v.number) if v.kind == V_TIME else address_text(v.address, v.family)


# ------------------------------------------------------------------------------------------- what Python describes
cdef inline bint says(object value):
    """Can JSON say it? Not None, and not a number that is none."""
    return value is not None and not (isinstance(value, float) and not isfinite(PyFloat_AS_DOUBLE(value)))


cdef int put_json_object(Buf* b, object value, int depth=0) except -1:
    """A dict, list, text, number or truth as JSON. What JSON cannot say is left out of its object or list."""
    cdef PyObject* key
    cdef PyObject* item
    cdef Py_ssize_t at = 0
    cdef bint more = False
    if isinstance(value, str):
        put_byte(b, c'"')
        put_text(b, value)
        put_byte(b, c'"')
    elif isinstance(value, dict):
        if depth == DEEPEST:
            raise ValueError(f"more than {DEEPEST} objects in each other")
        put_byte(b, c'{')
        while PyDict_Next(value, &at, &key, &item):
            if says(<object>item):
                if more:
                    put_byte(b, c',')
                more = True
                put_json_object(b, <object>key, depth + 1)
                put_byte(b, c':')
                put_json_object(b, <object>item, depth + 1)
        put_byte(b, c'}')
    elif isinstance(value, (list, tuple)):
        put_json_list(b, value, depth)
    else:
        put_scalar(b, value)
    return 0


cdef int put_json_list(Buf* b, object items, int depth) except -1:
    cdef bint more = False
    if depth == DEEPEST:
        raise ValueError(f"more than {DEEPEST} lists in each other")
    put_byte(b, c'[')
    for item in items:
        if says(item):
            if more:
                put_byte(b, c',')
            more = True
            put_json_object(b, item, depth + 1)
    put_byte(b, c']')
    return 0


cdef int put_scalar(Buf* b, object value) except -1:
    """A truth or a number."""
    cdef bytes digits
    if value is True or value is False:
        put_bool(b, value is True)
    elif isinstance(value, int):
        if 0 <= value <= 0xffffffffffffffff:
            put_number(b, value)
        else:
            digits = str(int(value)).encode()
            put_bytes(b, <const u8*>digits, len(digits))
    elif isinstance(value, float):
        put_double(b, value)
    else:
        raise TypeError(f"a record cannot hold a {type(value).__name__}")
    return 0


cdef int put_text(Buf* b, str text) except -1:
    """The inside of a JSON string."""
    cdef bytes octets
    if PyUnicode_IS_COMPACT_ASCII(text):
        put_escaped(b, <const u8*>PyUnicode_1BYTE_DATA(text), PyUnicode_GET_LENGTH(text))
    else:
        octets = utf8(text)
        put_escaped(b, <const u8*>octets, len(octets))
    return 0


cdef bytes utf8(str text):
    """The text as UTF-8; a lone surrogate, of a file's name that is no UTF-8 or of a plugin, is U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


cdef int put_cell_object(Buf* b, object value) except -1:
    """The same as the text of a cell, without line breaks."""
    cdef bytes octets
    cdef bint more = False
    if isinstance(value, str):
        if PyUnicode_IS_COMPACT_ASCII(value):
            put_line(b, <const u8*>PyUnicode_1BYTE_DATA(value), PyUnicode_GET_LENGTH(value))
        else:
            octets = utf8(value)
            put_line(b, octets, len(octets))
    elif value is True or value is False:
        put_yes(b, value is True)
    elif isinstance(value, float):
        put_fixed(b, value)
    elif isinstance(value, (list, tuple)):
        for item in value:
            if more:
                put_byte(b, c' ')
            more = True
            put_cell_object(b, item)
    elif value is not None:
        put_json_object(b, value)
    return 0


cdef void put_line(Buf* b, const u8* p, u64 n) noexcept nogil:
    """Text whose line breaks are blanks."""
    cdef u8* to = room(b, n)
    cdef u64 k
    if to == NULL:
        return
    memcpy(to, p, n)
    b.n += n
    if memchr(p, 10, n) == NULL and memchr(p, 13, n) == NULL:
        return
    for k in range(n):
        if to[k] == 10 or to[k] == 13:
            to[k] = c' '


cdef object follow(object value, tuple parts):
    """The value at a path; lists on the way are followed into each item, and a pair of `_out` and `_in` is its sum.
    None when there is none."""
    cdef str part
    for part in parts:
        if isinstance(value, dict):
            found = (<dict>value).get(part)
            if found is None and part not in <dict>value and f"{part}_out" in <dict>value:
                return (value[f"{part}_out"] or 0) + (value.get(f"{part}_in") or 0)
            value = found
        elif isinstance(value, list):
            value = [item[part] for item in value if isinstance(item, dict) and part in item]
        else:
            return None
    return value
