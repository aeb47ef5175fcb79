"""SSDP (UPnP Device Architecture 2.0 section 1): searches, announcements and answers, HTTP/1.1 heads in UDP datagrams.

By content on any port: an answer counts only when it names what it answers (ST, NT or USN).
"""

from netwatch._fast.base.bytes cimport u32, i64, Slice, starts
from netwatch._fast.flow.row cimport ST_SSDP_NOTIFY, ST_SSDP_RESPONSE, ST_SSDP_SEARCH
from netwatch._fast.look.protocol cimport Look, Proto, ON_UDP, PARSE_OK, set_initiator, reads, last_said
from netwatch._fast.proto.common.lines cimport (keep_each, keep_once, keep_verb, next_field, next_line, take_word,
                                                word_is)
from netwatch._fast.proto.common.facts import LIST, TEXT, described, fact_fields, words

cdef enum:                     # fact keys
    SSDP_METHOD = 1
    SSDP_ST = 2
    SSDP_NT = 3
    SSDP_NTS = 4
    SSDP_USN = 5
    SSDP_LOCATION = 6
    SSDP_SERVER = 7
    SSDP_AGENT = 8
    SSDP_STATUS = 9
    SSDP_HOST = 10

cdef enum:
    MAX_KEPT = 8


cdef int ssdp_detect(Look* look, Slice data) noexcept nogil:
    cdef Slice head = data
    cdef Slice line, name, value
    cdef i64 step
    if starts(data.p, data.n, b"M-SEARCH * HTTP/1.", 18) or starts(data.p, data.n, b"NOTIFY * HTTP/1.", 16):
        return 98
    if not starts(data.p, data.n, b"HTTP/1.", 7):
        return 0
    step = next_line(data.p, data.n, data.n, &line)
    if step <= 0:
        return 0
    head.p += step
    head.n -= <u32>step
    while next_field(&head, &name, &value):
        if word_is(name, b"st", 2) or word_is(name, b"usn", 3) or word_is(name, b"nt", 2):
            return 95
    return 0


cdef int ssdp_parse(Look* look, Slice data) noexcept nogil:
    cdef Slice head = data
    cdef Slice line, word, name, value
    cdef i64 step
    look.used = data.n
    if ssdp_detect(look, data) == 0:
        return PARSE_OK
    step = next_line(data.p, data.n, data.n, &line)
    if step <= 0:
        return PARSE_OK
    head.p += step
    head.n -= <u32>step
    word = take_word(&line)
    if starts(word.p, word.n, b"HTTP/", 5):
        keep_once(look, SSDP_STATUS, take_word(&line))
        last_said(look, ST_SSDP_RESPONSE)
    else:
        keep_verb(look, SSDP_METHOD, word, MAX_KEPT)
        set_initiator(look, True)
        last_said(look, ST_SSDP_NOTIFY if word_is(word, b"notify", 6) else ST_SSDP_SEARCH)
    while next_field(&head, &name, &value):
        if word_is(name, b"st", 2):
            keep_each(look, SSDP_ST, value, MAX_KEPT)
        elif word_is(name, b"nt", 2):
            keep_each(look, SSDP_NT, value, MAX_KEPT)
        elif word_is(name, b"usn", 3):
            keep_each(look, SSDP_USN, value, MAX_KEPT)
        elif word_is(name, b"location", 8) or word_is(name, b"al", 2):
            keep_each(look, SSDP_LOCATION, value, MAX_KEPT)
        elif word_is(name, b"nts", 3):
            keep_each(look, SSDP_NTS, value, MAX_KEPT)
        elif word_is(name, b"server", 6):
            keep_once(look, SSDP_SERVER, value)
        elif word_is(name, b"user-agent", 10):
            keep_once(look, SSDP_AGENT, value)
        elif word_is(name, b"host", 4):
            keep_once(look, SSDP_HOST, value)
    return PARSE_OK


cdef void ssdp_define(Proto* p) noexcept nogil:
    reads(p, "ssdp", ON_UDP, ssdp_detect, ssdp_parse)
    p.first[c'M'] = p.first[c'N'] = p.first[c'H'] = 1
    p.ports[0] = 1900


# --- describing ---

_FIELDS = (("method", SSDP_METHOD, TEXT), ("st", SSDP_ST, LIST), ("nt", SSDP_NT, LIST), ("nts", SSDP_NTS, LIST),
           ("usn", SSDP_USN, LIST), ("location", SSDP_LOCATION, LIST), ("server", SSDP_SERVER, TEXT),
           ("user_agent", SSDP_AGENT, TEXT), ("host", SSDP_HOST, TEXT), ("status", SSDP_STATUS, TEXT))
FACT_FIELDS = fact_fields("ssdp", _FIELDS, ("status",))


def describe(facts, show_secrets: bool = False) -> dict:
    """The `ssdp` object."""
    obj = described(facts, _FIELDS)
    if obj.get("status", "").isdigit():
        obj["status"] = int(obj["status"])
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "SSDP M-SEARCH ssdp:all"."""
    what = next((obj[key][0] for key in ("st", "nt", "usn") if key in obj), "")
    return words("SSDP", obj.get("method"), what, obj.get("server"))
