"""What is shown of the records of a kind."""
from netwatch._fast.base.bytes cimport u32, u64
from netwatch._fast.out.writing cimport Buf

cdef struct Span:              # a cell's text in the scratch buffer
    u64 at
    u64 n
    bint plain                 # it stands in CSV as it is

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
    cdef dict by_top           # first part of a path → ({second and last: (column,)}, [(column, other path)]), of
    #                            columns with that way only
    cdef list slow             # columns of several ways
    cdef list members          # of an object: a column's number, or (head, code or 0, of its flow, top, tree)
    cdef bytes begin           # `{"schema":"netwatch.flow/1"`
    cdef Span* spans
    cdef u64* filled           # a bit for each cell that is there
    cdef u64* ever             # a bit for each column that a packed line had a cell of
    cdef u32 words             # ... and how many words of them
    cdef list lists            # of each column: the list that a row had last
    cdef list texts            # ... and that as JSON
    cdef void empty(self) noexcept
    cdef bint has(self, u32 i) noexcept


cdef class Filler:             # puts what is no row's where its columns are; only what there is is looked up
    cdef int fill_all(self, Shown shown, dict record) except -1
    cdef int fill_members(self, object value, dict columns) except -1
    cdef int fill_one(self, u32 i, object value) except -1      # the value of a column, which may be None


cdef int put_list(Buf* b, Shown shown, u32 i, list things) except -1
cdef object picked(object value, object tree)
