"""Names of addresses as answers on the wire gave them."""
from netwatch._fast.bytes cimport u8, u32, u64

cpdef u64 nanoseconds(str iso) except? 0

cdef class Answer:
    cdef readonly str host
    cdef readonly u8 via
    cdef readonly list times       # ns, ascending

    cdef object before(self, u64 when)

cdef class Known:
    cdef list anybody              # Answers
    cdef object clients            # client → its Answers, longest untouched first; None: no client yet
    cdef u32 held                  # Answers in all

cdef class NameTable:
    cdef object table              # address → Known, longest untouched first
    cdef readonly u32 held         # Answers in all
    cdef readonly u64 forgotten    # Answers that had to make room
    cdef readonly u64 learnt
    cdef u32 bound

    cdef list of_client(self, Known known, str client)
    cdef void forget(self, u32 n)
    cdef void note(self, Known known, list answers, u64 when, u8 via, str name)
    cdef tuple look(self, str client, str address, when)
