"""Names of addresses as answers on the wire gave them."""
from netwatch._fast.base.bytes cimport u8, u32, u64

cpdef u64 nanoseconds(str iso) except? 0

cdef class Answer:
    cdef str host
    cdef u8 via
    cdef u32 text                  # its number in a view's texts
    cdef u64 generation            # ... of that generation
    cdef u32 n                     # times
    cdef u32 room
    cdef u64* times                # ns, ascending
    cdef Answer behind             # given longer ago

    cdef int give(self, u64 when) except -1
    cdef u64 before(self, u64 when)
    cdef Answer copy(self)

cdef class Known:
    cdef Answer anybody
    cdef bytes sole                # who got all of these, while it is one; None: nobody asked
    cdef dict clients              # client → its Answers, longest untouched first; None: one client or none
    cdef u32 held                  # Answers in all

cdef class NameTable:
    cdef object table              # address → Known, longest untouched first
    cdef readonly u32 held         # Answers in all
    cdef readonly u64 forgotten    # Answers that had to make room
    cdef readonly u64 learnt
    cdef readonly u32 bound         # Answers kept

    cdef int put(self, u64 when, u8 via, bytes client, bytes address, str name) except -1
    cdef Answer of(self, bytes client, bytes address, u64 began, u64* at)
    cdef void hold(self, Known known, u32 n)
    cdef void drop(self, Known known, u32 n)
    cdef Answer note(self, Known known, Answer head, u64 when, u8 via, str name)
    cdef tuple look(self, str client, str address, when)
