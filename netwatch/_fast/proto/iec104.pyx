"""IEC 60870-5-104 over TCP: stations, types of data units, causes, commands, refusals.

A frame has a start byte, a length and a control field of three forms (section 5); a data unit has a type whose objects
have a size of their own (IEC 60870-5-101 section 7.3), which together fill it. So a flow is known in its middle and
found again after a hole.
"""
from libc.stdlib cimport free
from libc.string cimport memset

from netwatch._fast.base.bytes cimport u8, u32, u64, i64, Slice, le16
from netwatch._fast.look.protocol cimport (Look, Proto, DETECT_MORE, ON_TCP, PARSE_DONE, PARSE_NOT_MINE, PARSE_OK,
                                           fact_number, reads, set_initiator)
from netwatch._fast.proto.common.framed cimport Framed, each_message, framed, seek_again
from netwatch._fast.proto.common.learn cimport fact_distinct, keep_u16, keep_u8, noted
from netwatch._fast.proto.common.lines cimport port_is, smaller
from netwatch._fast.proto.common.describing import by_key, listed, named, number

from sys import byteorder

cdef enum:                     # fact keys
    IEC_TYPE = 1
    IEC_CAUSE = 2
    IEC_STATION = 3            # common address, 2 bytes
    IEC_COMMAND = 4            # type, cause, information object address (big-endian): 5 bytes
    IEC_REFUSED = 5            # type, cause
    IEC_CONTROL = 6            # U-frames, first byte of the control field
    IEC_OBJECTS = 7            # information objects, both directions

cdef enum:
    PORT = 2404
    START = 0x68
    HEAD = 6                   # section 5: start, length, control field
    ASDU = 6                   # type, variable structure, cause in two bytes, common address
    STARTDT = 0x07             # U-frames: act, con
    STARTDT_CON = 0x0b
    STOPDT = 0x13
    STOPDT_CON = 0x23
    TESTFR = 0x43
    TESTFR_CON = 0x83
    SEQUENCE = 0x80            # of the variable structure
    NEGATIVE = 0x40            # of the cause
    CAUSE = 0x3f
    ACTIVATION = 6
    DEACTIVATION = 8
    COMMANDS = 45              # types from here on come from the controlling station
    UNSIZED = 0xff
    MAX_KEPT = 24
    FEW = 8

cdef struct Iec104:
    Framed frame
    u64 objects
    u64[4] types               # written down already, by number
    u64 causes

cdef u8 SIZES[128]             # bytes of an object of each type without its address, filled by iec104_define


# --- the form of a frame ---

cdef bint control_frame(const u8* p) noexcept nogil:
    """A U-frame or an S-frame, both without data."""
    if p[1] != 4:
        return False
    if p[2] == 1:
        return p[3] == 0 and p[4] & 1 == 0
    return p[3] == 0 and p[4] == 0 and p[5] == 0 and \
        p[2] in (STARTDT, STARTDT_CON, STOPDT, STOPDT_CON, TESTFR, TESTFR_CON)


cdef bint asdu_fits(const u8* p, u32 n) noexcept nogil:
    """n bytes of a data unit: objects of the type's size, each with an address or all with the first one's."""
    cdef u32 count, size
    if n < ASDU + 3 or p[0] > 127 or p[0] == 0 or SIZES[p[0]] == 0 or p[2] & CAUSE == 0 or p[2] & CAUSE > 47:
        return False
    count = p[1] & 0x7f
    size = SIZES[p[0]]
    if count == 0 or size == UNSIZED:
        return count == 1
    if size == 0xfe:                                       # nothing but an address
        size = 0
    return n - ASDU == (3 + count * size if p[1] & SEQUENCE else count * (3 + size))


cdef i64 size_of(Look* look, const u8* p, u32* want) noexcept nogil:
    if p[0] != START or p[1] < 4 or p[1] > 253:
        return 0
    if p[2] & 1:
        return HEAD if control_frame(p) else 0
    return 2 + <i64>p[1] if p[4] & 1 == 0 and p[1] >= 4 + ASDU + 3 else 0


cdef int iec104_detect(Look* look, Slice d) noexcept nogil:
    cdef u32 want, size
    cdef bint home = port_is(look, PORT)
    if d.n < HEAD:
        return DETECT_MORE if d.n < 2 or 4 <= d.p[1] <= 253 else 0
    size = <u32>size_of(look, d.p, &want)
    if size == 0 or d.n > size and d.p[size] != START:
        return 0
    if size == HEAD:
        if d.p[2] == 1:                                    # an S-frame alone says little
            return 85 if home else 0
        return 95 if home else 85 if d.n == HEAD or d.n >= 2 * HEAD and size_of(look, d.p + HEAD, &want) else 0
    if d.n < smaller(size, 64):
        return DETECT_MORE
    if d.n < size:
        return 80 if home and 1 <= d.p[6] <= 127 and SIZES[d.p[6]] else 0
    return 0 if not asdu_fits(d.p + HEAD, size - HEAD) else 95 if home else 85


# --- data units ---

cdef void take_command(Look* look, const u8* p) noexcept nogil:
    """A command or its confirmation, with the object it is for."""
    cdef u8[5] fact
    fact[0] = p[0]
    fact[1] = p[2] & CAUSE
    fact[2] = p[8]
    fact[3] = p[7]
    fact[4] = p[6]
    set_initiator(look, fact[1] == ACTIVATION or fact[1] == DEACTIVATION or fact[1] == 5)
    if p[2] & NEGATIVE:
        fact_distinct(look, IEC_REFUSED, fact, 2, FEW)
    elif fact[1] == ACTIVATION:
        fact_distinct(look, IEC_COMMAND, fact, 5, MAX_KEPT)


cdef void take_asdu(Look* look, Iec104* iec, const u8* p) noexcept nogil:
    if not noted(iec.types, p[0]):
        keep_u8(look, IEC_TYPE, p[0], MAX_KEPT)
    if not noted(&iec.causes, p[2] & CAUSE):
        keep_u8(look, IEC_CAUSE, p[2] & CAUSE, MAX_KEPT)
    if le16(p + 4) != 0xffff:
        keep_u16(look, IEC_STATION, le16(p + 4), FEW)
    iec.objects += p[1] & 0x7f
    fact_number(look, IEC_OBJECTS, iec.objects)
    if p[0] >= COMMANDS and p[0] != 70 and p[0] < 120:
        take_command(look, p)
    elif p[0] < COMMANDS or p[0] == 70:
        set_initiator(look, False)


cdef int take_frame(Look* look, Slice m, u64 size) noexcept nogil:
    cdef Iec104* iec = <Iec104*>look.state[0]
    if m.p[2] & 1:
        iec.frame.sure = True
        if m.p[2] != 1:
            keep_u8(look, IEC_CONTROL, m.p[2], FEW)
        if m.p[2] == STARTDT or m.p[2] == STOPDT:          # only the controlling station does
            set_initiator(look, True)
        return PARSE_OK
    if asdu_fits(m.p + HEAD, m.n - HEAD):
        iec.frame.sure = True
        take_asdu(look, iec, m.p + HEAD)
        return PARSE_OK
    if not iec.frame.sure:
        return PARSE_NOT_MINE
    look.dpi.malformed[look.proto] += 1
    return PARSE_OK


cdef int iec104_parse(Look* look, Slice data) noexcept nogil:
    if framed(look, sizeof(Iec104)) == NULL:
        return PARSE_DONE
    return each_message(look, data, HEAD, size_of, take_frame)


cdef void iec104_define(Proto* p) noexcept nogil:
    cdef const u8* sizes = (                               # types 1 to 40; IEC 60870-5-101 section 7.3
        b"\x01\x04\x01\x04\x02\x05\x05\x08\x03\x06\x03\x06\x05\x08\x05\x08\x06\x07\x07\x05\x02\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x08\x08\x09\x0c\x0a\x0a\x0c\x0c\x0a\x0b\x0b")
    cdef const u8* commands = (                            # 45 to 69
        b"\x01\x01\x01\x03\x03\x05\x04\x00\x00\x00\x00\x00\x00\x08\x08\x08\x0a\x0a\x0c\x0b\x00\x00\x00\x00\x00")
    cdef const u8* system = (                              # 100 to 113
        b"\x01\x01\xfe\x07\x02\x01\x02\x09\x00\x00\x03\x03\x05\x01")
    cdef int i
    reads(p, "iec104", ON_TCP, iec104_detect, iec104_parse)
    memset(SIZES, 0, sizeof(SIZES))
    for i in range(40):
        SIZES[1 + i] = sizes[i]
    for i in range(25):
        SIZES[45 + i] = commands[i]
    for i in range(14):
        SIZES[100 + i] = system[i]
    SIZES[70] = 1
    SIZES[120] = SIZES[121] = SIZES[122] = SIZES[123] = SIZES[124] = SIZES[125] = SIZES[126] = SIZES[127] = UNSIZED
    p.first[START] = 1
    p.lost = seek_again
    p.free = free


# --- describing ---

FACT_FIELDS = {}
_TYPES = {
    1: "M_SP_NA_1", 2: "M_SP_TA_1", 3: "M_DP_NA_1", 4: "M_DP_TA_1", 5: "M_ST_NA_1", 6: "M_ST_TA_1", 7: "M_BO_NA_1",
    8: "M_BO_TA_1", 9: "M_ME_NA_1", 10: "M_ME_TA_1", 11: "M_ME_NB_1", 12: "M_ME_TB_1", 13: "M_ME_NC_1",
    14: "M_ME_TC_1", 15: "M_IT_NA_1", 16: "M_IT_TA_1", 17: "M_EP_TA_1", 18: "M_EP_TB_1", 19: "M_EP_TC_1",
    20: "M_PS_NA_1", 21: "M_ME_ND_1", 30: "M_SP_TB_1", 31: "M_DP_TB_1", 32: "M_ST_TB_1", 33: "M_BO_TB_1",
    34: "M_ME_TD_1", 35: "M_ME_TE_1", 36: "M_ME_TF_1", 37: "M_IT_TB_1", 38: "M_EP_TD_1", 39: "M_EP_TE_1",
    40: "M_EP_TF_1", 45: "C_SC_NA_1", 46: "C_DC_NA_1", 47: "C_RC_NA_1", 48: "C_SE_NA_1", 49: "C_SE_NB_1",
    50: "C_SE_NC_1", 51: "C_BO_NA_1", 58: "C_SC_TA_1", 59: "C_DC_TA_1", 60: "C_RC_TA_1", 61: "C_SE_TA_1",
    62: "C_SE_TB_1", 63: "C_SE_TC_1", 64: "C_BO_TA_1", 70: "M_EI_NA_1", 100: "C_IC_NA_1", 101: "C_CI_NA_1",
    102: "C_RD_NA_1", 103: "C_CS_NA_1", 104: "C_TS_NA_1", 105: "C_RP_NA_1", 106: "C_CD_NA_1", 107: "C_TS_TA_1",
    110: "P_ME_NA_1", 111: "P_ME_NB_1", 112: "P_ME_NC_1", 113: "P_AC_NA_1", 120: "F_FR_NA_1", 121: "F_SR_NA_1",
    122: "F_SC_NA_1", 123: "F_LS_NA_1", 124: "F_AF_NA_1", 125: "F_SG_NA_1", 126: "F_DR_TA_1", 127: "F_SC_NB_1"}
_CAUSES = {1: "periodic", 2: "background scan", 3: "spontaneous", 4: "initialized", 5: "request", 6: "activation",
           7: "activation confirmation", 8: "deactivation", 9: "deactivation confirmation",
           10: "activation termination", 11: "remote command", 12: "local command", 13: "file transfer",
           20: "interrogation", 37: "counter interrogation", 44: "unknown type", 45: "unknown cause",
           46: "unknown common address", 47: "unknown object address"}
_CONTROLS = {0x07: "STARTDT act", 0x0b: "STARTDT con", 0x13: "STOPDT act", 0x23: "STOPDT con", 0x43: "TESTFR act",
             0x83: "TESTFR con"}
_type, _cause = named(_TYPES, "type"), named(_CAUSES, "cause")


def describe(facts) -> dict:
    """The `iec104` object."""
    known = by_key(facts)
    obj = {}
    listed(obj, "stations", known, IEC_STATION, number)
    listed(obj, "types", known, IEC_TYPE, _type)
    listed(obj, "causes", known, IEC_CAUSE, _cause)
    if IEC_OBJECTS in known:
        obj["objects"] = int.from_bytes(known[IEC_OBJECTS][-1], byteorder)
    listed(obj, "commands", known, IEC_COMMAND, lambda raw: f"{_type(raw[:1])} {number(raw[2:5])}")
    listed(obj, "refused", known, IEC_REFUSED, lambda raw: f"{_type(raw[:1])}: {_cause(raw[1:2])}")
    listed(obj, "control", known, IEC_CONTROL, named(_CONTROLS, "control"))
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "IEC 104 C_IC_NA_1 0"."""
    return " ".join(["IEC 104", *(obj.get("commands") or obj.get("types") or [])[:1]])
