"""Names that a flow asked DNS for, in the parts that detectors count."""
from netwatch._fast.base.bytes cimport u8, u32
from netwatch._fast.flow.turns cimport Turn

cdef enum:                     # Crowds.names
    NAMES_NOT = 0              # no names are counted
    NAMES_LONG = 1             # long names below one domain
    NAMES_MISSING = 2          # domains that do not exist
    LONG_NAME = 30             # bytes below the domain, at least
    LABEL_LEAST = 7            # bytes of the label of a domain that does not exist

cdef u32 below(const u8* name, u32 n) noexcept nogil          # bytes before the registered domain
cdef bint missing(const Turn* turn, int app) noexcept nogil   # did the newest answer say that the name does not exist
cdef bint longish(const Turn* turn, int app) noexcept nogil   # did it ask for a name that may be long enough
