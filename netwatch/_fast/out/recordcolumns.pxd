"""What is shown of the records of a kind."""
from netwatch._fast.base.bytes cimport u32, u64

cdef struct Span:              # a cell's text in the scratch buffer
    u64 at
    u64 n
    bint there

cdef struct Member:            # of a JSON object
    int column                 # -1: some members of an object, as `members` has it
    int code                   # of what rows have; 0: none
    const char* head           # `,"name":`
    u32 size                   # of the head


cdef class Shown:
    cdef readonly str kind
    cdef readonly list names   # list[str]: of the columns
    cdef bint whole
    cdef u32 n
    cdef int* codes            # of columns that are what rows have; 0: no such
    cdef u32* coded            # the columns that have codes
    cdef u32 n_coded
    cdef list heads            # `,"name":`
    cdef Member* plan          # one for each of `members`
    cdef list ways             # of each column: [(code or 0, path)] in its record
    cdef list theirs           # of each column: [path] in its flow's record
    cdef dict by_top           # first part of a path → ({second and last: [column]}, [(column, other path)]), of
    #                            columns with that way only
    cdef list slow             # columns of several ways
    cdef list members          # of an object: a column's number, or (head, code or 0, of its flow, top, tree)
    cdef bytes begin           # `{"schema":"netwatch.flow/1"`
    cdef Span* spans
    cdef u64* filled           # a bit for each cell that is there
    cdef u32 words             # ... and how many words of them
    cdef void empty(self) noexcept


cdef object picked(object value, object tree)
