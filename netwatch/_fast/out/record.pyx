"""The flow record of CONTRACT section 3 as a dict: for filters, screens and addons. Text is made elsewhere (encoder).

A record's second half, what the classifiers learnt, is described by Python, each protocol by its own module; what is
not asked for is not described.
"""
from libc.string cimport memcmp

from netwatch._fast.base.bytes cimport u8, u16, u32, u64
from netwatch._fast.base.mix cimport mix, mix_bytes
from netwatch._fast.engine cimport Engine
from netwatch._fast.flow.content cimport FACT_HEAD
from netwatch._fast.flow.row cimport Facts
from netwatch._fast.out.flowfields cimport FlowAt, FlowFields, flow_at, surroundings
from netwatch._fast.out.values cimport Value, V_ABSENT, to_object
from netwatch._fast.out.writing cimport address_text, iso_text
from netwatch._fast.look.announced cimport ANNOUNCED_BY, ToldEnds
from netwatch._fast.wire.packet cimport FAMILY_IP6

from netwatch._fast.dpi import app_names
from netwatch._fast.out.flowfields import FIELDS, IN_ROWS

cdef enum:
    KEPT = 4096                # descriptions a Describer keeps; a power of two
    LONGEST = 1024             # bytes of facts whose description it keeps

cdef list APPS = app_names()
cdef object FLOW_FIELDS = None


cdef object describer():
    """Who describes: loaded when the first flow with content is described, not before."""
    global FLOW_FIELDS
    if FLOW_FIELDS is None:
        from netwatch._fast.out.protocols import flow_fields

        FLOW_FIELDS = flow_fields
    return FLOW_FIELDS


def iso(u64 ns) -> str:
    """ISO 8601 in UTC with nanoseconds."""
    return iso_text(ns)


def path_record(Engine engine, u16 path, interfaces: list[Record]) -> Record:
    """The keys that a flow with these surroundings has in its record."""
    cdef dict found = surroundings(&engine.core, path, interfaces)
    return {name: found[field] for name, field in FIELDS if found.get(field) is not None}


def flow_record(Engine engine, u32 number, interfaces: list[Record], bint show_secrets=False,
                wanted: Collection[str] | None = None) -> dict:
    """The flow record of a row; {} when the row is not in use. `wanted`: only these keys of it, and `schema`."""
    return record_of(FlowFields(interfaces), engine, number, show_secrets, wanted)


def record_of(FlowFields fields, Engine engine, u32 number, bint show_secrets=False,
              wanted: Collection[str] | None = None) -> dict:
    """The same, by getters that are kept from one flow to the next."""
    cdef FlowAt at
    cdef Value v
    if not flow_at(&at, engine, number):
        return {}
    r = {"schema": "netwatch.flow/1"}
    for name, field in FIELDS:
        if wanted is None or name in wanted:
            fields.value(&at, field, &v)
            if v.kind != V_ABSENT:
                r[name] = to_object(&v)
    described(&at, r, show_secrets, wanted)
    return r


def described_of(Engine engine, u32 number, bint show_secrets=False, wanted: Collection[str] | None = None) -> dict:
    """What of the record is in no row: what the classifiers learnt."""
    cdef FlowAt at
    r = {}
    if flow_at(&at, engine, number):
        described(&at, r, show_secrets, wanted)
    return r


cdef class Describer:
    """Gives what described_of() gives, for one choice of keys. Most handshakes are like others: what facts say that
    came twice is kept. The objects in what it gives are shared, and not to be changed."""
    cdef bint show_secrets
    cdef object wanted
    cdef bint nothing          # is wanted
    cdef u64[KEPT] once        # the hash of what came there last
    cdef list keys             # the facts of what is kept there
    cdef list kept

    def __init__(self, bint show_secrets, wanted: Collection[str] | None):
        self.show_secrets, self.wanted = show_secrets, wanted
        self.nothing = wanted is not None and IN_ROWS.issuperset(wanted)
        self.keys, self.kept = [None] * KEPT, [None] * KEPT

    def of(self, Engine engine, u32 number) -> dict:
        """The same as described_of()."""
        cdef FlowAt at
        cdef const Facts* facts
        cdef bytes key
        cdef u64 h, place
        r = {}
        if self.nothing or not flow_at(&at, engine, number):
            return r
        facts = at.cold.facts
        if facts == NULL or facts.used > LONGEST:
            described(&at, r, self.show_secrets, self.wanted)
            return r
        h = mix(mix_bytes(<const u8*>(facts + 1), facts.used), <u64>at.row.app << 8 | at.cold.confidence)
        place = h & (KEPT - 1)
        key = self.keys[place]
        if key is not None and self.is_of(key, &at):
            return dict(<dict>self.kept[place])
        described(&at, r, self.show_secrets, self.wanted)
        if self.once[place] == h:
            self.keys[place] = bytes((at.row.app, at.cold.confidence)) + (
                <const char*>(facts + 1))[:facts.used]
            self.kept[place] = dict(r)
        self.once[place] = h
        return r

    cdef bint is_of(self, bytes key, const FlowAt* at):
        """Is what is kept under that key what the flow's facts say?"""
        cdef const u8* p = key
        cdef u32 n = at.cold.facts.used
        return (len(key) == n + 2 and p[0] == at.row.app and p[1] == at.cold.confidence and
                memcmp(p + 2, at.cold.facts + 1, n) == 0)


cdef dict told(const Facts* facts, dict r, object wanted):
    """What each protocol stored, {app: [(key, value)]} in the order in which they first said something; who announced
    the flow goes into its record."""
    cdef const u8* p
    cdef const u8* end
    cdef u32 n
    cdef list said
    found = {}
    if facts == NULL:
        return found
    p = <const u8*>(facts + 1)
    end = p + facts.used
    while p < end:
        n = p[2] | <u32>p[3] << 8
        value = (<const char*>p + FACT_HEAD)[:n]
        if p[1] == ANNOUNCED_BY:
            if wanted is None or "announced_by" in wanted:
                r["announced_by"] = told_ends(value)
        else:
            name = APPS[p[0]]
            said = found.get(name)
            if said is None:
                said = found[name] = []
            said.append((p[1], value))
        p += FACT_HEAD + n
    return found


def told_ends(bytes value) -> str | None:
    """The two ends of the flow that announced another, its initiator first."""
    cdef const ToldEnds* ends = <const ToldEnds*><const char*>value
    if len(value) != sizeof(ToldEnds):
        return None
    return f"{end_text(ends.a, ends.pa, ends.family)} {end_text(ends.b, ends.pb, ends.family)}"


cdef object end_text(const u8* address, u16 port, u8 family):
    """An address and a port as one text (RFC 3986 section 3.2.2 has the brackets)."""
    text = address_text(address, family)
    return f"[{text}]:{port}" if family == FAMILY_IP6 else f"{text}:{port}"


cdef int described(const FlowAt* at, dict r, bint show_secrets, object wanted) except -1:
    """Add what the classifiers learnt, each protocol's under its name, and the line that says what the flow is."""
    cdef dict facts, found
    if at.cold.facts == NULL and at.row.app == 0:
        return 0
    facts = told(at.cold.facts, r, wanted)
    if not facts and not at.row.app:
        return 0
    app = APPS[at.row.app] if at.row.app else None
    if wanted is None or "app" in wanted:
        r["app"] = app if app is not None else next(iter(facts))
    found = describer()(app, facts, show_secrets, wanted)
    stack = found.pop("app_stack")
    if wanted is None or "app_stack" in wanted:
        r["app_stack"] = stack
    if wanted is None or "confidence" in wanted:
        r["confidence"] = at.cold.confidence
    r.update(found)
    return 0
