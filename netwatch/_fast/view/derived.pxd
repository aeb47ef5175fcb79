"""Columns that a service works out of the rows."""
from netwatch._fast.base.bytes cimport u32
from netwatch._fast.engine cimport Engine

cdef class Derived:
    cdef readonly tuple fields
    cdef readonly dict tables      # field → {code: value}
    cdef object look, changes
    cdef bint fickle
    cdef object codes, stamps      # by row
    cdef dict numbers              # values → code
    cdef object seen

    cdef void clear(self)
    cdef u32 code(self, Engine engine, u32 number) except? 0
