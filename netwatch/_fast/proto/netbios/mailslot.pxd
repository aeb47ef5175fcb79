"""SMB mailslot messages inside NetBIOS datagrams."""
from netwatch._fast.base.bytes cimport Slice
from netwatch._fast.look.protocol cimport Look

cdef void mailslot_learn(Look* look, Slice m) noexcept nogil
