"""Modbus/TCP (Modbus Application Protocol V1.1b3, Messaging on TCP/IP V1.0b): units, functions, ranges, exceptions.

The header of seven bytes proves little, so every message of the first segment must have the very form of its function,
and on a foreign port the function must be a common one. What the first message says is kept back until a second one
fits; a flow whose second message does not fit is given back.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from netwatch._fast.base.bytes cimport u8, u16, u32, u64, Reader, Slice, be16, left, reader, take, take8, take_slice
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_MALFORMED,
                                           PARSE_NOT_MINE, PARSE_OK, set_initiator, reads, has_state)
from netwatch._fast.proto.common.again cimport begins_again
from netwatch._fast.proto.common.learn cimport Waiting, asked, fact_distinct, keep_latency, keep_text, keep_u8, noted
from netwatch._fast.proto.common.lines cimport DETECT_ENOUGH, from_client, port_is, skip_rest, wait_for
from netwatch._fast.proto.common.describing import by_key, listed, micros, number, one_or_all

cdef enum:                     # fact keys
    MODBUS_UNIT = 1
    MODBUS_FUNCTION = 2
    MODBUS_EXCEPTION = 3       # function and code
    MODBUS_READ = 4            # function, start, count
    MODBUS_WRITE = 5
    MODBUS_VENDOR = 6          # objects 0 to 2 of the device identification
    MODBUS_PRODUCT = 7
    MODBUS_REVISION = 8
    MODBUS_LATENCY = 9

cdef enum:                     # function codes, section 6
    READ_COILS = 1
    READ_DISCRETE = 2
    READ_HOLDING = 3
    READ_INPUT = 4
    WRITE_COIL = 5
    WRITE_REGISTER = 6
    READ_STATUS = 7
    DIAGNOSTICS = 8
    EVENT_COUNTER = 11
    EVENT_LOG = 12
    WRITE_COILS = 15
    WRITE_REGISTERS = 16
    REPORT_ID = 17
    READ_FILE = 20
    WRITE_FILE = 21
    MASK_WRITE = 22
    READ_WRITE = 23
    READ_FIFO = 24
    ENCAPSULATED = 43
    UMAS = 90                  # Schneider Electric's own
    DEVICE_ID = 14             # MEI type, section 6.21
    EXCEPTION = 0x80

cdef enum:
    PORT = 502
    HEAD = 8                   # header and function
    ADU_MOST = 260
    REQUEST = 1                # forms a message may have
    RESPONSE = 2
    MAX_KEPT = 12              # ranges of each kind, units, exceptions
    MAX_FUNCTIONS = 32

cdef struct Modbus:
    Waiting waiting
    bint good[2]
    bint confirmed             # a second message fitted
    bint first_asks
    u16 first_n                # bytes of the first message while it is kept back
    u8 first[ADU_MOST]
    u64 functions[4]           # written down already, by number
    u64 units[4]


# --- the form of a message ---

cdef bint counted(const u8* body, u32 k) noexcept nogil:
    """A count of bytes, then so many."""
    return k >= 2 and body[0] == k - 1


cdef int read_forms(u8 function, const u8* body, u32 k) noexcept nogil:
    """Sections 6.1 to 6.4: start and quantity are asked, bytes answered."""
    cdef int forms = 0
    cdef bint bits = function <= READ_DISCRETE
    if k == 4 and 1 <= be16(body + 2) <= (2000 if bits else 125):
        forms = REQUEST
    if counted(body, k) and (bits or body[0] & 1 == 0):
        forms |= RESPONSE
    return forms


cdef int write_forms(u8 function, const u8* body, u32 k) noexcept nogil:
    """Sections 6.11 and 6.12: the answer repeats start and quantity."""
    cdef u32 quantity
    if k < 4:
        return 0
    quantity = be16(body + 2)
    if quantity == 0 or quantity > (1968 if function == WRITE_COILS else 123):
        return 0
    if k == 4:
        return RESPONSE
    if body[4] != k - 5:
        return 0
    return REQUEST if body[4] == ((quantity + 7) >> 3 if function == WRITE_COILS else 2 * quantity) else 0


cdef int rare_forms(u8 function, const u8* body, u32 k) noexcept nogil:
    """Functions that have little form."""
    if function == READ_STATUS:
        return REQUEST if k == 0 else RESPONSE if k == 1 else 0
    if function == DIAGNOSTICS:
        return REQUEST | RESPONSE if k >= 4 and be16(body) <= 20 else 0
    if function == EVENT_COUNTER:
        return REQUEST if k == 0 else RESPONSE if k == 4 else 0
    if function == EVENT_LOG or function == REPORT_ID:
        return REQUEST if k == 0 else RESPONSE if counted(body, k) else 0
    if function == READ_FILE or function == WRITE_FILE:
        return REQUEST | RESPONSE if counted(body, k) else 0
    if function == READ_FIFO:
        return REQUEST if k == 2 else RESPONSE if k >= 4 and be16(body) == k - 2 else 0
    return REQUEST | RESPONSE if function == UMAS and k else 0


cdef int forms_of(const u8* p) noexcept nogil:
    """The forms a whole message may have, 0 none."""
    cdef u8 function = p[7]
    cdef const u8* body = p + HEAD
    cdef u32 k = <u32>be16(p + 4) - 2
    if function & EXCEPTION:
        return RESPONSE if k == 1 and 1 <= body[0] <= 11 and function & 0x7f else 0
    if 1 <= function <= READ_INPUT:
        return read_forms(function, body, k)
    if function == WRITE_COIL:
        return REQUEST | RESPONSE if k == 4 and body[3] == 0 and (body[2] == 0 or body[2] == 0xff) else 0
    if function == WRITE_REGISTER:
        return REQUEST | RESPONSE if k == 4 else 0
    if function == WRITE_COILS or function == WRITE_REGISTERS:
        return write_forms(function, body, k)
    if function == MASK_WRITE:
        return REQUEST | RESPONSE if k == 6 else 0
    if function == READ_WRITE:
        return REQUEST if k >= 9 and body[8] == k - 9 else RESPONSE if counted(body, k) and body[0] & 1 == 0 else 0
    if function == ENCAPSULATED:
        if k == 3 and body[0] == DEVICE_ID and 1 <= body[1] <= 4:
            return REQUEST
        return RESPONSE if k >= 6 and body[0] == DEVICE_ID else 0
    return rare_forms(function, body, k)


cdef bint common(u8 function) noexcept nogil:
    return 1 <= function <= WRITE_REGISTER or function == WRITE_COILS or function == WRITE_REGISTERS or \
        function == READ_WRITE or function == ENCAPSULATED


cdef int header(const u8* p, u32 n) noexcept nogil:
    """Bytes of the message whose header fits, 0 when that is cut, -1 when it is none (TCP/IP guide section 3.1.3)."""
    if (n > 2 and p[2]) or (n > 3 and p[3]) or (n > 4 and p[4]):
        return -1
    if n > 5 and (p[5] < 2 or p[5] > 254):
        return -1
    return 6 + p[5] if n >= HEAD else 0


cdef int modbus_detect(Look* look, Slice data) noexcept nogil:
    """All messages of the segment must fit, and speak in one direction."""
    cdef u32 at = 0, n
    cdef int size, forms = REQUEST | RESPONSE
    cdef bint home = port_is(look, PORT)
    while at < data.n:
        n = data.n - at
        size = header(data.p + at, n)
        if size < 0:
            return 0
        if size == 0 or <u32>size > n:
            if at:
                break
            return DETECT_MORE if n < DETECT_ENOUGH else 0
        forms &= forms_of(data.p + at)
        if forms == 0 or not home and not common(data.p[at + 7]):
            return 0
        at += <u32>size
    return 92 if home else 80


# --- reading ---

cdef void keep_range(Look* look, u8 key, u8 function, const u8* start, u16 count) noexcept nogil:
    cdef u8 fact[5]
    fact[0] = function
    fact[1] = start[0]
    fact[2] = start[1]
    fact[3] = <u8>(count >> 8)
    fact[4] = <u8>(count & 0xff)
    fact_distinct(look, key, fact, 5, MAX_KEPT)


cdef void take_request(Look* look, u8 function, const u8* body, u32 k) noexcept nogil:
    """What is asked to be read or written."""
    if 1 <= function <= READ_INPUT and k >= 4:
        keep_range(look, MODBUS_READ, function, body, be16(body + 2))
    elif function == WRITE_COIL or function == WRITE_REGISTER or function == MASK_WRITE:
        if k >= 4:
            keep_range(look, MODBUS_WRITE, function, body, 1)
    elif (function == WRITE_COILS or function == WRITE_REGISTERS) and k >= 4:
        keep_range(look, MODBUS_WRITE, function, body, be16(body + 2))
    elif function == READ_WRITE and k >= 8:
        keep_range(look, MODBUS_READ, READ_HOLDING, body, be16(body + 2))
        keep_range(look, MODBUS_WRITE, function, body + 4, be16(body + 6))


cdef void take_device(Look* look, Reader r) noexcept nogil:
    """Device identification, section 6.21: objects of number, length, text."""
    cdef u8 count, which
    cdef Slice text
    take(&r, 5)
    count = take8(&r)
    while count and left(&r):
        count -= 1
        which = take8(&r)
        text = take_slice(&r, take8(&r))
        if not r.bad and which <= 2:
            keep_text(look, <u8>(MODBUS_VENDOR + which), text, 1)


cdef void learn(Look* look, Modbus* modbus, const u8* p, bint asks) noexcept nogil:
    """A whole message."""
    cdef u8 function = p[7]
    cdef u32 k = <u32>be16(p + 4) - 2
    cdef u8 fact[2]
    if not noted(modbus.units, p[6]):
        keep_u8(look, MODBUS_UNIT, p[6], MAX_KEPT)
    if not noted(modbus.functions, function & 0x7f):
        keep_u8(look, MODBUS_FUNCTION, function & 0x7f, MAX_FUNCTIONS)
    if function & EXCEPTION:
        fact[0] = function & 0x7f
        if k:
            fact[1] = p[HEAD]
            fact_distinct(look, MODBUS_EXCEPTION, fact, 2, MAX_KEPT)
    elif asks:
        take_request(look, function, p + HEAD, k)
    elif function == ENCAPSULATED and k >= 6 and p[HEAD] == DEVICE_ID:
        take_device(look, reader(p + HEAD, k))


cdef void confirm(Look* look, Modbus* modbus) noexcept nogil:
    """What the first message said may be told."""
    modbus.confirmed = True
    if modbus.first_n:
        learn(look, modbus, modbus.first, modbus.first_asks)
        modbus.first_n = 0


cdef void take_adu(Look* look, Modbus* modbus, const u8* p, u32 size) noexcept nogil:
    cdef int forms = forms_of(p)
    cdef bint asks
    cdef u64 ident = <u64>be16(p) << 8 | p[6]
    if forms == REQUEST or forms == RESPONSE:
        set_initiator(look, forms == REQUEST)
    asks = from_client(look)
    if not modbus.confirmed and modbus.first_n == 0:
        memcpy(modbus.first, p, size)
        modbus.first_n = <u16>size
        modbus.first_asks = asks
    else:
        confirm(look, modbus)
        learn(look, modbus, p, asks)
        if not asks:
            keep_latency(look, MODBUS_LATENCY, &modbus.waiting, ident)
    if asks:
        asked(&modbus.waiting, ident, look.ts)


cdef int modbus_parse(Look* look, Slice data) noexcept nogil:
    cdef Modbus* modbus
    cdef const u8* p
    cdef int size
    if not has_state(look, sizeof(Modbus)):
        return PARSE_DONE
    modbus = <Modbus*>look.state[0]
    while look.used < data.n:
        p = data.p + look.used
        if data.n - look.used < HEAD:
            return wait_for(look, data, HEAD)
        size = header(p, HEAD)
        if size < 0:
            if not modbus.confirmed:
                return PARSE_NOT_MINE
            return PARSE_MALFORMED if modbus.good[look.side] else skip_rest(look, data)
        if <u32>size > data.n - look.used:
            return wait_for(look, data, <u32>size)
        modbus.good[look.side] = True
        take_adu(look, modbus, p, <u32>size)
        look.used += <u32>size
    return PARSE_OK


cdef int modbus_resync(Look* look, Slice data) noexcept nogil:
    """Messages are short: a segment begins with one, and all of it must be such."""
    return begins_again(look, data, modbus_detect)


cdef void modbus_closing(Look* look) noexcept nogil:
    """Nothing has contradicted the first message."""
    if look.state[0] != NULL:
        confirm(look, <Modbus*>look.state[0])


cdef void modbus_define(Proto* p) noexcept nogil:
    reads(p, "modbus", ON_TCP, modbus_detect, modbus_parse)
    memset(p.first, 1, sizeof(p.first))     # a transaction may have any number
    p.closing = modbus_closing
    p.resync = modbus_resync
    p.free = free


# --- describing ---

FACT_FIELDS = {}
_FUNCTIONS = {1: "read coils", 2: "read discrete inputs", 3: "read holding registers", 4: "read input registers",
              5: "write coil", 6: "write register", 7: "read exception status", 8: "diagnostics",
              11: "event counter", 12: "event log", 15: "write coils", 16: "write registers", 17: "report server id",
              20: "read file", 21: "write file", 22: "mask write register", 23: "read/write registers",
              24: "read FIFO", 43: "encapsulated interface", 90: "UMAS"}
_EXCEPTIONS = {1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "server failure",
               5: "acknowledge", 6: "server busy", 7: "negative acknowledge", 8: "memory parity error",
               10: "gateway path unavailable", 11: "gateway target failed to respond"}
_TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input", 5: "coil", 6: "holding", 15: "coil", 16: "holding",
           22: "holding", 23: "holding"}


def _function(raw: bytes) -> str:
    return _FUNCTIONS.get(raw[0], f"function {raw[0]}")


def _exception(raw: bytes) -> str:
    return f"{_function(raw)}: {_EXCEPTIONS.get(raw[1], f'exception {raw[1]}')}"


def _range(raw: bytes) -> str:
    """The table and the addresses as they are on the wire, which begin at 0."""
    start, count = number(raw[1:3]), number(raw[3:5])
    return f"{_TABLES[raw[0]]} {start}" + (f"..{start + count - 1}" if count > 1 else "")


def describe(facts) -> dict:
    """The `modbus` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "units", known, MODBUS_UNIT, number)
    listed(obj, "functions", known, MODBUS_FUNCTION, _function)
    listed(obj, "reads", known, MODBUS_READ, _range)
    listed(obj, "writes", known, MODBUS_WRITE, _range)
    listed(obj, "exceptions", known, MODBUS_EXCEPTION, _exception)
    one_or_all(obj, "vendor", known, MODBUS_VENDOR)
    one_or_all(obj, "product", known, MODBUS_PRODUCT)
    one_or_all(obj, "revision", known, MODBUS_REVISION)
    micros(obj, "latency_us", known, MODBUS_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "Modbus unit 1 read holding registers 0..9"."""
    units = [f"unit {obj['units'][0]}"] if "units" in obj else []
    return " ".join(["Modbus", *units, *obj.get("functions", ())[:1]])
