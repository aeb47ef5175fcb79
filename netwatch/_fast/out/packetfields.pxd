"""The fields of a packet record: each has a number, and one getter."""
from cpython.object cimport PyObject

from netwatch._fast.base.bytes cimport i64
from netwatch._fast.out.values cimport Value
from netwatch._fast.out.writing cimport Buf
from netwatch._fast.wire.packetrow cimport PacketRow

cdef enum:
    K_NONE, K_N, K_TIME, K_LEN, K_CAPLEN, K_SRC, K_DST, K_SPORT, K_DPORT, K_PROTO, K_INFO, K_LAYERS, K_NOTES, K_FLOW
    K_APP, K_INTERFACE, K_FILE, K_SINCE, K_DELTA, K_VLAN, K_VLAN_MORE, K_LAYERS_MORE

cdef class PacketFields:
    cdef list interfaces       # the source's
    cdef dict interface_names  # number of the input's and of the frame's own → name
    cdef Py_ssize_t known_interfaces
    cdef dict link_protos      # type code → name
    cdef dict layers           # bytes of layers → their names
    cdef dict notes            # what is noted → how it is said
    cdef Buf line
    cdef object held           # the newest value that was made for one packet

    cdef int value(self, const PacketRow* pk, int field, Value* v) except -1
    cdef int ends(self, const PacketRow* pk, int field, Value* v) except -1
    cdef PyObject* proto(self, const PacketRow* pk) except NULL
    cdef list layers_of(self, const PacketRow* pk)
    cdef int noted(self, const PacketRow* pk, Value* v) except -1
    cdef int interface(self, const PacketRow* pk, Value* v) except -1
    cdef object one(self, const PacketRow* pk, str name)
    cdef int seconds(self, const PacketRow* pk, i64 ns, Value* v) except -1
    cdef int vlans(self, const PacketRow* pk, Value* v) except -1
    cdef dict record(self, const PacketRow* pk, object wanted)

cdef void put_info(Buf* b, const PacketRow* pk) noexcept nogil
