"""The fields of a flow record that the rows hold: each has a number, and one getter."""
from cpython.object cimport PyObject

from netwatch._fast.base.bytes cimport u8, u16, u32
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.row cimport Cold, Row, TcpRow
from netwatch._fast.flows cimport Core
from netwatch._fast.out.values cimport Value

cdef enum:                     # of a pair: the initiator's, the responder's, both together
    OUT = 0
    IN = 1
    SUM = 2

cdef enum:                     # fields
    F_NONE, F_ID, F_PROTO, F_SRC, F_SPORT, F_DST, F_DPORT, F_INITIATOR, F_FIRST, F_LAST, F_DURATION, F_INTERFACE
    F_VLAN, F_VLAN_MORE, F_MPLS, F_MPLS_MORE, F_PPPOE, F_TUNNEL, F_STATE, F_ENDED, F_TTL, F_RTT, F_SRTT
    F_FLAGS_OUT, F_FLAGS_IN, F_MSS
    F_WSCALE_OUT, F_WSCALE_IN, F_WINDOW_OUT, F_WINDOW_IN, F_SACK, F_ICMP, F_ICMP_TYPE, F_ICMP_CODE, F_ICMP_ID
    F_COMMUNITY, F_FIRST_FRAME, F_LAST_FRAME, F_FILE, F_APP
    F_PAIRS = 64               # + 3 * pair + OUT, IN or SUM

cdef enum:                     # pairs
    P_PACKETS, P_BYTES, P_PAYLOAD, P_COPIES, P_PEAK, P_RATE
    P_TCP                      # from here on of flows with a TcpRow
    P_DISORDER, P_DUP, P_ZERO, P_SPURIOUS, P_FAST, P_RETRANS
    P_COUNT

cdef struct FlowAt:            # one flow, for as long as the engine stands still
    Core* core
    Row* row
    Cold* cold
    TcpRow* tcp                # NULL: it has none
    int out                    # the initiator's side

cdef dict surroundings(const Core* core, u16 path, list interfaces)
cdef bint flow_at(FlowAt* at, Engine engine, u32 number) noexcept

cdef class FlowFields:
    cdef list interfaces       # the source's
    cdef Py_ssize_t known_interfaces
    cdef dict paths            # engine and number → {field: value}
    cdef dict link_protos      # EtherType → name
    cdef object held           # the newest value that was made for one flow

    cdef int value(self, const FlowAt* at, int field, Value* v) except -1
    cdef int identity(self, const FlowAt* at, int field, Value* v) except -1
    cdef PyObject* proto(self, const Row* row) except NULL
    cdef list tags(self, const FlowAt* at, int field)
    cdef dict around(self, const FlowAt* at, u16 path)
    cdef int detail(self, const FlowAt* at, int field, Value* v) except -1
    cdef list ways(self, const FlowAt* at)
