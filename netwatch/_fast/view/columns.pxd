"""The flow rows seen as columns: typed values of a row by column number, with "absent" told apart from zero.

Flows says where the rows are; every pointer in it is borrowed. Columns
come in three sorts: numbers (u64; durations in ns, times in ns since 1970), codes (numbers that index a table of
names) and addresses (16 bytes and a family).
"""
from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.flow.row cimport Row, Cold, TcpRow
from netwatch._fast.flow.rates cimport Pace, Window, window_at
from netwatch._fast.flow.series cimport Series
from netwatch._fast.flow.table cimport Copied, Frames

cdef enum:
    MAX_FACTS = 256        # columns mapped onto facts
    MAX_ATTACHED = 48      # columns attached by services

cdef enum:
    COL_NONE = 0
    COL_ID, COL_KEY, COL_SPORT, COL_DPORT, COL_FIRST, COL_LAST, COL_DURATION
    COL_PACKETS_OUT, COL_PACKETS_IN, COL_PACKETS, COL_BYTES_OUT, COL_BYTES_IN, COL_BYTES
    COL_PAYLOAD_OUT, COL_PAYLOAD_IN, COL_PAYLOAD, COL_CONFIDENCE, COL_TTL
    COL_COPIES_OUT, COL_COPIES_IN, COL_COPIES
    COL_FIRST_FRAME, COL_LAST_FRAME
    COL_RATE_OUT, COL_RATE_IN, COL_RATE, COL_PEAK_OUT, COL_PEAK_IN
    COL_STATE, COL_APP, COL_PROTO, COL_ENDED, COL_SERVICE, COL_PATH, COL_IFACE, COL_INITIATOR
    COL_ROW                # its number
    COL_ICMP_TYPE, COL_ICMP_CODE, COL_ICMP_ID
    COL_DOWN, COL_UP       # rates: to this machine and from it; where it is no end, to the initiator and from it
    COL_DOWN_BYTES, COL_UP_BYTES
    COL_TROUBLE            # of 1000 packets, how many had to be sent again, came out of order, or found no room
    COL_TCP_FIRST          # the columns from here to COL_TCP_LAST exist in flows with a TcpRow
    COL_RTT, COL_SRTT, COL_RETRANS_OUT, COL_RETRANS_IN, COL_RETRANS, COL_OOO_OUT, COL_OOO_IN, COL_OOO
    COL_DUP_OUT, COL_DUP_IN, COL_DUP, COL_ZERO_OUT, COL_ZERO_IN, COL_ZERO, COL_SPUR_OUT, COL_SPUR_IN, COL_SPUR
    COL_FAST_OUT, COL_FAST_IN, COL_FAST, COL_MSS, COL_WSCALE_OUT, COL_WSCALE_IN, COL_SACK
    COL_WINDOW_OUT, COL_WINDOW_IN
    COL_FLAGS_OUT, COL_FLAGS_IN
    COL_TCP_LAST
    COL_SRC, COL_DST       # addresses
    COL_LOCAL, COL_REMOTE  # this machine's end and the other; where it is no end, initiator and responder
    COL_ATTACHED = 1024    # + index
    COL_FACT = 2048        # + index

cdef struct CodeColumn:    # a column that is kept beside the rows
    u32* codes             # by row, 0 absent
    u64* numbers           # NULL, or instead: numbers by row, each and one; 0 absent
    u64 until              # not 0: what is shown is how long before that the number was
    u64* keys              # of the flows that they are for; NULL: of any
    u32 n                  # rows it covers, row 0 included

cdef struct Flows:
    Row* rows
    Cold* colds
    const Pace* paces
    TcpRow* tcps
    const Frames* frames   # by row; NULL: they are not kept
    const Copied* copied   # by row; NULL while no flow has any
    u32 high               # rows 1 .. high
    u64 now                # packet time, ns
    u64 first              # ... of the first frame
    bint live              # the input is an interface
    bint paced             # rates "now" are known
    Window window          # that rates "now" are over
    const Series* here     # which addresses are this machine's; NULL: nobody knows
    const CodeColumn* attached[MAX_ATTACHED]

cdef bint number(const Flows* t, u32 i, int col, u64* out) noexcept nogil
cdef bint address(const Flows* t, u32 i, int col, const u8** out, u8* family) noexcept nogil
cdef bint responds_here(const Flows* t, const Series* here, u32 row) noexcept nogil
cdef bint is_number(int col) noexcept nogil

cdef inline void set_now(Flows* t, u64 now) noexcept nogil:
    t.now, t.window = now, window_at(now, t.first, t.live)
    if not t.paced:
        t.window.seconds = 0

cdef inline u64 number_of(const CodeColumn* column, const Cold* cold, u32 i) noexcept nogil:
    """The code of row i, or its number and one; 0 when it has none."""
    if i >= column.n or (column.keys != NULL and column.keys[i] != cold.key):
        return 0
    return column.numbers[i] if column.numbers != NULL else column.codes[i]
