"""SMB mailslot messages inside NetBIOS datagrams."""
from netwatch._fast.bytes cimport Slice
from netwatch._fast.seam cimport Look

cdef void mailslot_learn(Look* look, Slice m) noexcept nogil
